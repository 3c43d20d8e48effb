"""Receipts: replayed, out of order, too early, too late, about nothing; and what they settle."""

import itertools
import logging
from datetime import timedelta

import pytest

from app.jobs.words import DueState, Lane
from app.jobs.worker import Handlers, Worker
from app.notices import receipts
from app.notices.ports import GatewayError, NoAnswer, Receipt, ReceiptStatus
from app.notices.receipts import Receipts
from app.notices.service import DELIVER
from app.notices.words import AttemptState, DeliveryState, NoticeState
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

SENT, DELIVERED, FAILED, UNKNOWN = ReceiptStatus
FAILED_EVENT = "event:NoticeFailed"


def bring(
    database: Database, clock: StepClock, status: ReceiptStatus, *, ref: str | None = "ref 1", key: str | None = None,
    gateway: str = "recording", error: str | None = None,
) -> None:  # fmt: skip
    with database.begin() as session:
        receipts.put(session, gateway, Receipt(ref, key, status, clock.now(), error), clock.now())
    follow(database, clock)


def follow(database: Database, clock: StepClock) -> None:
    handlers = Handlers(steps={}, errands={}, batches={receipts.KIND: Receipts()})
    while Worker(database, clock, handlers).run_due(Lane.RECEIPT):
        pass


def sent(database: Database, people: People, clock: StepClock) -> str:
    notice_id = plan_one(database, people.parent)
    work_off(database, clock, RecordingGateway())
    return notice_id


@pytest.mark.parametrize("order", list(itertools.permutations([SENT, DELIVERED, FAILED, UNKNOWN])), ids=str)
def test_in_whatever_order_they_come_the_highest_stands(
    database: Database, people: People, clock: StepClock, order: tuple[ReceiptStatus, ...]
) -> None:
    notice_id = sent(database, people, clock)
    for status in (*order, *order):
        bring(database, clock, status)
    assert [each.state for each in attempts(database, notice_id)] == [AttemptState.DELIVERED]
    assert [(each.state, each.error) for each in deliveries(database, notice_id)] == [(DeliveryState.DELIVERED, None)]


def test_one_that_comes_again_adds_nothing(database: Database, people: People, clock: StepClock) -> None:
    sent(database, people, clock)
    for _ in range(3):
        bring(database, clock, DELIVERED)
    assert [row.state for row in due_rows(database, receipts.KIND)] == [DueState.DONE]


def test_one_that_failed_is_a_failure_that_is_told(database: Database, people: People, clock: StepClock) -> None:
    notice_id = sent(database, people, clock)
    bring(database, clock, FAILED, error="absent subscriber 8613800000011")
    (delivery,), (attempt,) = deliveries(database, notice_id), attempts(database, notice_id)
    assert (delivery.state, delivery.error) == (DeliveryState.FAILED, "undelivered")
    assert (attempt.state, attempt.error) == (AttemptState.FAILED, "absent subscriber …")
    assert len(due_rows(database, FAILED_EVENT)) == 1
    assert hinted(database) == [("village", people.village)]


@pytest.mark.parametrize("can_query", [True, False])
@pytest.mark.parametrize(
    ("status", "state"),
    [(SENT, DeliveryState.SENT), (DELIVERED, DeliveryState.DELIVERED), (FAILED, DeliveryState.FAILED)],
)
def test_it_settles_a_doubt_and_nothing_is_sent_again(
    database: Database, people: People, clock: StepClock, can_query: bool, status: ReceiptStatus, state: DeliveryState
) -> None:
    gateway = RecordingGateway(can_query=can_query, after=once(NoAnswer()))
    notice_id = plan_one(database, people.parent)
    worker(database, clock, gateway).run_due(Lane.SEND)
    bring(database, clock, status, ref="never heard", key="k")
    work_off(database, clock, gateway)
    assert gateway.times("k") == 1
    assert [(each.state, each.doubts) for each in deliveries(database, notice_id)] == [(state, 1)]
    assert notice_of(database, notice_id).state is NoticeState.OUT


