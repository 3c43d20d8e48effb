"""Further parents of the family who come into a call that is on: who may, and how many."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.calls import guests, queries, timetable
from app.calls.words import CallState, Outcome, SeatSide, WorkKind
from app.families import service as families
from app.families.words import ConsentKind, MemberRole
from app.kernel.errors import NotFound, Refused
from app.web.principals import Principal
from tests.calls.media_stage import (
    another_parent,
    coming,
    connect,
    gone,
    leases,
    leave,
    live,
    person,
    race,
    ringing,
    seen,
    shown,
    stays,
    take,
    tick,
    withdraw,
)
from tests.scene import Scene, at


@pytest.fixture
def father(scene: Scene) -> Principal:
    return person(another_parent(scene, scene.alice, "Father", 1))


@pytest.fixture
def on(scene: Scene, father: Principal) -> str:
    """Alice's call is live, and a media program is there."""
    call_id = live(scene, scene.alice)
    connect(scene, "a")
    return call_id


class TestWhoMayCome:
    def test_a_further_parent_finds_a_call_while_it_is_on(self, scene: Scene, father: Principal) -> None:
        booked = scene.book(scene.alice, at(21))
        assert seen(scene, father) == []
        with pytest.raises(NotFound):
            shown(scene, booked, father)
        call_id = ringing(scene, scene.alice)
        assert seen(scene, father) == [call_id]
        call = shown(scene, call_id, father)
        assert (call.my_side, call.can) == (SeatSide.GUEST, ["join"])
        assert [(each.name, each.is_here, each.is_asked) for each in call.guests] == [("Father", False, False)]

    def test_who_was_in_it_sees_that_it_is_over(self, scene: Scene, on: str, father: Principal) -> None:
        mother = person(another_parent(scene, scene.alice, "Mother", 2))
        take(scene, on, father)
        with scene.database.begin() as session:
            timetable.end(session, queries.locked(session, on), Outcome.HELD, None, scene.clock.now())
        assert (seen(scene, father), seen(scene, mother)) == ([on], [])
        assert (shown(scene, on, father).state, shown(scene, on, father).can) == (CallState.ENDED, [])
        with pytest.raises(Refused, match="call_over"):
            take(scene, on, father)
        scene.clock.step(minutes=1)
        assert seen(scene, father) == []

    @pytest.mark.parametrize("who", ["another family", "no consent", "consent for messages", "apart", "left", "child"])
    def test_nobody_else_does(self, scene: Scene, on: str, who: str) -> None:
        alice, now = scene.alice, scene.clock.now()
        if who == "another family":
            stranger = scene.bob.parent
        elif who == "child":
            stranger = alice.child
        else:
            kind = ConsentKind.MESSAGE if who == "consent for messages" else ConsentKind.CALL
            stranger = another_parent(scene, alice, "Stranger", 9, kind)
        with scene.database.begin() as session:
            if who == "apart":
                families.set_no_contact(session, child_id=alice.child, contact_id=stranger, reason="court", now=now)
            if who == "left":
                families.end_membership(
                    session, family_id=alice.family, person_id=stranger, role=MemberRole.PARENT, now=now
                )
        if who == "no consent":
            withdraw(scene, stranger)
        if who != "child":  # who belongs to the call, on its side
            assert seen(scene, person(stranger)) == []
            with pytest.raises(NotFound):
                take(scene, on, person(stranger))
        assert stays(scene, on) == []

    def test_not_before_it_rings_and_not_standing_by(self, scene: Scene, father: Principal) -> None:
        call_id = scene.book(scene.alice, at(19))
        scene.clock.at = at(18, 55)
        connect(scene, "a")
        tick(scene, call_id)
        with pytest.raises(NotFound):
            take(scene, call_id, father)
        scene.clock.at = at(19)
        connect(scene, "a")
        tick(scene, call_id)
        with pytest.raises(Refused, match="not_here"):
            take(scene, call_id, father, here=False)
        assert take(scene, call_id, father).seat.name == "Father"

    def test_not_without_a_media_program(self, scene: Scene, father: Principal) -> None:
        call_id = live(scene, scene.alice)
        with pytest.raises(Refused, match="no_media_program"):
            take(scene, call_id, father)
        assert stays(scene, call_id) == []

    def test_whose_page_comes_back_while_there_is_none_keeps_the_seat(
        self, scene: Scene, on: str, father: Principal
    ) -> None:
        first = take(scene, on, father).seat
        gone(scene, "a")
        assert take(scene, on, father).seat.epoch == first.epoch
        assert [each.program_id for each in leases(scene)] == [None]

    def test_who_speaks_elsewhere_is_not_in_two_calls(self, scene: Scene, on: str, father: Principal) -> None:
        with scene.database.begin() as session:
            families.add_member(
                session, family_id=scene.charlie.family, person_id=father.subject_id, role=MemberRole.PARENT,
                now=scene.clock.now(),
            )  # fmt: skip
            families.give_consent(
                session, child_id=scene.charlie.child, contact_id=father.subject_id, kind=ConsentKind.CALL,
                given_by=scene.charlie.parent, evidence="paper", from_at=scene.clock.now() - timedelta(days=1),
                now=scene.clock.now(),
            )  # fmt: skip
        other = ringing_now(scene)
        take(scene, on, father)
        with pytest.raises(Refused, match="in_another_call"):
            take(scene, other, father)
        leave(scene, on, father)
        assert take(scene, other, father).seat.side is SeatSide.GUEST

    def test_one_in_two_calls_at_once_gets_into_one(self, scene: Scene, on: str, father: Principal) -> None:
        with scene.database.begin() as session:
            families.add_member(
                session, family_id=scene.charlie.family, person_id=father.subject_id, role=MemberRole.PARENT,
                now=scene.clock.now(),
            )  # fmt: skip
            families.give_consent(
                session, child_id=scene.charlie.child, contact_id=father.subject_id, kind=ConsentKind.CALL,
                given_by=scene.charlie.parent, evidence="paper", from_at=scene.clock.now() - timedelta(days=1),
                now=scene.clock.now(),
            )  # fmt: skip
        calls = [on, ringing_now(scene)]
        outcomes = race(scene, [coming(scene, call_id, father, page=call_id) for call_id in calls])
        assert sorted(each == "in_another_call" for each in outcomes) == [False, True]


