"""The wishes for a slot that gets free: made once per child and parent, and ended. Who may is decided above."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.kernel.errors import NotFound
from app.roster.models import Wait
from app.storage.database import new_id


def ask(
    session: Session, *, village_id: str, family_id: str, child_id: str, parent_id: str, by: str, now: datetime
) -> None:  # fmt: skip
    """Wish for a slot; who wishes already keeps their place."""
    wait = Wait(
        id=new_id(session), village_id=village_id, family_id=family_id, child_id=child_id, parent_id=parent_id,
        made_by=by, since=now,
    )  # fmt: skip
    end_of_pair(session, child_id, parent_id, now, only_run_out=True)
    try:
        with session.begin_nested():
            session.add(wait)
    except IntegrityError:
        return


def open_of_village(session: Session, village_id: str, now: datetime) -> Sequence[Wait]:
    return session.scalars(
        select(Wait)
        .where(Wait.village_id == village_id, Wait.ended_at.is_(None), or_(Wait.until.is_(None), Wait.until > now))
        .order_by(Wait.since, Wait.id)
    ).all()


def open_of_families(session: Session, family_ids: Sequence[str], now: datetime) -> Sequence[Wait]:
    return session.scalars(
        select(Wait)
        .where(Wait.family_id.in_(family_ids), Wait.ended_at.is_(None), or_(Wait.until.is_(None), Wait.until > now))
        .order_by(Wait.since, Wait.id)
    ).all()


def end(session: Session, wait: Wait, now: datetime) -> None:
    if wait.ended_at is None:
        wait.ended_at = now


def end_of_pair(session: Session, child_id: str, parent_id: str, now: datetime, *, only_run_out: bool = False) -> None:
    """End what these two wish for: they have it now, or its time is over."""
    theirs = update(Wait).where(Wait.child_id == child_id, Wait.parent_id == parent_id, Wait.ended_at.is_(None))
    if only_run_out:
        theirs = theirs.where(Wait.until <= now)
    session.execute(theirs.values(ended_at=now))


def wait(session: Session, wait_id: str) -> Wait:
    found = session.get(Wait, wait_id)
    if found is None:
        raise NotFound
    return found
