"""Answering machines for who is left alone in a call, and the seats of media programs."""

from datetime import timedelta

import pytest

from app.calls import media_leases, media_works, queries, timetable
from app.calls.words import CallState, Outcome, WorkKind
from app.kernel.errors import NotFound
from tests.calls.media_stage import (
    allow_messages,
    another_parent,
    beat,
    connect,
    gone,
    hear,
    leases,
    live,
    media,
    person,
    ringing,
    take,
    tick,
    withdraw_messages,
)
from tests.scene import Scene

BRIDGE, ANSWERING = WorkKind.BRIDGE, WorkKind.ANSWERING


def alone(scene: Scene) -> str:
    """Alice waits in a call that rings; she may leave the child a message."""
    allow_messages(scene, scene.alice)
    call_id = ringing(scene, scene.alice)
    take(scene, call_id, scene.alice.as_parent)
    return call_id


def still_there(scene: Scene, call_id: str) -> None:
    """Her seat and the program are heard of, and what is due is done."""
    connect(scene, "a")
    take(scene, call_id, scene.alice.as_parent)


def sweep(scene: Scene) -> None:
    with scene.database.begin() as session:
        media_works.sweep(session, scene.clock.now())


def bridge(scene: Scene, call_id: str) -> None:
    with scene.database.begin() as session:
        media_leases.lease(session, BRIDGE, scene.clock.now(), call_id=call_id)


def holders(scene: Scene) -> list[str | None]:
    return [each.program_id for each in leases(scene)]


class TestAnswering:
    """An answering machine for who is alone when others are asked to come."""

    def test_it_is_there_from_the_third_minute_on(self, scene: Scene) -> None:
        call_id = alone(scene)
        scene.clock.step(minutes=2, seconds=59)
        tick(scene, call_id)
        assert leases(scene) == []
        scene.clock.step(seconds=1)
        still_there(scene, call_id)
        assert [(each.kind, each.call_id) for each in leases(scene)] == [(ANSWERING, call_id)]

    def test_who_comes_later_and_is_alone_gets_one_too(self, scene: Scene) -> None:
        connect(scene, "a")
        allow_messages(scene, scene.alice)
        call_id = ringing(scene, scene.alice)
        scene.clock.step(minutes=3)
        tick(scene, call_id)
        assert leases(scene) == [], "nobody is there"
        still_there(scene, call_id)
        assert [each.kind for each in leases(scene)] == [ANSWERING]

    def test_it_goes_when_the_other_side_comes(self, scene: Scene) -> None:
        call_id = alone(scene)
        scene.clock.step(minutes=3)
        still_there(scene, call_id)
        assert len(leases(scene)) == 1
        take(scene, call_id, scene.alice.as_terminal)
        assert leases(scene) == []

    def test_it_outlasts_the_call_that_was_missed_by_three_minutes(self, scene: Scene) -> None:
        call_id = alone(scene)
        scene.clock.step(minutes=3)
        still_there(scene, call_id)
        scene.clock.step(minutes=7)
        assert tick(scene, call_id).outcome is Outcome.MISSED
        program = connect(scene, "a")
        scene.clock.step(minutes=2, seconds=59)
        sweep(scene)
        assert beat(scene, "a", program) == {(ANSWERING, call_id)}
        scene.clock.step(seconds=1)
        sweep(scene)
        assert beat(scene, "a", program) == set()

    def test_it_goes_when_the_call_is_called_off(self, scene: Scene) -> None:
        call_id = alone(scene)
        scene.clock.step(minutes=3)
        still_there(scene, call_id)
        with scene.database.begin() as session:
            timetable.end(session, queries.locked(session, call_id), Outcome.CANCELLED, "sick", scene.clock.now())
        assert leases(scene) == []

    def test_it_waits_for_a_program_where_none_is_alive(self, scene: Scene) -> None:
        call_id = alone(scene)
        scene.clock.step(minutes=3)
        take(scene, call_id, scene.alice.as_parent)
        assert holders(scene) == [None]
        assert beat(scene, "late", connect(scene, "late")) == {(ANSWERING, call_id)}

    def test_its_voice_is_not_the_other_side(self, scene: Scene) -> None:
        """What a machine says makes no call live."""
        call_id = alone(scene)
        scene.clock.step(minutes=3)
        still_there(scene, call_id)
        program = connect(scene, "a")
        assert take(scene, call_id, media(program), page="work").seat.serves is ANSWERING
        hear(scene, call_id, scene.alice.as_parent)
        take(scene, call_id, scene.alice.as_terminal)
        hear(scene, call_id, scene.alice.as_terminal)
        assert tick(scene, call_id).state is CallState.RINGING
        hear(scene, call_id, scene.alice.as_parent)
        assert tick(scene, call_id).state is CallState.LIVE

    def test_a_guest_who_comes_gets_a_bridge_instead(self, scene: Scene) -> None:
        call_id = alone(scene)
        scene.clock.step(minutes=3)
        still_there(scene, call_id)
        before = holders(scene)
        father = another_parent(scene, scene.alice, "Father", 1)
        connect(scene, "idle")
        take(scene, call_id, person(father))
        assert [(each.kind, each.program_id) for each in leases(scene)] == [(BRIDGE, before[0])]


