"""The wishes for a slot that gets free: made once per child and parent, and ended. Who may is decided above."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
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
    try:
        with session.begin_nested():
            session.add(wait)
    except IntegrityError:
        return


def open_of_village(session: Session, village_id: str) -> Sequence[Wait]:
    return session.scalars(_open.where(Wait.village_id == village_id)).all()


def open_of_families(session: Session, family_ids: Sequence[str]) -> Sequence[Wait]:
    return session.scalars(_open.where(Wait.family_id.in_(family_ids))).all()


def end(session: Session, wait: Wait, now: datetime) -> None:
    if wait.ended_at is None:
        wait.ended_at = now


def end_of_pair(session: Session, child_id: str, parent_id: str, now: datetime) -> None:
    """End what these two wish for: they have it now."""
    theirs = update(Wait).where(Wait.child_id == child_id, Wait.parent_id == parent_id, Wait.ended_at.is_(None))
    session.execute(theirs.values(ended_at=now))


def wait(session: Session, wait_id: str) -> Wait:
    found = session.get(Wait, wait_id)
    if found is None:
        raise NotFound
    return found


_open = select(Wait).where(Wait.ended_at.is_(None)).order_by(Wait.since, Wait.id)
