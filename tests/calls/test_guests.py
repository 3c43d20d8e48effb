"""Further parents of the family who come into a call that is on: who may, how many, how long, what they decide."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import guests, media_leases, picture, queries, seats, timetable
from app.calls.models import CallEvent, LinkSample, Seat
from app.calls.seats import Device, Figures
from app.calls.words import CallState, Outcome, SeatSide, WorkKind
from app.families import service as families
from app.families.models import Consent
from app.families.words import ConsentKind, MemberRole
from app.kernel.errors import NotFound, Refused
from app.web.models import Change
from app.web.principals import Principal
from tests.calls.media_stage import (
    another_parent,
    beat,
    connect,
    gone,
    hear,
    leases,
    leave,
    live,
    person,
    race,
    ringing,
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


def still_on(scene: Scene, call_id: str, *whom: Principal) -> None:
    """All are heard of, and what is due is done."""
    with scene.database.begin() as session:
        for who in (scene.alice.as_parent, scene.alice.as_terminal, *whom):
            seats.renew(session, f"sid of {who.device_id}", scene.clock.now())
    connect(scene, "a")
    tick(scene, call_id)


def stays(scene: Scene, call_id: str) -> list[str]:
    """Who is a guest there now, also who was just lost."""
    with scene.database.read() as session:
        return [seat.guest_id for seat in guests.seats(session, call_id)]


def shown(scene: Scene, call_id: str, who: Principal) -> Any:
    with scene.database.read() as session:
        return picture.call_shape(session, scene.call(call_id), who, scene.clock.now())


def seen(scene: Scene, who: Principal) -> list[str]:
    with scene.database.read() as session:
        return [call.id for call in guests.calls_of(session, who.subject_id, scene.clock.now())]


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


def coming(scene: Scene, call_id: str, who: Principal, page: str = "page") -> Any:
    def comes(session: Session) -> str:
        device = Device(f"sid of {who.device_id}", page, is_here=True)
        return seats.take(session, call_id, who, device, scene.clock.now()).seat.id

    return comes


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


class TestHowLong:
    def test_the_bridge_stays_when_the_guest_has_left_until_the_call_ends(
        self, scene: Scene, on: str, father: Principal
    ) -> None:
        take(scene, on, father)
        leave(scene, on, father)
        assert (stays(scene, on), len(leases(scene))) == ([], 1)
        for who in (scene.alice.as_parent, scene.alice.as_terminal):
            leave(scene, on, who)
        assert scene.call(on).outcome is Outcome.HELD
        assert leases(scene) == []

    @pytest.mark.parametrize("how", ["the socket ends", "the heartbeat stops", "the page is closed"])
    def test_a_seat_that_is_lost_is_kept_for_two_minutes(
        self, scene: Scene, on: str, father: Principal, how: str
    ) -> None:
        take(scene, on, father)
        if how == "the page is closed":
            leave(scene, on, father, "page_closed")
        elif how == "the socket ends":
            with scene.database.begin() as session:
                (lost,) = seats.disconnected(session, f"sid of {father.device_id}", scene.clock.now())
                assert lost.lost_at is not None
        else:
            for _ in range(2):
                scene.clock.step(seconds=10)
                still_on(scene, on)
            scene.clock.step(seconds=-20)
        for _ in range(11):
            scene.clock.step(seconds=10)
            still_on(scene, on)
        assert stays(scene, on) == [father.subject_id]
        assert [each.is_here for each in shown(scene, on, scene.alice.as_parent).guests] == [False]
        scene.clock.step(seconds=10)
        still_on(scene, on)
        assert stays(scene, on) == []
        assert scene.call(on).state is CallState.LIVE
        assert take(scene, on, father).seat.epoch == 2

    def test_the_call_wakes_for_the_end_of_a_lost_seat(self, scene: Scene, on: str, father: Principal) -> None:
        take(scene, on, father)
        leave(scene, on, father, "page_closed")
        with scene.database.read() as session:
            moments = guests.moments(session, scene.call(on), scene.clock.now())
        assert moments == [scene.clock.now() + timedelta(minutes=2)]

    @pytest.mark.parametrize("how", ["withdrawn", "apart", "left the family", "ran out"])
    def test_without_consent_the_seat_ends(self, scene: Scene, on: str, father: Principal, how: str) -> None:
        take(scene, on, father)
        alice, now = scene.alice, scene.clock.now()
        if how == "withdrawn":
            withdraw(scene, father.subject_id)
        with scene.database.begin() as session:
            if how == "apart":
                families.set_no_contact(
                    session, child_id=alice.child, contact_id=father.subject_id, reason="court", now=now
                )
            if how == "left the family":
                families.end_membership(
                    session, family_id=alice.family, person_id=father.subject_id, role=MemberRole.PARENT, now=now
                )
            if how == "ran out":
                given = session.scalars(select(Consent).where(Consent.contact_id == father.subject_id))
                given.one().until_at = now
        with scene.database.read() as session:
            assert guests.open_calls(session, father.subject_id) == [on]
        assert tick(scene, on).state is CallState.LIVE
        assert stays(scene, on) == []
        with pytest.raises(NotFound):
            take(scene, on, father)
        with scene.database.read() as session, pytest.raises(NotFound):
            seats.held(session, on, f"sid of {father.device_id}")


class TestWhatTheyDecide:
    def test_nothing_of_the_call(self, scene: Scene, father: Principal) -> None:
        """A parent with a guest is alone still: it is missed, and never live."""
        call_id = ringing(scene, scene.alice)
        connect(scene, "a")
        take(scene, call_id, scene.alice.as_parent)
        take(scene, call_id, father)
        for who in (scene.alice.as_parent, father):
            hear(scene, call_id, who)
        assert tick(scene, call_id).state is CallState.RINGING
        for _ in range(60):
            scene.clock.step(seconds=10)
            with scene.database.begin() as session:
                for who in (scene.alice.as_parent, father):
                    seats.renew(session, f"sid of {who.device_id}", scene.clock.now())
            tick(scene, call_id)
        missed = scene.call(call_id)
        assert (missed.outcome, missed.reason) == (Outcome.MISSED, "village_absent")

    def test_the_call_ends_when_both_sides_have_left(self, scene: Scene, on: str, father: Principal) -> None:
        take(scene, on, father)
        for who in (scene.alice.as_parent, scene.alice.as_terminal):
            leave(scene, on, who)
        assert scene.call(on).outcome is Outcome.HELD

    def test_the_talk_goes_on_being_counted_while_they_come_and_go(
        self, scene: Scene, on: str, father: Principal
    ) -> None:
        for page in ("one", "two"):
            scene.clock.step(seconds=3)
            take(scene, on, father, page=page)
            scene.clock.step(seconds=3)
            leave(scene, on, father)
        for who in (scene.alice.as_parent, scene.alice.as_terminal):
            leave(scene, on, who)
        assert scene.call(on).talked_seconds == 12

    def test_their_figures_count_their_bytes_alone(self, scene: Scene, on: str, father: Principal) -> None:
        take(scene, on, father)
        with scene.database.begin() as session:
            samples = len(session.scalars(select(LinkSample)).all())
            figures = Figures(received_audio_bytes=9, rtt_ms=900, sent_bytes=100, received_bytes=50)
            seats.report(session, on, f"sid of {father.device_id}", figures, scene.clock.now())
            assert len(session.scalars(select(LinkSample)).all()) == samples
            (seat,) = session.scalars(select(Seat).where(Seat.side == SeatSide.GUEST)).all()
            assert (seat.sent_bytes, seat.received_bytes, seat.media_at) == (100, 50, None)

    def test_what_they_did_stands_in_the_log(self, scene: Scene, on: str, father: Principal) -> None:
        take(scene, on, father)
        leave(scene, on, father)
        with scene.database.read() as session:
            logged = session.scalars(select(CallEvent).where(CallEvent.by == father.name).order_by(CallEvent.at))
            assert sorted(event.kind for event in logged) == ["guest_joined", "guest_left"]


def test_they_get_a_hint_when_a_call_begins_to_ring_and_when_it_is_live(scene: Scene, father: Principal) -> None:
    def hints() -> int:
        with scene.database.read() as session:
            mine = select(Change).where(Change.topic == "person", Change.subject_id == father.subject_id)
            return len(session.scalars(mine).all())

    call_id = scene.book(scene.alice, at(19))
    before = hints()
    scene.clock.at = at(19)
    tick(scene, call_id)
    ringing_now = hints()
    assert ringing_now > before
    for who in (scene.alice.as_parent, scene.alice.as_terminal):
        take(scene, call_id, who)
    for who in (scene.alice.as_parent, scene.alice.as_terminal):
        hear(scene, call_id, who)
    assert scene.call(call_id).state is CallState.LIVE
    assert hints() > ringing_now


def test_a_program_dies_while_a_guest_comes(scene: Scene, on: str, father: Principal) -> None:
    """Either the other one has the bridge, or the guest is bridged by it from the start."""
    other, now = connect(scene, "other"), scene.clock.now()
    beat(scene, "other", other, media_leases.Health(5, 500, is_draining=False))
    race(scene, [coming(scene, on, father), partial(media_leases.gone, sid="sid of a", now=now)])
    assert [each.program_id for each in leases(scene)] == [other]
    assert stays(scene, on) == [father.subject_id]
