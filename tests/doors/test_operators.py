"""An operator sees every village, one at a time; for any other coordinator there is nothing there."""

from pathlib import Path

import pytest
from sqlalchemy import select

from app.desk.models import AuditEntry
from app.doors import credentials
from app.storage.database import Database
from tests.doors.at_desk import Lee
from tests.web.open_house import Guest, OpenHouse


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


@pytest.fixture
def operator(house: OpenHouse) -> Guest:
    return Lee(house, is_operator=True).comes_in()


def test_an_operator_lists_the_coordinators_of_all_villages(house: OpenHouse, operator: Guest) -> None:
    Lee(house, "mo")
    with house.database.begin() as session:
        credentials.end(session, "mo", house.clock.now())
    shown = operator.get("/api/desk/coordinators").get_json()
    assert [village["name"] for village in shown["villages"]] == ["Bridge", "Redstone"]
    known = {c["login"]: (c["village"]["name"], c["is_operator"], c["ended"]) for c in shown["coordinators"]}
    assert known == {"lee@redstone.example": ("Redstone", True, False), "mo": ("Redstone", False, True)}
    assert operator.get("/api/now").get_json()["operator"] is True


def test_an_operator_looks_at_another_village_and_works_there(house: OpenHouse, operator: Guest) -> None:
    alice, charlie = house.scene.alice, house.scene.charlie
    assert operator.get(f"/api/families/{charlie.family}").status_code == 404
    assert operator.command("/api/desk/village", {"village_id": charlie.village}).status_code == 200
    assert operator.get("/api/now").get_json()["village"]["id"] == charlie.village
    assert operator.get(f"/api/families/{charlie.family}").status_code == 200
    assert operator.get(f"/api/families/{alice.family}").status_code == 404
    assert operator.command(f"/api/persons/{charlie.parent}", {"name": "Carla"}, method="PATCH").status_code == 200
    with house.database.read() as session:
        kept = session.execute(select(AuditEntry.village_id, AuditEntry.action)).all()
    assert sorted(tuple(row) for row in kept) == sorted(
        [(alice.village, "sign_in"), (charlie.village, "look_at_village"), (charlie.village, "change_person")]
    )
    named = house.desk(charlie).get("/api/audit").get_json()["entries"]
    assert {(entry["who"], entry["action"]) for entry in named} == {
        ("Lee", "look_at_village"),
        ("Lee", "change_person"),
    }


def test_a_socket_does_not_stay_in_the_village_before(house: OpenHouse, operator: Guest) -> None:
    alice, charlie = house.scene.alice, house.scene.charlie
    with house.served() as port:
        with operator.connect(port) as wire:
            operator.command("/api/desk/village", {"village_id": charlie.village})
            wire.ended()
        with operator.connect(port) as wire:
            house.desk(alice).command(f"/api/persons/{alice.parent}", {"name": "Alicia"}, method="PATCH")
            house.desk(charlie).command(f"/api/persons/{charlie.parent}", {"name": "Carla"}, method="PATCH")
            assert wire.event("hint") == {"topic": "village", "id": charlie.village}


def test_for_any_other_coordinator_there_is_nothing(house: OpenHouse) -> None:
    lee = Lee(house)
    desk = lee.comes_in()
    for guest in (desk, house.desk(house.scene.alice)):
        assert guest.get("/api/desk/coordinators").status_code == 404
        for village in (house.scene.charlie.village, house.scene.alice.village, "nowhere"):
            assert guest.command("/api/desk/village", {"village_id": village}).status_code == 404
    assert desk.get("/api/now").get_json()["village"]["id"] == house.scene.alice.village


def test_a_village_that_is_not_there(operator: Guest) -> None:
    assert operator.command("/api/desk/village", {"village_id": "nowhere"}).status_code == 404
