"""The demo's village: what is said of its people's hours."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.demo import village
from app.families import availability, schedule
from app.families.models import Person
from app.families.words import Occupation
from app.kernel.local_time import day_of, start_of_day
from app.storage.database import Database
from tests.scene import NOW


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_hours_of_its_people(database: Database, language: str) -> None:
    with database.begin() as session:
        village.seed(session, language, NOW)
    with database.read() as session:
        people = session.scalars(select(Person)).all()
        said = schedule.patterns_of(session, [person.id for person in people])
    whys: dict[str, set[Occupation]] = {}
    for person in people:
        today = start_of_day(day_of(NOW, person.zone), person.zone)
        week = availability.busy(said[person.id], person.zone, today, today + timedelta(days=7))
        whys[person.name] = {occupation for _start, _end, occupation in week}
    households = village.HOUSEHOLDS[language]
    for somebody in (each for household in households for each in household.people):
        expected = {
            "mother": {Occupation.SHIFT}, "father": {Occupation.SHIFT}, "grandmother": {Occupation.MARKET},
            "grandfather": set[Occupation](), "boy": {Occupation.SCHOOL, Occupation.BEDTIME},
            "girl": {Occupation.SCHOOL, Occupation.BEDTIME},
        }  # fmt: skip
        assert whys[somebody.name] == expected[somebody.kind]


def test_the_first_mother_has_her_day_off_when_it_is_opened(database: Database) -> None:
    with database.begin() as session:
        village.seed(session, "en", NOW)
        mother = session.scalars(select(Person).where(Person.name == village.HOUSEHOLDS["en"][0].people[0].name)).one()
        patterns = schedule.patterns_of(session, [mother.id])[mother.id]
    today = day_of(NOW, mother.zone)
    words = [availability.shift_on(patterns, today + timedelta(days=n)) for n in range(6)]
    assert [shift.word for shift in words if shift] == ["off", "off", "day", "day", "day", "day"]
