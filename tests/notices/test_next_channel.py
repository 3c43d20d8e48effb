"""A push first, and then a text: when, unless it was read; and each failure of the one is the other's moment."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from app.families.models import Person
from app.kernel.errors import Refused
from app.notices import pushes
from app.notices.models import NoticeTerms
from app.notices.ports import GatewayError, Gone, NoAnswer, Subscription, Urgency
from app.notices.rules import POLICIES
from app.notices.service import close, close_one, send_again
from app.notices.words import Channel, DeliveryState, NoticeState
from app.storage.database import Database
from app.web import sessions
from app.web.models import PrincipalKind
from app.web.principals import Principal
from tests.notices.conftest import People
from tests.notices.stage import (
    NOW,
    RecordingGateway,
    StepClock,
    attempts,
    deliveries,
    due_rows,
    notice_of,
    once,
    plan_one,
    work_off,
)

FAILED_EVENT = "event:NoticeFailed"


@dataclass
class RecordingPusher:
    """Takes everything; `before` is called first."""

    public_key: str = "key"
    before: Callable[[], None] = lambda: None
    taken: list[str] = field(default_factory=list)

    def accepts(self, endpoint: str) -> bool:
        return bool(endpoint)

    def send(
        self, subscription: Subscription, payload: bytes, *, urgency: Urgency, topic: str, ttl_seconds: int
    ) -> str:  # fmt: skip
        self.before()
        self.taken.append(topic)
        return f"push {len(self.taken)}"


@pytest.fixture
def pushed(database: Database, people: People) -> People:
    """The parent's browser wants pushes, where the village has them."""
    with database.begin() as session:
        device, _token = sessions.open_session(
            session, PrincipalKind.PERSON, people.parent, None, "zh-CN", NOW, opened_by="link"
        )
        who = Principal(PrincipalKind.PERSON, people.parent, None, device.id, "zh-CN")
        pushes.subscribe(session, who, Subscription("https://push.example/1", "p", "a"), NOW)
        session.add(
            NoticeTerms(
                village_id=people.village, quiet_from_minute=0, quiet_until_minute=0, segment_price=1, currency="CNY",
                is_push_on=True,
            )
        )  # fmt: skip
    return people


def told(database: Database, notice_id: str) -> list[tuple[str, DeliveryState]]:
    return [(each.channel, each.state) for each in deliveries(database, notice_id)]


@pytest.mark.parametrize("template", ["ring_parent", "reminder_ten", "booked"])
def test_what_nobody_reads_in_time_comes_as_a_text(
    database: Database, pushed: People, clock: StepClock, template: str
) -> None:
    pusher, gateway = RecordingPusher(), RecordingGateway()
    notice_id = plan_one(database, pushed.parent, template=template)
    after = POLICIES[template].text_after
    work_off(database, clock, gateway, push=pusher, until=NOW + after - timedelta(seconds=1))
    assert told(database, notice_id) == [(Channel.PUSH, DeliveryState.SENT)]
    assert notice_of(database, notice_id).state is NoticeState.OUT
    work_off(database, clock, gateway, push=pusher)
    assert (len(pusher.taken), len(gateway.taken)) == (1, 1)
    assert told(database, notice_id)[1] == (Channel.TEXT, DeliveryState.SENT)
    assert clock.now() == NOW + after
    assert [(each.gateway, each.key) for each in attempts(database, notice_id)] == [("push", "k"), ("recording", "k~2")]


@pytest.mark.parametrize("how", ["read", "answered"])
def test_what_is_read_or_answered_in_time_comes_no_more(
    database: Database, pushed: People, clock: StepClock, how: str
) -> None:
    pusher, gateway = RecordingPusher(), RecordingGateway()
    notice_id = plan_one(database, pushed.parent)
    work_off(database, clock, gateway, push=pusher, until=NOW)
    with database.begin() as session:
        if how == "read":
            close_one(session, notice_id, clock.now())
        else:
            close(session, clock.now(), subject="call:1")
    work_off(database, clock, gateway, push=pusher)
    assert gateway.taken == []
    assert told(database, notice_id) == [(Channel.PUSH, DeliveryState.SENT)]


