import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from app.jobs import service
from app.jobs.models import WorkerBeat
from app.jobs.service import Leased
from app.jobs.words import DueState, Lane
from app.jobs.worker import Handlers, LaneEnded, Worker
from app.storage.database import Database
from tests.jobs.stage import Outage, VirtualStop, effects, leased, note, put_step, row_of, stepper
from tests.scene import NOW, StepClock

SECOND = timedelta(seconds=1)


def test_a_step_and_its_row_are_settled_together(database: Database, clock: StepClock) -> None:
    row_id = put_step(database, NOW)
    passed: list[str] = []
    worker = stepper(database, clock, crash=passed.append)
    assert (worker.run_due(Lane.STEP), worker.run_due(Lane.STEP)) == (1, 0)
    assert passed == ["leased", "worked", "committed", "leased"]
    assert effects(database) == [(row_id, 0)]
    assert row_of(database, row_id).state is DueState.DONE


def test_a_row_that_fails_leaves_no_effect_and_does_not_delay_the_others(database: Database, clock: StepClock) -> None:
    bad, good = put_step(database, NOW - SECOND), put_step(database, NOW)

    def step(session: Session, row: Leased, now: datetime) -> None:
        note(session, row, now)
        if row.id == bad:
            raise ValueError("number +8613800000000 \x00 is odd")

    assert stepper(database, clock, step).run_due(Lane.STEP) == 2
    assert effects(database) == [(good, 0)]
    kept = row_of(database, bad)
    assert (kept.state, kept.last_error) == (DueState.WAITING, "ValueError: number +…   is odd")
    assert SECOND <= kept.due_at - NOW <= 1.5 * SECOND


def test_a_failure_is_logged_with_its_place_and_without_numbers(
    database: Database, clock: StepClock, caplog: pytest.LogCaptureFixture
) -> None:
    with database.begin() as session:
        service.put(session, "note", NOW, NOW, payload={"to": "+8613800000000"})

    def step(_session: Session, row: Leased, _now: datetime) -> None:
        raise ValueError(row.payload["to"])

    stepper(database, clock, step).run_due(Lane.STEP)
    assert "ValueError: +…" in caplog.text
    assert "test_worker.py" in caplog.text
    assert "138000" not in caplog.text


def test_an_unknown_kind_is_dead_at_once_and_says_why(database: Database, clock: StepClock) -> None:
    row_id = put_step(database, NOW, kind="mystery")
    stepper(database, clock).run_due(Lane.STEP)
    kept = row_of(database, row_id)
    assert (kept.state, kept.last_error) == (DueState.DEAD, "no handler for step rows of kind 'mystery'")


def test_a_missing_key_inside_a_handler_is_a_failure_like_any_other(database: Database, clock: StepClock) -> None:
    row_id = put_step(database, NOW)

    def step(session: Session, row: Leased, now: datetime) -> None:
        raise KeyError(row.payload["missing"])

    stepper(database, clock, step).run_due(Lane.STEP)
    assert row_of(database, row_id).state is DueState.WAITING


def test_an_errand_is_done_after_it_came_back(database: Database, clock: StepClock) -> None:
    with database.begin() as session:
        row_id = service.put(session, "send", NOW, NOW, lane=Lane.ERRAND)
    ran: list[str] = []

    def errand(row: Leased) -> None:
        ran.append(row.id)
        assert row_of(database, row.id).state is DueState.LEASED

    worker = Worker(database, clock, Handlers(steps={}, errands={"send": errand}))
    assert worker.run_due(Lane.STEP) == 0
    assert worker.run_due(Lane.ERRAND) == 1
    assert ran == [row_id]
    assert row_of(database, row_id).state is DueState.DONE


def test_an_errand_that_puts_itself_off_stays_so(database: Database, clock: StepClock) -> None:
    with database.begin() as session:
        row_id = service.put(session, "send", NOW, NOW, lane=Lane.ERRAND)

    def errand(row: Leased) -> None:
        with database.begin() as session:
            service.later(session, row, NOW + SECOND)

    Worker(database, clock, Handlers(steps={}, errands={"send": errand})).run_due(Lane.ERRAND)
    kept = row_of(database, row_id)
    assert (kept.state, kept.due_at, kept.attempts) == (DueState.WAITING, NOW + SECOND, 0)


def test_a_worker_that_is_told_to_stop_gives_back_what_it_has_not_begun(database: Database, clock: StepClock) -> None:
    ids = [put_step(database, NOW + n * SECOND) for n in range(3)]
    clock.step(seconds=9)

    def step(session: Session, row: Leased, now: datetime) -> None:
        note(session, row, now)
        worker.stop.set()

    worker = stepper(database, clock, step)
    worker.run_due(Lane.STEP)
    assert effects(database) == [(ids[0], 0)]
    assert [(row.id, row.attempts) for row in leased(database, clock.now())] == [(ids[1], 1), (ids[2], 1)]


