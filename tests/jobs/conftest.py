from collections.abc import Iterator

import pytest

from app.storage.database import Database
from tests.jobs.stage import EFFECTS
from tests.opening import opened
from tests.scene import StepClock


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Empty, migrated, with a table of effects."""
    with opened(database_url) as database:
        with database.engine.begin() as connection:
            EFFECTS.create(connection)
        yield database
