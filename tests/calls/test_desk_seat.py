"""A coordinator in a call: a third end that decides nothing of it, one at a time, and never without a record."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from app import bootstrap
from app.bootstrap import Services, vault
from app.calls import peer_news, picture, queries, seats
from app.calls.seats import Device
from app.calls.words import CallState, Outcome, SeatSide
from app.config import load
from app.desk import service as desk
from app.desk.models import AuditEntry
from app.families import service as families
from app.gateways.direct_only import DirectOnly
from app.gateways.simulated_phones import SimulatedPhones
from app.jobs.worker import Worker
from app.kernel.errors import NotFound, Refused
from app.web.models import PrincipalKind
from app.web.principals import Principal
from tests.calls.media_stage import another_parent, connect, person, take
from tests.flows.conftest import Evening
from tests.scene import SEALER, Scene, at

START = at(19)


@pytest.fixture
def evening(scene: Scene, tmp_path: Path) -> Evening:
    phones = SimulatedPhones(tmp_path / "phones.sqlite", scene.clock)
    config = load({"HOMETHREAD_DATA_DIR": str(tmp_path)})
    services = Services(
        config, scene.database, scene.clock, (phones,), None, phones, DirectOnly(), SEALER, vault(config)
    )
    return Evening(scene, Worker(scene.database, scene.clock, bootstrap.handlers(services)), phones)


def coordinator(scene: Scene, name: str, village: str | None = None) -> Principal:
    village = village or scene.alice.village
    with scene.database.begin() as session:
        found = desk.add_coordinator(session, village, name, "en", scene.clock.now())
        return Principal(PrincipalKind.COORDINATOR, found.id, village, f"d{found.id}"[:16], "en")


@pytest.fixture
def li(scene: Scene) -> Principal:
    return coordinator(scene, "Teacher Li")


@pytest.fixture
def ringing(evening: Evening) -> str:
    """Alice waits, her child hasn't come."""
    call_id = evening.scene.book(evening.scene.alice, START)
    evening.until(START)
    evening.take(call_id, evening.scene.alice.as_parent)
    return call_id


@pytest.fixture
def live(evening: Evening, ringing: str) -> str:
    alice = evening.scene.alice
    evening.take(ringing, alice.as_terminal)
    for who in (alice.as_parent, alice.as_terminal):
        evening.hear(ringing, who)
    assert evening.scene.call(ringing).state is CallState.LIVE
    return ringing


def join(evening: Evening, call_id: str, who: Principal, page: str = "desk", sid: str | None = None) -> seats.Taken:
    with evening.scene.database.begin() as session:
        device = Device(sid or who.device_id, page, is_here=True, name="Teacher Li")
        return seats.take(session, call_id, who, device, evening.scene.clock.now())


def test_a_guest_and_the_coordinator_are_ends_for_each_other(evening: Evening, live: str, li: Principal) -> None:
    """Whoever of the two comes first: each is told of the other, and the guest offers the connection."""
    scene = evening.scene
    connect(scene, "a")
    fathers = [person(another_parent(scene, scene.alice, f"Father {number}", number)) for number in (1, 2)]
    take(scene, live, fathers[0])
    coordinators = join(evening, live, li).seat
    later = take(scene, live, fathers[1])
    assert coordinators.id in [peer.id for peer in later.peers]
    with scene.database.read() as session:
        others = [seat for seat in queries.seats(session, live) if seat.side is SeatSide.GUEST]
        assert len(others) == 2
        for guest in others:
            told = peer_news.of(session, coordinators, "seated", guest)
            assert (told["side"], told["name"], told["offerer"]) == ("desk", "Teacher Li", True)
            back = peer_news.of(session, guest, "seated", coordinators)
            assert (back["guest"], back["offerer"], back["polite"]) == (guest.guest_id, False, True)
            to = seats.seat_name(coordinators), seats.seat_name(guest)
            assert seats.addressee(session, live, guest.sid, to[0], scene.clock.now())[1].id == coordinators.id
            assert seats.addressee(session, live, coordinators.sid, to[1], scene.clock.now())[1].id == guest.id


