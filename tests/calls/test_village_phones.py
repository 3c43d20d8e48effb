"""A caregiver's or child's own phone, on the village's side of the call; and call now and wrong person over HTTP."""

from pathlib import Path

import pytest

from app.calls import seats
from app.calls.models import Call
from app.calls.seats import Device
from app.families import service as families
from app.families.words import MemberRole
from app.kernel.errors import NotFound
from app.storage.database import Database
from app.web import sessions
from app.web.principals import PERSON, TERMINAL, Principal
from tests.scene import at
from tests.web.open_house import Guest, OpenHouse


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


def granny(house: OpenHouse) -> Guest:
    return Guest(house, house.badge(PERSON, house.scene.alice.caregiver, None))


def test_a_caregiver_asks_and_the_parent_confirms(house: OpenHouse) -> None:
    alice = house.scene.alice
    body = {"child_id": alice.child, "parent_id": alice.parent, "starts_at": at(20).isoformat()}
    asked = granny(house).command("/api/calls", body).get_json()
    assert (asked["state"], asked["proposed_by"], asked["my_side"]) == ("proposed", "village", "village")
    confirmed = house.parent(alice).command(f"/api/calls/{asked['id']}/confirm").get_json()
    assert confirmed["state"] == "booked"


@pytest.mark.parametrize("act", ["decline", "cancel"])
def test_both_sides_see_who_said_no_and_why(house: OpenHouse, act: str) -> None:
    alice = house.scene.alice
    call_id = house.scene.book(alice, at(20), alice.parent_acts, is_proposal=act == "decline")
    granny(house).command(f"/api/calls/{call_id}/{act}", {"reason": "sick"})
    for guest in (house.parent(alice), granny(house)):
        call = guest.get(f"/api/calls/{call_id}").get_json()
        assert {side: said["declined"] for side, said in call["sides"].items()} == {"parent": False, "village": True}
        assert call["reason"] == "sick"


@pytest.mark.parametrize("whose", ["no parent named", "another family's parent", "another family's child"])
def test_a_caregiver_asks_for_nobody_else(house: OpenHouse, whose: str) -> None:
    alice, bob = house.scene.alice, house.scene.bob
    body = {
        "no parent named": {"child_id": alice.child},
        "another family's parent": {"child_id": alice.child, "parent_id": bob.parent},
        "another family's child": {"child_id": bob.child, "parent_id": bob.parent},
    }[whose]
    assert granny(house).command("/api/calls", body | {"starts_at": at(20).isoformat()}).status_code == 404


def test_now_says_who_somebody_is_in_each_family(house: OpenHouse) -> None:
    (hers,) = granny(house).get("/api/now").get_json()["families"]
    assert (hers["role"], [p["name"] for p in hers["parents"]]) == ("caregiver", ["Alice"])
    (mine,) = house.parent(house.scene.alice).get("/api/now").get_json()["families"]
    assert mine["role"] == "parent"


@pytest.mark.parametrize("who", ["caregiver", "child"])
@pytest.mark.parametrize(("act", "body", "state"), [
    ("confirm", {}, "booked"), ("decline", {}, "ended"), ("cancel", {"reason": "sick"}, "ended"),
    ("move", {"starts_at": at(20).isoformat()}, "booked"),
])  # fmt: skip
def test_what_the_parent_booked_is_settled_on_a_village_phone(
    house: OpenHouse, who: str, act: str, body: dict[str, str], state: str
) -> None:
    alice = house.scene.alice
    phone = Guest(house, house.badge(PERSON, getattr(alice, who), None))
    call_id = house.scene.book(alice, at(19))
    (listed,) = phone.get("/api/now").get_json()["calls"]
    assert (listed["id"], listed["my_side"], listed["can"]) == (call_id, "village", ["confirm", "move", "cancel"])
    answer = phone.command(f"/api/calls/{call_id}/{act}", body)
    assert (answer.status_code, answer.get_json()["state"]) == (200, state)


