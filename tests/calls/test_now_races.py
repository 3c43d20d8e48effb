"""Calling at this minute, the wrong person, and a consent that is withdrawn meanwhile: by threads on real databases."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.calls import booking, life, queries, seats, timetable
from app.calls.booking import Actor, Wish
from app.calls.models import Call, CallEvent
from app.calls.seats import Device
from app.calls.words import CallState, Outcome, Side
from app.families import queries as families
from app.families import service as consent
from app.kernel.errors import HomethreadError, Refused
from app.web import sessions
from app.web.models import PrincipalKind
from tests.scene import NOW, Household, Scene, at

Act = Callable[[Session], Any]
PATIENCE_SECONDS = 0.4  # within which whoever need not wait has long finished


@pytest.fixture
def ready(scene: Scene) -> Scene:
    """Redstone's terminal stands ready; the clock is on no slot's minute."""
    scene.clock.step(minutes=7, seconds=50)
    with scene.database.begin() as session:
        device, _ = sessions.open_session(
            session, PrincipalKind.TERMINAL, scene.alice.terminal, scene.alice.village, "en", scene.clock.now(),
            opened_by="link",
        )  # fmt: skip
        session.flush()
        sessions.beat(session, device.id, "idle", True, scene.clock.now())
    return scene


def now_of(scene: Scene, whom: Household, by: Actor | None = None, minutes: int | None = None) -> Act:
    now = scene.clock.now()
    wish = Wish(whom.family, whom.child, whom.parent, now)
    return lambda session: booking.book_now(session, wish, minutes, by or whom.parent_acts, now).id


def run(scene: Scene, act: Act) -> Any:
    with scene.database.begin() as session:
        return act(session)


def race(scene: Scene, acts: list[Act]) -> list[Any]:
    """All at once from threads of their own; what each gave or was refused with."""
    barrier, outcomes = threading.Barrier(len(acts)), []

    def racer(act: Act) -> None:
        barrier.wait()
        try:
            outcomes.append(run(scene, act))
        except HomethreadError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=racer, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_threads_race_to_call_now(ready: Scene) -> None:
    outcomes = race(ready, [now_of(ready, whom) for whom in (ready.alice, ready.bob)] * 3)
    assert sorted(outcome == "slot_taken" for outcome in outcomes) == [False] + [True] * 5
    with ready.database.read() as session:
        (call,) = session.scalars(select(Call)).all()
    assert call.state is CallState.RINGING


def test_a_call_now_races_with_a_slot_it_overlaps(ready: Scene) -> None:
    def book(session: Session) -> str:
        return booking.book(session, ready.bob.wish(at(18, 15)), ready.bob.parent_acts, ready.clock.now()).id

    race(ready, [book, now_of(ready, ready.alice, minutes=15)])
    with ready.database.read() as session:
        assert len(session.scalars(select(Call)).all()) == 1


@pytest.mark.parametrize("whose", ["parent", "caregiver", "desk"])
def test_its_rings_begin_at_once_whoever_calls(ready: Scene, whose: str) -> None:
    """Late in its minute too: the parent is rung, and the terminal where the parent is the one who calls."""
    alice, now = ready.alice, ready.clock.now()
    by = {
        "parent": alice.parent_acts,
        "caregiver": Actor(f"person:{alice.caregiver}", Side.VILLAGE),
        "desk": alice.desk_acts,
    }[whose]
    call_id = run(ready, now_of(ready, alice, by))
    assert ready.call(call_id).starts_at == now.replace(second=0)
    rung = {side: windows(ready, call_id, side)[:1] for side in Side}
    assert rung[Side.PARENT] == [now]
    assert rung[Side.VILLAGE] == ([now] if whose == "parent" else [])


def windows(scene: Scene, call_id: str, side: Side) -> list[Any]:
    with scene.database.read() as session:
        call = session.get_one(Call, call_id)
        shape = life.rings(queries.facts(session, call), side)
    return [since for since, _until in shape]


@pytest.mark.parametrize(
    ("minutes", "refused"), [(4, "bad_length"), (61, "bad_length"), (30, "slot_taken"), (15, "slot_taken"), (5, None)]
)
def test_a_wished_length_is_that_or_nothing(ready: Scene, minutes: int, refused: str | None) -> None:
    ready.book(ready.bob, at(18, 30))
    ready.clock.at = at(18, 16)
    with ready.database.begin() as session:
        for device in sessions.devices_of(session, PrincipalKind.TERMINAL, ready.alice.terminal, at(18, 16)):
            sessions.beat(session, device.id, "idle", True, at(18, 16))
    if refused:
        with pytest.raises(Refused, match=refused):
            run(ready, now_of(ready, ready.alice, minutes=minutes))
    else:
        call = ready.call(run(ready, now_of(ready, ready.alice, minutes=minutes)))
        assert call.ends_at - call.starts_at == timedelta(minutes=minutes)


def test_outside_the_hours_it_is_refused(ready: Scene) -> None:
    ready.clock.at = at(21, 58)
    with pytest.raises(Refused, match="outside_hours"):
        run(ready, now_of(ready, ready.alice))


def test_the_wrong_person_said_twice_at_once_rings_once(ready: Scene) -> None:
    alice, now = ready.alice, ready.clock.now()
    call_id = run(ready, now_of(ready, alice))
    for who in (alice.as_parent, alice.as_terminal):
        run(ready, partial(seats.take, call_id=call_id, who=who, device=Device(who.device_id, "page", True), now=now))

    def say(session: Session) -> str:
        return seats.wrong_person(session, call_id, alice.as_parent, now).state.value

    assert sorted(race(ready, [say] * 4)) == ["nobody_answered"] * 3 + ["ringing"]
    with ready.database.read() as session:
        said = select(func.count()).where(CallEvent.kind == "wrong_person")
        assert session.scalar(said) == 1


def test_a_caregivers_phone_and_the_terminal_share_one_seat(ready: Scene) -> None:
    """Whoever answers has it; the device that stood there is told, and the parent meets a new seat."""
    alice, now = ready.alice, ready.clock.now()
    granny = replace(alice.as_parent, subject_id=alice.caregiver, device_id="granny")
    call_id = run(ready, now_of(ready, alice))

    def take(who: Any, here: bool = True) -> Any:
        return run(
            ready, lambda s: seats.take(s, call_id, who, Device(f"sid {who.device_id}", who.device_id, here), now)
        )

    on_terminal = take(alice.as_terminal)
    on_phone = take(granny)
    assert on_phone.displaced == f"sid {alice.as_terminal.device_id}"
    assert (on_phone.seat.id, on_phone.seat.epoch) == (on_terminal.seat.id, on_terminal.seat.epoch + 1)
    with pytest.raises(Refused, match="seat_taken_elsewhere"):
        take(alice.as_terminal, here=False)
    assert take(alice.as_terminal).displaced == "sid granny"


def withdraw(scene: Scene, how: str) -> Act:
    alice, now = scene.alice, scene.clock.now()
    if how == "ban":
        return lambda s: consent.set_no_contact(
            s, child_id=alice.child, contact_id=alice.parent, reason="court", now=now
        )
    return lambda s: consent.revoke_consent(s, families.consents_of_child(s, alice.child)[0].id, now)


@pytest.mark.parametrize("how", ["revoke", "ban"])
class TestWithdrawnMeanwhile:
    """Between the question and the booking nobody withdraws a consent unseen."""

    def test_who_withdraws_waits_and_then_finds_the_call(self, scene: Scene, how: str) -> None:
        alice = scene.alice
        with scene.database.begin() as session:
            call_id = booking.book(session, alice.wish(at(19)), alice.parent_acts, NOW).id
            waiting = threading.Thread(target=run, args=(scene, withdraw(scene, how)))
            waiting.start()
            waiting.join(PATIENCE_SECONDS)
            assert waiting.is_alive()
        waiting.join()
        run(scene, lambda session: follow(session, scene))
        assert scene.call(call_id).outcome is Outcome.CANCELLED

    def test_who_books_waits_and_is_refused(self, scene: Scene, how: str) -> None:
        alice, refused = scene.alice, []

        def book() -> None:
            try:
                scene.book(alice, at(19))
            except Refused as refusal:
                refused.append(refusal.code)

        with scene.database.begin() as session:
            withdraw(scene, how)(session)
            waiting = threading.Thread(target=book)
            waiting.start()
            waiting.join(PATIENCE_SECONDS)
            assert waiting.is_alive()
        waiting.join()
        assert refused == [{"revoke": "consent_ended", "ban": "no_contact"}[how]]


def follow(session: Session, scene: Scene) -> None:
    """What follows from a withdrawn consent."""
    for call_id in queries.open_of_pair(session, scene.alice.child, scene.alice.parent):
        timetable.tick(session, call_id, scene.clock.now())