def test_what_a_slow_row_keeps_waiting_is_given_back_to_other_workers(database: Database, clock: StepClock) -> None:
    ids = [put_step(database, NOW + n * SECOND) for n in range(3)]
    clock.step(seconds=9)

    def step(session: Session, row: Leased, now: datetime) -> None:
        note(session, row, now)
        clock.step(seconds=3)

    stepper(database, clock, step).run_due(Lane.STEP)
    assert effects(database) == [(ids[0], 0)]
    assert [row.id for row in leased(database, clock.now())] == ids[1:]


def test_a_step_that_another_transaction_was_in_the_way_of_is_repeated_at_once(
    database: Database, clock: StepClock
) -> None:
    row_id = put_step(database, NOW)
    tries: list[Leased] = []

    def step(session: Session, row: Leased, now: datetime) -> None:
        note(session, row, now)
        tries.append(row)
        if len(tries) <= 3:
            _clash(database, session)

    stepper(database, clock, step).run_due(Lane.STEP)
    assert [row.attempts for row in tries] == [1, 1, 1, 1]
    assert effects(database) == [(row_id, 0)]
    assert row_of(database, row_id).state is DueState.DONE


def test_a_step_that_is_always_in_the_way_fails_at_last(database: Database, clock: StepClock) -> None:
    row_id = put_step(database, NOW)
    stepper(database, clock, lambda session, _row, _now: _clash(database, session)).run_due(Lane.STEP)
    kept = row_of(database, row_id)
    assert (kept.state, kept.attempts) == (DueState.WAITING, 1)
    assert kept.last_error is not None
    assert kept.last_error.startswith("OperationalError")


def test_a_worker_picks_up_again_what_it_held_when_the_database_went_away(
    database: Database, clock: StepClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = {put_step(database, NOW) for _ in range(3)}
    outage = Outage(database)
    monkeypatch.setattr(database, "begin", outage.begin)

    def step(session: Session, row: Leased, now: datetime) -> None:
        note(session, row, now)
        if outage.count == 0:
            outage.start()

    worker = stepper(database, clock, step)
    worker.stop = VirtualStop(clock, until=NOW + 4 * SECOND, at_nap=outage.end)
    worker.run()
    assert outage.count > 0
    assert {row_id for row_id, _turn in effects(database)} == ids
    assert len(effects(database)) == len(ids)


@pytest.mark.parametrize("seconds", [0.25, 1.0, 2.75, 10.0])
def test_a_worker_sleeps_exactly_until_the_next_row_and_looks_each_second(
    database: Database, clock: StepClock, seconds: float
) -> None:
    due_at = NOW + timedelta(seconds=seconds)
    put_step(database, due_at)
    begun: list[datetime] = []

    def step(_session: Session, _row: Leased, now: datetime) -> None:
        begun.append(now)
        worker.stop.set()

    worker = stepper(database, clock, step)
    worker.stop = stop = VirtualStop(clock, until=due_at + 60 * SECOND)
    worker.run()
    assert begun == [due_at]
    assert max(stop.naps) <= 1
    assert len(stop.naps) <= seconds + 2


def test_a_worker_is_seen_while_it_runs_and_says_goodbye(database: Database, clock: StepClock) -> None:
    with database.begin() as session:
        service.put(session, "look", NOW, NOW, lane=Lane.ERRAND)
    seen: list[datetime] = []

    def look(_row: Leased) -> None:
        patience = threading.Event()
        while not seen:
            with database.read() as session:
                seen.extend(beat.at for beat in session.scalars(select(WorkerBeat)))
            patience.wait(0.01)
        worker.stop.set()

    worker = Worker(database, clock, Handlers(steps={}, errands={"look": look}), errand_threads=1)
    worker.run()
    assert seen == [NOW]
    with database.read() as session:
        assert session.scalars(select(WorkerBeat)).all() == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_lane_that_ends_unasked_ends_the_worker(database: Database, clock: StepClock) -> None:
    put_step(database, NOW)

    def step(_session: Session, _row: Leased, _now: datetime) -> None:
        raise SystemExit

    with pytest.raises(LaneEnded):
        stepper(database, clock, step).run()


def test_trouble_is_logged_once_until_it_is_over(
    database: Database, clock: StepClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outage = Outage(database)
    outage.start()
    monkeypatch.setattr(database, "begin", outage.begin)
    worker = stepper(database, clock)
    worker.stop = VirtualStop(clock, until=NOW + 20 * SECOND)
    worker.run()
    assert outage.count >= 20
    logged = [record for record in caplog.records if "the database is away" in record.getMessage()]
    assert 1 <= len(logged) <= 2  # by the lane and, if at the same instant, by the keeper


def _clash(database: Database, session: Session) -> None:
    """Meet a real refusal of this database for another transaction's sake."""
    session.connection()
    if database.is_sqlite:
        rival = create_engine(database.engine.url, connect_args={"timeout": 0})
        with rival.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        with database.engine.connect() as holder, database.engine.connect() as waiter:
            holder.exec_driver_sql("SELECT pg_advisory_xact_lock(1)")
            waiter.exec_driver_sql("SET LOCAL lock_timeout = '1ms'")
            waiter.exec_driver_sql("SELECT pg_advisory_xact_lock(1)")