def audit(evening: Evening, call_id: str) -> list[tuple[str, str, object]]:
    """(who, what, how long) of a call, when the worker has followed what happened."""
    evening.settle()
    with evening.scene.database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.subject == f"call:{call_id}"))
        return sorted((each.coordinator_id, each.action, each.detail.get("seconds")) for each in entries)


def shown(evening: Evening, call_id: str, who: Principal) -> str | None:
    with evening.scene.database.read() as session:
        call = evening.scene.call(call_id)
        desk_shape = picture.call_shape(session, call, who, evening.scene.clock.now()).desk
        return desk_shape.name if desk_shape else None


def test_both_ends_are_told_and_it_is_recorded(evening: Evening, live: str, li: Principal) -> None:
    alice = evening.scene.alice
    taken = join(evening, live, li)
    assert taken.seat.side is SeatSide.DESK
    assert {seat.side for seat in taken.peers} == {SeatSide.PARENT, SeatSide.VILLAGE}
    assert audit(evening, live) == [(li.subject_id, "join_call", None)]
    for who in (alice.as_parent, alice.as_terminal, li):
        assert shown(evening, live, who) == "Teacher Li"
    evening.scene.clock.step(seconds=7)
    evening.leave(live, li)
    assert shown(evening, live, alice.as_parent) is None
    assert audit(evening, live) == [(li.subject_id, "join_call", None), (li.subject_id, "leave_call", 7)]
    assert evening.scene.call(live).state is CallState.LIVE


def test_she_comes_in_while_it_rings(evening: Evening, ringing: str, li: Principal) -> None:
    assert [seat.side for seat in join(evening, ringing, li).peers] == [SeatSide.PARENT]
    with evening.scene.database.read() as session:
        facts = queries.facts(session, evening.scene.call(ringing))
    assert (facts.parent.is_here, facts.village.is_here) == (True, False)


def test_only_while_it_rings_or_is_live(evening: Evening, li: Principal) -> None:
    scene = evening.scene
    call_id = scene.book(scene.alice, START)
    evening.until(at(18, 55))
    with pytest.raises(Refused, match="not_begun"):
        join(evening, call_id, li)
    evening.until(at(19, 10))
    assert scene.call(call_id).outcome is Outcome.MISSED
    with pytest.raises(Refused, match="call_over"):
        join(evening, call_id, li)
    assert audit(evening, call_id) == []


def test_the_coordinator_of_the_next_village_finds_no_call(evening: Evening, live: str) -> None:
    stranger = coordinator(evening.scene, "Next", evening.scene.charlie.village)
    with pytest.raises(NotFound):
        join(evening, live, stranger)
    assert audit(evening, live) == []


def test_she_makes_no_call_live_and_keeps_none_alive(evening: Evening, ringing: str, li: Principal) -> None:
    scene = evening.scene
    join(evening, ringing, li)
    evening.hear(ringing, scene.alice.as_parent)
    assert scene.call(ringing).state is CallState.RINGING
    for _ in range(65):
        scene.clock.step(seconds=10)
        for who in (scene.alice.as_parent, li):
            evening.beat(who)
        evening.settle()
    missed = scene.call(ringing)
    assert (missed.outcome, missed.reason) == (Outcome.MISSED, "village_absent")
    assert [what for _who, what, _long in audit(evening, ringing)] == ["join_call", "leave_call"]
    assert shown(evening, ringing, li) is None


def test_when_both_have_left_the_call_is_over_for_her_too(evening: Evening, live: str, li: Principal) -> None:
    scene = evening.scene
    join(evening, live, li)
    scene.clock.step(seconds=5)
    for who in (scene.alice.as_parent, scene.alice.as_terminal):
        evening.leave(live, who)
    held = scene.call(live)
    assert (held.state, held.outcome, held.talked_seconds) == (CallState.ENDED, Outcome.HELD, 5)
    assert audit(evening, live)[-1] == (li.subject_id, "leave_call", 5)
    with pytest.raises(NotFound):
        evening.leave(live, li)


def test_the_talk_goes_on_being_counted_while_she_comes_and_goes(evening: Evening, live: str, li: Principal) -> None:
    scene = evening.scene
    for _ in range(3):
        scene.clock.step(seconds=3)
        join(evening, live, li)
        scene.clock.step(seconds=3)
        evening.leave(live, li)
    for who in (scene.alice.as_parent, scene.alice.as_terminal):
        evening.leave(live, who)
    assert scene.call(live).talked_seconds == 18