class TestConsent:
    """Promise 8: what may not be said is not offered to be left."""

    def test_where_messages_are_not_consented_to_there_is_none(self, scene: Scene) -> None:
        """Neither for these two at all, nor any more, nor for their calls alone."""
        call_id = ringing(scene, scene.alice)
        take(scene, call_id, scene.alice.as_parent)
        scene.clock.step(minutes=3)
        still_there(scene, call_id)
        assert leases(scene) == []
        allow_messages(scene, scene.alice)
        withdraw_messages(scene, scene.alice)
        still_there(scene, call_id)
        assert leases(scene) == []
        allow_messages(scene, scene.bob)
        still_there(scene, call_id)
        assert leases(scene) == [], "that is another family's"

    def test_it_goes_when_the_consent_is_withdrawn(self, scene: Scene) -> None:
        call_id = alone(scene)
        scene.clock.step(minutes=3)
        still_there(scene, call_id)
        assert len(leases(scene)) == 1
        withdraw_messages(scene, scene.alice)
        assert tick(scene, call_id).state is CallState.RINGING, "they may speak still"
        assert leases(scene) == []

    def test_it_goes_also_after_the_call_was_missed(self, scene: Scene) -> None:
        """No tick comes then: the next heartbeat of any program ends it."""
        call_id = alone(scene)
        scene.clock.step(minutes=3)
        still_there(scene, call_id)
        scene.clock.step(minutes=7)
        assert tick(scene, call_id).outcome is Outcome.MISSED
        sweep(scene)
        assert len(leases(scene)) == 1
        withdraw_messages(scene, scene.alice)
        sweep(scene)
        assert leases(scene) == []


class TestSeats:
    def test_without_a_lease_it_finds_no_call(self, scene: Scene) -> None:
        program, call_id = connect(scene, "a"), live(scene, scene.alice)
        with pytest.raises(NotFound):
            take(scene, call_id, media(program))

    def test_it_finds_the_call_of_its_lease_and_no_other(self, scene: Scene) -> None:
        call_id = ringing(scene, scene.alice)
        program = connect(scene, "a")
        other = scene.book(scene.charlie, scene.clock.now() + timedelta(hours=1))
        bridge(scene, call_id)
        assert take(scene, call_id, media(program)).seat.serves is BRIDGE
        with pytest.raises(NotFound):
            take(scene, other, media(program))
        with pytest.raises(NotFound):
            take(scene, call_id, media(connect(scene, "b")))

    def test_another_takes_it_over_under_a_new_epoch(self, scene: Scene) -> None:
        call_id = ringing(scene, scene.alice)
        first = connect(scene, "a")
        bridge(scene, call_id)
        one = take(scene, call_id, media(first), page="work of a").seat
        gone(scene, "a")
        second = connect(scene, "b")
        beat(scene, "b", second)
        other = take(scene, call_id, media(second), page="work of b").seat
        assert (other.id, other.epoch) == (one.id, one.epoch + 1)
        with pytest.raises(NotFound):
            take(scene, call_id, media(first), page="work of a")
