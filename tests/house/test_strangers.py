"""Strangers ask for what is Alice's family's, on every route and by every event: they find nothing and change nothing.

Routes and events come from what is registered, so that a new one joins by itself; a parameter or field that is not
known here fails the test until somebody says which of Alice's ids belongs there.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.doors.models import Credential
from app.factory import APIS
from app.families import service as families
from app.families.models import Consent, Person
from app.jobs import service as jobs
from app.jobs.models import DueRow
from app.jobs.words import DueState
from app.notices.models import Delivery, Notice
from app.notices.words import DeliveryState, NoticeState
from app.storage.database import Database, new_id
from app.villages import service as villages
from app.web import sessions
from app.web.principals import ANYONE, PERSON
from tests.families.pictures import bands, packed
from tests.scene import at
from tests.web.open_house import Guest, OpenHouse
from tests.web.wire import Wire

SPOKEN = b"the sentence as Alice's grandmother spoke it"
NOT_FOUND = {403, 404}


@dataclass(frozen=True)
class Things:
    """What there is of Alice's family, under the names that routes, bodies and events have for it."""

    call_id: str
    family_id: str
    person_id: str
    photo_id: str
    delivery_id: str
    row_id: str
    key: str
    child_id: str
    parent_id: str
    starts_at: str
    device_id: str
    invitation_id: str
    terminal_id: str
    consent_id: str
    no_contact_id: str
    closure_id: str
    contact_id: str
    given_by: str
    village_id: str


EDGES: dict[str, Any] = {
    "edge_px": 96, "reason": "sick", "channel": "card", "number": "+8613800000099", "code": "123456",
    "from": at(19).isoformat(), "until": at(21).isoformat(), "ends_at": at(23).isoformat(), "emblem": "boat",
    "persons": [], "openings": [], "role": "child", "zone": "UTC", "language": "en", "kind": "message",
    "evidence": "paper", "user_code": "12345678", "pictures": ["fish", "fish", "boat", "star"], "name": "Somebody",
}  # fmt: skip


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[OpenHouse]:
    database = Database(sqlite_url)
    yield OpenHouse(database, tmp_path)
    database.close()


@pytest.fixture
def things(house: OpenHouse) -> Things:
    alice, now = house.scene.alice, house.clock.now()
    call_id = house.scene.book(alice, at(20))
    with house.database.begin() as session:
        villages.record_prompt(session, alice.village, "terminal.ring", "audio/webm", SPOKEN, now)
        photo_ids = [
            families.set_photo(session, who, packed(bands(), "JPEG"), now)
            for who in (alice.child, alice.parent, alice.caregiver)
        ]
        row_id = jobs.put(session, "calls.tick", now, now, subject=f"call:{call_id}", payload={"call_id": call_id})
        session.get_one(DueRow, row_id).state = DueState.DEAD
        notice = Notice(
            id=new_id(session), key="lost", person_id=alice.parent, template="missed", params={},
            subject=f"call:{call_id}", due_at=now, state=NoticeState.OUT, planned_at=now,
        )  # fmt: skip
        session.add(notice)
        session.flush()
        delivery = Delivery(
            id=new_id(session), notice_id=notice.id, number=1, channel="text", state=DeliveryState.FAILED,
            attempted_at=now, settled_at=now, error="no such number",
        )  # fmt: skip
        session.add(delivery)
    house.parent(alice)  # a second device of hers, whose end would not stop her from asking
    with house.database.read() as session:
        device_id = sessions.devices_of(session, PERSON, alice.parent, now)[0].id
    invitation_id, no_contact_id, closure_id = made_at_the_desk(house)
    consent_id = consent_and_operator(house)
    return Things(
        call_id, alice.family, alice.child, photo_ids[0], delivery.id, row_id, "terminal.ring",
        alice.child, alice.parent, at(20, 20).isoformat(), device_id, invitation_id, alice.terminal, consent_id,
        no_contact_id, closure_id, alice.parent, alice.parent, alice.village,
    )  # fmt: skip


def made_at_the_desk(house: OpenHouse) -> list[str]:
    """An invitation, a ban on contact and a closure: their ids."""
    alice, desk = house.scene.alice, house.desk(house.scene.alice)
    made = {
        "/api/invitations": {"person_id": alice.child, "channel": "card"},
        "/api/no_contacts": {"child_id": alice.child, "contact_id": alice.caregiver, "reason": "court"},
        "/api/closures": {"starts_at": at(22).isoformat(), "ends_at": at(23).isoformat(), "reason": "flood"},
    }
    return [desk.command(path, body).get_json()["id"] for path, body in made.items()]


def consent_and_operator(house: OpenHouse) -> str:
    """Let Alice's coordinator be an operator; the id of the one consent for Alice's child."""
    alice = house.scene.alice
    with house.database.begin() as session:
        session.add(
            Credential(
                coordinator_id=house.coordinators[alice.village], login="lee", password_hash="", totp="", totp_step=0,
                is_operator=True, changed_at=house.clock.now(),
            )
        )  # fmt: skip
        return session.scalars(select(Consent).where(Consent.child_id == alice.child)).one().id


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
    ids = {things.call_id, things.photo_id, things.delivery_id, things.row_id}
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
    known = asdict(things) | EDGES
    path = rule
    for part in [part for part in rule.replace(".webp", "").split("/") if part.startswith("<")]:
        path = path.replace(part, str(known[part.strip("<>").split(":")[-1]]))
    body = filled(SHAPES.get((method, rule)), known)
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
            told = [secret for secret in secrets(house, things, who) if secret in answer.text.replace(rule, "")]
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
            "description": {"type": "offer", "sdp": "v=0"}, "received_audio_bytes": 500,
        }  # fmt: skip
        quiet(alice), quiet(terminal)
        for who, stranger in strangers.items():
            with stranger.connect(port) as wire:
                answers = {
                    event: wire.emit(event, filled(declared.takes, fields))
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
