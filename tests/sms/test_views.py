"""The desk's list of strangers: a village sees its own people's unconfirmed numbers, operators those of nobody."""

from pathlib import Path

import pytest

from app.doors.models import Credential
from app.families.models import Person
from app.storage.database import Database
from tests.sms.stage import GRANNY, Stage
from tests.web.open_house import OpenHouse

STRANGER = "+8613900000099"


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    house = OpenHouse(database, tmp_path)
    with database.begin() as session:
        session.get_one(Person, house.scene.alice.caregiver).phone_confirmed_at = None
    stage = Stage(house.scene)
    for number in (GRANNY, STRANGER):
        stage.write(number, "Hello")
    return house


def test_a_village_sees_whom_it_has_to_confirm(house: OpenHouse) -> None:
    alice = house.scene.alice
    shown = house.desk(alice).get("/api/texts/strangers").get_json()
    assert shown == {
        "strangers": [
            {"number": "…12", "texts": 1, "last_at": "2026-11-23T10:01:00Z", "person_id": alice.caregiver,
             "name": "Granny of Alice"},
        ],
        "elsewhere": None,
    }  # fmt: skip
    assert house.desk(house.scene.charlie).get("/api/texts/strangers").get_json()["strangers"] == []


def test_an_operator_sees_those_of_nobody_as_well(house: OpenHouse) -> None:
    with house.database.begin() as session:
        session.add(
            Credential(
                coordinator_id=house.coordinators[house.scene.charlie.village], login="lee", password_hash="", totp="",
                totp_step=0, is_operator=True, changed_at=house.clock.now(),
            )
        )  # fmt: skip
    shown = house.desk(house.scene.charlie).get("/api/texts/strangers").get_json()
    assert shown["strangers"] == []
    assert [(each["number"], each["name"]) for each in shown["elsewhere"]] == [("…99", None)]


def test_nobody_else_is_shown_any(house: OpenHouse) -> None:
    for guest in (house.parent(house.scene.alice), house.terminal(house.scene.alice)):
        assert guest.get("/api/texts/strangers").status_code == 403
