"""Two families of one village and one of another. The mother of the Wangs has a child in both villages."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from app.families import service
from app.families.words import MemberRole
from app.storage.database import Database
from app.villages import service as villages

PARENT, CAREGIVER, CHILD = MemberRole.PARENT, MemberRole.CAREGIVER, MemberRole.CHILD


@dataclass(frozen=True)
class Kin:
    """Ids. Ming's family are the Wangs, Hua's the Lis, Juan lives elsewhere."""

    village: str
    elsewhere: str
    wang: str
    li: str
    wang_elsewhere: str
    mother: str
    father: str
    grandmother: str
    ming: str
    juan: str
    li_mother: str
    hua: str


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def kin(database: Database, now: datetime) -> Kin:
    with database.begin() as session:
        village = villages.create_village(session, name="青石村", zone="Asia/Shanghai", language="zh-CN").id
        elsewhere = villages.create_village(session, name="柳树村", zone="Asia/Shanghai", language="zh-CN").id
        persons = {name: _person(session, name) for name in ("mother", "father", "grandmother", "ming", "juan")}
        li_mother, hua = _person(session, "li_mother"), _person(session, "hua")
        wang = service.add_family(session, village_id=village, name="王", emblem="fox", now=now).id
        li = service.add_family(session, village_id=village, name="李", emblem="kite", now=now).id
        wang_elsewhere = service.add_family(session, village_id=elsewhere, name="王", emblem="fox", now=now).id
        for family, person, role in (
            (wang, persons["mother"], PARENT), (wang, persons["father"], PARENT),
            (wang, persons["grandmother"], CAREGIVER), (wang, persons["ming"], CHILD),
            (wang_elsewhere, persons["mother"], PARENT), (wang_elsewhere, persons["juan"], CHILD),
            (li, li_mother, PARENT), (li, hua, CHILD),
        ):  # fmt: skip
            service.add_member(session, family_id=family, person_id=person, role=role, now=now)
    return Kin(village, elsewhere, wang, li, wang_elsewhere, **persons, li_mother=li_mother, hua=hua)


def _person(session: Session, name: str) -> str:
    return service.add_person(session, name=name, zone="Asia/Shanghai", language="zh-CN").id
