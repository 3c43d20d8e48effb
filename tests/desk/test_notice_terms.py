"""What a village decides about its notices, and what its desk is told: shown, changed, refused, and nobody else's."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.notices import service, terms
from app.notices.models import Notice
from app.notices.templates import Param
from app.storage.database import Database
from tests.scene import Household, at
from tests.web.open_house import Guest, OpenHouse

TERMS = "/api/notices/terms"


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


@pytest.fixture
def desk(house: OpenHouse) -> Guest:
    return house.desk(house.scene.alice)


def kind(shown: Any, template: str) -> Any:
    return next(each for each in shown["kinds"] if each["template"] == template)


def told(house: OpenHouse, whom: Household) -> str:
    """Plan a notice to Alice or another parent; its id."""
    return planned(house, "booked", whom.family, person_id=whom.parent, family_id=whom.family)


def planned(house: OpenHouse, template: str, key: str, due_at: datetime | None = None, **reader: str) -> str:
    params: dict[str, Param] = {
        "parent": "Wang", "child": "Yu", "place": "Redstone", "starts_at": at(19), "name": "Granny",
    }  # fmt: skip
    now = house.clock.now()
    with house.database.begin() as session:
        return service.plan(
            session, template=template, subject="call:1", params=params, due_at=due_at or now, key=key, now=now,
            person_id=reader.get("person_id"), family_id=reader.get("family_id"), village_id=reader.get("village_id"),
        )  # fmt: skip


def spend(house: OpenHouse, notice_id: str, segments: int) -> None:
    with house.database.begin() as session:
        assert terms.spend(session, session.get_one(Notice, notice_id), segments, house.clock.now())


def test_the_terms_that_hold_when_nobody_has_decided(desk: Guest) -> None:
    shown = desk.get(TERMS).get_json()
    kinds = shown.pop("kinds")
    assert shown == {
        "quiet_from_minute": 1290, "quiet_until_minute": 420, "family_segments": None, "village_segments": None,
        "segment_price": 450, "currency": "CNY", "is_push_on": False,
        "month": {"segments": 0, "cost": 0, "families": []},
    }  # fmt: skip
    assert kind({"kinds": kinds}, "booked") == {
        "template": "booked", "is_on": True, "can_be_off": True, "escalate_minutes": None,
    }  # fmt: skip
    assert kind({"kinds": kinds}, "chase") == {
        "template": "chase", "is_on": True, "can_be_off": False, "escalate_minutes": 60,
    }  # fmt: skip
    assert not any(each["template"] in ("cancelled", "sign_in_code", "ring_parent") for each in kinds)


def test_what_is_given_changes_and_the_rest_stays(house: OpenHouse, desk: Guest) -> None:
    assert desk.command(TERMS, {"family_segments": 60, "quiet_from_minute": 1260}).status_code == 200
    changed = desk.command(TERMS, {
        "currency": "EUR", "is_push_on": True, "kinds": [
            {"template": "booked", "is_on": False}, {"template": "chase", "escalate_minutes": 15},
        ],
    }).get_json()  # fmt: skip
    assert (changed["family_segments"], changed["quiet_from_minute"], changed["quiet_until_minute"]) == (60, 1260, 420)
    assert (changed["currency"], changed["is_push_on"], changed["segment_price"]) == ("EUR", True, 450)
    assert kind(changed, "booked")["is_on"] is False
    assert kind(changed, "chase")["escalate_minutes"] == 15
    again = desk.command(TERMS, {
        "family_segments": None, "kinds": [{"template": "chase", "escalate_minutes": None}],
    }).get_json()  # fmt: skip
    assert again["family_segments"] is None
    assert kind(again, "chase")["escalate_minutes"] == 60
    assert kind(again, "booked")["is_on"] is False
    assert again == desk.get(TERMS).get_json()
    assert house.desk(house.scene.charlie).get(TERMS).get_json()["currency"] == "CNY", "the next village's are its own"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"kinds": [{"template": "cancelled", "is_on": False}]}, "notice_stays_on"),
        ({"kinds": [{"template": "ring_village", "is_on": False}]}, "notice_stays_on"),
        ({"kinds": [{"template": "booked", "escalate_minutes": 5}]}, "notice_asks_nobody"),
        ({"kinds": [{"template": "horoscope", "is_on": True}]}, "unknown_notice"),
    ],
)
def test_what_a_village_can_not_decide_is_refused_whole(desk: Guest, wrong: dict[str, Any], code: str) -> None:
    refused = desk.command(TERMS, {"family_segments": 7, **wrong})
    assert (refused.status_code, refused.get_json()["error"]) == (409, code)
    assert desk.get(TERMS).get_json()["family_segments"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"quiet_from_minute": 1440}, {"quiet_until_minute": -1}, {"family_segments": -1},
        {"village_segments": 1_000_001}, {"segment_price": -1}, {"currency": "yuan"}, {"currency": "cny"},
        {"is_push_on": None}, {"quiet_from_minute": None}, {"kinds": [{"template": "chase", "escalate_minutes": 0}]},
        {"kinds": [{"template": "chase", "escalate_minutes": 2881}]}, {"kinds": [{"template": "no thing"}]},
        {"kinds": [{"template": "chase"}] * 61}, {"something": 1},
    ],
)  # fmt: skip
def test_what_is_out_of_bounds_is_not_understood(desk: Guest, wrong: dict[str, Any]) -> None:
    assert desk.command(TERMS, wrong).status_code == 422


def test_what_this_month_cost(house: OpenHouse, desk: Guest) -> None:
    alice, bob, charlie = house.scene.alice, house.scene.bob, house.scene.charlie
    spend(house, told(house, bob), 3)
    spend(house, told(house, alice), 1)
    spend(house, told(house, charlie), 5)
    month = desk.get(TERMS).get_json()["month"]
    assert (month["segments"], month["cost"]) == (4, 1800)
    assert month["families"] == [
        {"id": bob.family, "name": "Bob", "emblem": "kite", "segments": 3},
        {"id": alice.family, "name": "Alice", "emblem": "fox", "segments": 1},
    ]
    house.clock.at = at(23, 59, day=30)
    assert house.desk(alice).get(TERMS).get_json()["month"]["segments"] == 4
    house.clock.step(minutes=1)
    assert house.desk(alice).get(TERMS).get_json()["month"]["segments"] == 0, "by the village's clock it is December"


def test_the_desk_is_told_until_somebody_has_seen_to_it(house: OpenHouse, desk: Guest) -> None:
    alice = house.scene.alice
    first = planned(house, "unreached", "first", village_id=alice.village)
    planned(house, "unreached", "later", house.clock.now() + timedelta(hours=1), village_id=alice.village)
    planned(house, "unreached", "elsewhere", village_id=house.scene.charlie.village)
    told(house, alice)
    (shown,) = desk.get("/api/notices").get_json()["notices"]
    assert (shown["id"], shown["template"], shown["call_id"]) == (first, "unreached", "1")
    assert "Granny" in shown["text"]
    assert "19:00" in shown["text"]
    assert house.desk(house.scene.charlie).command(f"/api/notices/{first}/close", {}).status_code == 404
    assert desk.command(f"/api/notices/{first}/close", {}).status_code == 200
    assert desk.get("/api/notices").get_json() == {"notices": []}


def test_nobody_closes_what_is_told_to_a_person(house: OpenHouse, desk: Guest) -> None:
    assert desk.command(f"/api/notices/{told(house, house.scene.alice)}/close", {}).status_code == 404
