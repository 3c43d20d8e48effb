"""A clock, and a village with one family of three who hold two phones."""

from dataclasses import dataclass

import pytest

from app.families.models import Family, Member, Person
from app.families.words import MemberRole
from app.storage.database import Database
from app.villages.models import Village
from tests.notices.stage import NOW, StepClock


@dataclass(frozen=True)
class People:
    village: str
    parent: str
    caregiver: str
    child: str


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
def people(database: Database) -> People:
    return settle(database, "1")


def settle(database: Database, mark: str) -> People:
    """A family in a village of its own; `mark` keeps several apart."""
    ids = {role: f"{role.value}{mark}" for role in MemberRole}
    phones = {MemberRole.PARENT: f"+86138000000{mark}1", MemberRole.CAREGIVER: f"+86138000000{mark}2"}
    with database.begin() as session:
        session.add(Village(id=f"village{mark}", name="青石村", zone="Asia/Shanghai", language="zh-CN"))
        session.flush()
        session.add(Family(id=f"family{mark}", village_id=f"village{mark}", name="王", emblem="fox"))
        for role, person_id in ids.items():
            session.add(
                Person(
                    id=person_id, name=f"{role.value} {mark}", phone=phones.get(role), zone="Asia/Shanghai",
                    language="zh-CN", phone_confirmed_at=NOW,
                )
            )  # fmt: skip
        session.flush()
        for role, person_id in ids.items():
            session.add(
                Member(id=f"{mark}{role.value}"[:16], family_id=f"family{mark}", person_id=person_id, role=role)
            )
    return People(
        f"village{mark}", *(ids[role] for role in (MemberRole.PARENT, MemberRole.CAREGIVER, MemberRole.CHILD))
    )
