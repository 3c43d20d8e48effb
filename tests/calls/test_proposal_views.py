"""GET /proposals for a parent, a terminal and the desk: the shape, what is refused, and for whom there is nothing."""

from pathlib import Path
from typing import Any

import pytest

from app.calls.words import Obstacle, SlotReason
from app.families import pins, schedule
from app.families import service as families
from app.families.models import Family
from app.families.pin_rules import Picture
from app.families.schedule import Said
from app.families.words import Occupation, PatternKind
from app.storage.database import Database
from app.villages import service as villages
from app.web import texts
from tests.scene import NOW, SEALER, Household, at
from tests.web.open_house import Guest, OpenHouse


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(sqlite_database, tmp_path)


def find(guest: Guest, child_id: str, **query: Any) -> tuple[int, dict[str, Any]]:
    answer = guest.ask("GET", "/api/proposals", query_string={"child_id": child_id, **query})
    return answer.status_code, answer.get_json()


def always_at_work(house: OpenHouse, whom: Household) -> None:
    said = Said(PatternKind.WEEKLY, Occupation.SHIFT, {"weekdays": [*range(7)], "from_minute": 0, "until_minute": 0})
    with house.database.begin() as session:
        schedule.add(session, whom.parent, said, "person:x", NOW)


def test_a_parent_the_terminal_and_the_desk_find_the_same(house: OpenHouse) -> None:
    alice = house.scene.alice
    said = [find(guest, alice.child) for guest in (house.parent(alice), house.terminal(alice), house.desk(alice))]
    status, found = said[0]
    assert (status, said) == (200, [said[0]] * 3)
    assert [found[key] for key in ("obstacles", "compromise", "minutes", "zone")] == [[], None, 15, "Asia/Shanghai"]
    first = found["proposals"][0]
    assert first == {
        "starts_at": "2026-11-23T11:15:00Z", "ends_at": "2026-11-23T11:30:00Z", "terminal_id": alice.terminal,
        "reasons": ["soonest", "long_unheard"],
    }  # fmt: skip
    assert found["sentences"] == {
        "everybody_free": "Everybody has time then", "long_unheard": "You have not talked for a week",
        "soonest": "The soonest time that suits everybody",
    }  # fmt: skip


def test_what_is_found_can_be_booked(house: OpenHouse) -> None:
    alice = house.scene.alice
    with house.database.begin() as session:
        second = villages.add_terminal(session, alice.village, "School", NOW).id
    parent, terminal = house.parent(alice), house.terminal(alice)
    first, other = find(parent, alice.child)[1]["proposals"][:2]
    asked = {"child_id": alice.child, "starts_at": first["starts_at"], "terminal_id": second}
    booked = parent.command("/api/calls", asked)
    assert (booked.status_code, booked.get_json()["terminal"]["id"]) == (201, second)
    asked = {"child_id": alice.child, "starts_at": other["starts_at"]}
    assert terminal.command("/api/calls", asked).get_json()["state"] == "proposed"


def test_where_none_fits_it_says_why_in_the_callers_language(house: OpenHouse) -> None:
    alice = house.scene.alice
    always_at_work(house, alice)
    status, found = find(house.parent(alice, language="zh-CN"), alice.child)
    assert (status, found["proposals"]) == (200, [])
    assert found["obstacles"] == [{"code": "parent_at_work", "share": 1.0}]
    assert found["sentences"] == {"parent_at_work": "家长在上班"}
    assert found["compromise"] == {
        "starts_at": "2026-11-23T11:15:00Z", "ends_at": "2026-11-23T11:30:00Z", "terminal_id": alice.terminal,
        "conflicts": ["parent_at_work"],
    }  # fmt: skip


def test_without_consent_there_is_no_time(house: OpenHouse) -> None:
    alice = house.scene.alice
    with house.database.begin() as session:
        families.set_no_contact(session, child_id=alice.child, contact_id=alice.parent, reason="court", now=NOW)
    found = find(house.parent(alice), alice.child)[1]
    assert (found["obstacles"], found["compromise"]) == ([{"code": "no_contact", "share": 1.0}], None)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"minutes": 61}, 409, "bad_length"),
        ({"minutes": "many"}, 422, "not_understood"),
        ({"minutes": 0}, 422, "not_understood"),
        ({"from": "tomorrow"}, 422, "not_understood"),
        ({"from": "2026-11-24T10:00"}, 422, "not_understood"),
        ({"from": "2100-01-01T00:00:00Z"}, 409, "too_far_ahead"),
        ({"until": at(18).isoformat()}, 409, "ends_before_start"),
        ({"until": at(19).isoformat()}, 409, "too_late_to_propose"),
        ({"until": "2027-11-24T10:00:00Z"}, 409, "search_too_long"),
        ({"from": "2000-01-01T00:00:00Z"}, 409, "too_late_to_propose"),
        ({"terminal": "x"}, 422, "not_understood"),
    ],
)
def test_questions_that_are_refused(house: OpenHouse, query: dict[str, Any], status: int, code: str) -> None:
    alice = house.scene.alice
    answered, found = find(house.parent(alice), alice.child, **query)
    assert (answered, found["error"]) == (status, code)
    assert found["message"]


def test_strangers_and_the_wrong_pair_find_nothing(house: OpenHouse) -> None:
    alice, bob, charlie = house.scene.alice, house.scene.bob, house.scene.charlie
    for guest in (house.parent(bob), house.parent(charlie), house.terminal(charlie), house.desk(charlie)):
        assert find(guest, alice.child)[0] == 404
        assert find(guest, alice.child, parent_id=alice.parent)[0] == 404
    assert find(house.parent(alice), alice.child, parent_id=bob.parent)[0] == 404
    assert find(house.terminal(alice), alice.child, parent_id=bob.parent)[0] == 404
    assert find(house.parent(alice), alice.parent)[0] == 404
    assert find(house.nobody(), alice.child)[0] == 401


def test_a_terminal_is_asked_for_the_pin(house: OpenHouse) -> None:
    alice = house.scene.alice
    with house.database.begin() as session:
        family = session.get_one(Family, alice.family)
        pins.set_pin(session, SEALER, family, "another device", [Picture.FISH] * 4, None, NOW)
    status, found = find(house.terminal(alice), alice.child)
    assert (status, found["error"]) == (409, "pin_needed")
    assert find(house.parent(alice), alice.child)[0] == 200


@pytest.mark.parametrize("language", texts.languages())
def test_every_code_has_a_sentence(language: str) -> None:
    assert all(texts.text(f"reason.slot.{code}", language) for code in SlotReason)
    assert all(texts.text(f"reason.obstacle.{code}", language) for code in Obstacle)
    assert not {*SlotReason} & {*Obstacle}, "one table of sentences holds both"
