"""The stage for texts, on both databases."""

import pytest

from app.storage.database import Database
from tests.sms.stage import Stage, set_stage


@pytest.fixture
def stage(database: Database) -> Stage:
    return set_stage(database)
