"""Sends of which nobody knows whether they arrived: asked about, repeated, or left, and never two workers at once."""

from datetime import timedelta

import pytest

from app.jobs.words import DueState, Lane
from app.notices.ports import GatewayError, NoAnswer
from app.notices.service import DELIVER, cancel_for
from app.notices.words import DeliveryState, NoticeState
from app.storage.database import Database
from tests.notices.conftest import People
from tests.notices.stage import (
    NOW,
    Killed,
    RecordingGateway,
    StepClock,
    attempts,
    deliveries,
    due_rows,
    hinted,
    notice_of,
    once,
    plan_one,
    work_off,
    worker,
)


@pytest.mark.parametrize("was_taken", [True, False])
def test_a_vendor_that_did_not_answer_is_asked_before_it_is_called_again(
    database: Database, people: People, clock: StepClock, was_taken: bool
) -> None:
    gateway = RecordingGateway()
    hang = once(NoAnswer("no answer within 20 s"))
    gateway.before, gateway.after = (lambda: None, hang) if was_taken else (hang, lambda: None)
    notice_id = plan_one(database, people.parent, template="ring_parent")
    work_off(database, clock, gateway)
    (delivery,) = deliveries(database, notice_id)
    assert gateway.times("k") == 1
    assert (delivery.state, delivery.doubts) == (DeliveryState.SENT, 1)
    assert delivery.attempts == (1 if was_taken else 2)
    assert clock.now() - NOW == timedelta(seconds=25)


def test_any_surprise_from_a_gateway_counts_as_no_answer(database: Database, people: People, clock: StepClock) -> None:
    gateway = RecordingGateway(after=once(KeyError("unexpected answer")))
    notice_id = plan_one(database, people.parent)
    work_off(database, clock, gateway)
    assert gateway.times("k") == 1
    assert deliveries(database, notice_id)[0].doubts == 1


def test_a_vendor_that_can_not_even_be_asked_is_asked_later(
    database: Database, people: People, clock: StepClock
) -> None:
    gateway = RecordingGateway(after=once(NoAnswer()), on_query=once(GatewayError("down", permanent=False)))
    notice_id = plan_one(database, people.parent)
    work_off(database, clock, gateway)
    assert gateway.times("k") == 1
    assert deliveries(database, notice_id)[0].state is DeliveryState.SENT


def test_where_nobody_can_be_asked_a_ring_is_not_repeated(database: Database, people: People, clock: StepClock) -> None:
    gateway = RecordingGateway(can_query=False, after=once(NoAnswer("time out")))
    notice_id = plan_one(database, people.parent, template="ring_parent")
    work_off(database, clock, gateway)
    (delivery,) = deliveries(database, notice_id)
    assert gateway.times("k") == 1
    assert (delivery.state, delivery.doubts, delivery.attempts) == (DeliveryState.UNKNOWN, 1, 1)
    assert delivery.error == "no_answer"
    assert [each.error for each in attempts(database, notice_id)] == ["NoAnswer: time out"]
    assert notice_of(database, notice_id).state is NoticeState.OUT
    assert hinted(database) == [("village", people.village)]


def test_where_nobody_can_be_asked_others_are_repeated_once_after_the_receipts_deadline(
    database: Database, people: People, clock: StepClock
) -> None:
    gateway = RecordingGateway(can_query=False, after=once(NoAnswer()))
    notice_id = plan_one(database, people.parent)
    work_off(database, clock, gateway, until=NOW + timedelta(minutes=9))
    assert gateway.times("k") == 1
    assert deliveries(database, notice_id)[0].state is DeliveryState.UNKNOWN
    work_off(database, clock, gateway)
    assert gateway.times("k") == 2
    assert clock.now() == NOW + timedelta(minutes=10)
    (delivery,) = deliveries(database, notice_id)
    assert (delivery.state, delivery.doubts, delivery.attempts) == (DeliveryState.SENT, 1, 2)


