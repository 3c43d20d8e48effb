"""A further parent is asked into a call that is on: once, by a push or a text, and no more once they are there."""

from datetime import timedelta

import pytest

from app.calls import asking_in, picture, queries, timetable
from app.calls.booking import Actor
from app.calls.words import CallState, Outcome
from app.families.words import ConsentKind
from app.kernel.errors import NotFound, Refused
from app.web.principals import Principal
from tests.calls.media_stage import another_parent, connect, person, withdraw
from tests.flows.conftest import Evening
from tests.scene import at


@pytest.fixture
def father(evening: Evening) -> Principal:
    return person(another_parent(evening.scene, evening.scene.alice, "Father", 1))


@pytest.fixture
def on(evening: Evening, father: Principal) -> str:
    """Alice's call is live, and a media program is there."""
    alice = evening.scene.alice
    call_id = evening.scene.book(alice, at(19))
    evening.until(at(19))
    for who in (alice.as_parent, alice.as_terminal):
        evening.take(call_id, who)
    for who in (alice.as_parent, alice.as_terminal):
        evening.hear(call_id, who)
    assert evening.scene.call(call_id).state is CallState.LIVE
    connect(evening.scene, "a")
    return call_id


def ask(evening: Evening, call_id: str, person_id: str, by: Actor | None = None) -> None:
    with evening.scene.database.begin() as session:
        by = by or evening.scene.alice.parent_acts
        asking_in.ask_in(session, call_id, person_id, by, evening.scene.clock.now())
    evening.settle()


def texts(evening: Evening, who: Principal) -> list[str]:
    return [each for each in evening.templates(who.subject_id) if each == "guest_asked"]


def is_asked(evening: Evening, call_id: str, who: Principal) -> bool:
    with evening.scene.database.read() as session:
        call, now = evening.scene.call(call_id), evening.scene.clock.now()
        shown = picture.call_shape(session, call, evening.scene.alice.as_terminal, now)
    return next(each.is_asked for each in shown.guests if each.id == who.subject_id)


def test_they_are_told_once_whoever_asks(evening: Evening, on: str, father: Principal) -> None:
    assert not is_asked(evening, on, father)
    ask(evening, on, father.subject_id)
    ask(evening, on, father.subject_id, evening.scene.alice.terminal_acts)
    assert texts(evening, father) == ["guest_asked"]
    assert is_asked(evening, on, father)


def test_who_is_there_already_is_not_asked(evening: Evening, on: str, father: Principal) -> None:
    evening.take(on, father)
    ask(evening, on, father.subject_id)
    assert texts(evening, father) == []
    assert not is_asked(evening, on, father)


def test_nobody_is_asked_into_what_ended_meanwhile(evening: Evening, on: str, father: Principal) -> None:
    scene = evening.scene
    with scene.database.begin() as session:
        asking_in.ask_in(session, on, father.subject_id, scene.alice.parent_acts, scene.clock.now())
    with scene.database.begin() as session:
        timetable.end(session, queries.locked(session, on), Outcome.HELD, None, scene.clock.now())
    evening.settle()
    assert texts(evening, father) == []


def test_only_while_it_is_on(evening: Evening, father: Principal) -> None:
    booked = evening.scene.book(evening.scene.alice, at(19))
    with pytest.raises(Refused, match="not_begun"):
        ask(evening, booked, father.subject_id)
    evening.until(at(19) + timedelta(minutes=30))
    with pytest.raises(Refused, match="call_over"):
        ask(evening, booked, father.subject_id)


@pytest.mark.parametrize("who", ["the parent", "the child", "another family", "no consent"])
def test_only_who_may_come(evening: Evening, on: str, who: str) -> None:
    alice = evening.scene.alice
    found = {"the parent": alice.parent, "the child": alice.child, "another family": evening.scene.bob.parent}.get(who)
    if found is None:
        found = another_parent(evening.scene, alice, "Stranger", 9, ConsentKind.MESSAGE)
    with pytest.raises(NotFound):
        ask(evening, on, found)


def test_a_consent_that_is_withdrawn_ends_the_seat_and_not_the_call(
    evening: Evening, on: str, father: Principal
) -> None:
    """By the worker, from what was withdrawn."""
    evening.take(on, father)
    withdraw(evening.scene, father.subject_id)
    evening.settle()
    with evening.scene.database.read() as session:
        call, now = evening.scene.call(on), evening.scene.clock.now()
        assert call.state is CallState.LIVE
        assert picture.call_shape(session, call, evening.scene.alice.as_parent, now).guests == []
        with pytest.raises(NotFound):
            picture.call_shape(session, call, father, now)
