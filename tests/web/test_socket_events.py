"""What sockets are told when they send nonsense, too much, too late, or without a session."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import websocket
from sqlalchemy import update

from app.calls import timetable
from app.calls.models import Call
from app.calls.words import Outcome
from app.families.models import Consent
from app.web import sessions
from app.web.sockets import LARGEST_EVENT_BYTES
from tests.opening import opened
from tests.scene import NOW, at
from tests.web.open_house import Badge, Guest, OpenHouse
from tests.web.wire import ACK, EVENT, MESSAGE, Wire

DAYS = count()
SEEN = {"page": "home", "visible": True}
OFFER = {"type": "offer", "sdp": "v=0"}
TOO_LARGE = "x" * (LARGEST_EVENT_BYTES + 1)
LONE_SURROGATE = "\ud800"


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenHouse]:
    """One for all tests here; each has a call of its own."""
    folder = tmp_path_factory.mktemp("house")
    with opened(f"sqlite:///{shutil.copyfile(sqlite_template, folder / 'homethread.db')}") as database:
        yield OpenHouse(database, folder)


@pytest.fixture(autouse=True)
def _at_six(house: OpenHouse) -> None:
    house.clock.at = NOW


@pytest.fixture(scope="module")
def port(house: OpenHouse) -> Iterator[int]:
    with house.served() as port:
        yield port


@pytest.fixture
def alice(house: OpenHouse) -> Guest:
    return house.parent(house.scene.alice)


@pytest.fixture
def wire(alice: Guest, port: int) -> Iterator[Wire]:
    with alice.connect(port) as wire:
        yield wire


@pytest.fixture
def call(house: OpenHouse) -> str:
    """Alice's, at eight of a day of its own; it is five to."""
    call_id = house.scene.book(house.scene.alice, at(20) + timedelta(days=next(DAYS)))
    house.clock.at = house.scene.call(call_id).starts_at - timedelta(minutes=5)
    return call_id


def seat(wire: Wire, call: str, **more: Any) -> dict[str, Any]:
    taken = wire.emit("take_seat", {"call": call, "here": True, "page": "p1", **more})
    assert "error" not in taken, taken
    return taken


@contextmanager
def withdrawn(house: OpenHouse) -> Iterator[None]:
    """Without any consent of Alice's meanwhile; nobody has ended a call for it yet."""
    alice = house.scene.alice
    theirs = update(Consent).where(Consent.child_id == alice.child, Consent.contact_id == alice.parent)
    with house.database.begin() as session:
        session.execute(theirs.values(revoked_at=house.clock.now()))
    try:
        yield
    finally:
        with house.database.begin() as session:
            session.execute(theirs.values(revoked_at=None))


class TestConnecting:
    @pytest.mark.parametrize(
        "auth",
        [
            None, {}, [], "phone", {"face": "phone"}, {"face": 7}, {"face": "phone", "token": ""},
            {"token": "made up"}, {"token": LONE_SURROGATE}, {"token": ["x"]},
        ],
    )  # fmt: skip
    def test_without_a_session_it_is_refused_for_good(self, port: int, auth: object) -> None:
        with Wire(port) as wire:
            said = wire.enter(auth)["refused"]
        assert said == {"message": "not_signed_in", "data": {"final": True, "error": "not_signed_in"}}

    def test_with_the_cookie_of_another_face_it_is_refused(self, alice: Guest, port: int) -> None:
        assert alice.badge
        with Wire(port, cookie=alice.badge.cookie) as wire:
            assert "refused" in wire.enter({"face": "terminal"})

    def test_with_a_token_instead_of_a_cookie(self, alice: Guest, port: int) -> None:
        assert alice.badge
        with Wire(port) as wire:
            assert "sid" in wire.enter({"token": alice.badge.token})
            assert "at" in wire.emit("beat", SEEN)

    def test_when_the_session_has_expired_it_is_refused(self, house: OpenHouse, alice: Guest, port: int) -> None:
        assert alice.badge
        house.clock.step(days=181)
        with Wire(port, cookie=alice.badge.cookie) as wire:
            assert wire.enter({"face": "phone"})["refused"]["data"]["final"] is True

    def test_an_event_of_somebody_who_did_not_enter_is_dropped(self, alice: Guest, port: int) -> None:
        assert alice.badge
        with Wire(port) as wire:
            wire.say(f'{MESSAGE}{EVENT}1["beat",{json.dumps(SEEN)}]')
            assert "sid" in wire.enter({"token": alice.badge.token})
            assert "at" in wire.emit("beat", SEEN)

    @pytest.mark.parametrize(
        "said",
        [
            {"host": "elsewhere.example", "origin": "http://elsewhere.example"},
            {"header": {"X-Forwarded-Host": "elsewhere.example"}, "origin": "http://elsewhere.example"},
        ],
    )
    def test_under_a_name_that_is_not_ours_it_is_refused(self, alice: Guest, port: int, said: dict[str, Any]) -> None:
        assert alice.badge
        with Wire(port, cookie=alice.badge.cookie, suppress_origin=False, **said) as wire:
            refused = wire.enter({"face": "phone"})["refused"]
        assert refused == {"message": "wrong_host", "data": {"final": True, "error": "wrong_host"}}

    def test_a_page_of_another_site_gets_no_socket(self, alice: Guest, port: int) -> None:
        assert alice.badge
        with pytest.raises(websocket.WebSocketBadStatusException, match="400"):
            Wire(port, cookie=alice.badge.cookie, suppress_origin=False, origin="https://elsewhere.example")