def test_it_settles_what_a_dead_worker_left(database: Database, people: People, clock: StepClock) -> None:
    def die() -> None:
        raise Killed

    gateway = RecordingGateway(can_query=False, after=die)
    notice_id = plan_one(database, people.parent, template="ring_parent")
    with pytest.raises(Killed):
        worker(database, clock, gateway).run_due(Lane.SEND)
    bring(database, clock, DELIVERED, ref=None, key="k")
    gateway.after = lambda: None
    work_off(database, clock, gateway)
    assert gateway.times("k") == 1
    assert [(each.state, each.doubts) for each in deliveries(database, notice_id)] == [(DeliveryState.DELIVERED, 0)]
    assert {row.state for row in due_rows(database, DELIVER)} == {DueState.DONE}


def test_one_that_is_faster_than_the_answer_stands(database: Database, people: People, clock: StepClock) -> None:
    notice_id = plan_one(database, people.parent)
    gateway = RecordingGateway(after=lambda: bring(database, clock, DELIVERED, ref="ref 1", key="k"))
    worker(database, clock, gateway).run_due(Lane.SEND)
    assert [(each.state, each.ref) for each in attempts(database, notice_id)] == [(AttemptState.DELIVERED, "ref 1")]
    assert [each.state for each in deliveries(database, notice_id)] == [DeliveryState.DELIVERED]


def test_one_that_comes_while_the_repetition_is_refused_ends_it(
    database: Database, people: People, clock: StepClock
) -> None:
    gateway, other = RecordingGateway(can_query=False, after=once(NoAnswer())), RecordingGateway(name="other")
    notice_id = plan_one(database, people.parent)
    work_off(database, clock, gateway, other, until=NOW + timedelta(minutes=9))

    def refuse() -> None:
        bring(database, clock, DELIVERED, ref=None, key="k")
        raise GatewayError("down", permanent=False)

    gateway.before = refuse
    work_off(database, clock, gateway, other)
    assert other.taken == []
    assert [each.state for each in deliveries(database, notice_id)] == [DeliveryState.DELIVERED]


def test_one_of_a_text_that_is_not_known_yet_is_looked_for_again(
    database: Database, people: People, clock: StepClock
) -> None:
    bring(database, clock, DELIVERED)
    (row,) = due_rows(database, receipts.KIND)
    assert (row.state, row.due_at) == (DueState.WAITING, NOW + timedelta(seconds=2))
    notice_id = sent(database, people, clock)
    clock.step(2)
    follow(database, clock)
    assert [each.state for each in deliveries(database, notice_id)] == [DeliveryState.DELIVERED]


def test_one_about_nothing_is_dropped_after_a_while_with_a_word_that_names_nobody(
    database: Database, people: People, clock: StepClock, caplog: pytest.LogCaptureFixture
) -> None:
    sent(database, people, clock)
    bring(database, clock, DELIVERED, ref="8613800000011", gateway="another")
    for _ in range(20):
        clock.step(60)
        follow(database, clock)
    assert [row.state for row in due_rows(database, receipts.KIND)] == [DueState.DONE]
    assert [record.levelno for record in caplog.records if "another" in record.getMessage()] == [logging.WARNING]
    assert "13800000011" not in caplog.text


@pytest.mark.parametrize("ref", ["x" * 120, "nul \x00 and half a \ud83e", "'); --"])
def test_a_name_of_whatever_shape_is_kept(database: Database, people: People, clock: StepClock, ref: str) -> None:
    bring(database, clock, DELIVERED, ref=ref, gateway="g" * 32)
    bring(database, clock, DELIVERED, ref=ref, gateway="g" * 32)
    assert len(due_rows(database, receipts.KIND)) == 1


def test_one_of_a_text_that_was_refused_before_it_was_taken_elsewhere(
    database: Database, people: People, clock: StepClock
) -> None:
    """By its key, which both attempts share, the one that its own vendor took."""
    first = RecordingGateway(name="first", before=once(GatewayError("down", permanent=False)))
    notice_id = plan_one(database, people.parent)
    work_off(database, clock, first, RecordingGateway())
    bring(database, clock, FAILED, ref=None, key="k", gateway="first")
    assert [each.state for each in attempts(database, notice_id)] == [AttemptState.REFUSED, AttemptState.SENT]
    bring(database, clock, DELIVERED, ref=None, key="k")
    assert [each.state for each in attempts(database, notice_id)] == [AttemptState.REFUSED, AttemptState.DELIVERED]
