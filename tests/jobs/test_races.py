"""Threads that want the same rows at the same time, with their own connections."""

import threading
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Column, Integer, MetaData, Table, func, select, text
from sqlalchemy.orm import Session

from app.jobs import service
from app.jobs.models import DueRow
from app.jobs.service import Leased
from app.jobs.words import DueState, Lane
from app.storage.database import Database
from tests.jobs.stage import EFFECTS, effects, in_threads, put_step, row_of, stepper
from tests.scene import NOW, StepClock

OWN = Table("own", MetaData(), Column("id", Integer, primary_key=True), Column("number", Integer))


def test_many_put_one_key_and_none_of_their_transactions_fails(database: Database) -> None:
    together = threading.Barrier(6)
    ids: list[str] = []

    def put() -> None:
        with database.begin() as session:
            if not database.is_sqlite:  # where only one can be here
                together.wait()
            session.execute(EFFECTS.insert().values(row_id="of the use case", turn=0))
            ids.append(service.put(session, "note", NOW, NOW, key="k"))

    in_threads([put] * 6)
    assert len(set(ids)) == 1
    assert len(effects(database)) == 6
    assert _count(database) == 1


def test_many_put_one_key_again_for_the_first_time_and_the_last_one_holds(database: Database) -> None:
    together = threading.Barrier(6)
    order: list[datetime] = []

    def put_again(due_at: datetime) -> None:
        with database.begin() as session:
            if not database.is_sqlite:
                together.wait()
            service.put_again(session, "note", "k", due_at, NOW)
            order.append(due_at)  # the row is locked until the commit, so this is the order of commits

    in_threads([partial(put_again, NOW + timedelta(hours=hours)) for hours in range(6)])
    with database.read() as session:
        assert session.scalars(select(DueRow.due_at)).all() == order[-1:]


def test_two_workers_work_each_row_once(database: Database, clock: StepClock) -> None:
    ids = [put_step(database, NOW) for _ in range(60)]

    def work() -> None:
        worker = stepper(database, clock)
        while worker.run_due(Lane.STEP):
            pass

    in_threads([work] * 3)
    assert sorted(effects(database)) == sorted((row_id, 0) for row_id in ids)


def test_workers_and_use_cases_that_lock_their_own_rows_first_never_block_each_other(
    database: Database, clock: StepClock
) -> None:
    """As a call and its tick: both lock the call, then the one due row. Nothing of what was changed stays unseen."""
    _make_own(database)
    over = threading.Event()

    def step(session: Session, row: Leased, now: datetime) -> None:
        number = _lock_own(session, 1)
        session.execute(EFFECTS.insert().values(row_id=row.id, turn=number))
        service.put_again(session, "note", "k", now + timedelta(hours=1), now)

    def use_case() -> None:
        for _ in range(25):
            with database.begin() as session:
                number = _lock_own(session, 1)
                session.execute(OWN.update().where(OWN.c.id == 1).values(number=number + 1))
                service.put_again(session, "note", "k", NOW, NOW)

    def work() -> None:
        worker = stepper(database, clock, step)
        while not over.is_set() or worker.run_due(Lane.STEP):
            worker.run_due(Lane.STEP)

    def use_cases() -> None:
        try:
            in_threads([use_case] * 2)
        finally:
            over.set()

    in_threads([use_cases, work, work])
    turns = [turn for _row_id, turn in effects(database)]
    assert max(turns) == 50
    with database.read() as session:
        (row,) = session.scalars(select(DueRow)).all()
    assert (row.state, row.due_at, row.last_error) == (DueState.WAITING, NOW + timedelta(hours=1), None)


def test_a_step_that_loses_a_deadlock_is_repeated_at_once(postgres_url: str, clock: StepClock) -> None:
    """SQLite has one writer and so no deadlocks."""
    database = Database(postgres_url)
    _make_own(database)
    row_id = put_step(database, NOW)
    has_first, has_second, tries = threading.Event(), threading.Event(), []

    def step(session: Session, row: Leased, _now: datetime) -> None:
        tries.append(row)
        session.connection().exec_driver_sql("SET LOCAL deadlock_timeout = '1ms'")
        _lock_own(session, 1)
        has_first.set()
        assert has_second.wait(10)
        _wait_for_somebody_waiting(session, tries)
        _lock_own(session, 2)

    def rival() -> None:
        assert has_first.wait(10)
        with database.begin() as session:
            session.connection().exec_driver_sql("SET LOCAL deadlock_timeout = '1min'")
            _lock_own(session, 2)
            has_second.set()
            _lock_own(session, 1)

    def work() -> None:
        stepper(database, clock, step).run_due(Lane.STEP)

    in_threads([work, rival])
    assert [row.attempts for row in tries] == [1, 1]
    assert (row_of(database, row_id).state, row_of(database, row_id).attempts) == (DueState.DONE, 1)
    database.close()


def test_two_who_cancel_the_same_rows_do_not_wait_for_each_other(database: Database) -> None:
    for _ in range(10):
        with database.begin() as session:
            for number in range(20):
                service.put(session, "note", NOW + timedelta(seconds=number), NOW, subject="call:1")
        cancelled: list[int] = []

        def cancel(counts: list[int] = cancelled) -> None:
            with database.begin() as session:
                counts.append(service.cancel(session, "call:1"))

        in_threads([cancel] * 3)
        assert sorted(cancelled) == [0, 0, 20]


def _wait_for_somebody_waiting(session: Session, tries: list[Leased]) -> None:
    """At the first try: whoever waits last finds the deadlock and loses it."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while len(tries) == 1 and not session.scalar(waiting):
        pass


def _make_own(database: Database) -> None:
    with database.engine.begin() as connection:
        OWN.create(connection)
        connection.execute(OWN.insert().values([{"id": 1, "number": 0}, {"id": 2, "number": 0}]))


def _lock_own(session: Session, own_id: int) -> int:
    number = session.scalar(select(OWN.c.number).where(OWN.c.id == own_id).with_for_update())
    assert isinstance(number, int)
    return number


def _count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(DueRow)) or 0