def test_somebody_is_a_parent_here_and_a_caregiver_there(house: OpenHouse) -> None:
    """Alice also looks after Bob's child: her calls stand on both sides, each with what she is there."""
    alice, bob, now = house.scene.alice, house.scene.bob, house.clock.now()
    with house.database.begin() as session:
        families.add_member(session, family_id=bob.family, person_id=alice.parent, role=MemberRole.CAREGIVER, now=now)
    mine, his = house.scene.book(alice, at(19)), house.scene.book(bob, at(20))
    phone = house.parent(alice)
    read = phone.get("/api/now").get_json()
    assert {call["id"]: call["my_side"] for call in read["calls"]} == {mine: "parent", his: "village"}
    assert {family["name"]: family["role"] for family in read["families"]} == {"Alice": "parent", "Bob": "caregiver"}
    body = {"child_id": bob.child, "parent_id": bob.parent, "starts_at": at(21).isoformat()}
    assert phone.command("/api/calls", body).get_json()["state"] == "proposed"
    own = {"child_id": alice.child, "starts_at": at(21, 30).isoformat()}
    assert phone.command("/api/calls", own).get_json()["state"] == "booked"
    assert phone.command("/api/calls", own | {"child_id": bob.child}).status_code == 404


@pytest.mark.parametrize(("who", "role"), [("parent", MemberRole.PARENT), ("caregiver", MemberRole.CAREGIVER)])
def test_who_left_the_family_has_its_calls_no_more(house: OpenHouse, who: str, role: MemberRole) -> None:
    alice, scene = house.scene.alice, house.scene
    phone = Guest(house, house.badge(PERSON, getattr(alice, who), None))
    call_id = scene.book(alice, at(18, 15))
    scene.clock.at = at(18, 10)
    assert phone.get(f"/api/calls/{call_id}").status_code == 200
    with house.database.begin() as session:
        families.end_membership(
            session, family_id=alice.family, person_id=getattr(alice, who), role=role, now=scene.clock.now()
        )
    read = phone.get("/api/now")
    assert (read.status_code, read.get_json()["calls"], read.get_json()["families"]) == (200, [], [])
    assert phone.get(f"/api/calls/{call_id}").status_code == 404
    for act, body in (("confirm", {}), ("decline", {}), ("cancel", {"reason": "sick"}), ("wrong_person", {})):
        assert phone.command(f"/api/calls/{call_id}/{act}", body).status_code == 404
    principal = Principal(PERSON, getattr(alice, who), None, "a device", "en")
    with pytest.raises(NotFound), house.database.begin() as session:
        seats.take(session, call_id, principal, Device("sid", "page", True), scene.clock.now())


def stand_ready(house: OpenHouse) -> None:
    alice = house.scene.alice
    with house.database.begin() as session:
        device, _ = sessions.open_session(
            session, TERMINAL, alice.terminal, alice.village, "en", house.clock.now(), opened_by="link"
        )
        session.flush()
        sessions.beat(session, device.id, "idle", True, house.clock.now())


def test_the_wrong_person_over_http(house: OpenHouse) -> None:
    alice, now = house.scene.alice, house.clock.now()
    stand_ready(house)
    phone = house.parent(alice)
    call = phone.command("/api/calls/now", {"child_id": alice.child, "minutes": 5}).get_json()
    path = f"/api/calls/{call['id']}/wrong_person"
    early = phone.command(path)
    assert (early.status_code, early.get_json()["error"]) == (409, "nobody_answered")
    with house.database.begin() as session:
        seats.take(session, call["id"], alice.as_terminal, Device("sid", "page", True), now)
    assert granny(house).command(path).get_json()["error"] == "not_your_side"
    assert house.terminal(alice).command(path).status_code == 403
    assert house.parent(house.scene.bob).command(path).status_code == 404
    again = phone.command(path, key="once").get_json()
    assert (again["state"], again["sides"]["village"]["here"]) == ("ringing", False)
    assert phone.command(path, key="once").get_json()["id"] == call["id"]


def test_call_now_where_no_terminal_is_heard_of(house: OpenHouse) -> None:
    answer = house.parent(house.scene.alice).command("/api/calls/now", {"child_id": house.scene.alice.child})
    assert (answer.status_code, answer.get_json()["error"]) == (409, "terminal_away")
    assert answer.get_json()["message"]


@pytest.mark.parametrize("who", ["parent", "desk", "granny"])
def test_call_now_rings(house: OpenHouse, who: str) -> None:
    alice = house.scene.alice
    stand_ready(house)
    caller = {"parent": house.parent(alice), "desk": house.desk(alice), "granny": granny(house)}[who]
    answer = caller.command("/api/calls/now", {"child_id": alice.child, "parent_id": alice.parent}, key="once")
    assert (answer.status_code, answer.get_json()["state"]) == (201, "ringing")
    again = caller.command("/api/calls/now", {"child_id": alice.child, "parent_id": alice.parent}, key="once")
    assert again.get_json()["id"] == answer.get_json()["id"]
    with house.database.read() as session:
        assert session.query(Call).count() == 1
