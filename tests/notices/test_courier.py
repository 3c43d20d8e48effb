"""What becomes of a notice: taken, refused, doubtful, too late, nobody to send it to."""

from datetime import timedelta

from sqlalchemy import select

from app.families.models import Person
from app.jobs.words import DueState, Lane
from app.notices.models import Notice
from app.notices.ports import GatewayError
from app.notices.service import DELIVER, TERMINAL, TEXT, cancel_for
from app.notices.words import AttemptState, DeliveryState, NoticeState
from app.storage.database import Database
from tests.notices.conftest import People
from tests.notices.stage import (
    LINK,
    NOW,
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

FAILED_EVENT = "event:NoticeFailed"


def test_it_is_sent_once_to_the_persons_phone_in_the_persons_language(
    database: Database, people: People, clock: StepClock
) -> None:
    notice_id = plan_one(database, people.parent, template="ring_parent")
    gateway = RecordingGateway()
    work_off(database, clock, gateway)
    assert gateway.taken == [("+8613800000011", "k", f"【家线】您和小雨的通话开始了，请打开 {LINK}")]
    (delivery,) = deliveries(database, notice_id)
    assert (delivery.state, delivery.channel, delivery.settled_at) == (DeliveryState.SENT, TEXT, NOW)
    assert (delivery.attempts, delivery.doubts) == (1, 0)
    (attempt,) = attempts(database, notice_id)
    assert (attempt.state, attempt.gateway, attempt.key) == (AttemptState.SENT, "recording", "k")
    assert (attempt.ref, attempt.segments, attempt.began_at, attempt.settled_at) == ("ref 1", 1, NOW, NOW)
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
    assert (delivery.state, delivery.error, delivery.attempts) == (DeliveryState.FAILED, "refused", 1)
    assert [(each.state, each.error) for each in attempts(database, notice_id)] == [
        (AttemptState.REFUSED, "blocked number")
    ]
    assert [row.payload["notice_id"] for row in due_rows(database, FAILED_EVENT)] == [notice_id]
    assert hinted(database) == [("village", people.village)]
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
    gateway = RecordingGateway(before=once(GatewayError("out of order", permanent=False)))
    notice_id = plan_one(database, people.parent)
    worker(database, clock, gateway).run_due(Lane.SEND)
    with database.begin() as session:
        cancel_for(session, "call:1", clock.now())
    work_off(database, clock, gateway)
    assert gateway.taken == []
    assert notice_of(database, notice_id).state is NoticeState.CANCELLED
    assert due_rows(database, FAILED_EVENT) == []
