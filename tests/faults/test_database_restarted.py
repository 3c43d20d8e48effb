"""The database is killed under running workers: they go on by themselves, and nothing is lost or doubled."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.jobs import service
from app.jobs.models import DueRow
from app.jobs.service import Leased
from app.jobs.words import DueState
from app.jobs.worker import Handlers, Worker
from app.storage.database import Database
from app.storage.migrate import upgrade
from tests.faults.mortal_worker import EFFECTS, STEP, FastClock, note
from tests.services import PrivatePostgres

STEPS = 300
STEP_SECONDS = 0.02
PATIENCE_SECONDS = 60


@pytest.fixture
def server() -> Iterator[PrivatePostgres]:
    started = PrivatePostgres(durable=True)
    yield started
    started.stop()


@pytest.fixture
def database(server: PrivatePostgres) -> Iterator[Database]:
    opened = Database(server.url("postgres"))
    upgrade(opened)
    with opened.engine.begin() as connection:
        EFFECTS.create(connection)
    yield opened
    opened.close()


def test_workers_go_on_when_the_database_comes_back(server: PrivatePostgres, database: Database) -> None:
    clock = FastClock(time.time())
    with database.begin() as session:
        ids = [service.put(session, STEP, clock.now(), clock.now()) for _ in range(STEPS)]
    with _running(Worker(database, clock, Handlers({STEP: _take_time}, {})) for _ in range(2)):
        for fall, count in ((server.restart, 30), (server.kill, 100), (server.kill, 200)):
            _wait_for_effects(database, count)
            fall()
            if fall == server.kill:
                server.restart()
        _wait_for_effects(database, STEPS)
    with database.read() as session:
        assert sorted(session.scalars(select(EFFECTS.c.row_id))) == sorted(ids)
        assert set(session.scalars(select(DueRow.state))) == {DueState.DONE}


def _take_time(session: Session, row: Leased, now: datetime) -> None:
    note(session, row, now)
    threading.Event().wait(STEP_SECONDS)


@contextmanager
def _running(workers: Iterable[Worker]) -> Iterator[None]:
    threads = {worker: threading.Thread(target=worker.run) for worker in workers}
    for thread in threads.values():
        thread.start()
    try:
        yield
    finally:
        for worker in threads:
            worker.stop.set()
        for thread in threads.values():
            thread.join(PATIENCE_SECONDS)


def _wait_for_effects(database: Database, count: int) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while (found := _count(database)) < count:
        assert time.monotonic() < give_up, f"{found} of {count}"
        time.sleep(0.05)


def _count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(EFFECTS)) or 0
