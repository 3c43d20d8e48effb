"""Strangers ask for what is Alice's family's, on every route and by every event: they find nothing and change nothing.

Routes and events come from what is registered, so that a new one joins by itself; a parameter or field that is not
known here fails the test until somebody says which of Alice's ids belongs there.
"""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from werkzeug.test import TestResponse

from app.factory import APIS
from app.families.models import Person
from app.storage.database import Database
from app.web.principals import ANYONE
from tests.house.things import EDGES, OF_ROUTE, SPOKEN, Things, things_of_alice
from tests.scene import at
from tests.web.open_house import Guest, OpenHouse
from tests.web.wire import Wire

NOT_FOUND = {403, 404}
TUS = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(sqlite_database, tmp_path)


@pytest.fixture
def things(house: OpenHouse) -> Things:
    return things_of_alice(house)


@pytest.fixture
def strangers(house: OpenHouse) -> dict[str, Guest]:
    return {
        "a parent of the same village": house.parent(house.scene.bob),
        "a parent of the next village": house.parent(house.scene.charlie),
        "the terminal of the next village": house.terminal(house.scene.charlie),
        "the desk of the next village": house.desk(house.scene.charlie),
    }


@pytest.fixture
def alices_own(house: OpenHouse) -> list[Guest]:
    alice = house.scene.alice
    return [house.parent(alice), house.terminal(alice), house.desk(alice)]


def secrets(house: OpenHouse, things: Things, who: str) -> set[str]:
    """What must not stand in an answer; people of one village know their village and its terminal."""
    alice = asdict(house.scene.alice)
    if who == "a parent of the same village":
        del alice["village"], alice["terminal"]
    ids = {
        things.call_id, things.series_id, things.photo_id, things.delivery_id, things.row_id, things.message_id,
        things.upload_id,
    }  # fmt: skip
    with house.database.read() as session:
        people = [session.get_one(Person, alice[role]) for role in ("parent", "caregiver", "child")]
    photos = {person.photo_id for person in people if person.photo_id}
    assert len(photos) == 3
    return {*alice.values(), *ids, *photos, "Alice"}


def routes(house: OpenHouse) -> list[tuple[str, str]]:
    """(method, path) of everything that asks who one is."""
    app = house.web.app
    asking = [(r, getattr(app.view_functions[r.endpoint], "allowed", ())) for r in app.url_map.iter_rules()]
    own = {"/api/sign_out"}  # about nothing but who asks, who could not go on asking
    rules = [rule for rule, allowed in asking if ANYONE not in allowed and str(rule) not in own]
    found = [(method, str(rule)) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}]
    return sorted(found)


SHAPES = {(route.method, f"/api{route.path}"): route.takes for api in APIS for route in api.routes}


def ask(guest: Guest, method: str, rule: str, things: Things) -> TestResponse:
    known = asdict(things) | EDGES | OF_ROUTE.get(rule, {})
    path = rule
    for part in [part for part in rule.replace(".webp", "").split("/") if part.startswith("<")]:
        path = path.replace(part, str(known[part.strip("<>").split(":")[-1]]))
    body = filled(SHAPES.get((method, rule)), known)
    if rule.startswith("/uploads"):
        return guest.ask(method, path, headers=TUS)
    if method == "GET":
        return guest.ask("GET", path, query_string=body)
    return guest.command(path, body, method=method)


def filled(takes: type[BaseModel] | None, known: dict[str, Any]) -> dict[str, Any]:
    """Every field that has to be there, and those of the others that are known."""
    fields = {field.alias or name: field for name, field in takes.model_fields.items()} if takes else {}
    return {name: known[name] for name, field in fields.items() if field.is_required() or name in known}


def test_a_stranger_finds_nothing_on_any_route(
    house: OpenHouse, things: Things, strangers: dict[str, Guest], alices_own: list[Guest]
) -> None:
    before = [guest.get(f"/api/calls/{things.call_id}").data for guest in alices_own]
    asked = routes(house)
    assert len(asked) > 10
    found = []
    for method, rule in asked:
        body = filled(SHAPES.get((method, rule)), asdict(things) | EDGES)
        names_hers = "<" in rule or any(field.endswith("_id") for field in body)
        for who, stranger in strangers.items():
            answer = ask(stranger, method, rule, things)
            told = [
                secret
                for secret in secrets(house, things, who)
                if secret in answer.data.decode(errors="replace").replace(rule, "")
            ]
            if told or SPOKEN in answer.data or (names_hers and answer.status_code not in NOT_FOUND):
                found.append(f"{who}: {method} {rule} -> {answer.status_code} {told}")
    assert not found
    assert [guest.get(f"/api/calls/{things.call_id}").data for guest in alices_own] == before


