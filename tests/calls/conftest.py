"""Alice, Bob and Charlie on each kind of database."""

import pytest

from app.storage.database import Database
from tests.scene import Scene, set_scene


@pytest.fixture
def scene(database: Database) -> Scene:
    return set_scene(database)
