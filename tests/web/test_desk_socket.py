"""A coordinator in a call, by socket: a third end. And a hang-up that is heard over a later socket."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.calls import timetable
from app.desk import service as desks
from app.storage.database import Database
from app.web.principals import COORDINATOR
from tests.scene import at
from tests.web.open_house import Guest, OpenHouse
from tests.web.wire import Wire

OFFER = {"type": "offer", "sdp": "v=0"}
FIRST, SECOND = (True, False), (False, True)


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(sqlite_database, tmp_path)


@pytest.fixture
def ends(house: OpenHouse, port: int, call: str) -> Iterator[dict[str, Wire]]:
    """Both sides are there, and the call rings."""
    house.clock.at = at(20)
    with house.database.begin() as session:
        timetable.tick(session, call, house.clock.now())
    parent, terminal = house.parent(house.scene.alice), house.terminal(house.scene.alice)
    with parent.connect(port) as wire, terminal.connect(port) as other:
        seat(wire, call, page="hers")
        seat(other, call)
        assert wire.event("peer")["side"] == "village"
        yield {"parent": wire, "village": other}


@pytest.fixture
def desk(house: OpenHouse, call: str, port: int) -> Iterator[Wire]:
    with house.desk(house.scene.alice).connect(port) as desk:
        yield desk


def seat(wire: Wire, call: str, page: str = "p1") -> dict[str, Any]:
    taken = wire.emit("take_seat", {"call": call, "here": True, "page": page})
    assert "error" not in taken, taken
    return taken


def roles(peer: dict[str, Any]) -> tuple[bool, bool]:
    return peer["offerer"], peer["polite"]


def test_both_ends_are_told_who_came_and_who_left(ends: dict[str, Wire], desk: Wire, call: str) -> None:
    mine = seat(desk, call)
    assert mine["side"] == "desk"
    for end in ends.values():
        told = end.event("peer")
        assert (told["seat"], told["side"], told["name"]) == (mine["seat"], "desk", "Desk 0")
        assert (told["state"], told["here"]) == ("seated", True)
    assert desk.emit("leave_seat", {"call": call, "reason": "hang_up"}) == {}
    assert {end.event("peer")["state"] for end in ends.values()} == {"left"}


def test_when_her_socket_ends_she_has_left(ends: dict[str, Wire], house: OpenHouse, port: int, call: str) -> None:
    with house.desk(house.scene.alice).connect(port) as desk:
        seat(desk, call)
        assert {end.event("peer")["state"] for end in ends.values()} == {"seated"}
    assert {end.event("peer")["state"] for end in ends.values()} == {"left"}


def test_who_comes_later_is_told_that_she_is_there(
    ends: dict[str, Wire], house: OpenHouse, port: int, desk: Wire, call: str
) -> None:
    """A page that was loaded again, in the middle."""
    mine = seat(desk, call)
    with house.parent(house.scene.alice).connect(port) as again:
        peers = {peer["side"]: peer for peer in seat(again, call, page="loaded again")["peers"]}
    assert (peers["desk"]["seat"], peers["desk"]["name"]) == (mine["seat"], "Desk 0")
    shown = house.parent(house.scene.alice).get(f"/api/calls/{call}").get_json()
    assert (shown["desk"], list(shown["sides"])) == ({"name": "Desk 0"}, ["parent", "village"])


def test_of_each_two_one_offers_and_the_other_is_polite(ends: dict[str, Wire], desk: Wire, call: str) -> None:
    """The same by the news and by the answer to taking a seat. A desk offers to nobody: it can't begin by itself."""
    taken = {"desk": seat(desk, call)}
    by_news = {(side, "desk"): roles(end.event("peer")) for side, end in ends.items()}
    taken |= {"parent": seat(ends["parent"], call, page="hers"), "village": seat(ends["village"], call)}
    by_answer = {(side, peer["side"]): roles(peer) for side, answer in taken.items() for peer in answer["peers"]}
    assert by_news == {("parent", "desk"): FIRST, ("village", "desk"): FIRST}
    assert by_answer == {
        ("parent", "village"): FIRST, ("parent", "desk"): FIRST, ("village", "desk"): FIRST,
        ("village", "parent"): SECOND, ("desk", "parent"): SECOND, ("desk", "village"): SECOND,
    }  # fmt: skip


