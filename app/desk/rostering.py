"""Use cases of the fair roster at the desk: draft a week, pick, undo, draft anew, drop. Publishing is `publishing.py`.

Each is one transaction of its caller's. The solver is asked by a due row and answers in the worker: `drafting.py`.
"""

from datetime import date, datetime

from sqlalchemy.orm import Session

from app.calls import rules
from app.desk import picking, week
from app.desk.picking import Wanted
from app.desk.service import record
from app.kernel.errors import NotFound, Refused
from app.roster import queries, service
from app.roster.history import Slot
from app.roster.models import Roster
from app.roster.words import RosterState
from app.villages import queries as villages
from app.web.principals import Principal


def draft(session: Session, who: Principal, monday: date, minutes: int | None, now: datetime) -> Roster:
    """The open draft of a week, or a new one. Raises what `week.check_week` raises, Refused("bad_length")."""
    village = villages.village(session, who.village)
    week.check_week(monday, village.zone, now)
    rules.check_length(minutes or rules.CALL_MINUTES)
    return _draft(session, who, monday, minutes or rules.CALL_MINUTES, now)


def assign(
    session: Session, who: Principal, roster_id: str, version: int, assignment_id: str, slot: Slot | None, *,
    minutes: int | None, is_pinned: bool, is_forced: bool, now: datetime,
) -> Roster:  # fmt: skip
    """Give a row this slot, or none. Raises Refused with what stands against it."""
    roster = service.held(session, who.village, roster_id, version)
    service.check_editable(roster)
    rows = queries.assignments(session, roster.id)
    row = next((each for each in rows if each.id == assignment_id), None)
    if row is None:
        raise NotFound
    if row.is_fixed:
        raise Refused("assignment_fixed")
    length = minutes or row.minutes
    if slot is None:
        picks = picking.taken_out(row, length, is_pinned=is_pinned)
    else:
        village, wanted = villages.village(session, roster.village_id), Wanted(row, slot, length)
        picks = picking.picks(
            session, village, roster, rows, wanted, is_pinned=is_pinned, is_forced=is_forced, now=now
        )  # fmt: skip
    service.pick(session, roster, picks, who.name, now)
    return roster


def undo(session: Session, who: Principal, roster_id: str, version: int, now: datetime) -> Roster:
    roster = service.held(session, who.village, roster_id, version)
    service.check_editable(roster)
    service.undo(session, roster, who.name, now)
    return roster


def redraft(session: Session, who: Principal, roster_id: str, version: int, now: datetime) -> Roster:
    """Ask the solver anew, around what was picked and what stands; for a published week in a new draft."""
    roster = service.held(session, who.village, roster_id, version)
    week.check_week(roster.week, villages.village(session, roster.village_id).zone, now)
    if roster.state is RosterState.PUBLISHED:
        return _draft(session, who, roster.week, roster.minutes, now)
    service.check_open(roster)
    service.redraft(session, roster, who.name, now)
    _record(session, who, "redraft_roster", roster, now)
    return roster


def drop(session: Session, who: Principal, roster_id: str, version: int, now: datetime) -> Roster:
    """Give a draft up; what was published before stands."""
    roster = service.held(session, who.village, roster_id, version)
    service.check_open(roster)
    service.drop(session, roster, who.name, now)
    _record(session, who, "drop_roster", roster, now)
    return roster


def _draft(session: Session, who: Principal, monday: date, minutes: int, now: datetime) -> Roster:
    roster, is_new = service.draft(
        session, village_id=who.village, week=monday, minutes=minutes, by=who.name, now=now
    )  # fmt: skip
    if is_new:
        _record(session, who, "draft_roster", roster, now)
    return roster


def _record(session: Session, who: Principal, action: str, roster: Roster, now: datetime) -> None:
    record(session, who, action, f"roster:{roster.id}", {"week": roster.week.isoformat()}, now)
