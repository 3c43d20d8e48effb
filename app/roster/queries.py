"""Reads of rosters and their rows. What is another village's is not found."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from app.kernel.errors import NotFound
from app.roster.models import Assignment, Roster
from app.roster.words import RosterState


def of_village(session: Session, village_id: str, roster_id: str) -> Roster:
    found = session.get(Roster, roster_id)
    if found is None or found.village_id != village_id:
        raise NotFound
    return found


def locked(session: Session, roster_id: str) -> Roster | None:
    """Read afresh and held until the transaction ends; whoever changes rows holds the roster first."""
    query = select(Roster).where(Roster.id == roster_id).with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def draft_of(session: Session, village_id: str, week: date) -> Roster | None:
    theirs = select(Roster).where(Roster.village_id == village_id, Roster.week == week)
    return session.scalar(theirs.where(Roster.state == RosterState.DRAFT))


def newest_of(session: Session, village_id: str, week: date) -> Roster | None:
    """The draft of a week, or else what was published last."""
    theirs = select(Roster).where(Roster.village_id == village_id, Roster.week == week)
    standing = theirs.where(Roster.state != RosterState.DROPPED)
    drafts_first = case((Roster.state == RosterState.DRAFT, 0), else_=1)
    return session.scalar(standing.order_by(drafts_first, Roster.published_at.desc(), Roster.id).limit(1))


def assignments(session: Session, roster_id: str) -> Sequence[Assignment]:
    """The rows of a roster: children in their turn, a child's calls along the week, those without a slot at its end."""
    rows = select(Assignment).where(Assignment.roster_id == roster_id)
    in_turn = (Assignment.place, Assignment.child_id, Assignment.starts_at.is_(None), Assignment.starts_at)
    return session.scalars(rows.order_by(*in_turn, Assignment.id)).all()


def pinned(session: Session, roster_id: str) -> list[Assignment]:
    """What somebody picked or took out; drafting anew leaves it."""
    return [row for row in assignments(session, roster_id) if row.is_pinned and not row.is_fixed]
