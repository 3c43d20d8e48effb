"""A call at this very minute: it rings at once, for as long as there is room, where a terminal stands ready."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.calls import booking
from app.calls.booking import Actor, Wish
from app.calls.words import CallState, Side
from app.kernel.errors import Refused
from app.web import sessions
from app.web.models import PrincipalKind
from tests.flows.conftest import Evening
from tests.flows.test_consent import revoke, talk
from tests.scene import Household, at


def stand_ready(evening: Evening, whom: Household) -> None:
    """The terminal's page is open and beats."""
    with evening.scene.database.begin() as session:
        now = evening.scene.clock.now()
        device, _token = sessions.open_session(
            session, PrincipalKind.TERMINAL, whom.terminal, whom.village, "en", now, opened_by="link"
        )
        session.flush()
        sessions.beat(session, device.id, "idle", True, now)


def call_now(evening: Evening, whom: Household) -> str:
    with evening.scene.database.begin() as session:
        wish = Wish(whom.family, whom.child, whom.parent, evening.scene.clock.now())
        return booking.book_now(session, wish, None, whom.parent_acts, evening.scene.clock.now()).id


class TestNow:
    def test_it_rings_at_once_for_a_parent_who_is_there(self, evening: Evening) -> None:
        scene, alice = evening.scene, evening.scene.alice
        scene.clock.step(minutes=7, seconds=31)  # on no slot's minute
        stand_ready(evening, alice)
        call_id = call_now(evening, alice)
        assert scene.call(call_id).state is CallState.RINGING
        evening.take(call_id, alice.as_parent)
        evening.settle()
        assert evening.templates(alice.caregiver) == ["ring_village"]
        assert evening.templates(alice.parent) == []
        talk(evening, call_id, alice)
        evening.until(scene.clock.now() + timedelta(seconds=15))
        assert evening.templates(alice.caregiver) == ["ring_village"], "no reminder of what is on already"

    def test_a_caregiver_rings_the_parent(self, evening: Evening) -> None:
        scene, alice = evening.scene, evening.scene.alice
        stand_ready(evening, alice)
        with scene.database.begin() as session:
            wish = Wish(alice.family, alice.child, alice.parent, scene.clock.now())
            by = Actor(f"person:{alice.caregiver}", Side.VILLAGE)
            call_id = booking.book_now(session, wish, None, by, scene.clock.now()).id
        evening.settle()
        assert evening.templates(alice.parent) == ["ring_parent"]
        granny = replace(alice.as_parent, subject_id=alice.caregiver, device_id="granny")
        evening.take(call_id, granny)
        evening.take(call_id, alice.as_parent)
        for who in (granny, alice.as_parent):
            evening.hear(call_id, who)
        assert scene.call(call_id).state is CallState.LIVE

    def test_a_terminal_that_is_away_is_said(self, evening: Evening) -> None:
        with pytest.raises(Refused, match="terminal_away"):
            call_now(evening, evening.scene.alice)
        stand_ready(evening, evening.scene.charlie)
        with pytest.raises(Refused, match="terminal_away"):
            call_now(evening, evening.scene.alice)

    def test_it_is_as_long_as_there_is_room(self, evening: Evening) -> None:
        scene, alice, bob = evening.scene, evening.scene.alice, evening.scene.bob
        stand_ready(evening, alice)
        scene.book(bob, at(18, 15))
        call = scene.call(call_now(evening, alice))
        assert call.ends_at - call.starts_at == timedelta(minutes=10)

    def test_who_speaks_is_not_disturbed(self, evening: Evening) -> None:
        stand_ready(evening, evening.scene.alice)
        call_now(evening, evening.scene.alice)
        with pytest.raises(Refused, match="slot_taken"):
            call_now(evening, evening.scene.bob)

    def test_without_consent_it_does_not_ring(self, evening: Evening) -> None:
        stand_ready(evening, evening.scene.alice)
        revoke(evening)
        with pytest.raises(Refused, match="consent_ended"):
            call_now(evening, evening.scene.alice)
