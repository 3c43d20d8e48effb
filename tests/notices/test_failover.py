"""Several gateways: what one refuses goes on at once by the next, what may have arrived never does."""

from collections.abc import Callable
from datetime import timedelta

from app.families.models import Person
from app.jobs.words import DueState, Lane
from app.notices.circuit import OPENS_AFTER
from app.notices.health import gateways
from app.notices.ports import GatewayError, NoAnswer
from app.notices.service import DELIVER, cancel_for
from app.notices.words import AttemptState, DeliveryState
from app.storage.database import Database
from tests.notices.conftest import People
from tests.notices.stage import (
    NOW,
    RecordingGateway,
    StepClock,
    attempts,
    deliveries,
    due_rows,
    once,
    plan_one,
    work_off,
    worker,
)


def always(error: Exception) -> Callable[[], None]:
    def hook() -> None:
        raise error

    return hook


DOWN = GatewayError("out of credit", permanent=False)


def pair(**first: Callable[[], None]) -> tuple[RecordingGateway, RecordingGateway]:
    return RecordingGateway(name="first", **first), RecordingGateway(name="second")  # type: ignore[arg-type]


def test_what_one_refuses_goes_on_at_once_by_the_next(database: Database, people: People, clock: StepClock) -> None:
    first, second = pair(before=always(DOWN))
    notice_id = plan_one(database, people.parent)
    worker(database, clock, first, second).run_due(Lane.SEND)
    assert (len(first.taken), len(second.taken)) == (0, 1)
    assert [(each.gateway, each.state, each.error) for each in attempts(database, notice_id)] == [
        ("first", AttemptState.REFUSED, "out of credit"),
        ("second", AttemptState.SENT, None),
    ]
    (delivery,) = deliveries(database, notice_id)
    assert (delivery.state, delivery.attempts, delivery.doubts) == (DeliveryState.SENT, 2, 0)
    assert [row.state for row in due_rows(database, DELIVER)] == [DueState.DONE]


def test_what_will_never_be_taken_is_not_tried_by_the_next(
    database: Database, people: People, clock: StepClock
) -> None:
    first, second = pair(before=always(GatewayError("no such number", permanent=True)))
    notice_id = plan_one(database, people.parent)
    work_off(database, clock, first, second)
    assert second.taken == []
    assert [each.error for each in deliveries(database, notice_id)] == ["refused"]


def test_what_may_have_arrived_is_not_given_to_the_next(database: Database, people: People, clock: StepClock) -> None:
    first, second = pair(after=once(NoAnswer()))
    notice_id = plan_one(database, people.parent)
    work_off(database, clock, first, second)
    assert (len(first.taken), len(second.taken)) == (1, 0)
    assert [each.state for each in attempts(database, notice_id)] == [AttemptState.SENT]


def test_a_text_too_long_for_one_leaves_by_another(database: Database, people: People, clock: StepClock) -> None:
    with database.begin() as session:
        session.get_one(Person, people.parent).language = "en"
    first, second = (
        RecordingGateway(name="first", max_segments=1, signature="【a name】"),
        RecordingGateway(name="second"),
    )
    plan_one(database, people.parent, template="proposed")
    work_off(database, clock, first, second)
    assert (len(first.taken), len(second.taken)) == (0, 1)


def test_a_text_waits_for_the_one_that_has_room_for_it(database: Database, people: People, clock: StepClock) -> None:
    with database.begin() as session:
        session.get_one(Person, people.parent).language = "en"
    roomy = RecordingGateway(name="roomy", before=always(DOWN))
    narrow = RecordingGateway(name="narrow", max_segments=1, signature="【a name】")
    for number in range(OPENS_AFTER):
        plan_one(database, people.parent, f"{number}", "reminder_hour", clock.now())
    work_off(database, clock, roomy, narrow, until=clock.now())
    notice_id = plan_one(database, people.parent, template="proposed")
    work_off(database, clock, roomy, narrow, until=clock.now())
    (delivery,) = deliveries(database, notice_id)
    assert (delivery.state, delivery.error) == (DeliveryState.WAITING, "no_gateway")
    roomy.before = lambda: None
    work_off(database, clock, roomy, narrow)
    assert [each.state for each in deliveries(database, notice_id)] == [DeliveryState.SENT]


def test_where_all_refuse_it_is_tried_again_later(database: Database, people: People, clock: StepClock) -> None:
    first, second = pair(before=always(DOWN))
    second.before = once(DOWN)
    notice_id = plan_one(database, people.parent)
    worker(database, clock, first, second).run_due(Lane.SEND)
    (delivery,) = deliveries(database, notice_id)
    assert (delivery.state, delivery.error) == (DeliveryState.WAITING, "no_gateway")
    work_off(database, clock, first, second)
    assert len(second.taken) == 1
    assert clock.now() < NOW + timedelta(seconds=2)


def test_a_call_off_between_two_gateways_holds(database: Database, people: People, clock: StepClock) -> None:
    def refuse() -> None:
        with database.begin() as session:
            cancel_for(session, "call:1", clock.now())
        raise DOWN

    first, second = pair(before=refuse)
    plan_one(database, people.parent)
    work_off(database, clock, first, second)
    assert second.taken == []


def test_one_that_fails_again_and_again_is_left_alone_and_comes_back_by_one_trial(
    database: Database, people: People, clock: StepClock
) -> None:
    first, second = pair(before=always(DOWN))
    calls = counted(first)
    for number in range(8):
        plan_one(database, people.parent, f"{number}", "reminder_hour", clock.now())
    work_off(database, clock, first, second, until=clock.now())
    assert len(second.taken) == 8
    assert len(calls) == 8, "all of one batch were under way when it opened"
    plan_one(database, people.parent, "later", "reminder_hour", clock.now())
    work_off(database, clock, first, second, until=clock.now())
    assert len(calls) == 8
    clock.step(30)
    for number in range(4):
        plan_one(database, people.parent, f"trial {number}", "reminder_hour", clock.now())
    work_off(database, clock, first, second, until=clock.now())
    assert len(calls) == 9, "one of them is the trial"
    clock.step(60)
    first.before = lambda: None
    for number in range(3):
        plan_one(database, people.parent, f"back {number}", "reminder_hour", clock.now())
        work_off(database, clock, first, second, until=clock.now())
    assert first.times("back 0") == first.times("back 1") == first.times("back 2") == 1


def test_where_all_are_left_alone_texts_wait_until_one_may_be_tried(
    database: Database, people: People, clock: StepClock
) -> None:
    gateway = RecordingGateway(before=always(DOWN))
    for number in range(5):
        plan_one(database, people.parent, f"{number}", "reminder_hour")
    worker(database, clock, gateway).run_due(Lane.SEND)
    with database.read() as session:
        (facts,) = gateways(session)
    assert facts.opened_until == NOW + timedelta(seconds=30)
    gateway.before = lambda: None
    work_off(database, clock, gateway)
    assert len(gateway.taken) == 5
    assert NOW + timedelta(seconds=30) <= clock.now() < NOW + timedelta(seconds=40)


def counted(gateway: RecordingGateway) -> list[None]:
    """Grows by one with each call."""
    calls: list[None] = []
    inner = gateway.before

    def hook() -> None:
        calls.append(None)
        inner()

    gateway.before = hook
    return calls
