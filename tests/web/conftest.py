"""The open house, on SQLite where one database says enough, on both where they might differ."""

from pathlib import Path

import pytest

from app.storage.database import Database
from tests.web.open_house import OpenHouse


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(sqlite_database, tmp_path)


@pytest.fixture
def house_on_both(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)
