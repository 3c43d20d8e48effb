"""Tells browsers that something may have changed: written with the change, rung after the commit.

A hint carries no state. The row in `change` is for web processes whose doorbell did not ring: they look every few
seconds, so a lost hint costs at most that long.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.doorbell import Doorbell
from app.storage.database import Database, new_id
from app.web.models import Change

PENDING = "web.hints"
POLL_SECONDS = 4
KEEP = timedelta(minutes=10)

Hint = tuple[str, str]


def hint(session: Session, topic: str, subject_id: str, now: datetime) -> None:
    pending: dict[Hint, None] = session.info.setdefault(PENDING, {})
    if (topic, subject_id) not in pending:
        pending[(topic, subject_id)] = None
        session.add(Change(id=new_id(session), topic=topic, subject_id=subject_id, at=now))


def ring_after_commit(database: Database, doorbell: Doorbell) -> None:
    """From now on each committed transaction rings the doorbell for what it hinted at."""

    def ring(info: dict[Any, Any]) -> None:
        for topic, subject_id in info.get(PENDING, ()):
            doorbell.hint(topic, subject_id)

    database.after_commit.append(ring)


def changes_since(session: Session, since: datetime, seen: Iterable[str]) -> list[tuple[str, Hint]]:
    """(id, hint) of changes written at or after `since` that are not among `seen`."""
    known = set(seen)
    rows = session.execute(select(Change.id, Change.topic, Change.subject_id).where(Change.at >= since)).all()
    return [(row.id, (row.topic, row.subject_id)) for row in rows if row.id not in known]


def prune(session: Session, now: datetime) -> None:
    session.execute(delete(Change).where(Change.at < now - KEEP))
