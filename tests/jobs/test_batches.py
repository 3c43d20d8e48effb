"""Rows that are worked off many at a time: together, at once, in groups; and one bad row spoils nothing."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.jobs import service
from app.jobs.batches import BATCH, MOST_UNDER_WAY, Item
from app.jobs.rules import MAX_ATTEMPTS
from app.jobs.settling import DONE, Call, Failed, Later, Next
from app.jobs.words import DueState, Lane
from app.jobs.worker import Handlers, Worker
from app.storage.database import Database
from tests.jobs.stage import EFFECTS, Outage, effects, row_of
from tests.scene import NOW, StepClock


@dataclass
class Calling:
    """Calls about each row once; `call` is what is done outside, `then` what follows from what it came to."""

    call: Callable[[str], object] = lambda name: name
    then: Callable[[Item], Next] = lambda _item: DONE
    transactions: list[tuple[int, int]] = field(default_factory=list)

    def advance(self, session: Session, items: Sequence[Item], _now: datetime) -> Mapping[str, Next]:
        fresh = [item for item in items if item.came is None]
        self.transactions.append((len(fresh), len(items) - len(fresh)))
        return {item.row.id: self._next(session, item) for item in items}

    def _next(self, session: Session, item: Item) -> Next:
        name = item.row.payload["name"]
        if item.came is None:
            return Call(lambda: self.call(name))
        session.execute(EFFECTS.insert().values(row_id=item.row.id, turn=0))
        return self.then(item)


def put(database: Database, count: int, first: int = 0) -> list[str]:
    with database.begin() as session:
        return [
            service.put(session, "call", NOW, NOW, lane=Lane.SEND, payload={"name": f"{number}"})
            for number in range(first, first + count)
        ]


def sender(database: Database, clock: StepClock, calling: Calling, **more: Callable[[str], None]) -> Worker:
    return Worker(database, clock, Handlers(steps={}, errands={}, batches={"call": calling}), **more)  # type: ignore[arg-type]


def test_a_batch_is_decided_in_one_transaction_and_settled_with_its_rows(database: Database, clock: StepClock) -> None:
    ids, calling, together = put(database, 10), Calling(), threading.Barrier(10, timeout=10)
    calling.call = lambda _name: together.wait()
    assert sender(database, clock, calling).run_due(Lane.SEND) == 10
    assert calling.transactions[0] == (10, 0)
    assert sum(came for _fresh, came in calling.transactions) == 10
    assert {row_of(database, each).state for each in ids} == {DueState.DONE}
    assert sorted(effects(database)) == sorted((each, 0) for each in ids)


def test_no_more_than_a_batch_is_leased_at_once(database: Database, clock: StepClock) -> None:
    put(database, BATCH + 1)
    worker = sender(database, clock, Calling())
    assert [worker.run_due(Lane.SEND) for _ in range(3)] == [BATCH, 1, 0]


def test_one_bad_row_spoils_nothing(database: Database, clock: StepClock) -> None:
    ids = put(database, 5)

    class Bad(Calling):
        def _next(self, session: Session, item: Item) -> Next:
            if item.row.payload["name"] == "2":
                session.execute(EFFECTS.insert().values(row_id=item.row.id, turn=9))
                raise ValueError("number +8613800000000")
            return super()._next(session, item)

    sender(database, clock, Bad()).run_due(Lane.SEND)
    assert {row_of(database, each).state for each in ids if each != ids[2]} == {DueState.DONE}
    bad = row_of(database, ids[2])
    assert (bad.state, bad.last_error) == (DueState.WAITING, "ValueError: number +…")
    assert (ids[2], 9) not in effects(database)


def test_a_call_that_raises_fails_its_row_alone(database: Database, clock: StepClock) -> None:
    ids = put(database, 2)

    def call(name: str) -> str:
        if name == "0":
            raise ValueError("no")
        return name

    sender(database, clock, Calling(call)).run_due(Lane.SEND)
    assert [row_of(database, each).state for each in ids] == [DueState.WAITING, DueState.DONE]


def test_what_is_put_off_or_failed_falls_due_again(database: Database, clock: StepClock) -> None:
    ids = put(database, 2)
    then: dict[str, Next] = {"0": Later(NOW + timedelta(minutes=1)), "1": Failed("no")}
    sender(database, clock, Calling(then=lambda item: then[item.came])).run_due(Lane.SEND)
    later, failed = (row_of(database, each) for each in ids)
    assert (later.state, later.due_at, later.attempts) == (DueState.WAITING, NOW + timedelta(minutes=1), 0)
    assert (failed.state, failed.attempts, failed.last_error) == (DueState.WAITING, 1, "no")
    for _ in range(MAX_ATTEMPTS):
        clock.step(minutes=10)
        sender(database, clock, Calling(then=lambda item: then[item.came])).run_due(Lane.SEND)
    assert row_of(database, ids[1]).state is DueState.DEAD


def test_the_fast_are_settled_while_a_slow_one_hangs(database: Database, clock: StepClock) -> None:
    ids, hangs = put(database, 4), threading.Event()
    worker = sender(database, clock, Calling(lambda name: hangs.wait(20) if name == "0" else name))
    lane = worker._batches[Lane.SEND]
    patience = threading.Event()
    for _ in range(100):
        lane.turn()
        if sum(row_of(database, each).state is DueState.DONE for each in ids) == 3:
            break
        patience.wait(0.01)
    assert row_of(database, ids[0]).state is DueState.LEASED
    more = put(database, 3, first=4)
    while any(row_of(database, each).state is not DueState.DONE for each in more):
        lane.turn()
    hangs.set()
    lane.finish()
    assert row_of(database, ids[0]).state is DueState.DONE


def test_a_vendor_that_hangs_is_not_given_more_than_so_many(database: Database, clock: StepClock) -> None:
    put(database, MOST_UNDER_WAY + 10)
    hangs = threading.Event()
    calling = Calling(lambda _name: hangs.wait(20))
    lane = sender(database, clock, calling)._batches[Lane.SEND]
    for _ in range(5):
        lane.turn()
    assert sum(fresh for fresh, _came in calling.transactions) == MOST_UNDER_WAY
    hangs.set()
    lane.finish()
    assert len(effects(database)) == MOST_UNDER_WAY


def test_an_answer_outlives_a_database_that_is_away(
    database: Database, clock: StepClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, outage = put(database, 3), Outage(database)
    monkeypatch.setattr(database, "begin", outage.begin)
    calls: list[str] = []

    def call(name: str) -> str:
        calls.append(name)
        outage.start()
        return name

    lane = sender(database, clock, Calling(call))._batches[Lane.SEND]
    lane.turn()
    while outage.count < 3:
        try:
            lane.turn()
        except OperationalError:
            continue
    outage.end()
    lane.finish()
    assert sorted(calls) == ["0", "1", "2"]
    assert {row_of(database, each).state for each in ids} == {DueState.DONE}


def test_a_kind_that_is_not_known_is_dead_and_says_why(database: Database, clock: StepClock) -> None:
    with database.begin() as session:
        row_id = service.put(session, "mystery", NOW, NOW, lane=Lane.SEND)
    sender(database, clock, Calling()).run_due(Lane.SEND)
    kept = row_of(database, row_id)
    assert (kept.state, kept.last_error) == (DueState.DEAD, "no handler for send rows of kind 'mystery'")


@pytest.mark.parametrize("point", ["leased", "worked", "committed"])
def test_a_worker_that_dies_leaves_its_rows_to_the_next(database: Database, clock: StepClock, point: str) -> None:
    ids = put(database, 3)

    def die(passed: str) -> None:
        if passed == point:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sender(database, clock, Calling(), crash=die).run_due(Lane.SEND)
    clock.step(seconds=31)
    worker = sender(database, clock, Calling())
    while worker.run_due(Lane.SEND):
        pass
    assert {row_of(database, each).state for each in ids} == {DueState.DONE}
    assert sorted(effects(database)) == sorted((each, 0) for each in ids)