class TestNonsense:
    @pytest.mark.parametrize("payload", [(), (None,), ("home",), (7,), ([],), ({},), (SEEN, SEEN)])
    def test_what_is_no_object(self, wire: Wire, payload: tuple[Any, ...]) -> None:
        answer = wire.emit("beat", *payload)
        assert answer["error"] == "not_understood"
        assert answer["message"].endswith(".")
        assert "at" in wire.emit("beat", SEEN)

    @pytest.mark.parametrize(
        ("event", "payload", "field"),
        [
            ("beat", {"page": "home"}, "visible"),
            ("beat", {"page": "home", "visible": "yes"}, "visible"),
            ("beat", {"page": "x" * 25, "visible": True}, "page"),
            ("beat", {"page": "\0", "visible": True}, "page"),
            ("beat", {"page": LONE_SURROGATE, "visible": True}, "page"),
            ("beat", {**SEEN, "more": 1}, "more"),
            ("beat", {**SEEN, "link": {"rtt_ms": -1}}, "link.rtt_ms"),
            ("beat", {**SEEN, "link": {"loss": 101}}, "link.loss"),
            ("take_seat", {"call": 7, "page": "p"}, "call"),
            ("take_seat", {"call": "x" * 17, "page": "p"}, "call"),
            ("take_seat", {"call": "a\0", "page": "p"}, "call"),
            ("take_seat", {"call": "a"}, "page"),
            ("take_seat", {"call": "a", "page": "p", "here": 1}, "here"),
            ("take_seat", {"call": "a", "page": "p", "had": "x" * 33}, "had"),
            ("leave_seat", {"call": "a", "reason": "bored"}, "reason"),
            ("figures", {"call": "a"}, "received_audio_bytes"),
            ("figures", {"call": "a", "received_audio_bytes": -1}, "received_audio_bytes"),
            ("figures", {"call": "a", "received_audio_bytes": 1, "loss_permille": 1001}, "loss_permille"),
            ("signal", {"call": "a", "to": "x.1", "description": {"type": "party"}}, "description.type"),
            ("signal", {"call": "a", "to": "x.1", "description": {**OFFER, "more": 1}}, "description.more"),
            ("signal", {"call": "a", "to": "x.1", "candidate": {"sdpMLineIndex": -1}}, "candidate.sdpMLineIndex"),
            ("signal", {"call": "a", "to": "x.1"}, "body"),
            ("signal", {"call": "a", "to": "x.1", "description": OFFER, "candidate": {}}, "body"),
        ],
    )
    def test_a_wrong_field_is_named(self, wire: Wire, event: str, payload: dict[str, Any], field: str) -> None:
        answer = wire.emit(event, payload)
        assert answer["error"] == "not_understood"
        assert list(answer["detail"]["fields"]) == [field]
        assert "at" in wire.emit("beat", SEEN)

    def test_a_message_past_the_limit_ends_the_socket(self, wire: Wire) -> None:
        wire.say(f'{MESSAGE}{EVENT}1["beat",{{"page":"{TOO_LARGE}","visible":true}}]')
        assert not [packet for packet in wire.ended() if packet.startswith(MESSAGE + ACK)]

    @pytest.mark.parametrize(
        "nonsense", ["4", "42", "42{", '42["beat"', "451-", "42[]", '42["connect",{}]', '42["disconnect"]']
    )
    def test_what_is_no_event_ends_no_other_socket(self, wire: Wire, alice: Guest, port: int, nonsense: str) -> None:
        with alice.connect(port) as other:
            other.say(nonsense)
        assert "at" in wire.emit("beat", SEEN)

    def test_an_event_that_is_none_is_passed_over(self, wire: Wire) -> None:
        wire.say(f'{MESSAGE}{EVENT}7["dance",{{}}]')
        assert "at" in wire.emit("beat", SEEN)


