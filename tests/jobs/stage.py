"""What these tests play with: a table of effects, a step that writes there, threads, virtual naps, outages."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Column, Integer, MetaData, String, Table, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.jobs import service
from app.jobs.models import DueRow
from app.jobs.service import Leased
from app.jobs.words import Lane
from app.jobs.worker import Handlers, Step, Worker
from app.kernel.clock import Clock
from app.storage.database import Database
from tests.scene import StepClock

EFFECTS = Table("effect", MetaData(), Column("row_id", String(16)), Column("turn", Integer))


def note(session: Session, row: Leased, _now: datetime) -> None:
    """A step whose effect is a row of the same database."""
    session.execute(EFFECTS.insert().values(row_id=row.id, turn=row.payload.get("turn", 0)))


def effects(database: Database) -> list[tuple[str, int]]:
    with database.read() as session:
        return [(row.row_id, row.turn) for row in session.execute(select(EFFECTS))]


def row_of(database: Database, row_id: str) -> DueRow:
    with database.read() as session:
        return session.get_one(DueRow, row_id)


def put_step(database: Database, due_at: datetime, kind: str = "note", key: str | None = None) -> str:
    with database.begin() as session:
        return service.put(session, kind, due_at, due_at, key=key)


def leased(
    database: Database, now: datetime, owner: str = "w", lane: Lane = Lane.STEP, limit: int = 20
) -> list[Leased]:
    with database.begin() as session:
        return service.lease(session, owner, lane, now, limit)


def stepper(
    database: Database, clock: Clock, step: Step = note, crash: Callable[[str], None] | None = None
) -> Worker:  # fmt: skip
    """A worker that knows one kind of step."""
    return Worker(database, clock, Handlers(steps={"note": step}, errands={}), crash=crash, errand_threads=0)


def in_threads(works: Sequence[Callable[[], None]]) -> None:
    """Run all at the same time; the first error of any of them is raised here."""
    together = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        together.wait()
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        for running in [pool.submit(run, work) for work in works]:
            running.result()


class VirtualStop(threading.Event):
    """Naps take no time: the clock is stepped instead, and at `until` the worker is stopped."""

    def __init__(self, clock: StepClock, until: datetime, at_nap: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.clock, self.until, self.at_nap = clock, until, at_nap
        self.naps: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.naps.append(timeout)
        self.at_nap()
        self.clock.step(seconds=timeout)
        if self.clock.now() >= self.until:
            self.set()
        return self.is_set()


class Outage:
    """While it lasts, no transaction that changes something begins or commits."""

    def __init__(self, database: Database) -> None:
        self._begin = database.begin
        self._is_on = False
        self.count = 0

    def start(self) -> None:
        self._is_on = True

    def end(self) -> None:
        self._is_on = False

    @contextmanager
    def begin(self) -> Iterator[Session]:
        self._check()
        with self._begin() as session:
            yield session
            self._check()

    def _check(self) -> None:
        if self._is_on:
            self.count += 1
            raise OperationalError("SELECT", None, Exception("the database is away"))
