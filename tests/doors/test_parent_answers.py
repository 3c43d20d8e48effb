"""Who asked for the other parent is told once what the desk answered, gently. On both databases."""

from datetime import datetime, timedelta

import pytest

from app.families import service as families
from app.families.models import Person
from app.families.words import MemberRole
from app.notices import deciding
from tests.doors.asking import accepts, asked, does
from tests.doors.conftest import Doors
from tests.scene import at
from tests.web.open_house import Guest

ALICE = "+8613800000011"


@pytest.fixture
def desk(doors: Doors) -> Guest:
    return doors.house.desk(doors.house.scene.alice)


def told(doors: Doors, moment: datetime | None = None) -> list[str]:
    """What came to who asked, until then."""
    doors.house.clock.at = moment or doors.house.clock.at
    return [text.removeprefix("Homethread: ") for text in doors.texts(ALICE)]


def test_accepted_they_are_told_once_in_their_language(doors: Doors, desk: Guest) -> None:
    alice = doors.house.scene.alice
    request_id = asked(doors, alice, name="小卫")
    assert told(doors) == []
    with doors.house.database.begin() as session:
        session.get_one(Person, alice.parent).language = "zh-CN"
    assert accepts(desk, request_id).status_code == 201
    (text,) = told(doors)
    assert "您申请让小卫加入，管理员同意了，请打开 http" in text
    doors.house.clock.at += timedelta(days=1)
    assert told(doors) == [text]
    assert doors.texts(f"{ALICE[:-1]}2") == [], "nobody else"


def test_declined_at_night_they_are_told_in_the_morning_where_the_reason_is(doors: Doors, desk: Guest) -> None:
    request_id = asked(doors, doors.house.scene.alice)
    doors.house.clock.at = at(23)
    does(desk, request_id, "decline", reason="Please come to the office with the booklet")
    assert told(doors, at(6, 59, day=24)) == []
    (text,) = told(doors, at(7, day=24))
    assert text.startswith("The coordinator has not taken Wei in. Read why: http")


def test_what_was_undone_before_the_morning_is_not_told(doors: Doors, desk: Guest) -> None:
    request_id = asked(doors, doors.house.scene.alice)
    doors.house.clock.at = at(23)
    does(desk, request_id, "decline", reason="A slip")
    assert told(doors) == []
    does(desk, request_id, "reopen")
    assert told(doors, at(23, 10)) == []
    accepts(desk, request_id)
    (text,) = told(doors, at(8, day=24))
    assert "has taken Wei in" in text


def test_an_answer_that_was_undone_before_a_worker_came_is_not_told(doors: Doors, desk: Guest) -> None:
    request_id = asked(doors, doors.house.scene.alice)
    accepts(desk, request_id)
    doors.house.clock.step(seconds=1)
    does(desk, request_id, "reopen")
    doors.house.clock.step(seconds=1)
    does(desk, request_id, "decline", reason="Another one with the same name")
    (text,) = told(doors)
    assert "has not taken Wei in" in text


def test_who_is_no_parent_there_any_more_and_who_has_no_budget_is_not_texted(doors: Doors, desk: Guest) -> None:
    alice = doors.house.scene.alice
    mine, another = asked(doors, alice), asked(doors, alice, number="+8613900000056")
    with doors.house.database.begin() as session:
        deciding.change(session, alice.village, {"village_segments": 0})
    does(desk, mine, "decline", reason="no")
    assert told(doors) == []
    with doors.house.database.begin() as session:
        deciding.change(session, alice.village, {"village_segments": None})
        families.end_membership(
            session, family_id=alice.family, person_id=alice.parent, role=MemberRole.PARENT, now=doors.house.clock.now()
        )
    does(desk, another, "decline", reason="no")
    assert told(doors) == []