class TestCalls:
    @pytest.mark.parametrize(
        ("event", "more"),
        [
            ("take_seat", {"page": "p1"}),
            ("leave_seat", {"reason": "hang_up"}),
            ("signal", {"to": "x.1", "description": OFFER}),
            ("rung", {"rung": "voice", "reason": "link"}),
            ("figures", {"received_audio_bytes": 1}),
        ],
    )
    @pytest.mark.parametrize("which", ["unknown", "without a seat"])
    def test_of_a_call_that_one_has_no_part_in(
        self, wire: Wire, house: OpenHouse, call: str, event: str, more: dict[str, Any], which: str
    ) -> None:
        bobs = house.scene.book(house.scene.bob, house.scene.call(call).starts_at + timedelta(hours=1))
        answer = wire.emit(event, {"call": "nosuchcall" if which == "unknown" else bobs, **more})
        assert answer["error"] == "not_found"

    def test_signals_arrive_in_their_order(self, wire: Wire, house: OpenHouse, port: int, call: str) -> None:
        with house.terminal(house.scene.alice).connect(port) as other:
            seat(wire, call)
            theirs = seat(other, call)["seat"]
            for number in range(30):
                signal = {"call": call, "to": theirs, "candidate": {"candidate": f"number {number}"}}
                wire.say(f"{MESSAGE}{EVENT}{100 + number}{json.dumps(['signal', signal])}")
            heard = [other.event("signal")["candidate"]["candidate"] for _ in range(30)]
        assert heard == [f"number {number}" for number in range(30)]

    def test_to_a_seat_of_an_older_epoch(self, wire: Wire, house: OpenHouse, port: int, call: str) -> None:
        with house.terminal(house.scene.alice).connect(port) as other:
            seat(wire, call)
            old, new = seat(other, call)["seat"], seat(other, call, page="p2")["seat"]
            assert old != new
            signal = {"call": call, "description": OFFER}
            assert wire.emit("signal", {**signal, "to": old})["error"] == "stale_seat"
            assert wire.emit("signal", {**signal, "to": new}) == {}
            heard = other.event("signal")
        assert (heard["description"], heard["call"]) == (OFFER, call)

    def test_to_ones_own_seat(self, wire: Wire, call: str) -> None:
        mine = seat(wire, call)["seat"]
        answer = wire.emit("signal", {"call": call, "to": mine, "description": OFFER})
        assert answer["error"] == "stale_seat"

    def test_after_leaving(self, wire: Wire, call: str) -> None:
        mine = seat(wire, call)["seat"]
        assert wire.emit("leave_seat", {"call": call, "reason": "hang_up"}) == {}
        assert wire.emit("leave_seat", {"call": call, "reason": "hang_up"})["error"] == "not_found"
        assert wire.emit("signal", {"call": call, "to": mine, "description": OFFER})["error"] == "not_found"

    def test_after_the_consent_has_ended(self, wire: Wire, house: OpenHouse, port: int, call: str) -> None:
        with house.terminal(house.scene.alice).connect(port) as other:
            seat(wire, call)
            to = seat(other, call)["peers"][0]["seat"]
            signal = {"call": call, "to": to, "description": OFFER}
            assert other.emit("signal", signal) == {}
            with withdrawn(house):
                assert other.emit("signal", signal)["error"] == "consent_ended", "also before the call was ended for it"
            with house.database.begin() as session:
                timetable.end(session, session.get_one(Call, call), Outcome.HELD, "consent_ended", house.clock.now())
            assert other.emit("signal", signal)["error"] == "call_over"

    def test_before_it_opens(self, wire: Wire, house: OpenHouse, call: str) -> None:
        house.clock.step(minutes=-6)
        assert wire.emit("take_seat", {"call": call, "page": "p1"})["error"] == "too_early"


class TestEndedSessions:
    @pytest.mark.parametrize("how", ["ended", "expired", "deleted"])
    def test_the_next_event_ends_the_socket(self, wire: Wire, house: OpenHouse, alice: Guest, how: str) -> None:
        assert "at" in wire.emit("beat", SEEN)
        end_session(house, alice.badge, how)
        wire.say(f'{MESSAGE}{EVENT}50["beat",{json.dumps(SEEN)}]')
        assert not [packet for packet in wire.ended() if packet.startswith(MESSAGE + ACK)]

    def test_its_seat_is_lost_and_the_other_side_is_told(
        self, wire: Wire, house: OpenHouse, alice: Guest, port: int, call: str
    ) -> None:
        with house.terminal(house.scene.alice).connect(port) as other:
            mine = seat(wire, call)["seat"]
            seat(other, call)
            end_session(house, alice.badge, "ended")
            wire.say(f'{MESSAGE}{EVENT}50["beat",{json.dumps(SEEN)}]')
            told = other.event("peer")
        assert (told["seat"], told["state"]) == (mine, "lost")


def end_session(house: OpenHouse, badge: Badge | None, how: str) -> None:
    assert badge
    if how == "expired":
        house.clock.step(days=181)
        return
    with house.database.begin() as session:
        device = sessions.device_of(session, badge.token, house.clock.now())
        assert device
        if how == "deleted":
            session.delete(device)
        else:
            device.ended_at = house.clock.now()