def ringing_now(scene: Scene) -> str:
    """Charlie's call rings at this minute too."""
    call_id = scene.book(scene.charlie, scene.clock.now() + timedelta(hours=1))
    with scene.database.begin() as session:
        queries.locked(session, call_id).starts_at = scene.clock.now()
    tick(scene, call_id)
    return call_id


class TestHowMany:
    def test_two_at_once_are_bridged_once(self, scene: Scene, on: str, father: Principal) -> None:
        mother = person(another_parent(scene, scene.alice, "Mother", 2))
        outcomes = race(scene, [coming(scene, on, father), coming(scene, on, mother)])
        assert len(set(outcomes)) == 2
        assert sorted(stays(scene, on)) == sorted((father.subject_id, mother.subject_id))
        assert [(each.kind, each.call_id) for each in leases(scene)] == [(WorkKind.BRIDGE, on)]

    def test_the_same_one_by_two_devices_at_once_has_one_seat(self, scene: Scene, on: str, father: Principal) -> None:
        devices = [replace(father, device_id=f"device {number}") for number in range(3)]
        outcomes = race(scene, [coming(scene, on, each, page=each.device_id) for each in devices])
        assert len(set(outcomes)) == 1
        assert stays(scene, on) == [father.subject_id]

    def test_eight_ends_and_no_more(self, scene: Scene, on: str) -> None:
        others = [person(another_parent(scene, scene.alice, f"Parent {n}", 10 + n)) for n in range(8)]
        outcomes = race(scene, [coming(scene, on, each) for each in others])
        assert outcomes.count("call_full") == 2
        assert len(stays(scene, on)) == guests.MOST_ENDS - 2
        inside = next(each for each in others if each.subject_id in stays(scene, on))
        waiting = next(each for each in others if each.subject_id not in stays(scene, on))
        take(scene, on, inside, page="loaded again")
        leave(scene, on, inside)
        take(scene, on, waiting)


def test_a_terminal_may_show_their_faces_while_the_call_is_on(scene: Scene, father: Principal) -> None:
    def is_shown(whom: str) -> bool:
        with scene.database.read() as session:
            return queries.is_shown(session, scene.alice.terminal, whom, scene.clock.now())

    assert not is_shown(father.subject_id)
    call_id = ringing(scene, scene.alice)
    assert is_shown(father.subject_id)
    assert not is_shown(scene.bob.parent)
    with scene.database.begin() as session:
        timetable.end(session, queries.locked(session, call_id), Outcome.CANCELLED, "sick", scene.clock.now())
    assert not is_shown(father.subject_id)