def test_an_escalation_that_comes_too_late_to_be_of_use_is_left(
    database: Database, pushed: People, clock: StepClock
) -> None:
    gateway = RecordingGateway()
    notice_id = plan_one(database, pushed.parent, template="ring_parent")
    work_off(database, clock, gateway, push=RecordingPusher(), until=NOW)
    clock.step(6 * 60)
    work_off(database, clock, gateway, push=RecordingPusher())
    assert gateway.taken == []
    assert told(database, notice_id) == [(Channel.PUSH, DeliveryState.SENT)]
    assert due_rows(database, FAILED_EVENT) == []


@pytest.mark.parametrize("error", [Gone(), GatewayError("no", permanent=True), GatewayError("later", permanent=False)])
def test_a_push_that_is_not_taken_is_a_text_at_once(
    database: Database, pushed: People, clock: StepClock, error: Exception
) -> None:
    gateway = RecordingGateway()
    notice_id = plan_one(database, pushed.parent)
    work_off(database, clock, gateway, push=RecordingPusher(before=once(error)))
    assert told(database, notice_id) == [(Channel.PUSH, DeliveryState.FAILED), (Channel.TEXT, DeliveryState.SENT)]
    assert len(gateway.taken) == 1
    assert clock.now() == NOW
    assert due_rows(database, FAILED_EVENT) == []


def test_a_push_in_doubt_waits_for_its_text(database: Database, pushed: People, clock: StepClock) -> None:
    gateway = RecordingGateway()
    notice_id = plan_one(database, pushed.parent, template="ring_parent")
    work_off(database, clock, gateway, push=RecordingPusher(before=once(NoAnswer())))
    assert told(database, notice_id) == [(Channel.PUSH, DeliveryState.UNKNOWN), (Channel.TEXT, DeliveryState.SENT)]
    assert len(gateway.taken) == 1


def test_a_text_that_fails_after_a_push_is_shown_and_can_be_sent_again(
    database: Database, pushed: People, clock: StepClock
) -> None:
    def refuse() -> None:
        raise GatewayError("no such number", permanent=True)

    notice_id = plan_one(database, pushed.parent)
    gateway = RecordingGateway(before=refuse)
    work_off(database, clock, gateway, push=RecordingPusher(before=once(Gone())))
    assert len(due_rows(database, FAILED_EVENT)) == 1
    last = deliveries(database, notice_id)[-1]
    with database.begin() as session:
        send_again(session, last.id, clock.now())
    gateway.before = lambda: None
    work_off(database, clock, gateway, push=RecordingPusher())
    assert [key for _to, key, _text in gateway.taken] == ["k~3"]
    with database.begin() as session, pytest.raises(Refused):
        send_again(session, last.id, clock.now())


def test_what_was_closed_meanwhile_is_sent_again_all_the_same_since_somebody_says_so(
    database: Database, people: People, clock: StepClock
) -> None:
    gateway = RecordingGateway(before=once(GatewayError("no such number", permanent=True)))
    notice_id = plan_one(database, people.parent, template="cancelled")
    work_off(database, clock, gateway)
    with database.begin() as session:
        close(session, clock.now(), subject="call:1")
        send_again(session, deliveries(database, notice_id)[0].id, clock.now())
    work_off(database, clock, gateway)
    assert len(gateway.taken) == 1


def test_who_can_be_pushed_and_not_texted_finds_it_at_the_terminal_too(
    database: Database, pushed: People, clock: StepClock
) -> None:
    with database.begin() as session:
        session.get_one(Person, pushed.parent).phone_confirmed_at = None
    notice_id = plan_one(database, pushed.parent)
    work_off(database, clock, RecordingGateway(), push=RecordingPusher())
    assert told(database, notice_id) == [(Channel.PUSH, DeliveryState.SENT), (Channel.TERMINAL, DeliveryState.SENT)]


def test_without_a_sender_of_pushes_it_is_a_text(database: Database, pushed: People, clock: StepClock) -> None:
    notice_id = plan_one(database, pushed.parent)
    work_off(database, clock, RecordingGateway())
    assert told(database, notice_id) == [(Channel.TEXT, DeliveryState.SENT)]
