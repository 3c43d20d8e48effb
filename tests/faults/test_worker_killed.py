"""Twenty workers are killed over three hundred steps, by points and by chance; each effect is there exactly once."""

import multiprocessing
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from multiprocessing.process import BaseProcess

from sqlalchemy import func, select

from app.jobs import service
from app.jobs.models import DueRow
from app.jobs.words import DueState
from app.storage.database import Database
from tests.faults.mortal_worker import EFFECTS, STEP, FastClock, live

LIVES = 20
STEPS_PER_LIFE = 15
PATIENCE_SECONDS = 60
# How often a point is passed at least by a worker that finds that many steps.
POINTS = {"leased": 2, "worked": 12, "committed": 12}


def test_steps_of_killed_workers_have_their_effects_exactly_once(database: Database) -> None:
    began, chance = time.time(), random.Random(1)
    with database.engine.begin() as connection:
        EFFECTS.create(connection)
    ids: list[str] = []
    for point in islice(cycle([*POINTS, None]), LIVES):
        ids += _put_steps(database, began)
        with _worker(database, began, point, chance.randint(1, POINTS[point]) if point else 0) as worker:
            worker.join(PATIENCE_SECONDS if point else chance.uniform(0.02, 0.3))
            worker.kill()
            worker.join()
            assert worker.exitcode == -signal.SIGKILL
    with _worker(database, began, None, 0), _worker(database, began, None, 0):
        _wait_until_all_is_done(database)
    assert sorted(_effects(database)) == sorted(ids)


@contextmanager
def _worker(database: Database, began: float, point: str | None, count: int) -> Iterator[BaseProcess]:
    """Forked off a process that has loaded everything, so that a life begins at once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.mortal_worker", "psycopg"])
    url = database.engine.url.render_as_string(hide_password=False)
    process = context.Process(target=live, args=(url, began, point, count))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def _put_steps(database: Database, began: float) -> list[str]:
    now = FastClock(began).now()
    with database.begin() as session:
        return [service.put(session, STEP, now, now) for _ in range(STEPS_PER_LIFE)]


def _wait_until_all_is_done(database: Database) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while counts := _open(database):
        assert time.monotonic() < give_up, counts
        time.sleep(0.05)


def _open(database: Database) -> dict[DueState, int]:
    """How many rows are in each state other than done."""
    with database.read() as session:
        counted = session.execute(select(DueRow.state, func.count()).group_by(DueRow.state))
        return {state: count for state, count in counted if state is not DueState.DONE}


def _effects(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(EFFECTS.c.row_id)))
