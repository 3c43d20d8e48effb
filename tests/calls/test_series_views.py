"""Series over HTTP: who may, what is taken and given, and what bad input is told."""

from pathlib import Path
from typing import Any

import pytest

from app.calls import queries
from app.families import service as families
from app.families.words import MemberRole
from app.storage.database import Database
from app.web.principals import PERSON
from tests.calls.series_stage import SUNDAYS
from tests.scene import NOW, ZONE
from tests.web.open_house import Guest, OpenHouse

EIGHT_WEEKS = 8


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(sqlite_database, tmp_path)


def wish(house: OpenHouse, **more: Any) -> dict[str, Any]:
    pair = {"child_id": house.scene.alice.child, "parent_id": house.scene.alice.parent}
    return {**pair, "starts_on": "2026-11-29", "starts_minute": 1200, "rule": SUNDAYS, **more}


def booked(house: OpenHouse, guest: Guest, **more: Any) -> Any:
    answer = guest.command("/api/series", wish(house, **more))
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def caregiver(house: OpenHouse) -> Guest:
    return Guest(house, house.badge(PERSON, house.scene.alice.caregiver, None))


def test_a_series_is_booked_and_looked_at(house: OpenHouse) -> None:
    alice = house.parent(house.scene.alice)
    shape = booked(house, alice, rule="freq=weekly;count=20")
    assert (shape["rule"], shape["zone"], shape["minutes"], shape["gaps"]) == ("FREQ=WEEKLY;COUNT=20", ZONE, 15, [])
    assert shape["words"] == {
        "freq": "weekly", "interval": 1, "weekdays": [6], "nth": [None], "month_days": [], "until": None, "count": 20,
    }  # fmt: skip
    assert len(shape["calls"]) == EIGHT_WEEKS
    first = shape["calls"][0]
    assert first | {"call_id": None} == {
        "occurs_on": "2026-11-29", "call_id": None, "starts_at": "2026-11-29T12:00:00Z",
        "ends_at": "2026-11-29T12:15:00Z", "state": "booked",
    }  # fmt: skip
    for guest in (alice, caregiver(house), house.desk(house.scene.alice)):
        listed = guest.ask("GET", "/api/series", query_string={"family_id": house.scene.alice.family})
        assert [each["id"] for each in listed.get_json()["series"]] == [shape["id"]]
    call = alice.get(f"/api/calls/{first['call_id']}").get_json()
    assert (call["origin"], call["series_id"]) == ("series", shape["id"])


def test_words_of_other_rules(house: OpenHouse) -> None:
    desk = house.desk(house.scene.alice)
    shape = booked(house, desk, rule="FREQ=MONTHLY;BYDAY=1SU,-1SU;UNTIL=20270601")
    words = shape["words"]
    assert (words["weekdays"], words["nth"], words["until"]) == ([6, 6], [-1, 1], "2027-06-01")
    by_date = booked(house, desk, rule="FREQ=MONTHLY;BYMONTHDAY=1,-1", starts_minute=1000)
    assert by_date["words"]["month_days"] == [-1, 1]


@pytest.mark.parametrize("who", ["parent", "caregiver", "desk"])
def test_those_whose_it_is_change_and_end_it(house: OpenHouse, who: str) -> None:
    alice = house.scene.alice
    guest = {"parent": house.parent(alice), "caregiver": caregiver(house), "desk": house.desk(alice)}[who]
    known = booked(house, guest)
    changed = guest.command(f"/api/series/{known['id']}/change", {"starts_minute": 1140}).get_json()
    assert {call["starts_at"][11:16] for call in changed["calls"]} == {"11:00"}
    house.clock.step(seconds=1)
    split = {"from_on": "2026-12-13", "rule": "FREQ=WEEKLY;BYDAY=SA", "minutes": 30}
    following = guest.command(f"/api/series/{known['id']}/change", split).get_json()
    assert following["id"] != known["id"]
    assert following["calls"][0]["occurs_on"] == "2026-12-19"
    ended = guest.command(f"/api/series/{following['id']}/end", {"reason": "sick"})
    assert (ended.status_code, ended.get_json()["calls"]) == (200, [])
    assert ended.get_json()["ended_at"] is not None
    again = guest.command(f"/api/series/{following['id']}/end", {"reason": "sick"})
    assert (again.status_code, again.get_json()["error"]) == (409, "series_over")
    listed = guest.ask("GET", "/api/series", query_string={"family_id": alice.family}).get_json()["series"]
    assert [each["id"] for each in listed] == [known["id"], following["id"]]
    house.clock.step(days=15)
    listed = house.desk(alice).ask("GET", "/api/series", query_string={"family_id": alice.family})
    assert [each["id"] for each in listed.get_json()["series"]] == [known["id"]]


