from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event

from app.storage.database import Database
from tests.conftest import share_statements
from tests.jobs.stage import EFFECTS
from tests.scene import StepClock


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Empty, migrated, with a table of effects; SQLite without waiting for the disk, since nothing is cut here."""
    opened = Database(database_url)
    if opened.is_sqlite:
        event.listen(opened.engine, "connect", _do_not_wait_for_the_disk)
    share_statements(opened)
    with opened.engine.begin() as connection:
        EFFECTS.create(connection)
    yield opened
    opened.close()


def _do_not_wait_for_the_disk(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")
