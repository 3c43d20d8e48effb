import logging

import pytest
from sqlalchemy import select

from app.jobs import keeper, service
from app.jobs.keeper import Keeper
from app.jobs.models import DueRow, WorkerBeat
from app.jobs.words import DueState
from app.storage.database import Database
from tests.jobs.stage import leased, put_step, row_of
from tests.scene import NOW, StepClock


@pytest.fixture
def kept(database: Database, clock: StepClock) -> Keeper:
    return Keeper(database, clock, "me")


def rounds(kept: Keeper, clock: StepClock, count: int) -> None:
    for _ in range(count):
        clock.step(seconds=keeper.ROUND_SECONDS)
        kept.round()


def test_work_in_hand_keeps_its_lease_however_long_it_takes(
    database: Database, kept: Keeper, clock: StepClock
) -> None:  # fmt: skip
    put_step(database, NOW)
    (row,) = leased(database, NOW, owner="me")
    kept.take([row])
    rounds(kept, clock, 100)
    assert leased(database, clock.now()) == []
    with database.begin() as session:
        service.done(session, row, clock.now())


def test_work_that_is_out_of_hand_is_not_renewed(database: Database, kept: Keeper, clock: StepClock) -> None:
    put_step(database, NOW)
    (row,) = leased(database, NOW, owner="me")
    kept.take([row])
    kept.drop([row])
    rounds(kept, clock, 6)
    assert [other.id for other in leased(database, clock.now())] == [row.id]


def test_work_that_hangs_is_left_to_another_worker(database: Database, kept: Keeper, clock: StepClock) -> None:
    put_step(database, NOW)
    (row,) = leased(database, NOW, owner="me")
    kept.take([row])
    rounds(kept, clock, keeper.LONGEST_WORK_ROUNDS + 10)
    assert [other.id for other in leased(database, clock.now())] == [row.id]


def test_a_lease_that_is_lost_while_its_work_goes_on_is_noticed(
    database: Database, kept: Keeper, clock: StepClock, caplog: pytest.LogCaptureFixture
) -> None:
    put_step(database, NOW)
    (row,) = leased(database, NOW, owner="me")
    kept.take([row])
    clock.step(minutes=1)  # a machine that slept
    (other,) = leased(database, clock.now(), owner="other")
    kept.round()
    assert f"note {row.id} was moved or leased by another" in caplog.text
    assert row_of(database, row.id).lease == other.lease


def test_a_stuck_worker_is_not_seen_any_more_and_says_so_once(
    database: Database, kept: Keeper, clock: StepClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    rounds(kept, clock, keeper.STUCK_ROUNDS)
    last_seen = clock.now()
    rounds(kept, clock, 10)
    assert _beat(database) == last_seen
    assert caplog.text.count("has been stuck for 60 s") == 1
    kept.come_round()
    rounds(kept, clock, 1)
    assert _beat(database) == clock.now()


def test_old_rows_are_swept_and_wrong_clocks_mended_now_and_then(
    database: Database, kept: Keeper, clock: StepClock, caplog: pytest.LogCaptureFixture
) -> None:
    old = put_step(database, NOW)
    (row,) = leased(database, NOW)
    with database.begin() as session:
        service.done(session, row, NOW)
    clock.step(days=31)
    future = clock.now().replace(year=2030)
    waits = put_step(database, future)
    rounds(kept, clock, 1)
    assert row_of(database, waits).due_at == clock.now()
    assert row_of(database, waits).state is DueState.WAITING
    assert "the clock was set back; 1 due rows" in caplog.text
    with database.read() as session:
        assert session.get(DueRow, old) is None


def _beat(database: Database) -> object:
    with database.read() as session:
        return session.scalar(select(WorkerBeat.at))
