"""What is foreseen of a series is what booking it comes to."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.calls.foresight import foresee
from app.calls.models import Call, Series
from app.calls.rules import CALL_MINUTES
from app.kernel.errors import Invalid, Refused
from app.storage.database import Database
from app.villages import service as villages
from tests.calls.series_stage import EIGHT, SUNDAYS, WEEKS, Stage, days, evening, sunday
from tests.calls.test_series_gaps import close, consent_until, speaks_elsewhere, works
from tests.scene import set_scene
from tests.web.open_house import OpenHouse


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(set_scene(database))


def foreseen(stage: Stage, rule: str = SUNDAYS, **more: int) -> dict[str, str | None]:
    found = stage.run(lambda s: foresee(s, stage.wish(None, rule, **more), stage.now))
    return {day.occurs_on.isoformat(): day.reason for day in found}


def test_each_day_is_foreseen_as_it_comes(stage: Stage) -> None:
    close(stage, sunday(1))
    works(stage, sunday(2))
    stage.scene.book(stage.scene.bob, evening(sunday(3)))
    speaks_elsewhere(stage, sunday(4))
    consent_until(stage, evening(sunday(6)))
    before = foreseen(stage)
    series_id = stage.book()
    with stage.scene.database.read() as session:
        gaps = session.get_one(Series, series_id).gaps
    assert gaps == {day: reason for day, reason in before.items() if reason}
    assert gaps == {
        sunday(1).isoformat(): "outside_hours", sunday(2).isoformat(): "person_busy",
        sunday(4).isoformat(): "person_busy", sunday(6).isoformat(): "no_consent", sunday(7).isoformat(): "no_consent",
    }  # fmt: skip
    assert list(before) == [day.isoformat() for day in days(WEEKS)]


def test_a_terminal_that_is_taken_and_one_that_is_gone(stage: Stage) -> None:
    stage.scene.book(stage.scene.bob, evening(sunday(0)))
    stage.scene.book(stage.scene.bob, evening(sunday(1)) - timedelta(minutes=CALL_MINUTES))
    assert [reason for reason in foreseen(stage).values() if reason] == ["slot_taken"] * 2, "the change-over counts too"
    assert set(foreseen(stage, starts_minute=EIGHT + 7).values()) == {"outside_hours"}, "off the grid"
    alice = stage.scene.alice
    stage.run(lambda s: villages.retire_terminal(s, alice.village, alice.terminal, stage.now))
    assert set(foreseen(stage).values()) == {"terminal_retired"}


def test_nothing_is_held_and_nonsense_is_refused(stage: Stage) -> None:
    foreseen(stage)
    with stage.scene.database.read() as session:
        assert not session.scalars(select(Call)).all()
    with pytest.raises(Invalid, match="bad_rule"):
        foreseen(stage, rule="FREQ=WEEKLY;BYDAY=XX")
    with pytest.raises(Refused, match="bad_length"):
        foreseen(stage, minutes=4)
    assert foreseen(stage, rule=f"{SUNDAYS};UNTIL=20261129") == {sunday(0).isoformat(): None}


def test_a_family_asks_and_a_stranger_finds_nothing(database: Database, tmp_path: Path) -> None:
    house = OpenHouse(database, tmp_path)
    alice = house.scene.alice
    asked = {"child_id": alice.child, "starts_on": sunday(0).isoformat(), "starts_minute": EIGHT, "rule": SUNDAYS}
    answer = house.parent(alice).ask("GET", "/api/series/preview", query_string=asked)
    assert [day["reason"] for day in answer.get_json()["days"]] == [None] * WEEKS
    assert answer.get_json()["days"][0] == {
        "occurs_on": "2026-11-29", "starts_at": "2026-11-29T12:00:00Z", "reason": None,
    }  # fmt: skip
    assert house.parent(house.scene.bob).ask("GET", "/api/series/preview", query_string=asked).status_code == 404
