"""The stories of an evening, with the clock stepped by hand and the worker doing what falls due."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.calls import booking, queries
from app.calls.models import Claim
from app.calls.words import CallState, Outcome, SeatSide
from app.families import queries as families
from app.families import service as consent
from app.kernel.errors import Refused
from tests.flows.conftest import Evening
from tests.scene import at


def claims(evening: Evening) -> int:
    with evening.scene.database.read() as session:
        return session.scalar(select(func.count()).select_from(Claim)) or 0


def test_a_call_is_booked_reminded_rung_held_and_counted(evening: Evening) -> None:
    scene, alice = evening.scene, evening.scene.alice
    call_id = scene.book(alice, at(19, day=25))
    evening.until(at(18, 50, day=25))
    assert scene.call(call_id).opened_at is not None
    evening.take(call_id, alice.as_terminal, here=False)
    evening.until(at(18, 59, day=25) + timedelta(seconds=50))
    evening.take(call_id, alice.as_parent)
    evening.until(at(19, day=25))
    assert scene.call(call_id).state is CallState.RINGING
    evening.take(call_id, alice.as_terminal)
    evening.hear(call_id, alice.as_parent)
    evening.hear(call_id, alice.as_terminal)
    assert scene.call(call_id).state is CallState.LIVE
    for _ in range(20):
        scene.clock.step(seconds=10)
        evening.beat(alice.as_parent)
        evening.beat(alice.as_terminal)
        evening.settle()
    evening.leave(call_id, alice.as_parent)
    evening.leave(call_id, alice.as_terminal)
    evening.settle()
    held = scene.call(call_id)
    assert (held.state, held.outcome, held.talked_seconds) == (CallState.ENDED, Outcome.HELD, 200)
    assert claims(evening) == 0
    assert evening.templates(alice.parent) == ["reminder_day", "reminder_hour", "reminder_ten"]
    assert evening.templates(alice.caregiver) == [
        "booked",
        "reminder_day",
        "reminder_hour",
        "reminder_ten",
        "ring_village",
    ]


def test_nobody_comes(evening: Evening) -> None:
    scene, alice = evening.scene, evening.scene.alice
    call_id = scene.book(alice, at(19, day=25))
    evening.until(at(19, 20, day=25))
    missed = scene.call(call_id)
    assert (missed.state, missed.outcome, missed.reason) == (CallState.ENDED, Outcome.MISSED, "nobody_came")
    assert missed.ended_at == at(19, 10, day=25)
    assert evening.templates(alice.parent)[-2:] == ["ring_parent", "missed_parent"]
    assert evening.templates(alice.caregiver)[-1] == "missed_village"
    assert "ring_village" not in evening.templates(alice.caregiver)


def test_only_the_parent_comes(evening: Evening) -> None:
    scene, alice = evening.scene, evening.scene.alice
    call_id = scene.book(alice, at(19, day=25))
    evening.until(at(19, 1, day=25))
    evening.take(call_id, alice.as_parent)
    for _ in range(36):
        scene.clock.step(seconds=15)
        evening.beat(alice.as_parent)
        evening.settle()
    missed = scene.call(call_id)
    assert (missed.outcome, missed.reason) == (Outcome.MISSED, "village_absent")
    assert evening.templates(alice.caregiver)[-3:] == ["ring_village", "unanswered_caregiver", "missed_village"]


def unheard(evening: Evening, seconds: int) -> None:
    """The parent's device is heard of no more, the terminal is."""
    for _ in range(0, seconds, 5):
        evening.scene.clock.step(seconds=5)
        evening.beat(evening.scene.alice.as_terminal)
    evening.settle()