def test_another_parent_and_a_sibling_of_the_family_find_nothing(house: OpenHouse) -> None:
    """As with a call: it is that of one parent and one child."""
    known = booked(house, house.parent(house.scene.alice))
    family, strangers = house.scene.alice.family, []
    for role in (MemberRole.PARENT, MemberRole.CHILD):
        with house.database.begin() as session:
            who = families.add_person(session, name="Li", zone=ZONE, language="en").id
            families.add_member(session, family_id=family, person_id=who, role=role, now=NOW)
        strangers.append(Guest(house, house.badge(PERSON, who, None)))
    for stranger in strangers:
        assert stranger.command(f"/api/series/{known['id']}/end", {"reason": "sick"}).status_code == 404
        listed = stranger.ask("GET", "/api/series", query_string={"family_id": family})
        assert listed.get_json() == {"series": []}


def test_the_first_screen_shows_so_many_and_none_that_a_series_gave_up(house: OpenHouse) -> None:
    alice = house.parent(house.scene.alice)
    known = booked(house, alice, rule="FREQ=DAILY")
    alice.command(f"/api/series/{known['id']}/change", {"starts_minute": 1140})
    shown = alice.get("/api/now").get_json()["calls"]
    assert [call["state"] for call in shown] == ["booked"] * queries.LONGEST_LIST
    assert (shown[0]["starts_at"], shown[1]["starts_at"]) == ("2026-11-29T11:00:00Z", "2026-11-30T11:00:00Z")
    alice.command(f"/api/series/{known['id']}/end", {"reason": "sick"})
    assert alice.get("/api/now").get_json()["calls"] == []


def test_a_terminal_may_not(house: OpenHouse) -> None:
    assert house.terminal(house.scene.alice).command("/api/series", wish(house)).status_code == 403


def test_the_same_command_again_books_once(house: OpenHouse) -> None:
    alice = house.parent(house.scene.alice)
    answers = [alice.command("/api/series", wish(house), key="once").get_json()["id"] for _ in range(2)]
    assert len(set(answers)) == 1
    refused = alice.command("/api/series", wish(house))
    assert (refused.status_code, refused.get_json()["error"]) == (409, "person_busy")
    assert refused.get_json()["detail"]["nearest"]


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"rule": "FREQ=SECONDLY"}, 422, "rule_too_often"),
        ({"rule": "FREQ=WEEKLY;INTERVAL=0"}, 422, "bad_rule"),
        ({"rule": "FREQ=DAILY;BYDAY=MO"}, 422, "bad_rule"),
        ({"rule": "FREQ=WEEKLY;COUNT=2;UNTIL=20270101"}, 422, "count_and_until"),
        ({"rule": "FREQ=WEEKLY;COUNT=1000000"}, 422, "count_too_large"),
        ({"rule": "FREQ=WEEKLY;BYDAY=" + "SU," * 680 + "SU"}, 422, "rule_too_long"),
        ({"rule": "x" * 5000}, 422, "not_understood"),
        ({"rule": "FREQ=WEEKLY\x00"}, 422, "not_understood"),
        ({"rule": 7}, 422, "not_understood"),
        ({"rule": "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", "starts_on": "2027-02-01"}, 422, "never_occurs"),
        ({"starts_on": "2026-11-22"}, 409, "in_the_past"),
        ({"starts_on": "9999-12-31"}, 422, "not_understood"),
        ({"starts_on": "2026-02-30"}, 422, "not_understood"),
        ({"starts_minute": 1440}, 422, "not_understood"),
        ({"starts_minute": 1207}, 409, "not_a_slot"),
        ({"minutes": 61}, 409, "bad_length"),
        ({"zone": "Mars/Olympus"}, 422, "not_understood"),
        ({"child_id": "nobody"}, 404, "not_found"),
    ],
)
def test_bad_input_is_told_in_words(house: OpenHouse, more: dict[str, Any], status: int, code: str) -> None:
    for language in ("en", "zh-CN"):
        answer = house.parent(house.scene.alice, language).command("/api/series", wish(house, **more))
        assert (answer.status_code, answer.get_json()["error"]) == (status, code)
        assert "{" not in answer.get_json()["message"]
