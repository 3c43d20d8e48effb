"""A village whose parents and children may send each other messages."""

from pathlib import Path

import pytest

from app.families import service as families
from app.families.words import ConsentKind
from app.storage.database import Database
from tests.scene import Household
from tests.web.open_house import OpenHouse


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    opened = OpenHouse(database, tmp_path)
    for household in (opened.scene.alice, opened.scene.bob, opened.scene.charlie):
        allow_messages(opened, household)
    return opened


def allow_messages(house: OpenHouse, household: Household) -> None:
    with house.database.begin() as session:
        families.give_consent(
            session, child_id=household.child, contact_id=household.parent, kind=ConsentKind.MESSAGE,
            given_by=household.parent, evidence="paper", from_at=house.clock.now(), now=house.clock.now(),
        )  # fmt: skip