@pytest.mark.parametrize("how", ["the socket ends", "the heartbeat stops"])
def test_a_seat_that_is_lost_is_left(evening: Evening, live: str, li: Principal, how: str) -> None:
    """Ends must not have somebody in the call whom the server knows nothing of."""
    scene = evening.scene
    join(evening, live, li)
    if how == "the socket ends":
        with scene.database.begin() as session:
            (gone,) = seats.disconnected(session, li.device_id, scene.clock.now())
            assert gone.left_at is not None
    else:
        for _ in range(3):
            scene.clock.step(seconds=8)
            for who in (scene.alice.as_parent, scene.alice.as_terminal):
                evening.beat(who)
            evening.settle()
    assert shown(evening, live, scene.alice.as_parent) is None
    assert [what for _who, what, _long in audit(evening, live)] == ["join_call", "leave_call"]
    assert join(evening, live, li).seat.epoch == 2
    assert len(audit(evening, live)) == 3


def test_the_same_page_over_a_new_socket_goes_on(evening: Evening, live: str, li: Principal) -> None:
    join(evening, live, li)
    assert join(evening, live, li, sid="a later socket").seat.epoch == 1
    with evening.scene.database.begin() as session:
        assert seats.disconnected(session, li.device_id, evening.scene.clock.now()) == []
    assert [what for _who, what, _long in audit(evening, live)] == ["join_call"]


def test_another_page_of_hers_takes_it_over(evening: Evening, live: str, li: Principal) -> None:
    join(evening, live, li, sid="first")
    second = join(evening, live, li, page="another", sid="second")
    assert (second.displaced, second.seat.epoch) == ("first", 2)
    assert sorted(what for _who, what, _long in audit(evening, live)) == ["join_call", "join_call", "leave_call"]


def test_two_coordinators_race_and_one_comes_in(evening: Evening, live: str) -> None:
    both = [coordinator(evening.scene, name) for name in ("Teacher Li", "Officer Zhao")]
    barrier, outcomes = threading.Barrier(len(both)), list[str]()

    def run(who: Principal) -> None:
        barrier.wait()
        try:
            outcomes.append(join(evening, live, who, page=who.subject_id).seat.occupant)
        except Refused as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=run, args=(who,)) for who in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(outcomes) & {who.name for who in both}) == 1
    assert "another_coordinator" in outcomes
    assert [what for _who, what, _long in audit(evening, live)] == ["join_call"]


def test_no_consent_is_asked_of_her_but_it_ends_the_call(evening: Evening, live: str, li: Principal) -> None:
    scene = evening.scene
    with scene.database.begin() as session:
        families.set_no_contact(
            session, child_id=scene.alice.child, contact_id=scene.alice.parent, reason="court", now=scene.clock.now()
        )
    join(evening, live, li)
    evening.settle()
    assert scene.call(live).state is CallState.ENDED
    assert [what for _who, what, _long in audit(evening, live)] == ["join_call", "leave_call"]


def test_a_hang_up_is_heard_over_a_later_socket(evening: Evening, live: str) -> None:
    """The signalling was away when it was touched: the page says it again, and nobody is called back."""
    scene, alice = evening.scene, evening.scene.alice
    page = f"page of {alice.as_parent.device_id}"[:36]
    with scene.database.begin() as session:
        seats.disconnected(session, alice.as_parent.device_id, scene.clock.now())
    for device, stranger in ((alice.as_terminal.device_id, page), (alice.as_parent.device_id, "another page")):
        with pytest.raises(NotFound), scene.database.begin() as session:
            seats.leave(session, live, "a later socket", seats.FAREWELL, scene.clock.now(), (device, stranger))
    with scene.database.begin() as session:
        behind = (alice.as_parent.device_id, page)
        seat = seats.leave(session, live, "a later socket", seats.FAREWELL, scene.clock.now(), behind)
        assert seat.left_at is not None
    evening.leave(live, alice.as_terminal)
    assert scene.call(live).outcome is Outcome.HELD
