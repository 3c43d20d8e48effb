"""A worker is killed at every point between two steps of a delivery, and another one finds what it left.

The gateway takes whatever it is given, so a text that is sent twice is seen to be sent twice.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.jobs.words import DueState
from app.notices.service import DELIVER
from app.notices.words import DeliveryState, NoticeState
from tests.notices.conftest import People, settle
from tests.notices.stage import (
    Fate,
    Killed,
    MortalDatabase,
    RecordingGateway,
    StepClock,
    deliveries,
    due_rows,
    notice_of,
    plan_one,
    work_off,
)

# lease, decide, call, settle: before and after each, and once more to see that nothing is left
POINTS = 10
# The same with three in a batch, whose calls come in any order.
BATCH_POINTS = 14
BETWEEN_WRITTEN_AND_ANSWERED = range(3, 7)


@pytest.fixture
def mortal(database_url: str) -> Iterator[MortalDatabase]:
    opened = MortalDatabase(database_url)
    yield opened
    opened.close()


@pytest.fixture
def family(mortal: MortalDatabase) -> People:
    return settle(mortal, "1")


def test_these_are_all_the_points_there_are(mortal: MortalDatabase, family: People, clock: StepClock) -> None:
    plan_one(mortal, family.parent)
    fate = _live(mortal, RecordingGateway(), clock)
    assert fate.passed[:POINTS] == [
        "before commit", "after commit", "before commit", "after commit", "before taking", "after taking",
        "before commit", "after commit", "before commit", "after commit",
    ]  # fmt: skip


def test_where_the_vendor_can_be_asked_it_is_sent_exactly_once(
    mortal: MortalDatabase, family: People, clock: StepClock
) -> None:
    """Killed at each point; and where that leaves a doubt, the worker that takes over is killed at each of its own."""
    gateway = RecordingGateway()
    pairs = [(first, second) for first in BETWEEN_WRITTEN_AND_ANSWERED for second in range(first + 1, 16)]
    for kills in [(n,) for n in range(POINTS)] + pairs:
        key = str(kills)
        notice_id = plan_one(mortal, family.parent, key, due_at=clock.now())
        fate = _live(mortal, gateway, clock, *kills)
        (delivery,) = deliveries(mortal, notice_id)
        assert len(fate.passed) >= POINTS, "one was killed, another one came"
        assert gateway.times(key) == 1, kills
        assert delivery.state is DeliveryState.SENT, kills
        assert notice_of(mortal, notice_id).state is NoticeState.OUT, kills
    assert {row.state for row in due_rows(mortal, DELIVER)} == {DueState.DONE}


def test_where_nobody_can_be_asked_a_ring_goes_out_at_most_once_and_doubt_is_on_record(
    mortal: MortalDatabase, family: People, clock: StepClock
) -> None:
    gateway = RecordingGateway(can_query=False)
    for point in range(POINTS):
        notice_id = plan_one(mortal, family.parent, str(point), "reminder_ten", clock.now())
        _live(mortal, gateway, clock, point)
        (delivery,) = deliveries(mortal, notice_id)
        is_doubtful = point in BETWEEN_WRITTEN_AND_ANSWERED
        assert gateway.times(str(point)) == (0 if point in (3, 4) else 1), point
        assert delivery.state is (DeliveryState.UNKNOWN if is_doubtful else DeliveryState.SENT), point
        assert delivery.doubts == int(is_doubtful), point
        assert notice_of(mortal, notice_id).state is NoticeState.OUT, point


def test_where_nobody_can_be_asked_others_arrive_and_at_most_twice(
    mortal: MortalDatabase, family: People, clock: StepClock
) -> None:
    gateway = RecordingGateway(can_query=False)
    for point in range(POINTS):
        began = clock.now()
        notice_id = plan_one(mortal, family.parent, str(point), due_at=began)
        _live(mortal, gateway, clock, point)
        (delivery,) = deliveries(mortal, notice_id)
        assert gateway.times(str(point)) == (2 if point in (5, 6) else 1), point
        assert delivery.state is DeliveryState.SENT, point
        assert delivery.doubts == int(point in BETWEEN_WRITTEN_AND_ANSWERED), point
        if delivery.doubts:
            assert clock.now() - began >= timedelta(minutes=10), "not before the receipt's deadline"


@pytest.mark.parametrize("can_query", [True, False])
def test_a_batch_is_killed_at_each_of_its_points_and_none_of_it_is_lost(
    mortal: MortalDatabase, family: People, clock: StepClock, can_query: bool
) -> None:
    gateway = RecordingGateway(can_query=can_query)
    for point in range(BATCH_POINTS):
        keys = [f"{point} {number}" for number in range(3)]
        ids = [plan_one(mortal, family.parent, key, "reminder_hour", clock.now()) for key in keys]
        _live(mortal, gateway, clock, point)
        for key, notice_id in zip(keys, ids, strict=True):
            (delivery,) = deliveries(mortal, notice_id)
            assert 1 <= gateway.times(key) <= (1 if can_query else 1 + delivery.doubts), (point, key)
            assert delivery.state is DeliveryState.SENT, (point, key)
            assert delivery.doubts <= 1
    assert {row.state for row in due_rows(mortal, DELIVER)} == {DueState.DONE}


def _live(mortal: MortalDatabase, gateway: RecordingGateway, clock: StepClock, *kills: int) -> Fate:
    """Work until all is done, with a new worker for each one that is killed."""
    fate = mortal.fate = Fate(frozenset(kills))
    gateway.before = lambda: fate.pass_by("before taking")
    gateway.after = lambda: fate.pass_by("after taking")
    gateway.on_query = lambda: fate.pass_by("asked")
    while True:
        try:
            work_off(mortal, clock, gateway)
        except Killed:
            continue
        mortal.fate = Fate()
        return fate
