"""Media programs over sockets: who is let in, what they are told, and that they find nothing without a lease."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import socketio
from sqlalchemy import select

from app.calls import media_leases, timetable
from app.calls.words import WorkKind
from app.families import service as families
from app.families.models import Consent
from app.kernel import media_token
from app.storage.database import Database
from app.web.principals import PERSON
from tests.calls.media_stage import allow_messages, another_parent
from tests.scene import SEALER, at
from tests.web.open_house import Guest, OpenHouse
from tests.web.waiting import until
from tests.web.wire import Wire

OFFER = {"type": "offer", "sdp": "v=0"}
AT_EASE = {"calls": 0, "load_permille": 0, "draining": False}


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[OpenHouse]:
    database = Database(sqlite_url)
    yield OpenHouse(database, tmp_path)
    database.close()


@pytest.fixture
def call(house: OpenHouse) -> str:
    """Alice's, at eight; it rings."""
    call_id = house.scene.book(house.scene.alice, at(20))
    house.clock.at = at(20)
    with house.database.begin() as session:
        timetable.tick(session, call_id, house.clock.now())
    return call_id


@pytest.fixture
def father(house: OpenHouse) -> Guest:
    return Guest(house, house.badge(PERSON, another_parent(house.scene, house.scene.alice, "Father", 1), None))


def program(house: OpenHouse, port: int, name: str = "media-1") -> Wire:
    wire = Wire(port)
    assert "sid" in wire.enter({"token": token(house, name), "face": "media"})
    return wire


def token(house: OpenHouse, name: str = "media-1") -> str:
    return media_token.issue(SEALER.media_key, name, house.clock.now())


def taken(wire: Wire, call: str, **more: Any) -> dict[str, Any]:
    answer = wire.emit("take_seat", {"call": call, "here": True, "page": "p1", **more})
    assert "error" not in answer, answer
    return answer


class TestEntering:
    @pytest.mark.parametrize("what", ["old", "forged", "another key", "none", "a session's"])
    def test_with_no_good_token_it_is_refused_for_good(self, house: OpenHouse, port: int, what: str) -> None:
        badge = house.parent(house.scene.alice).badge
        assert badge
        given = {
            "old": media_token.issue(SEALER.media_key, "media-1", house.clock.now() - timedelta(seconds=121)),
            "forged": token(house).replace("media-1", "media-2"),
            "another key": media_token.issue(bytes(32), "media-1", house.clock.now()),
            "none": "", "a session's": badge.token,
        }[what]  # fmt: skip
        with Wire(port) as wire:
            said = wire.enter({"token": given, "face": "media"})
        assert said["refused"]["data"] == {"final": True, "error": "not_signed_in"}

    @pytest.mark.parametrize("face", ["phone", "terminal", "desk", None])
    def test_its_token_opens_no_face(self, house: OpenHouse, port: int, face: str | None) -> None:
        with Wire(port) as wire:
            assert "refused" in wire.enter({"token": token(house), "face": face})

    def test_its_token_opens_no_page(self, house: OpenHouse, call: str) -> None:
        client = house.web.app.test_client()
        headers = {"Authorization": f"Bearer {token(house)}"}
        for face in ("phone", "media"):
            client.set_cookie(f"homethread_{face}", token(house))
        for path in ("/api/now", f"/api/calls/{call}", "/api/ledger", "/api/thread"):
            for sent in (headers, headers | {"Homethread-Face": "media"}, {}):
                assert client.get(path, headers=sent).status_code in (401, 403, 404), path

    def test_over_a_later_socket_the_one_before_is_closed(self, house: OpenHouse, port: int) -> None:
        with program(house, port) as first, program(house, port) as second:
            assert second.emit("media_beat", AT_EASE) == {"leases": []}
            first.say('42["media_beat",{}]')
            first.ended()