def test_signals_say_from_which_side_they_come(ends: dict[str, Wire], desk: Wire, call: str) -> None:
    mine = seat(desk, call)
    for peer in mine["peers"]:
        end = ends[peer["side"]]
        assert desk.emit("signal", {"call": call, "to": peer["seat"], "description": OFFER}) == {}
        heard = end.event("signal")
        assert (heard["from"], heard["side"]) == (mine["seat"], "desk")
        assert end.emit("signal", {"call": call, "to": mine["seat"], "description": OFFER}) == {}
        assert desk.event("signal")["side"] == peer["side"]


def test_she_reports_no_figures_and_proposes_no_rung(ends: dict[str, Wire], desk: Wire, call: str) -> None:
    seat(desk, call)
    assert desk.emit("rung", {"call": call, "rung": "voice", "reason": "held"})["error"] == "not_allowed"
    assert desk.emit("figures", {"call": call, "received_audio_bytes": 1})["error"] == "not_allowed"


def test_before_it_rings(desk: Wire, call: str) -> None:
    assert desk.emit("take_seat", {"call": call, "page": "desk"})["error"] == "not_begun"


def test_the_coordinator_of_the_next_village(
    ends: dict[str, Wire], house: OpenHouse, port: int, desk: Wire, call: str
) -> None:
    mine = seat(desk, call)
    asks = {
        "take_seat": {"page": "desk"}, "leave_seat": {"reason": "hang_up"},
        "signal": {"to": mine["seat"], "description": OFFER},
    }  # fmt: skip
    with house.desk(house.scene.charlie).connect(port) as stranger:
        answers = [stranger.emit(event, {"call": call, **more})["error"] for event, more in asks.items()]
    assert answers == ["not_found"] * 3
    ends["parent"].emit("beat", {"page": "call", "visible": True})
    assert [news["name"] for name, news in ends["parent"].heard if name == "peer"] == ["Desk 0"]


def test_a_second_coordinator(ends: dict[str, Wire], desk: Wire, house: OpenHouse, port: int, call: str) -> None:
    seat(desk, call)
    with house.database.begin() as session:
        other = desks.add_coordinator(session, house.scene.alice.village, "Zhao", "en", house.clock.now()).id
    with Guest(house, house.badge(COORDINATOR, other, house.scene.alice.village)).connect(port) as second:
        answer = second.emit("take_seat", {"call": call, "page": "second"})
    assert (answer["error"], answer["message"]) == ("another_coordinator", "Desk 0 is in this call already.")


def test_a_hang_up_over_a_later_socket(house: OpenHouse, port: int, call: str) -> None:
    """One that was not heard is said again by the page that held the seat."""
    alice = house.parent(house.scene.alice)
    with house.terminal(house.scene.alice).connect(port) as other:
        seat(other, call)
        with alice.connect(port) as first:
            seat(first, call, page="hers")
            assert other.event("peer")["state"] == "seated"
        assert other.event("peer")["state"] == "lost"
        with alice.connect(port) as later:
            hang_up = {"call": call, "reason": "hang_up"}
            assert later.emit("leave_seat", {**hang_up, "page": "not hers"})["error"] == "not_found"
            assert later.emit("leave_seat", {**hang_up, "page": "hers"}) == {}
        assert other.event("peer")["state"] == "left"


def test_a_hang_up_of_another_device(ends: dict[str, Wire], house: OpenHouse, port: int, call: str) -> None:
    for guest in (house.parent(house.scene.alice), house.terminal(house.scene.alice), house.desk(house.scene.alice)):
        with guest.connect(port) as other:
            left = other.emit("leave_seat", {"call": call, "reason": "hang_up", "page": "hers"})
            assert left["error"] == "not_found"
