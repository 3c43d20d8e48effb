"""What a call's due row does when it wakes the call, and who is told of it."""

from datetime import timedelta

from sqlalchemy import delete, select

from app.calls import life, seats, timetable
from app.calls.words import CallState
from app.jobs.models import DueRow
from app.jobs.words import DueState
from app.web.models import Change
from tests.calls.media_stage import live, ringing, take
from tests.scene import Scene


def woken(scene: Scene, call_id: str) -> set[str]:
    """At the moment for which it is put; the topics of those who are told."""
    with scene.database.begin() as session:
        session.execute(delete(Change))
        waiting = select(DueRow).where(DueRow.subject == f"call:{call_id}", DueRow.state == DueState.WAITING)
        row = session.scalars(waiting).one()
        scene.clock.at = max(scene.clock.now(), row.due_at)
        timetable.wake(session, call_id, row.due_at, scene.clock.now())
    with scene.database.read() as session:
        return set(session.scalars(select(Change.topic)))


def test_nobody_is_told_that_a_seat_is_still_kept(scene: Scene) -> None:
    call_id = live(scene, scene.alice)
    for _ in range(3):
        scene.clock.step(seconds=life.SEAT_LEASE.seconds - 5)
        with scene.database.begin() as session:
            for who in (scene.alice.as_parent, scene.alice.as_terminal):
                seats.renew(session, f"sid of {who.device_id}", scene.clock.now())
        assert woken(scene, call_id) == set()
    assert scene.call(call_id).state is CallState.LIVE


def test_everybody_is_told_of_a_seat_that_is_lost(scene: Scene) -> None:
    call_id = live(scene, scene.alice)
    scene.clock.step(seconds=1)
    assert woken(scene, call_id) == {"terminal", "village", "person"}


def test_everybody_is_told_of_a_turn(scene: Scene) -> None:
    call_id = ringing(scene, scene.alice)
    assert woken(scene, call_id) == {"terminal", "village", "person"}
    assert scene.call(call_id).escalated_at is not None


def test_a_moment_at_which_only_a_page_has_something_to_do_is_told(scene: Scene) -> None:
    starts_at = scene.clock.now() + timedelta(hours=2)
    call_id = scene.book(scene.alice, starts_at)
    assert woken(scene, call_id) == {"terminal", "village", "person"}
    assert (scene.clock.now(), scene.call(call_id).state) == (starts_at - life.LINE_TRIED_BEFORE, CallState.BOOKED)


def test_a_seat_that_waits_ahead_of_a_call_is_looked_for_in_silence(scene: Scene) -> None:
    call_id = scene.book(scene.alice, scene.clock.now() + timedelta(minutes=30))
    scene.clock.step(minutes=29)
    take(scene, call_id, scene.alice.as_parent, here=False)
    scene.clock.step(seconds=10)
    with scene.database.begin() as session:
        seats.renew(session, f"sid of {scene.alice.as_parent.device_id}", scene.clock.now())
    assert woken(scene, call_id) == set()
