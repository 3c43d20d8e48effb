"""How long a guest stays in a call, and that nothing of the call is decided by them."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from app.calls import guests, media_leases, seats
from app.calls.models import CallEvent, LinkSample, Seat
from app.calls.seats import Figures
from app.calls.words import CallState, Outcome, SeatSide
from app.families import service as families
from app.families.models import Consent
from app.families.words import MemberRole
from app.kernel.errors import NotFound
from app.web.models import Change
from app.web.principals import Principal
from tests.calls.media_stage import (
    another_parent,
    beat,
    coming,
    connect,
    hear,
    leases,
    leave,
    live,
    person,
    race,
    ringing,
    shown,
    stays,
    still_on,
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
