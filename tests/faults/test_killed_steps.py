"""A worker that is killed between any two steps: every row is worked off, and every effect is there exactly once."""

import random
import subprocess
import sys
import time
from collections import Counter

from sqlalchemy import func, select

from app.jobs import service
from app.jobs.models import DueRow
from app.jobs.words import DueState
from app.kernel.clock import SystemClock
from app.storage.database import Database
from tests.jobs.stage import EFFECTS

STEPS, PATIENCE_SECONDS = 120, 90
# Each worker dies at one of these; the last one lives.
DEATHS = [("leased", 1), ("worked", 3), ("committed", 5), ("worked", 1), ("committed", 2), ("leased", 2), ("worked", 7)]


def start(url: str, point: str, times: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.faults.stepping", url, point, str(times)])


def left(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(DueRow).where(DueRow.state != DueState.DONE)) or 0


def test_a_worker_killed_at_any_point_loses_and_doubles_nothing(database: Database, database_url: str) -> None:
    clock = SystemClock()
    EFFECTS.create(database.engine)
    with database.begin() as session:
        for number in range(STEPS):
            service.put(session, "note", clock.now(), clock.now(), key=f"step {number}")
    for point, times in DEATHS:
        dying = start(database_url, point, times)
        assert dying.wait(timeout=PATIENCE_SECONDS) == -9, f"died at {point}"
    killed_at_random = start(database_url, "never", 1)
    time.sleep(random.Random(7).uniform(0.6, 1.2))  # somewhere in the middle of its work
    killed_at_random.kill()
    killed_at_random.wait()
    _expire_leases(database)
    survivor = start(database_url, "never", 1)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left(database) and time.monotonic() < deadline:
        time.sleep(0.2)
    survivor.terminate()
    survivor.wait(timeout=30)
    with database.read() as session:
        counted = Counter(session.scalars(select(EFFECTS.c.row_id)).all())
    assert left(database) == 0
    assert len(counted) == STEPS
    assert set(counted.values()) == {1}


def _expire_leases(database: Database) -> None:
    """What dead workers held is free when their leases run out; the test does not wait for that."""
    with database.begin() as session:
        for row in session.scalars(select(DueRow).where(DueRow.state == DueState.LEASED)):
            row.leased_until = SystemClock().now()
