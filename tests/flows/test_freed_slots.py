"""Nothing stays empty: a slot that gets free goes down the line of those who wait, until somebody takes it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.calls import agreement, booking
from app.calls.models import Claim
from app.calls.words import CallState
from app.desk import waiting
from app.families import queries as families
from app.families.models import Person
from app.jobs.models import DueRow
from app.jobs.words import DueState
from app.villages import service as villages
from app.villages.rules import OpeningFacts
from tests.flows.conftest import Evening
from tests.flows.freed import (
    BY_ITSELF,
    MINUTE,
    TOMORROW,
    busy,
    cancel,
    confirm,
    decline,
    freed,
    heard,
    in_line,
    offers,
    the_offer,
    wish,
)
from tests.scene import NOW, at


def test_a_cancelled_slot_is_offered_at_once_and_taken_with_one_word(evening: Evening) -> None:
    scene, alice, bob = evening.scene, evening.scene.alice, evening.scene.bob
    cancel(evening, scene.book(alice, TOMORROW), alice.parent_acts)
    offer = the_offer(evening)
    assert (offer.family_id, offer.starts_at, offer.proposed_by) == (bob.family, TOMORROW, None)
    assert offer.expires_at == scene.clock.now() + 30 * MINUTE
    assert [evening.templates(person) for person in (bob.parent, bob.caregiver)] == [["slot_offered"]] * 2
    confirm(evening, offer, bob.parent_acts)
    assert scene.call(offer.id).state is CallState.BOOKED
    assert evening.templates(bob.caregiver) == ["slot_offered", "booked"]
    evening.until(TOMORROW - 5 * MINUTE)
    assert evening.templates(bob.parent) == ["slot_offered", "reminder_day", "reminder_hour", "reminder_ten"]


def test_it_is_taken_at_the_terminal_too(evening: Evening) -> None:
    bob = evening.scene.bob
    cancel(evening, evening.scene.book(evening.scene.alice, TOMORROW), evening.scene.alice.terminal_acts)
    confirm(evening, the_offer(evening), bob.terminal_acts)
    assert evening.scene.call(offers(evening)[0].id).state is CallState.BOOKED
    assert evening.templates(bob.parent)[-1] == "booked"


def test_it_goes_down_the_line_and_nobody_is_asked_twice(evening: Evening) -> None:
    scene, alice, bob = evening.scene, evening.scene.alice, evening.scene.bob
    carol = scene.move_in("Carol", "drum", 4)
    heard(evening, alice, 20)
    heard(evening, bob, 9)
    freed(evening)
    assert the_offer(evening).family_id == carol.family, "never heard"
    scene.clock.step(seconds=1)
    decline(evening, the_offer(evening), carol.parent_acts)
    assert the_offer(evening).family_id == alice.family
    first = the_offer(evening)
    evening.until(scene.clock.now() + 30 * MINUTE)
    assert scene.call(first.id).reason == "proposal_expired"
    assert the_offer(evening).family_id == bob.family
    evening.until(scene.clock.now() + 30 * MINUTE)
    assert [call.family_id for call in offers(evening)] == [carol.family, alice.family, bob.family]
    assert not [call for call in offers(evening) if call.state is not CallState.ENDED]
    assert evening.templates(alice.parent) == ["slot_offered"], "what said until when it stands is not sent an end"
    with scene.database.read() as session:
        assert not session.scalars(select(Claim)).all()


def test_who_asked_is_in_line_with_a_call_ahead_until_they_have_what_they_asked_for(evening: Evening) -> None:
    scene, alice, bob = evening.scene, evening.scene.alice, evening.scene.bob
    heard(evening, alice, 1)
    heard(evening, bob, 2)
    scene.book(alice, at(20, day=27))
    wish(evening, alice)
    wish(evening, alice)
    assert in_line(evening, alice) == [alice.family]
    freed(evening)
    confirm(evening, the_offer(evening), alice.parent_acts)
    assert in_line(evening, alice) == []


def test_who_let_a_slot_go_is_not_offered_it_again(evening: Evening) -> None:
    """Also where they are first in line."""
    scene, alice = evening.scene, evening.scene.alice
    heard(evening, scene.bob, 0)
    wish(evening, alice)
    cancel(evening, scene.book(alice, TOMORROW), alice.parent_acts)
    assert in_line(evening, alice) == [alice.family]
    assert not offers(evening)


@pytest.mark.parametrize("who", ["parent", "child", "caregiver"])
def test_who_has_no_time_then_is_passed_over(evening: Evening, who: str) -> None:
    alice, bob = evening.scene.alice, evening.scene.bob
    heard(evening, bob, 30)
    busy(evening, getattr(alice, who))
    freed(evening)
    assert the_offer(evening).family_id == bob.family


def test_who_is_in_another_call_then_is_passed_over(evening: Evening) -> None:
    scene, alice, bob = evening.scene, evening.scene.alice, evening.scene.bob
    giver = scene.move_in("Giver", "boat", 7)
    heard(evening, giver, 0)
    heard(evening, bob, 0)
    wish(evening, alice)
    wish(evening, bob)
    with scene.database.begin() as session:
        villages.add_terminal(session, alice.village, "School", scene.clock.now())
    given = scene.book(giver, TOMORROW)
    own = scene.call(scene.book(alice, TOMORROW))
    assert own.terminal_id != scene.call(given).terminal_id
    cancel(evening, given, giver.parent_acts)
    assert the_offer(evening).family_id == bob.family


def test_whose_consent_ends_before_it_is_passed_over(evening: Evening) -> None:
    scene, alice, bob = evening.scene, evening.scene.alice, evening.scene.bob
    heard(evening, bob, 30)
    with scene.database.begin() as session:
        (given,) = families.consents_of_child(session, alice.child)
        given.until_at = TOMORROW + 10 * MINUTE
    freed(evening)
    assert the_offer(evening).family_id == bob.family


@pytest.mark.parametrize("why", ["closed", "retired"])
def test_what_is_not_there_any_more_is_offered_to_nobody(evening: Evening, why: str) -> None:
    scene, alice, now = evening.scene, evening.scene.alice, evening.scene.clock.now()
    call_id = scene.book(alice, TOMORROW)
    with scene.database.begin() as session:
        if why == "retired":
            villages.retire_terminal(session, alice.village, alice.terminal, now)
        else:
            villages.add_closure(
                session, alice.village, terminal_id=None, starts_at=at(18, day=24), ends_at=at(21, day=24),
                reason="flood", now=now,
            )  # fmt: skip
    cancel(evening, call_id, alice.parent_acts)
    assert not offers(evening)


def test_one_offer_at_a_time_and_two_a_day(evening: Evening) -> None:
    scene, alice = evening.scene, evening.scene.alice
    heard(evening, scene.bob, 0)
    giver = scene.move_in("Giver", "boat", 7)
    heard(evening, giver, 0)
    calls = [scene.book(giver, at(hour, day=25)) for hour in (16, 17, 18, 19)]
    cancel(evening, calls[0], giver.parent_acts)
    cancel(evening, calls[1], giver.parent_acts)
    assert [call.starts_at for call in offers(evening)] == [at(16, day=25)]
    decline(evening, the_offer(evening), alice.parent_acts)
    cancel(evening, calls[2], giver.parent_acts)
    assert the_offer(evening).starts_at == at(18, day=25)
    decline(evening, the_offer(evening), alice.parent_acts)
    cancel(evening, calls[3], giver.parent_acts)
    assert len(offers(evening)) == 2
    evening.until(at(8, day=24))
    extra = scene.book(giver, at(20, day=25))
    cancel(evening, extra, giver.parent_acts)
    assert the_offer(evening).starts_at == at(20, day=25), "another day"


def test_at_night_it_waits_for_the_morning_of_who_comes_first(evening: Evening) -> None:
    heard(evening, evening.scene.bob, 30)
    evening.until(at(23))
    freed(evening)
    assert not offers(evening)
    evening.until(at(7, day=24))
    assert the_offer(evening).family_id == evening.scene.alice.family
    assert the_offer(evening).made_at == at(7, day=24)


def test_who_sleeps_until_it_is_too_late_is_passed_over_for_who_is_awake(evening: Evening) -> None:
    """A parent far in the west is; who brings the child sleeps, and hears nothing of an offer that is over by then."""
    scene, bob = evening.scene, evening.scene.bob
    heard(evening, bob, 30)
    with scene.database.begin() as session:
        session.get_one(Person, bob.parent).zone = "America/Los_Angeles"
        villages.set_openings(session, bob.village, [OpeningFacts(day, 360, 1320) for day in range(7)], NOW)
    evening.until(at(23, 30))
    freed(evening, at(7, 15, day=24))
    assert (the_offer(evening).family_id, the_offer(evening).made_at) == (bob.family, at(23, 30))
    assert (evening.templates(bob.parent), evening.templates(bob.caregiver)) == (["slot_offered"], [])
    decline(evening, the_offer(evening), bob.parent_acts)
    evening.until(at(8, day=24))
    assert evening.templates(bob.caregiver) == []


@pytest.mark.parametrize(("minutes_left", "offered"), [(25, True), (19, False)])
def test_too_close_to_its_start_it_is_not_offered(evening: Evening, minutes_left: int, offered: bool) -> None:
    scene = evening.scene
    giver = scene.move_in("Giver", "boat", 7)
    heard(evening, giver, 0)
    call_id = scene.book(giver, at(19))
    scene.clock.at = at(19) - minutes_left * MINUTE
    cancel(evening, call_id, giver.parent_acts)
    assert bool(offers(evening)) is offered
    if offered:
        assert the_offer(evening).expires_at == scene.clock.now() + timedelta(minutes=12.5)


def test_a_long_call_makes_several_slots(evening: Evening) -> None:
    scene, alice, bob = evening.scene, evening.scene.alice, evening.scene.bob
    carol = scene.move_in("Carol", "drum", 4)
    freed(evening, minutes=60)
    assert {call.family_id for call in offers(evening)} == {alice.family, bob.family, carol.family}
    assert {call.starts_at for call in offers(evening)} == {TOMORROW + n * 20 * MINUTE for n in range(3)}


@pytest.mark.parametrize("how", ["move", "counter", "decline", "expire"])
def test_whatever_frees_a_slot_it_is_offered(evening: Evening, how: str) -> None:
    scene, alice, bob = evening.scene, evening.scene.alice, evening.scene.bob
    call_id = scene.book(alice, TOMORROW, alice.terminal_acts, is_proposal=True)
    with scene.database.begin() as session:
        now = scene.clock.now()
        if how == "move":
            booking.move(session, call_id, at(20, day=24), BY_ITSELF, now)
        elif how == "counter":
            agreement.counter(session, call_id, at(20, day=24), alice.parent_acts, now)
        elif how == "decline":
            booking.decline(session, call_id, alice.parent_acts, now)
    if how == "expire":
        evening.until(TOMORROW - 60 * MINUTE)
    evening.settle()
    assert (the_offer(evening).family_id, the_offer(evening).starts_at) == (bob.family, TOMORROW)


def test_a_slot_that_is_freed_again_has_one_due_row(evening: Evening) -> None:
    freed(evening)
    decline(evening, the_offer(evening), evening.scene.alice.terminal_acts)
    with evening.scene.database.read() as session:
        rows = session.scalars(select(DueRow).where(DueRow.kind == waiting.KIND)).all()
    assert [row.state for row in rows] == [DueState.DONE]
