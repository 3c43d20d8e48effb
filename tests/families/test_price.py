"""What a megabyte costs a person: said by them, seen by them alone."""

from pathlib import Path
from typing import Any

import pytest

from app.storage.database import Database
from tests.web.open_house import OpenHouse

PRICE = {"milli": 290, "currency": "CNY"}


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


def test_it_is_said_changed_and_forgotten(house: OpenHouse) -> None:
    alice = house.parent(house.scene.alice)

    def shown() -> Any:
        return alice.get("/api/now").get_json()["me"]["mb_price"]

    assert shown() is None
    for price in (PRICE, {"milli": 0.001, "currency": "USD"}, {"milli": 4.5, "currency": "EUR"}):
        assert alice.command("/api/mb_price", price).status_code == 200
        assert shown() == price
    assert alice.command("/api/mb_price", {"milli": None, "currency": None}).status_code == 200
    assert shown() is None


def test_nobody_else_sees_or_says_it(house: OpenHouse) -> None:
    alice = house.parent(house.scene.alice)
    alice.command("/api/mb_price", PRICE)
    others = [house.parent(house.scene.bob), house.terminal(house.scene.alice), house.desk(house.scene.alice)]
    for other in others:
        assert "290" not in other.get("/api/now").text
    for other in others[1:]:
        assert other.command("/api/mb_price", PRICE).status_code == 403
    assert house.parent(house.scene.bob).get("/api/now").get_json()["me"]["mb_price"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"milli": 290},
        {"currency": "CNY"},
        {"milli": 0, "currency": "CNY"},
        {"milli": -1, "currency": "CNY"},
        {"milli": 1_000_001, "currency": "CNY"},
        {"milli": "free", "currency": "CNY"},
        {"milli": 0.0001, "currency": "CNY"},
        {"milli": True, "currency": ["CNY"]},
        {"milli": 290, "currency": "yuan"},
        {"milli": 290, "currency": "cny"},
        {**PRICE, "person_id": "somebody"},
    ],
)
def test_what_is_no_price_is_refused(house: OpenHouse, body: dict[str, Any]) -> None:
    alice = house.parent(house.scene.alice)
    assert alice.command("/api/mb_price", body).status_code == 422
    assert alice.get("/api/now").get_json()["me"]["mb_price"] is None