def test_those_routes_are_there_for_whom_they_are_for(
    house: OpenHouse, things: Things, alices_own: list[Guest]
) -> None:
    """Otherwise the strangers might have asked for what there isn't."""
    missing = [
        f"{method} {rule}"
        for method, rule in routes(house)
        if {ask(guest, method, rule, things).status_code for guest in alices_own} <= NOT_FOUND
    ]
    assert not missing


def test_what_strangers_see_of_their_own_holds_nothing_of_hers(
    house: OpenHouse, things: Things, strangers: dict[str, Guest]
) -> None:
    bob, charlie = house.scene.bob, house.scene.charlie
    house.scene.book(bob, at(21))
    house.scene.book(charlie, at(21))
    when = {"from": EDGES["from"], "until": EDGES["until"]}
    for who, stranger in strangers.items():
        child = bob.child if who == "a parent of the same village" else charlie.child
        slots = stranger.ask("GET", "/api/slots", query_string={"child_id": child, **when})
        now, ledger = stranger.get("/api/now"), stranger.get("/api/ledger")
        assert (slots.status_code, now.status_code, len(now.get_json()["calls"])) == (200, 200, 1), who
        assert ledger.status_code == (200 if "desk" in who else 403)
        shown = slots.text + now.text + ledger.text
        assert not [secret for secret in secrets(house, things, who) if secret in shown], who


@pytest.fixture
def port(house: OpenHouse) -> Iterator[int]:
    with house.served() as port:
        yield port


def test_a_stranger_gets_nothing_by_any_event(
    house: OpenHouse, things: Things, strangers: dict[str, Guest], port: int
) -> None:
    house.clock.at = at(19, 55)
    alice, terminal = house.parent(house.scene.alice).connect(port), house.terminal(house.scene.alice).connect(port)
    with alice, terminal:
        seat = terminal.emit("take_seat", {"call": things.call_id, "page": "terminal", "here": False})["seat"]
        alice.emit("take_seat", {"call": things.call_id, "page": "alice", "here": False})
        fields = {
            "call": things.call_id, "to": seat, "page": "home", "here": True, "visible": True, "reason": "hang_up",
            "description": {"type": "offer", "sdp": "v=0"}, "received_audio_bytes": 500, "rung": "voice",
            "line_check": things.call_id, "level": "good", "calls": 0, "load_permille": 0, "seat": seat,
            "state": "ready",
        }  # fmt: skip
        of_event = {"rung": {"reason": "link"}}
        quiet(alice), quiet(terminal)
        for who, stranger in strangers.items():
            with stranger.connect(port) as wire:
                answers = {
                    event: wire.emit(event, filled(declared.takes, fields | of_event.get(event, {})))
                    for event, declared in house.web.sockets.declared.items()
                }
                assert not quiet(wire), who
            hers = {e for e, declared in house.web.sockets.declared.items() if "call" in declared.takes.model_fields}
            refused = {event for event, said in answers.items() if said.get("error") in ("not_found", "not_allowed")}
            assert hers <= refused, who
            told = str({event: {**said, "message": None} for event, said in answers.items()})
            assert not [secret for secret in secrets(house, things, who) if secret in told], who
        assert not quiet(alice)
        assert not quiet(terminal)


def test_a_stranger_hears_no_hint_of_what_she_does(
    house: OpenHouse, things: Things, strangers: dict[str, Guest], port: int
) -> None:
    wires = {who: stranger.connect(port) for who, stranger in strangers.items()}
    for wire in [*wires.values()] * 2:
        quiet(wire)  # of a terminal that is there now its own village is told
    with house.terminal(house.scene.alice).connect(port) as terminal:
        house.parent(house.scene.alice).command(f"/api/calls/{things.call_id}/cancel", {"reason": "sick"})
        assert terminal.event("hint") == {"topic": "terminal", "id": house.scene.alice.terminal}
        heard = {who: quiet(wire) for who, wire in wires.items()}
    for wire in wires.values():
        wire.close()
    assert heard == {who: [] for who in strangers}


def quiet(wire: Wire) -> list[tuple[str, Any]]:
    """What has been heard since the last time; its own heartbeat comes after whatever was sent before it."""
    wire.emit("beat", {"page": "home", "visible": True})
    heard, wire.heard = wire.heard, []
    return heard