def test_a_side_that_is_lost_is_awaited_for_two_minutes(evening: Evening) -> None:
    scene, alice = evening.scene, evening.scene.alice
    call_id = scene.book(alice, at(19, day=25))
    evening.until(at(19, day=25))
    for who in (alice.as_parent, alice.as_terminal):
        evening.take(call_id, who)
        evening.hear(call_id, who)
    evening.hear(call_id, alice.as_parent)
    assert scene.call(call_id).state is CallState.LIVE
    unheard(evening, 115)
    with scene.database.read() as session:
        lost = [seat for seat in queries.seats(session, call_id) if seat.lost_at]
    assert [seat.side for seat in lost] == [SeatSide.PARENT]
    assert scene.call(call_id).talking_since is None
    back = evening.take(call_id, alice.as_parent)
    assert back.seat.epoch == 1, "the same page goes on with the connection that stands"
    evening.hear(call_id, alice.as_parent)
    assert scene.call(call_id).talking_since is not None
    unheard(evening, 125)
    held = scene.call(call_id)
    assert (held.state, held.outcome) == (CallState.ENDED, Outcome.HELD)


def test_time_over_extends_while_the_next_cell_is_free_and_then_ends(evening: Evening) -> None:
    scene, alice, bob = evening.scene, evening.scene.alice, evening.scene.bob
    call_id = scene.book(alice, at(19, day=25))
    scene.book(bob, at(19, 30, day=25))
    evening.until(at(19, day=25))
    for who in (alice.as_parent, alice.as_terminal):
        evening.take(call_id, who)
        evening.hear(call_id, who)
    evening.hear(call_id, alice.as_parent)
    while scene.call(call_id).state is CallState.LIVE:
        scene.clock.step(seconds=15)
        evening.beat(alice.as_parent)
        evening.beat(alice.as_terminal)
        evening.settle()
    over = scene.call(call_id)
    assert (over.outcome, over.reason) == (Outcome.HELD, "time_over")
    assert over.ended_at == at(19, 25, day=25), "extended twice, then the change-over before Bob's call"


def test_a_proposal_is_accepted_or_expires(evening: Evening) -> None:
    scene, alice, bob = evening.scene, evening.scene.alice, evening.scene.bob
    asked = scene.book(alice, at(19, day=25), alice.terminal_acts, is_proposal=True)
    evening.settle()
    assert evening.templates(alice.parent) == ["proposed"]
    with scene.database.begin() as session:
        booking.confirm(session, asked, alice.parent_acts, scene.clock.now())
    assert scene.call(asked).state is CallState.BOOKED
    left = scene.book(bob, at(19, day=26), bob.terminal_acts, is_proposal=True)
    evening.until(scene.clock.now() + timedelta(hours=24))
    expired = scene.call(left)
    assert (expired.outcome, expired.reason) == (Outcome.CANCELLED, "proposal_expired")
    assert scene.book(alice, at(19, day=26)), "its slot is free again"


def test_moved_and_cancelled_calls_remind_nobody(evening: Evening) -> None:
    scene, alice = evening.scene, evening.scene.alice
    call_id = scene.book(alice, at(19, day=25))
    with scene.database.begin() as session:
        moved = booking.move(session, call_id, at(20, day=25), alice.parent_acts, scene.clock.now()).id
    evening.until(at(9, day=25))
    assert scene.call(call_id).moved_to_id == moved
    assert evening.templates(alice.caregiver) == ["moved", "reminder_day"]
    with scene.database.begin() as session:
        booking.cancel(session, moved, alice.parent_acts, "sick", None, scene.clock.now())
    evening.until(at(21, day=25))
    assert evening.templates(alice.caregiver) == ["moved", "reminder_day", "cancelled"]
    assert claims(evening) == 0


def test_a_consent_that_ended_closes_the_door_at_joining(evening: Evening) -> None:
    scene, alice = evening.scene, evening.scene.alice
    call_id = scene.book(alice, at(19, day=25))
    evening.until(at(18, 55, day=25))
    with scene.database.begin() as session:
        given = families.consents_of_child(session, alice.child)[0]
        consent.revoke_consent(session, given.id, scene.clock.now())
    with pytest.raises(Refused, match="consent"):
        evening.take(call_id, alice.as_parent)