class TestWithoutALease:
    def test_it_finds_no_call_and_no_seat(self, house: OpenHouse, port: int, call: str) -> None:
        with house.parent(house.scene.alice).connect(port) as parent, program(house, port) as media:
            seat = taken(parent, call)["seat"]
            asks: dict[str, dict[str, Any]] = {
                "take_seat": {"page": "p"}, "leave_seat": {"reason": "hang_up"},
                "answering": {"seat": seat, "state": "kept"}, "signal": {"to": seat, "description": OFFER},
            }  # fmt: skip
            answers = {event: media.emit(event, {"call": call, **more}).get("error") for event, more in asks.items()}
            assert answers == dict.fromkeys(asks, "not_found")
            assert parent.emit("beat", {"page": "call", "visible": True})["at"]
            assert not [event for event, _ in parent.heard if event != "hint"]

    def test_it_may_send_only_its_own_events(self, house: OpenHouse, port: int, call: str) -> None:
        with program(house, port) as media:
            for event, body in {
                "beat": {"page": "p", "visible": True}, "figures": {"call": call, "received_audio_bytes": 1},
                "rung": {"call": call, "rung": "voice", "reason": "link"},
            }.items():  # fmt: skip
                assert media.emit(event, body)["error"] == "not_allowed"

    def test_nobody_else_sends_its_events(self, house: OpenHouse, port: int, call: str) -> None:
        with house.desk(house.scene.alice).connect(port) as desk:
            assert desk.emit("media_beat", AT_EASE)["error"] == "not_allowed"
            assert desk.emit("answering", {"call": call, "seat": "x.1", "state": "kept"})["error"] == "not_allowed"


class TestBridge:
    def test_a_guest_comes_and_all_are_told_who_serves(
        self, house: OpenHouse, port: int, call: str, father: Guest
    ) -> None:
        alice = house.scene.alice
        with (
            house.parent(alice).connect(port) as parent, house.terminal(alice, "zh-CN").connect(port) as terminal,
            program(house, port) as media, father.connect(port) as guest,
        ):  # fmt: skip
            ends = {"parent": parent, "village": terminal, "guest": guest}
            seats = {side: taken(wire, call)["seat"] for side, wire in ends.items()}
            assert media.event("serve") == {}
            (lease,) = media.emit("media_beat", AT_EASE)["leases"]
            assert (lease["kind"], lease["call"], sorted(lease["ends"])) == ("bridge", call, sorted(seats.values()))
            answer = taken(media, call, page=lease["lease"])
            self.check_told(house, answer, seats)
            told = next_of(parent, "guest")
            assert (told["name"], told["seat"], told["here"]) == ("Father", seats["guest"], True)
            for side, wire in ends.items():
                told = next_of(wire, "media")
                assert (told["seat"], told["serves"], told["state"]) == (answer["seat"], "bridge", "seated"), side
                assert (told["offerer"], told["polite"]) == (True, False)
                assert wire.emit("signal", {"call": call, "to": answer["seat"], "description": OFFER}) == {}
                assert (media.event("signal")["from"]) == seats[side]
                assert media.emit("signal", {"call": call, "to": seats[side], "description": OFFER}) == {}
                assert wire.event("signal")["side"] == "media"

    def check_told(self, house: OpenHouse, answer: dict[str, Any], seats: dict[str, str]) -> None:
        assert answer["side"] == "media"
        peers = {peer["side"]: peer for peer in answer["peers"]}
        assert {side: peer["seat"] for side, peer in peers.items()} == seats
        who = {side: (p["name"], p["language"], p["is_child_side"], p["rung"]) for side, p in peers.items()}
        rung = answer["rung"]
        assert who == {
            "parent": ("Alice", "en", False, rung), "village": ("Child of Alice", "zh-CN", True, rung),
            "guest": ("Father", "en", False, rung),
        }  # fmt: skip
        assert peers["village"]["occupant"] == f"terminal:{house.scene.alice.terminal}"
        assert not any(peer["offerer"] for peer in answer["peers"])

    def test_a_rung_that_an_end_proposes_is_told_to_it(
        self, house: OpenHouse, port: int, call: str, father: Guest
    ) -> None:
        with program(house, port) as media, father.connect(port) as guest:
            mine = taken(guest, call)["seat"]
            taken(media, call)
            assert guest.emit("rung", {"call": call, "rung": "thin_voice", "reason": "link"}) == {}
            told = media.event("peer")
            assert (told["seat"], told["state"], told["rung"]) == (mine, "rung", "thin_voice")

    def test_when_the_program_is_killed_another_is_asked_at_once(
        self, house: OpenHouse, port: int, call: str, father: Guest
    ) -> None:
        with program(house, port, "one") as first, father.connect(port) as guest:
            taken(guest, call)
            before = taken(first, call, page="one")["seat"]
            with program(house, port, "two") as second:
                first.close()
                assert [next_of(guest, "media")["state"] for _ in range(2)] == ["seated", "lost"]
                assert second.event("serve") == {}
                assert [each["call"] for each in second.emit("media_beat", AT_EASE)["leases"]] == [call]
                after = taken(second, call, page="two")["seat"]
                told = next_of(guest, "media")
                assert (told["seat"], told["serves"], told["state"]) == (after, "bridge", "back")
                assert after != before

    def test_when_no_other_is_there_the_ends_need_not_wait_and_the_next_one_is_told_of(
        self, house: OpenHouse, port: int, call: str, father: Guest
    ) -> None:
        with program(house, port, "one") as first, father.connect(port) as guest:
            taken(guest, call)
            before = taken(first, call, page="one")["seat"]
            first.close()
            assert [next_of(guest, "media")["state"] for _ in range(3)] == ["seated", "lost", "left"]
            with program(house, port, "two") as second:
                assert [each["call"] for each in second.emit("media_beat", AT_EASE)["leases"]] == [call]
                after = taken(second, call, page="two")["seat"]
                told = next_of(guest, "media")
                assert (told["seat"], told["state"]) == (after, "back")
                assert after != before

    def test_the_guest_whose_consent_was_withdrawn_is_no_end_any_more(
        self, house: OpenHouse, port: int, call: str, father: Guest
    ) -> None:
        with program(house, port) as media, father.connect(port) as guest:
            mine = taken(guest, call)["seat"]
            taken(media, call)
            assert [each["ends"] for each in media.emit("media_beat", AT_EASE)["leases"]] == [[mine]]
            withdraw_all(house, call)
            assert [each["ends"] for each in media.emit("media_beat", AT_EASE)["leases"]] == [[]]
            assert media.emit("signal", {"call": call, "to": mine, "description": OFFER})["error"] == "stale_seat"
            assert guest.emit("signal", {"call": call, "to": "x.1", "description": OFFER})["error"] == "not_found"


