"""Planning once, cancelling, sending again: on both databases."""

import threading
from datetime import datetime, timedelta

import pytest

from app.jobs.words import DueState, Lane
from app.kernel.errors import HomethreadError, NotFound, Refused
from app.notices.ports import GatewayError
from app.notices.service import DELIVER, cancel_for, send_again
from app.notices.words import DeliveryState, NoticeState
from app.storage.database import Database
from tests.notices.conftest import People
from tests.notices.stage import (
    NOW,
    RecordingGateway,
    StepClock,
    deliveries,
    due_rows,
    notice_of,
    plan_in,
    plan_one,
    work_off,
)


def test_a_notice_is_planned_with_a_due_row_of_its_own(database: Database, people: People) -> None:
    notice_id = plan_one(database, people.parent, due_at=NOW + timedelta(hours=2))
    (row,) = due_rows(database, DELIVER)
    assert notice_of(database, notice_id).state is NoticeState.PLANNED
    assert (row.lane, row.subject, row.due_at) == (Lane.SEND, "call:1", NOW + timedelta(hours=2))
    assert row.payload["notice"] == notice_id


def test_a_key_plans_one_notice_whatever_else_is_asked(database: Database, people: People) -> None:
    first = plan_one(database, people.parent, key="same")
    assert plan_one(database, people.caregiver, key="same", template="cancelled") == first
    assert notice_of(database, first).template == "booked"
    assert len(due_rows(database, DELIVER)) == 1


def test_a_key_planned_by_many_at_once_is_one_notice(database: Database, people: People) -> None:
    together = threading.Barrier(4)
    made: list[str] = []

    def race() -> None:
        together.wait()
        made.append(plan_one(database, people.parent, key="race"))

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1
    assert len(due_rows(database, DELIVER)) == 1


def test_what_is_too_late_already_is_kept_and_never_sent(database: Database, people: People, clock: StepClock) -> None:
    gateway = RecordingGateway()
    late = plan_one(database, people.parent, "late", "reminder_hour", NOW - timedelta(minutes=31), now=NOW)
    fresh = plan_one(database, people.parent, "fresh", "reminder_hour", NOW - timedelta(minutes=30), now=NOW)
    work_off(database, clock, gateway)
    assert [key for _to, key, _text in gateway.taken] == ["fresh"]
    assert notice_of(database, late).state is NoticeState.CANCELLED
    assert notice_of(database, fresh).state is NoticeState.OUT


def test_cancelling_a_subject_takes_its_due_rows_along(database: Database, people: People, clock: StepClock) -> None:
    notices = [
        plan_one(database, people.parent, key=str(n), template=t) for n, t in enumerate(("booked", "reminder_ten"))
    ]
    with database.begin() as session:
        assert cancel_for(session, "call:2", NOW) == 0
        assert cancel_for(session, "call:1", NOW) == 2
    gateway = RecordingGateway()
    work_off(database, clock, gateway)
    assert gateway.taken == []
    assert {notice_of(database, each).state for each in notices} == {NoticeState.CANCELLED}
    assert {row.state for row in due_rows(database, DELIVER)} == {DueState.CANCELLED}


def test_cancelling_some_templates_leaves_the_others(database: Database, people: People, clock: StepClock) -> None:
    for template in ("booked", "reminder_day", "reminder_hour"):
        plan_one(database, people.parent, key=template, template=template)
    with database.begin() as session:
        assert cancel_for(session, "call:1", NOW, templates=["reminder_day", "reminder_hour"]) == 2
    gateway = RecordingGateway()
    work_off(database, clock, gateway)
    assert [key for _to, key, _text in gateway.taken] == ["booked"]


def test_what_is_out_is_not_cancelled(database: Database, people: People, clock: StepClock) -> None:
    notice_id = plan_one(database, people.parent)
    work_off(database, clock, RecordingGateway())
    with database.begin() as session:
        assert cancel_for(session, "call:1", NOW) == 0
    assert notice_of(database, notice_id).state is NoticeState.OUT


@pytest.fixture
def failed(database: Database, people: People, clock: StepClock) -> str:
    """A notice whose only delivery the vendor refused."""
    notice_id = plan_one(database, people.parent)
    work_off(database, clock, RecordingGateway(before=_refuse))
    return notice_id


def _refuse() -> None:
    raise GatewayError("blocked number", permanent=True)


def test_a_failed_one_is_sent_again_under_a_key_of_its_own(database: Database, clock: StepClock, failed: str) -> None:
    (first,) = deliveries(database, failed)
    with database.begin() as session:
        again = send_again(session, first.id, clock.now())
    gateway = RecordingGateway()
    work_off(database, clock, gateway)
    assert [key for _to, key, _text in gateway.taken] == ["k~2"]
    assert [(each.number, each.state) for each in deliveries(database, failed)] == [
        (1, DeliveryState.FAILED),
        (2, DeliveryState.SENT),
    ]
    assert deliveries(database, failed)[1].id == again


def test_sending_again_is_refused_while_it_waits_when_it_arrived_and_when_it_is_too_late(
    database: Database, clock: StepClock, failed: str
) -> None:
    (first,) = deliveries(database, failed)
    assert _code(database, first.id, clock.now() + timedelta(hours=13)) == "notice_too_late"
    with database.begin() as session:
        send_again(session, first.id, clock.now())
    assert _code(database, first.id, clock.now()) == "not_to_send_again"
    work_off(database, clock, RecordingGateway())
    assert _code(database, first.id, clock.now()) == "not_to_send_again"
    assert _code(database, "nobody's", clock.now()) == NotFound().code


def _code(database: Database, delivery_id: str, now: datetime) -> str:
    with pytest.raises(HomethreadError) as refused, database.begin() as session:
        send_again(session, delivery_id, now)
    assert isinstance(refused.value, Refused | NotFound)
    return refused.value.code


def test_nothing_is_planned_by_a_transaction_that_rolled_back(database: Database, people: People) -> None:
    with database.begin() as session:
        plan_in(session, people.parent)
        session.rollback()
    assert due_rows(database, DELIVER) == []
