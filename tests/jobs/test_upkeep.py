from datetime import datetime, timedelta

from sqlalchemy import select

from app.jobs import service, upkeep
from app.jobs.models import DueRow, WorkerBeat
from app.jobs.words import DueState, Lane
from app.storage.database import Database
from tests.jobs.stage import leased, put_step, row_of
from tests.scene import NOW

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def test_settled_rows_go_after_thirty_days_with_their_keys(database: Database) -> None:
    done = put_step(database, NOW, key="done")
    (row,) = leased(database, NOW)
    with database.begin() as session:
        service.done(session, row, NOW + DAY)
        service.put(session, "note", NOW, NOW, key="cancelled", subject="call:1")
        service.cancel(session, "call:1")
        service.put_again(session, "note", "waiting", NOW, NOW)
    assert _prune(database, NOW + 30 * DAY) == 0
    assert put_step(database, NOW + 30 * DAY, key="done") == done
    assert _prune(database, NOW + 31 * DAY + HOUR) == 2
    assert _prune(database, NOW + 31 * DAY + HOUR) == 0
    assert put_step(database, NOW + 32 * DAY, key="done") != done


def test_what_was_cancelled_lately_is_kept_however_long_it_was_due(database: Database) -> None:
    with database.begin() as session:
        service.put_again(session, "note", "k", NOW, NOW)
        service.put_again(session, "note", "k", None, NOW + 40 * DAY)
    assert _prune(database, NOW + 69 * DAY) == 0
    assert _prune(database, NOW + 71 * DAY) == 1


def test_dead_waiting_and_leased_rows_are_never_swept(database: Database) -> None:
    dead, held = put_step(database, NOW - HOUR), put_step(database, NOW)
    rows = leased(database, NOW)
    with database.begin() as session:
        service.give_up(session, rows[0], "no")
    waiting = put_step(database, NOW)
    assert _prune(database, NOW + 400 * DAY) == 0
    states = [row_of(database, row_id).state for row_id in (dead, held, waiting)]
    assert states == [DueState.DEAD, DueState.LEASED, DueState.WAITING]


def test_rows_are_swept_in_small_batches(database: Database) -> None:
    for number in range(5):
        put_step(database, NOW, key=f"{number}")
    with database.begin() as session:
        for row in service.lease(session, "w", Lane.STEP, NOW, 5):
            service.done(session, row, NOW)
    assert [_prune(database, NOW + 40 * DAY, limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_what_a_clock_that_was_ahead_left_in_the_future_is_due_now(database: Database) -> None:
    ahead = NOW + 9 * DAY
    failed, held = put_step(database, ahead - HOUR), put_step(database, ahead)
    first, _second = leased(database, ahead)
    with database.begin() as session:
        service.failed(session, first, "no", ahead, 0)
    at_once = put_step(database, ahead)
    with database.begin() as session:
        planned = service.put(session, "note", ahead + HOUR, ahead)
        service.put_again(session, "note", "again", ahead, ahead)
    assert leased(database, NOW) == []
    assert _mend(database, NOW) == 4
    due = [row.id for _ in range(4) for row in leased(database, NOW)]
    assert {failed, held, at_once} < set(due)
    assert planned not in due
    assert len(due) == 4


def test_an_honest_clock_finds_nothing_to_mend(database: Database) -> None:
    put_step(database, NOW)
    for _ in range(7):
        (row,) = leased(database, NOW)
        with database.begin() as session:
            service.failed(session, row, "no", NOW, 1)
        assert _mend(database, NOW - timedelta(seconds=30)) == 0
        with database.begin() as session:
            session.get_one(DueRow, row.id).due_at = NOW
    leased(database, NOW)
    assert _mend(database, NOW - timedelta(seconds=30)) == 0
    with database.begin() as session:
        service.put(session, "note", NOW + DAY, NOW)
    assert _mend(database, NOW) == 0


def test_workers_are_seen_until_they_leave_and_wrong_beats_are_dropped(database: Database) -> None:
    _beat(database, "old", NOW - 2 * DAY)
    _beat(database, "of the future", NOW + DAY)
    assert _beats(database) == {"of the future": NOW + DAY}
    _beat(database, "a", NOW)
    _beat(database, "b", NOW)
    _beat(database, "a", NOW + timedelta(seconds=5))
    assert _beats(database) == {"a": NOW + timedelta(seconds=5), "b": NOW}
    with database.begin() as session:
        upkeep.say_goodbye(session, "a")
    assert _beats(database) == {"b": NOW}
    _beat(database, "b", NOW - DAY)
    assert _beats(database) == {"b": NOW - DAY}


def _prune(database: Database, now: datetime, limit: int = 100) -> int:
    with database.begin() as session:
        return upkeep.prune(session, now, limit)


def _mend(database: Database, now: datetime) -> int:
    with database.begin() as session:
        return upkeep.mend(session, now)


def _beat(database: Database, name: str, now: datetime) -> None:
    with database.begin() as session:
        upkeep.beat(session, name, now)


def _beats(database: Database) -> dict[str, datetime]:
    with database.read() as session:
        return {beat.name: beat.at for beat in session.scalars(select(WorkerBeat))}