def test_a_repetition_that_is_doubtful_too_is_the_last(database: Database, people: People, clock: StepClock) -> None:
    def hang() -> None:
        raise NoAnswer

    gateway = RecordingGateway(can_query=False, after=hang)
    notice_id = plan_one(database, people.parent)
    work_off(database, clock, gateway)
    (delivery,) = deliveries(database, notice_id)
    assert gateway.times("k") == 2
    assert (delivery.state, delivery.doubts) == (DeliveryState.UNKNOWN, 2)
    assert notice_of(database, notice_id).state is NoticeState.OUT


def test_another_gateway_is_not_asked_about_what_the_first_one_was_given(
    database: Database, people: People, clock: StepClock
) -> None:
    plan_one(database, people.parent, template="ring_parent")
    first, second = RecordingGateway(after=once(NoAnswer())), RecordingGateway(name="another")
    worker(database, clock, first).run_due(Lane.SEND)
    work_off(database, clock, second)
    assert (len(first.taken), len(second.taken)) == (1, 0)


@pytest.mark.parametrize(
    ("can_query", "was_taken", "delivery_state", "notice_state"),
    [
        (True, False, DeliveryState.WAITING, NoticeState.CANCELLED),
        (True, True, DeliveryState.SENT, NoticeState.OUT),
        (False, False, DeliveryState.UNKNOWN, NoticeState.CANCELLED),
        (False, True, DeliveryState.UNKNOWN, NoticeState.CANCELLED),
    ],
)
def test_what_is_cancelled_in_doubt_is_not_sent_again_but_its_fate_is_learnt_if_it_can_be(
    database: Database, people: People, clock: StepClock,
    can_query: bool, was_taken: bool, delivery_state: DeliveryState, notice_state: NoticeState,
) -> None:  # fmt: skip
    def die() -> None:
        raise Killed

    gateway = RecordingGateway(can_query)
    setattr(gateway, "after" if was_taken else "before", die)
    notice_id = plan_one(database, people.parent)
    with pytest.raises(Killed):
        worker(database, clock, gateway).run_due(Lane.SEND)
    with database.begin() as session:
        cancel_for(session, "call:1", clock.now())
    gateway.before = gateway.after = lambda: None
    work_off(database, clock, gateway)
    assert gateway.times("k") == int(was_taken)
    assert deliveries(database, notice_id)[0].state is delivery_state
    assert notice_of(database, notice_id).state is notice_state


def test_an_attempt_that_may_be_under_way_is_left_alone(database: Database, people: People, clock: StepClock) -> None:
    """The first worker's lease runs out while its vendor is slow; the second one waits, and finds it sent."""
    plan_one(database, people.parent)
    gateway = RecordingGateway()
    seen: list[int] = []

    def slow() -> None:
        clock.step(16)
        gateway.before = lambda: None
        seen.append(worker(database, clock, gateway).run_due(Lane.SEND))
        seen.append(len(gateway.taken))

    gateway.before = slow
    first = worker(database, clock, gateway, crash=lambda point: clock.step(15) if point == "leased" else None)
    first.run_due(Lane.SEND)
    assert seen == [1, 0], "the second worker had the row, and sent nothing"
    work_off(database, clock, gateway)
    assert gateway.times("k") == 1
    assert {row.state for row in due_rows(database, DELIVER)} == {DueState.DONE}


def test_an_answer_that_comes_after_another_worker_went_on_changes_nothing(
    database: Database, people: People, clock: StepClock
) -> None:
    notice_id = plan_one(database, people.parent)
    gateway = RecordingGateway()

    def very_slow() -> None:
        gateway.after = lambda: None
        clock.step(31)
        work_off(database, clock, gateway)
        raise GatewayError("blocked number", permanent=True)

    gateway.after = very_slow
    worker(database, clock, gateway).run_due(Lane.SEND)
    (delivery,) = deliveries(database, notice_id)
    assert gateway.times("k") == 1
    assert (delivery.state, delivery.error) == (DeliveryState.SENT, None)
