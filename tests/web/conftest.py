"""The open house, on SQLite where one database says enough, on both where they might differ."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.storage.database import Database
from tests.scene import at
from tests.web.open_house import OpenHouse


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(sqlite_database, tmp_path)


@pytest.fixture
def house_on_both(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


@pytest.fixture
def port(house: OpenHouse) -> Iterator[int]:
    with house.served() as port:
        yield port


@pytest.fixture
def call(house: OpenHouse) -> str:
    """Alice's, at eight; it is five to."""
    call_id = house.scene.book(house.scene.alice, at(20))
    house.clock.at = at(19, 55)
    return call_id
