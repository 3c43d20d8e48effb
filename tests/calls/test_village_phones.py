"""A caregiver's own phone: on the village's side of the call, asking the parent; and call now over HTTP."""

from pathlib import Path

import pytest

from app.calls.models import Call
from app.storage.database import Database
from app.web import sessions
from app.web.principals import PERSON, TERMINAL
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


@pytest.mark.parametrize("who", ["parent", "desk", "granny"])
def test_call_now_rings(house: OpenHouse, who: str) -> None:
    alice = house.scene.alice
    with house.database.begin() as session:
        device, _ = sessions.open_session(
            session, TERMINAL, alice.terminal, alice.village, "en", house.clock.now(), opened_by="link"
        )
        session.flush()
        sessions.beat(session, device.id, "idle", True, house.clock.now())
    caller = {"parent": house.parent(alice), "desk": house.desk(alice), "granny": granny(house)}[who]
    answer = caller.command("/api/calls/now", {"child_id": alice.child, "parent_id": alice.parent}, key="once")
    assert (answer.status_code, answer.get_json()["state"]) == (201, "ringing")
    again = caller.command("/api/calls/now", {"child_id": alice.child, "parent_id": alice.parent}, key="once")
    assert again.get_json()["id"] == answer.get_json()["id"]
    with house.database.read() as session:
        assert session.query(Call).count() == 1