class TestAnswering:
    def test_how_a_message_stands_is_passed_on_to_who_left_it(self, house: OpenHouse, port: int, call: str) -> None:
        allow_messages(house.scene, house.scene.alice)
        with house.parent(house.scene.alice, "zh-CN").connect(port) as parent, program(house, port) as media:
            mine = taken(parent, call)["seat"]
            with house.database.begin() as session:
                media_leases.lease(session, WorkKind.ANSWERING, house.clock.now(), call_id=call)
            (lease,) = media.emit("media_beat", AT_EASE)["leases"]
            assert (lease["kind"], lease["seat"], lease["language"]) == ("answering", mine, "zh-CN")
            taken(media, call, page=lease["lease"])
            assert next_of(parent, "media")["serves"] == "answering"
            assert media.emit("answering", {"call": call, "seat": mine, "state": "recording"}) == {}
            assert parent.event("answering") == {"call": call, "state": "recording"}
            assert media.emit("answering", {"call": call, "seat": "x.1", "state": "kept"})["error"] == "not_found"


def test_the_official_client_is_let_in_and_asked_to_serve(
    house: OpenHouse, port: int, call: str, father: Guest
) -> None:
    client, served = socketio.Client(reconnection=False), list[Any]()
    client.on("serve", served.append)
    client.connect(
        f"http://127.0.0.1:{port}", auth={"token": token(house), "face": "media"}, transports=["websocket"],
        wait_timeout=10,
    )  # fmt: skip
    try:
        assert client.call("media_beat", AT_EASE, timeout=10) == {"leases": []}
        with father.connect(port) as guest:
            taken(guest, call)
            until(lambda: served == [{}])
            (lease,) = client.call("media_beat", AT_EASE, timeout=10)["leases"]
            answer = client.call("take_seat", {"call": call, "page": lease["lease"]}, timeout=10)
            assert (answer["side"], [peer["side"] for peer in answer["peers"]]) == ("media", ["guest"])
    finally:
        client.disconnect()


def next_of(wire: Wire, side: str) -> dict[str, Any]:
    """The next news of a seat on this side."""
    while (news := wire.event("peer"))["side"] != side:
        pass
    assert isinstance(news, dict)
    return news


def withdraw_all(house: OpenHouse, call: str) -> None:
    """Of Father alone: the call itself goes on."""
    with house.database.begin() as session:
        given = select(Consent).where(Consent.contact_id != house.scene.alice.parent)
        for consent in session.scalars(given).all():
            if consent.child_id == house.scene.alice.child:
                families.revoke_consent(session, consent.id, house.clock.now())
        timetable.tick(session, call, house.clock.now())
