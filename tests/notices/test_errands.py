"""What becomes of a notice: taken, refused, doubtful, too late, nobody to send it to."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.families.models import Person
from app.jobs.words import DueState, Lane
from app.notices.models import Notice
from app.notices.ports import GatewayError, NoAnswer
from app.notices.service import DELIVER, TERMINAL, TEXT, cancel_for
from app.notices.words import DeliveryState, NoticeState
from app.storage.database import Database
from app.web.models import Change
from tests.notices.conftest import People
from tests.notices.stage import (
    LINK,
    NOW,
    Killed,
    RecordingGateway,
    StepClock,
    deliveries,
    due_rows,
    notice_of,
    plan_one,
    work_off,
    worker,
)

FAILED_EVENT = "event:NoticeFailed"


def test_it_is_sent_once_to_the_persons_phone_in_the_persons_language(
    database: Database, people: People, clock: StepClock
) -> None:
    notice_id = plan_one(database, people.parent, template="ring_parent")
    gateway = RecordingGateway()
    work_off(database, clock, gateway)
    assert gateway.taken == [("+8613800000011", "k", f"您和小雨的通话开始了，请打开 {LINK}")]
    (delivery,) = deliveries(database, notice_id)
    assert (delivery.state, delivery.channel, delivery.gateway) == (DeliveryState.SENT, TEXT, "recording")
    assert (delivery.ref, delivery.attempts, delivery.doubts, delivery.settled_at) == ("ref 1", 1, 0, NOW)
    assert notice_of(database, notice_id).state is NoticeState.OUT


def test_it_reads_as_of_the_moment_of_sending_in_the_zone_of_that_moment(
    database: Database, people: People, clock: StepClock
) -> None:
    plan_one(database, people.parent, due_at=NOW + timedelta(days=1), starts_at=NOW + timedelta(days=1, hours=1))
    with database.begin() as session:
        session.get_one(Person, people.parent).zone = "Asia/Dubai"
        session.get_one(Person, people.parent).language = "en"
    gateway = RecordingGateway()
    work_off(database, clock, gateway)
    assert "today 15:00" in gateway.taken[0][2]


def test_no_transaction_is_open_while_the_vendor_is_called(
    database: Database, people: People, clock: StepClock
) -> None:
    notice_id = plan_one(database, people.parent)

    def write_elsewhere() -> None:
        with database.begin() as session:
            locked = select(Notice).where(Notice.id == notice_id).with_for_update(nowait=True)
            session.scalars(locked).one().params = {**notice_of(database, notice_id).params, "place": "x"}

    work_off(database, clock, RecordingGateway(before=write_elsewhere))
    assert notice_of(database, notice_id).params["place"] == "x"


def test_who_has_no_phone_is_left_to_the_terminal(database: Database, people: People, clock: StepClock) -> None:
    notice_id = plan_one(database, people.child)
    gateway = RecordingGateway()
    work_off(database, clock, gateway)
    (delivery,) = deliveries(database, notice_id)
    assert gateway.taken == []
    assert (delivery.channel, delivery.state, delivery.attempts) == (TERMINAL, DeliveryState.SENT, 0)
    assert notice_of(database, notice_id).state is NoticeState.OUT


def test_a_refusal_is_final_kept_and_told(database: Database, people: People, clock: StepClock) -> None:
    def refuse() -> None:
        raise GatewayError("blocked number", permanent=True)

    notice_id = plan_one(database, people.parent)
    work_off(database, clock, RecordingGateway(before=refuse))
    (delivery,) = deliveries(database, notice_id)
    assert (delivery.state, delivery.error, delivery.attempts) == (DeliveryState.FAILED, "blocked number", 1)
    assert [row.payload["notice_id"] for row in due_rows(database, FAILED_EVENT)] == [notice_id]
    assert _hinted(database) == [("village", people.village)]
    assert [row.state for row in due_rows(database, DELIVER)] == [DueState.DONE]


def test_a_text_too_long_for_the_gateway_is_not_cut(database: Database, people: People, clock: StepClock) -> None:
    with database.begin() as session:
        session.get_one(Person, people.parent).language = "en"
    notice_id = plan_one(database, people.parent, template="proposed")
    gateway = RecordingGateway(max_segments=1)
    work_off(database, clock, gateway)
    (delivery,) = deliveries(database, notice_id)
    assert gateway.taken == []
    assert (delivery.state, delivery.error) == (DeliveryState.FAILED, "too_long")


def test_a_gateway_that_is_down_for_an_hour_loses_nothing(database: Database, people: People, clock: StepClock) -> None:
    def down() -> None:
        if clock.now() < NOW + timedelta(hours=1):
            raise GatewayError("out of order", permanent=False)

    notice_id = plan_one(database, people.parent)
    gateway = RecordingGateway(before=down)
    work_off(database, clock, gateway)
    (delivery,) = deliveries(database, notice_id)
    assert gateway.times("k") == 1
    assert (delivery.state, delivery.error, delivery.doubts) == (DeliveryState.SENT, None, 0)
    assert clock.now() < NOW + timedelta(hours=1, minutes=15)
    assert due_rows(database, FAILED_EVENT) == []


def test_a_gateway_that_is_down_too_long_is_a_failure_that_is_told(
    database: Database, people: People, clock: StepClock
) -> None:
    def down() -> None:
        raise GatewayError("out of order", permanent=False)

    notice_id = plan_one(database, people.parent, template="reminder_hour")
    work_off(database, clock, RecordingGateway(before=down))
    (delivery,) = deliveries(database, notice_id)
    assert (delivery.state, delivery.error) == (DeliveryState.FAILED, "too_late")
    assert NOW + timedelta(minutes=30) < clock.now() < NOW + timedelta(minutes=40)
    assert len(due_rows(database, FAILED_EVENT)) == 1


def test_a_worker_that_slept_too_long_sends_nothing_and_tells(
    database: Database, people: People, clock: StepClock
) -> None:
    notice_id = plan_one(database, people.parent, template="reminder_ten")
    clock.step(9 * 60)
    gateway = RecordingGateway()
    work_off(database, clock, gateway)
    (delivery,) = deliveries(database, notice_id)
    assert gateway.taken == []
    assert (delivery.state, delivery.error, delivery.attempts) == (DeliveryState.FAILED, "too_late", 0)
    assert len(due_rows(database, FAILED_EVENT)) == 1


@pytest.mark.parametrize("was_taken", [True, False])
def test_a_vendor_that_did_not_answer_is_asked_before_it_is_called_again(
    database: Database, people: People, clock: StepClock, was_taken: bool
) -> None:
    gateway = RecordingGateway()
    hang = _once(NoAnswer("no answer within 20 s"))
    gateway.before, gateway.after = (lambda: None, hang) if was_taken else (hang, lambda: None)
    notice_id = plan_one(database, people.parent, template="ring_parent")
    work_off(database, clock, gateway)
    (delivery,) = deliveries(database, notice_id)
    assert gateway.times("k") == 1
    assert (delivery.state, delivery.doubts) == (DeliveryState.SENT, 1)
    assert delivery.attempts == (1 if was_taken else 2)
    assert clock.now() - NOW == timedelta(seconds=25)


def test_any_surprise_from_a_gateway_counts_as_no_answer(database: Database, people: People, clock: StepClock) -> None:
    gateway = RecordingGateway(after=_once(KeyError("unexpected answer")))
    notice_id = plan_one(database, people.parent)
    work_off(database, clock, gateway)
    assert gateway.times("k") == 1
    assert deliveries(database, notice_id)[0].doubts == 1


def test_a_vendor_that_can_not_even_be_asked_is_asked_later(
    database: Database, people: People, clock: StepClock
) -> None:
    gateway = RecordingGateway(after=_once(NoAnswer()), on_query=_once(GatewayError("down", permanent=False)))
    notice_id = plan_one(database, people.parent)
    work_off(database, clock, gateway)
    assert gateway.times("k") == 1
    assert deliveries(database, notice_id)[0].state is DeliveryState.SENT


def test_where_nobody_can_be_asked_a_ring_is_not_repeated(database: Database, people: People, clock: StepClock) -> None:
    gateway = RecordingGateway(can_query=False, after=_once(NoAnswer("time out")))
    notice_id = plan_one(database, people.parent, template="ring_parent")
    work_off(database, clock, gateway)
    (delivery,) = deliveries(database, notice_id)
    assert gateway.times("k") == 1
    assert (delivery.state, delivery.doubts, delivery.attempts) == (DeliveryState.UNKNOWN, 1, 1)
    assert delivery.error == "NoAnswer: time out"
    assert notice_of(database, notice_id).state is NoticeState.OUT
    assert _hinted(database) == [("village", people.village)]


def test_where_nobody_can_be_asked_others_are_repeated_once_after_the_receipts_deadline(
    database: Database, people: People, clock: StepClock
) -> None:
    gateway = RecordingGateway(can_query=False, after=_once(NoAnswer()))
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
    first, second = RecordingGateway(after=_once(NoAnswer())), RecordingGateway(name="another")
    worker(database, clock, first).run_due(Lane.ERRAND)
    work_off(database, clock, second)
    assert (len(first.taken), len(second.taken)) == (1, 0)


def test_what_is_cancelled_while_it_is_sent_went_out(database: Database, people: People, clock: StepClock) -> None:
    notice_id = plan_one(database, people.parent)

    def cancel() -> None:
        with database.begin() as session:
            cancelled.append(cancel_for(session, "call:1", clock.now()))

    cancelled: list[int] = []
    work_off(database, clock, RecordingGateway(before=cancel))
    assert cancelled == [1]
    assert deliveries(database, notice_id)[0].state is DeliveryState.SENT
    assert notice_of(database, notice_id).state is NoticeState.OUT


def test_what_is_cancelled_between_two_tries_is_not_tried_again(
    database: Database, people: People, clock: StepClock
) -> None:
    gateway = RecordingGateway(before=_once(GatewayError("out of order", permanent=False)))
    notice_id = plan_one(database, people.parent)
    worker(database, clock, gateway).run_due(Lane.ERRAND)
    with database.begin() as session:
        cancel_for(session, "call:1", clock.now())
    work_off(database, clock, gateway)
    assert gateway.taken == []
    assert notice_of(database, notice_id).state is NoticeState.CANCELLED
    assert due_rows(database, FAILED_EVENT) == []


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
        worker(database, clock, gateway).run_due(Lane.ERRAND)
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
        seen.append(worker(database, clock, gateway).run_due(Lane.ERRAND))
        seen.append(len(gateway.taken))

    gateway.before = slow
    first = worker(database, clock, gateway, crash=lambda point: clock.step(15) if point == "leased" else None)
    first.run_due(Lane.ERRAND)
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
    worker(database, clock, gateway).run_due(Lane.ERRAND)
    (delivery,) = deliveries(database, notice_id)
    assert gateway.times("k") == 1
    assert (delivery.state, delivery.error) == (DeliveryState.SENT, None)


class _once:  # noqa: N801 - reads as a verb
    """Raise an error the first time only."""

    def __init__(self, error: Exception) -> None:
        self.errors = [error]

    def __call__(self) -> None:
        if self.errors:
            raise self.errors.pop()


def _hinted(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        return [(change.topic, change.subject_id) for change in session.scalars(select(Change))]
