"""A worker in a process of its own, to be killed: by itself at a named point, or from outside at any instant.

Its clock is the machine's, thirty times as fast, so that the lease of a dead worker runs out after a second.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Column, MetaData, String, Table
from sqlalchemy.orm import Session

from app.jobs.service import Leased
from app.jobs.worker import Handlers, Worker
from app.storage.database import Database

SPEED = 30
STEP = "faults.note"
EFFECTS = Table("effect", MetaData(), Column("row_id", String(16)))


@dataclass(frozen=True)
class FastClock:
    began: float

    def now(self) -> datetime:
        passed = time.time() - self.began
        return datetime.fromtimestamp(self.began, UTC) + timedelta(seconds=passed * SPEED)


def live(url: str, began: float, point: str | None, count: int) -> None:
    """Work until killed; with a `point`, by its own hand when that is passed for the `count`th time."""
    handlers = Handlers(steps={STEP: note}, errands={})
    Worker(Database(url), FastClock(began), handlers, errand_threads=1, crash=_deadly(point, count)).run()


def note(session: Session, row: Leased, _now: datetime) -> None:
    session.execute(EFFECTS.insert().values(row_id=row.id))


def _deadly(point: str | None, count: int) -> Callable[[str], None]:
    left = count

    def pass_by(passed: str) -> None:
        nonlocal left
        left -= passed == point
        if left == 0 and point is not None:
            os.kill(os.getpid(), signal.SIGKILL)

    return pass_by
