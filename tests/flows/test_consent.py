"""Consent that ends at each moment of a call, and a wrong person at the terminal."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from app.calls import booking, picture, queries, seats
from app.calls.booking import Actor
from app.calls.shapes import CallShape
from app.calls.words import CallState, Outcome, Side
from app.families import queries as families
from app.families import service as consent
from app.families.models import Consent
from app.families.words import ConsentKind, MemberRole
from app.kernel.errors import NotFound, Refused
from app.web.principals import Principal
from tests.flows.conftest import Evening
from tests.scene import ZONE, Household, at

START = at(19, day=25)


def revoke(evening: Evening) -> None:
    alice = evening.scene.alice
    with evening.scene.database.begin() as session:
        given = families.consents_of_child(session, alice.child)[0]
        consent.revoke_consent(session, given.id, evening.scene.clock.now())


def forbid(evening: Evening) -> None:
    alice, now = evening.scene.alice, evening.scene.clock.now()
    with evening.scene.database.begin() as session:
        consent.set_no_contact(session, child_id=alice.child, contact_id=alice.parent, reason="court", now=now)


def limit(evening: Evening, until: datetime) -> None:
    with evening.scene.database.begin() as session:
        given = families.consents_of_child(session, evening.scene.alice.child)[0]
        session.get_one(Consent, given.id).until_at = until


def talk(evening: Evening, call_id: str, whom: Household) -> None:
    for who in (whom.as_parent, whom.as_terminal):
        evening.take(call_id, who)
    for who in (whom.as_parent, whom.as_terminal):
        evening.hear(call_id, who)
    assert evening.scene.call(call_id).state is CallState.LIVE


@pytest.mark.parametrize("end", [revoke, forbid])
class TestAtEachMoment:
    def test_what_is_booked_is_cancelled_and_everybody_told(
        self, evening: Evening, end: Callable[[Evening], None]
    ) -> None:
        call_id = evening.scene.book(evening.scene.alice, START)
        evening.settle()
        end(evening)
        evening.settle()
        call = evening.scene.call(call_id)
        assert (call.state, call.outcome, call.reason) == (CallState.ENDED, Outcome.CANCELLED, "consent_ended")
        for person in (evening.scene.alice.parent, evening.scene.alice.caregiver):
            assert evening.templates(person)[-1] == "cancelled_bare", "the reason is told to nobody by text"
        evening.until(START + timedelta(minutes=20))
        assert "reminder_ten" not in evening.templates(evening.scene.alice.parent)

    def test_what_rings_stops(self, evening: Evening, end: Callable[[Evening], None]) -> None:
        call_id = evening.scene.book(evening.scene.alice, START)
        evening.until(START)
        evening.take(call_id, evening.scene.alice.as_parent)
        assert evening.scene.call(call_id).state is CallState.RINGING
        end(evening)
        evening.settle()
        call = evening.scene.call(call_id)
        assert (call.outcome, call.reason) == (Outcome.CANCELLED, "consent_ended")

    def test_what_is_live_ends_with_what_was_said_so_far(
        self, evening: Evening, end: Callable[[Evening], None]
    ) -> None:
        call_id = evening.scene.book(evening.scene.alice, START)
        evening.until(START)
        talk(evening, call_id, evening.scene.alice)
        evening.scene.clock.step(seconds=15)
        end(evening)
        evening.settle()
        call = evening.scene.call(call_id)
        assert (call.outcome, call.reason, call.talked_seconds) == (Outcome.HELD, "consent_ended", 15)
        with pytest.raises(Refused):
            evening.take(call_id, evening.scene.alice.as_parent)

    def test_another_familys_call_goes_on(self, evening: Evening, end: Callable[[Evening], None]) -> None:
        call_id = evening.scene.book(evening.scene.charlie, START)
        end(evening)
        evening.settle()
        assert evening.scene.call(call_id).state is CallState.BOOKED


def test_a_consent_that_runs_out_in_a_call_ends_it_at_its_instant(evening: Evening) -> None:
    limit(evening, START + timedelta(seconds=10))
    call_id = evening.scene.book(evening.scene.alice, START)
    evening.until(START)
    talk(evening, call_id, evening.scene.alice)
    evening.until(START + timedelta(seconds=9))
    assert evening.scene.call(call_id).state is CallState.LIVE
    evening.until(START + timedelta(seconds=10))
    call = evening.scene.call(call_id)
    assert (call.reason, call.ended_at) == ("consent_ended", START + timedelta(seconds=10))


def test_a_second_consent_that_still_holds_lets_the_call_go_on(evening: Evening) -> None:
    alice, now = evening.scene.alice, evening.scene.clock.now()
    limit(evening, START + timedelta(seconds=10))
    with evening.scene.database.begin() as session:
        consent.give_consent(
            session, child_id=alice.child, contact_id=alice.parent, kind=ConsentKind.CALL, given_by=alice.parent,
            evidence="paper", from_at=now, now=now,
        )  # fmt: skip
    call_id = evening.scene.book(alice, START)
    evening.until(START)
    talk(evening, call_id, alice)
    evening.until(START + timedelta(seconds=11))
    assert evening.scene.call(call_id).state is CallState.LIVE


def test_the_wrong_person_is_sent_away_and_the_terminal_rings_again(evening: Evening) -> None:
    scene, alice = evening.scene, evening.scene.alice
    call_id = scene.book(alice, START)
    evening.until(START)
    talk(evening, call_id, alice)
    scene.clock.step(seconds=12)
    with scene.database.begin() as session:
        seats.wrong_person(session, call_id, alice.as_parent, scene.clock.now())
    again_at = scene.clock.now()
    call = scene.call(call_id)
    assert (call.state, call.rung_again_at, call.talked_seconds) == (CallState.RINGING, again_at, 12)
    assert shown(evening, call_id, alice.as_parent).sides[Side.VILLAGE].here is False
    assert shown(evening, call_id, alice.as_terminal).rings[0].since == again_at
    evening.take(call_id, alice.as_terminal)
    evening.hear(call_id, alice.as_terminal)
    assert scene.call(call_id).state is CallState.RINGING, "the parent has not heard the one who came now"
    evening.hear(call_id, alice.as_parent)
    assert scene.call(call_id).state is CallState.LIVE
    assert scene.call(call_id).live_at == call.live_at


def shown(evening: Evening, call_id: str, who: Principal) -> CallShape:
    with evening.scene.database.read() as session:
        call, _side = queries.seen_by(session, who, call_id)
        return picture.call_shape(session, call, who, evening.scene.clock.now())


def test_rung_again_nobody_comes_within_ten_minutes_of_that(evening: Evening) -> None:
    scene, alice = evening.scene, evening.scene.alice
    call_id = scene.book(alice, START, minutes=30)
    evening.until(START)
    evening.take(call_id, alice.as_parent)
    scene.clock.at = START + timedelta(minutes=9)
    evening.take(call_id, alice.as_parent)
    evening.take(call_id, alice.as_terminal)
    with scene.database.begin() as session:
        seats.wrong_person(session, call_id, alice.as_parent, scene.clock.now())
    for _ in range(19):  # the parent waits on
        scene.clock.step(seconds=10)
        evening.beat(alice.as_parent)
        evening.settle()
    assert evening.templates(alice.caregiver)[-1] == "unanswered_caregiver"
    evening.until(START + timedelta(minutes=18))
    assert scene.call(call_id).state is CallState.RINGING
    evening.until(START + timedelta(minutes=19))
    call = scene.call(call_id)
    assert (call.outcome, call.reason) == (Outcome.MISSED, "village_absent")


def test_only_the_parent_says_so_and_not_without_end(evening: Evening) -> None:
    scene, alice = evening.scene, evening.scene.alice
    call_id = scene.book(alice, START)
    evening.until(START)
    evening.take(call_id, alice.as_parent)

    def say(who: Household, *, as_terminal: bool = False) -> None:
        with scene.database.begin() as session:
            principal = who.as_terminal if as_terminal else who.as_parent
            seats.wrong_person(session, call_id, principal, scene.clock.now())

    with pytest.raises(Refused, match="nobody_answered"):
        say(alice)
    for _ in range(3):
        evening.take(call_id, alice.as_terminal)
        assert "wrong_person" in shown(evening, call_id, alice.as_parent).can
        assert "wrong_person" not in shown(evening, call_id, alice.as_terminal).can
        with pytest.raises(Refused, match="not_your_side"):
            say(alice, as_terminal=True)
        with pytest.raises(NotFound):
            say(scene.bob)
        say(alice)
    evening.take(call_id, alice.as_terminal)
    assert "wrong_person" not in shown(evening, call_id, alice.as_parent).can
    with pytest.raises(Refused, match="rung_often"):
        say(alice)


def test_a_later_consent_brings_no_call_back(evening: Evening) -> None:
    scene, alice = evening.scene, evening.scene.alice
    call_id = scene.book(alice, START)
    revoke(evening)
    evening.settle()
    with scene.database.begin() as session:
        consent.give_consent(
            session, child_id=alice.child, contact_id=alice.parent, kind=ConsentKind.CALL, given_by=alice.parent,
            evidence="paper", from_at=scene.clock.now(), now=scene.clock.now(),
        )  # fmt: skip
    evening.until(START + timedelta(minutes=1))
    assert scene.call(call_id).reason == "consent_ended"
    assert scene.book(alice, at(19, 30, day=25))


def leave_family(evening: Evening, role: MemberRole) -> None:
    alice = evening.scene.alice
    with evening.scene.database.begin() as session:
        consent.end_membership(
            session, family_id=alice.family, person_id=getattr(alice, role.value), role=role,
            now=evening.scene.clock.now(),
        )  # fmt: skip


@pytest.mark.parametrize("role", [MemberRole.PARENT, MemberRole.CHILD])
@pytest.mark.parametrize("moment", ["booked", "live"])
def test_a_call_ends_with_the_family_it_is_in(evening: Evening, role: MemberRole, moment: str) -> None:
    scene, alice = evening.scene, evening.scene.alice
    call_id, hers = scene.book(alice, START), scene.book(scene.charlie, START)
    if moment == "live":
        evening.until(START)
        talk(evening, call_id, alice)
    leave_family(evening, role)
    evening.settle()
    assert scene.call(call_id).reason == "consent_ended"
    assert scene.call(hers).state is not CallState.ENDED


def test_a_caregiver_who_leaves_takes_no_call_along(evening: Evening) -> None:
    call_id = evening.scene.book(evening.scene.alice, START)
    leave_family(evening, MemberRole.CAREGIVER)
    evening.settle()
    assert evening.scene.call(call_id).state is CallState.BOOKED


def test_a_caregiver_who_left_hears_no_more_of_the_childs_calls(evening: Evening) -> None:
    """Neither reminders that were planned before, nor what becomes of calls that were made before."""
    scene, alice = evening.scene, evening.scene.alice
    call_id = scene.book(alice, START)
    evening.settle()
    before = evening.templates(alice.caregiver)
    leave_family(evening, MemberRole.CAREGIVER)
    evening.settle()
    moved = START + timedelta(hours=1)
    with scene.database.begin() as session:
        booking.move(session, call_id, moved, alice.parent_acts, scene.clock.now())
    evening.until(moved + timedelta(minutes=20))
    assert evening.templates(alice.caregiver) == before
    assert "reminder_day" in evening.templates(alice.parent)


def test_who_is_in_the_family_still_is_told_as_before(evening: Evening) -> None:
    alice = evening.scene.alice
    with evening.scene.database.begin() as session:
        consent.add_member(
            session, family_id=alice.family, person_id=alice.caregiver, role=MemberRole.PARENT,
            now=evening.scene.clock.now(),
        )  # fmt: skip
    evening.scene.book(alice, START)
    evening.settle()
    with evening.scene.database.begin() as session:
        consent.end_membership(
            session, family_id=alice.family, person_id=alice.caregiver, role=MemberRole.PARENT,
            now=evening.scene.clock.now(),
        )  # fmt: skip
    evening.until(START - timedelta(minutes=5))
    assert {"reminder_day", "reminder_hour", "reminder_ten"} <= set(evening.templates(alice.caregiver))


def test_a_caregiver_who_comes_is_reminded_and_may_speak_for_the_child(evening: Evening) -> None:
    scene, alice = evening.scene, evening.scene.alice
    call_id, now = scene.book(alice, START), scene.clock.now()
    evening.settle()
    with scene.database.begin() as session:
        uncle = consent.add_person(
            session, name="Uncle", zone=ZONE, language="en", phone="+8613800000019", confirmed_at=now
        )  # fmt: skip
        consent.add_member(
            session, family_id=alice.family, person_id=uncle.id, role=MemberRole.CAREGIVER, now=now
        )  # fmt: skip
    evening.settle()
    with scene.database.begin() as session:
        booking.confirm(session, call_id, Actor(f"person:{uncle.id}", Side.VILLAGE), now)
        spoken = [each.person_id for each in queries.invitees(session, call_id) if each.confirmed_at == now]
    assert uncle.id in spoken
    evening.until(START - timedelta(minutes=5))
    assert evening.templates(uncle.id) == ["reminder_day", "reminder_hour", "reminder_ten"]
