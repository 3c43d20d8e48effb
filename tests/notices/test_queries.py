"""What the desk sees of notices: its own village's troubles, and no other's."""

from datetime import timedelta

import pytest

from app.families.models import Member
from app.kernel.errors import NotFound
from app.notices.ports import GatewayError, NoAnswer
from app.notices.queries import delivery_of_village, told, troubles
from app.notices.service import TEXT, cancel_for, send_again
from app.notices.words import DeliveryState, NoticeState
from app.storage.database import Database
from tests.notices.conftest import People, settle
from tests.notices.stage import NOW, RecordingGateway, StepClock, plan_one, work_off

SINCE = NOW - timedelta(days=1)


def refuse() -> None:
    raise GatewayError("blocked number", permanent=True)


def hang() -> None:
    raise NoAnswer


def test_troubles_are_those_of_the_village(database: Database, people: People, clock: StepClock) -> None:
    others = settle(database, "2")
    plan_one(database, people.parent, "failed")
    plan_one(database, others.parent, "theirs")
    work_off(database, clock, RecordingGateway(before=refuse))
    plan_one(database, people.caregiver, "doubtful", "ring_village", clock.now())
    work_off(database, clock, RecordingGateway(can_query=False, after=hang))
    with database.read() as session:
        seen = troubles(session, people.village, SINCE)
        assert [(each.person_name, each.state, each.template) for each in seen] == [
            ("caregiver 1", DeliveryState.UNKNOWN, "ring_village"),
            ("parent 1", DeliveryState.FAILED, "booked"),
        ]
        assert [(each.error, each.gateway, each.detail) for each in seen] == [
            ("no_answer", "recording", "NoAnswer: "),
            ("refused", "recording", "blocked number"),
        ]
        assert len(troubles(session, others.village, SINCE)) == 1
        assert troubles(session, people.village, clock.now() + timedelta(seconds=1)) == []


def test_a_delivery_of_another_village_is_not_found(database: Database, people: People, clock: StepClock) -> None:
    others = settle(database, "2")
    plan_one(database, others.parent)
    work_off(database, clock, RecordingGateway(before=refuse))
    with database.begin() as session:
        (trouble,) = troubles(session, others.village, SINCE)
        assert delivery_of_village(session, others.village, trouble.delivery_id).id == trouble.delivery_id
        for village, delivery in ((people.village, trouble.delivery_id), (others.village, "nobody's")):
            with pytest.raises(NotFound):
                delivery_of_village(session, village, delivery)
        for member in session.query(Member).where(Member.person_id == others.parent):
            member.left_at = NOW
        session.flush()
        assert troubles(session, others.village, SINCE) == []


def test_what_was_sent_again_with_success_is_no_trouble_any_more(
    database: Database, people: People, clock: StepClock
) -> None:
    plan_one(database, people.parent)
    work_off(database, clock, RecordingGateway(before=refuse))
    with database.begin() as session:
        (trouble,) = troubles(session, people.village, SINCE)
        again = send_again(session, trouble.delivery_id, clock.now())
        assert troubles(session, people.village, SINCE) == []
    work_off(database, clock, RecordingGateway(before=refuse))
    with database.begin() as session:
        assert [each.delivery_id for each in troubles(session, people.village, SINCE)] == [again]
        send_again(session, again, clock.now())
    work_off(database, clock, RecordingGateway())
    with database.read() as session:
        assert troubles(session, people.village, SINCE) == []


def test_what_was_told_about_a_subject(database: Database, people: People, clock: StepClock) -> None:
    plan_one(database, people.parent, "a")
    plan_one(database, people.parent, "b", due_at=NOW + timedelta(minutes=5))
    plan_one(database, people.parent, "c", "reminder_ten", NOW + timedelta(hours=5), now=NOW)
    work_off(database, clock, RecordingGateway(), until=NOW + timedelta(minutes=10))
    with database.begin() as session:
        cancel_for(session, "call:1", clock.now())
        seen = told(session, "call:1")
        assert told(session, "call:2") == []
    assert [(each.state, each.channel, each.delivery) for each in seen] == [
        (NoticeState.OUT, TEXT, DeliveryState.SENT),
        (NoticeState.OUT, TEXT, DeliveryState.SENT),
        (NoticeState.CANCELLED, None, None),
    ]
