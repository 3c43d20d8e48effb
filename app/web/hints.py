"""Tells browsers that something may have changed: written with the change, rung after the commit.

A hint carries no state. The row in `change` is for web processes whose doorbell did not ring: they look every few
seconds, so a lost hint costs at most that long. Each process tells its browsers of a change once: on a thin link what
they then ask for costs more than the hint.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.kernel.clock import Clock
from app.kernel.doorbell import Doorbell
from app.storage.database import Database, new_id
from app.web.models import Change

log = logging.getLogger(__name__)

PENDING = "web.hints"
POLL_SECONDS = 4
OVERLAP = timedelta(seconds=30)  # a change is dated by the beginning of its transaction
KEEP = timedelta(minutes=10)

MOST_HEARD = 10_000  # far more than there are changes within the overlap

Hint = tuple[str, str]
Ring = Callable[[str, str, str], None]  # topic, subject, change


def hint(session: Session, topic: str, subject_id: str, now: datetime) -> None:
    pending: dict[Hint, str] = session.info.setdefault(PENDING, {})
    if (topic, subject_id) not in pending:
        pending[(topic, subject_id)] = new_id(session)
        session.add(Change(id=pending[(topic, subject_id)], topic=topic, subject_id=subject_id, at=now))


def ring_after_commit(database: Database, doorbell: Doorbell) -> None:
    """From now on each committed transaction rings the doorbell for what it hinted at."""

    def ring(info: dict[Any, Any]) -> None:
        for (topic, subject_id), change_id in info.get(PENDING, {}).items():
            doorbell.hint(topic, subject_id, change_id)

    database.after_commit.append(ring)


class Heard:
    """The changes that a process has heard of, the newest of them: it has several ways to hear of one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: dict[str, None] = {}

    def is_news(self, change_id: str) -> bool:
        """Once for each."""
        with self._lock:
            if change_id in self._ids:
                return False
            self._ids[change_id] = None
            if len(self._ids) > MOST_HEARD:
                del self._ids[next(iter(self._ids))]
            return True

    def forget(self, change_id: str) -> None:
        """It could not be passed on: the next way by which it comes is tried."""
        with self._lock:
            self._ids.pop(change_id, None)


def changes_since(session: Session, since: datetime) -> list[tuple[str, Hint]]:
    """List (id, hint) of changes written at or after `since`."""
    rows = session.execute(select(Change.id, Change.topic, Change.subject_id).where(Change.at >= since)).all()
    return [(row.id, (row.topic, row.subject_id)) for row in rows]


def poll(database: Database, clock: Clock, ring: Ring, each_time: Callable[[datetime], None]) -> None:
    """Ring for ever for changes; most of them have been heard of before."""
    seen = set[str]()
    nap = threading.Event()
    while not nap.wait(POLL_SECONDS):
        try:
            seen = look(database, clock, ring, seen)
            each_time(clock.now())
        except SQLAlchemyError as error:
            log.warning("could not look for changes: %s", type(error).__name__)


def look(database: Database, clock: Clock, ring: Ring, seen: set[str]) -> set[str]:
    """Ring for the changes of late that were not `seen`; what is to be passed as seen the next time."""
    with database.read() as session:
        found = changes_since(session, clock.now() - OVERLAP)
    for change_id, (topic, subject_id) in found:
        if change_id not in seen:
            ring(topic, subject_id, change_id)
    return {change_id for change_id, _hint in found}


def prune(session: Session, now: datetime) -> None:
    session.execute(delete(Change).where(Change.at < now - KEEP))
