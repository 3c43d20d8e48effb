"""What these tests play with: a table of effects, a step that writes there, threads that start together."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

from sqlalchemy import Column, Integer, MetaData, String, Table, select
from sqlalchemy.orm import Session

from app.jobs import service
from app.jobs.models import DueRow
from app.jobs.service import Leased
from app.jobs.words import Lane
from app.jobs.worker import Handlers, Step, Worker
from app.kernel.clock import Clock
from app.storage.database import Database

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
    together = Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        together.wait()
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        for running in [pool.submit(run, work) for work in works]:
            running.result()
