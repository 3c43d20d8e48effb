"""People's hours over HTTP: who sees and says them, what is answered, and what is refused."""

import json
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.families import schedule, service
from app.families.availability_views import api
from app.families.models import Pattern
from app.jobs.models import DueRow
from app.storage.database import Database
from app.web.principals import COORDINATOR, PERSON, TERMINAL
from app.web.texts import text
from tests.families.conftest import CAREGIVER, Kin
from tests.villages.door import Browser, Door

KEYS = (f"key {number}" for number in count())
FOUR_ON_TWO_OFF: dict[str, Any] = {
    "kind": "rotation", "occupation": "shift", "from_day": "2026-03-02",
    "detail": {
        "anchor": "2026-03-02", "cycle": ["day", "day", "day", "day", "off", "off"], "hours": {"day": [480, 1200]}
    },
}  # fmt: skip
SCHOOL: dict[str, Any] = {
    "kind": "weekly", "occupation": "school",
    "detail": {"weekdays": [0, 1, 2, 3, 4], "from_minute": 480, "until_minute": 1020},
}  # fmt: skip


@pytest.fixture
def door(database: Database, now: datetime) -> Door:
    return Door(database, now, api)


@pytest.fixture
def mother(door: Door, kin: Kin) -> Browser:
    return door.browser(PERSON, kin.mother)


def say(browser: Browser, person_id: str, body: Any, what: str = "availability") -> TestResponse:
    return browser.post(f"/api/persons/{person_id}/{what}", json.dumps(body).encode(), next(KEYS))


def end(browser: Browser, pattern_id: str) -> TestResponse:
    return browser.post(f"/api/availability/{pattern_id}/end", b"", next(KEYS))


def shown(browser: Browser, person_id: str) -> Any:
    answer = browser.get(f"/api/persons/{person_id}/availability")
    assert answer.status_code == 200, answer.text
    return answer.get_json()


class TestSaying:
    def test_four_on_and_two_off_with_one_request(self, mother: Browser, kin: Kin) -> None:
        answer = say(mother, kin.mother, FOUR_ON_TWO_OFF)
        assert answer.status_code == 201, answer.text
        told = answer.get_json()
        assert told == shown(mother, kin.mother)
        assert (told["person_id"], told["zone"], told["may_change"]) == (kin.mother, "Asia/Shanghai", True)
        (pattern,) = told["patterns"]
        assert pattern.pop("id")
        assert pattern == {**FOUR_ON_TWO_OFF, "is_free": False, "until_day": None, "note": None}
        assert [day["day"] for day in told["days"]] == [str(date(2026, 3, 2) + timedelta(days=n)) for n in range(28)]
        assert [day["shift"] for day in told["days"]][:7] == ["day", "day", "day", "day", "off", "off", "day"]
        assert told["days"][0]["busy"] == [{"from_minute": 480, "until_minute": 1200, "occupation": "shift"}]
        free = [{"from_minute": 0, "until_minute": 480}, {"from_minute": 1200, "until_minute": 1440}]
        assert told["days"][0]["free"] == free

    def test_a_swap_in_two_taps_and_back(self, mother: Browser, kin: Kin) -> None:
        say(mother, kin.mother, FOUR_ON_TWO_OFF)
        for body, shift, busy in (
            ({"day": "2026-03-03", "shift": "off"}, "off", []),
            ({"day": "2026-03-03", "from_minute": 360, "until_minute": 600}, None, [(360, 600)]),
            ({"day": "2026-03-03", "shift": None}, "day", [(480, 1200)]),
        ):
            answer = say(mother, kin.mother, body, "swap")
            assert answer.status_code == 200, answer.text
            tuesday = answer.get_json()["days"][1]
            assert (tuesday["shift"], tuesday["is_swapped"]) == (shift, body.get("shift", "hours") is not None)
            assert [(part["from_minute"], part["until_minute"]) for part in tuesday["busy"]] == busy

    def test_what_is_ended_is_seen_no_longer(self, mother: Browser, kin: Kin) -> None:
        pattern_id = say(mother, kin.mother, SCHOOL).get_json()["patterns"][0]["id"]
        for _ in range(2):
            assert end(mother, pattern_id).get_json()["patterns"] == []

    def test_what_is_over_is_seen_no_longer(self, door: Door, mother: Browser, kin: Kin) -> None:
        say(mother, kin.mother, {**SCHOOL, "until_day": "2026-03-02"})
        assert len(shown(mother, kin.mother)["patterns"]) == 1
        door.clock.at += timedelta(days=1)
        assert shown(mother, kin.mother)["patterns"] == []

    def test_every_change_is_an_event_that_names_who_and_where(self, door: Door, mother: Browser, kin: Kin) -> None:
        desk = door.browser(COORDINATOR, "lee", kin.village)
        pattern_id = say(desk, kin.ming, SCHOOL).get_json()["patterns"][0]["id"]
        say(mother, kin.mother, {"day": "2026-03-03", "shift": "off"}, "swap")
        end(mother, pattern_id)
        with door.database.read() as session:
            written = session.scalars(select(DueRow.payload).where(DueRow.kind == "event:HoursChanged")).all()
        assert sorted((told["change"], told["person_id"], told["by"], told["village_id"]) for told in written) == [
            ("end_hours", kin.ming, f"person:{kin.mother}", ""),
            ("say_hours", kin.ming, "coordinator:lee", kin.village),
            ("swap_shift", kin.mother, f"person:{kin.mother}", ""),
        ]


class TestWhoMay:
    def test_who_sees_and_changes_whose(self, door: Door, kin: Kin, database: Database, now: datetime) -> None:
        with database.begin() as session:  # a grandmother who is in both families of the mother's village
            service.add_member(session, family_id=kin.li, person_id=kin.grandmother, role=CAREGIVER, now=now)
        asking = {
            "mother": door.browser(PERSON, kin.mother),
            "grandmother": door.browser(PERSON, kin.grandmother),
            "li_mother": door.browser(PERSON, kin.li_mother),
            "ming": door.browser(PERSON, kin.ming),
            "desk": door.browser(COORDINATOR, "lee", kin.village),
            "desk elsewhere": door.browser(COORDINATOR, "wu", kin.elsewhere),
        }
        persons = ("mother", "father", "grandmother", "ming", "juan", "li_mother", "hua")
        may = {
            "mother": {"mother", "ming", "juan"},
            "grandmother": {"grandmother", "ming", "hua"},
            "li_mother": {"li_mother", "hua"},
            "ming": set(),
            "desk": set(persons) - {"juan"},
            "desk elsewhere": {"mother", "juan"},
        }
        for who, browser in asking.items():
            for whom in persons:
                person_id = getattr(kin, whom)
                is_own = who == whom == "ming"
                seen = browser.get(f"/api/persons/{person_id}/availability").status_code
                statuses = [say(browser, person_id, body, what).status_code for body, what in (
                    (SCHOOL, "availability"), ({"day": "2026-03-03", "shift": "off"}, "swap"),
                )]  # fmt: skip
                expected = [201, 200] if whom in may[who] else [403, 403] if is_own else [404, 404]
                assert (seen, statuses) == (200 if whom in may[who] or is_own else 404, expected), (who, whom)
                with database.read() as session:
                    ids = [p.id for p in session.scalars(select(Pattern).where(Pattern.person_id == person_id))]
                ended = {end(browser, pattern_id).status_code for pattern_id in ids}
                assert ended <= {200 if whom in may[who] else 403 if is_own else 404}, (who, whom)

    def test_a_child_sees_its_own_hours_and_is_told_that_others_say_them(self, door: Door, kin: Kin) -> None:
        ming = door.browser(PERSON, kin.ming)
        assert shown(ming, kin.ming)["may_change"] is False
        refused = say(ming, kin.ming, SCHOOL)
        assert (refused.status_code, refused.get_json()["error"]) == (403, "not_allowed")

    def test_a_child_that_cares_for_another_says_its_own(
        self, door: Door, kin: Kin, database: Database, now: datetime
    ) -> None:
        with database.begin() as session:
            service.add_member(session, family_id=kin.li, person_id=kin.ming, role=CAREGIVER, now=now)
        assert say(door.browser(PERSON, kin.ming), kin.ming, SCHOOL).get_json()["may_change"] is True

    def test_who_is_kept_apart_or_has_left_sees_nothing(
        self, door: Door, kin: Kin, database: Database, now: datetime
    ) -> None:
        with database.begin() as session:
            service.set_no_contact(session, child_id=kin.ming, contact_id=kin.father, reason="court", now=now)
            service.end_membership(session, family_id=kin.wang, person_id=kin.grandmother, role=CAREGIVER, now=now)
            pattern = schedule.add(session, kin.ming, schedule.Said(**_said()), "person:mother", now).id
        for person_id in (kin.father, kin.grandmother):
            browser = door.browser(PERSON, person_id)
            assert browser.get(f"/api/persons/{kin.ming}/availability").status_code == 404
            assert say(browser, kin.ming, SCHOOL).status_code == 404
            assert end(browser, pattern).status_code == 404
            assert say(browser, person_id, SCHOOL).status_code == 201

    def test_terminals_and_who_is_not_signed_in(self, door: Door, kin: Kin) -> None:
        terminal, nobody = door.browser(TERMINAL, "terminal", kin.village), Browser(door.app, {})
        for browser, status in ((terminal, 403), (nobody, 401)):
            assert browser.get(f"/api/persons/{kin.ming}/availability").status_code == status
            assert say(browser, kin.ming, SCHOOL).status_code == status
            assert say(browser, kin.ming, {"day": "2026-03-03"}, "swap").status_code == status
            assert end(browser, "nothing").status_code == status

    def test_what_is_not_there(self, mother: Browser) -> None:
        assert mother.get("/api/persons/nobody/availability").status_code == 404
        assert end(mother, "nothing").status_code == 404


def _said() -> dict[str, Any]:
    return {"kind": "weekly", "occupation": "school", "detail": SCHOOL["detail"]}


ROTATION: dict[str, Any] = FOUR_ON_TWO_OFF["detail"]
NO_PATTERNS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "monthly"}, "not_understood"),
    ({"kind": "swap"}, "not_understood"),
    ({"occupation": "party"}, "not_understood"),
    ({"from_day": "soon"}, "not_understood"),
    ({"detail": []}, "not_understood"),
    ({"zone": "UTC"}, "not_understood"),
    ({"note": "a\x07b"}, "bad_note"),
    ({"from_day": "2026-03-09", "until_day": "2026-03-08"}, "days_reversed"),
    ({"from_day": None, "until_day": "2026-03-01"}, "days_over"),
    ({"until_day": "9999-12-31"}, "day_out_of_range"),
    ({"is_free": True}, "only_weekly_is_free"),
    ({"kind": "away", "detail": {}}, "away_without_days"),
    ({"detail": {**ROTATION, "anchor": "2026-02-30"}}, "bad_day"),
    ({"detail": {**ROTATION, "cycle": ["day"] * 1_000}}, "cycle_out_of_range"),
    ({"detail": {**ROTATION, "cycle": ["off"]}}, "cycle_without_shift"),
    ({"detail": {**ROTATION, "cycle": ["night"]}}, "shift_without_hours"),
    ({"detail": {**ROTATION, "cycle": ["holiday"]}}, "unknown_shift"),
    ({"detail": {**ROTATION, "hours": {"day": [0, 1500]}}}, "hours_out_of_range"),
    ({"detail": {**ROTATION, "cycle": ["night", "day"], "hours": {"day": [420, 900], "night": [1200, 480]}}},
     "shifts_overlap"),
    ({"kind": "weekly", "detail": {**SCHOOL["detail"], "weekdays": []}}, "no_weekdays"),
    ({"kind": "weekly", "detail": {**SCHOOL["detail"], "weekdays": [7]}}, "unknown_weekday"),
    ({"kind": "weekly", "detail": {**SCHOOL["detail"], "weekdays": [1, 1]}}, "weekday_twice"),
    ({"detail": SCHOOL["detail"]}, "pattern_not_understood"),
]  # fmt: skip
NO_SWAPS: list[tuple[dict[str, Any], str]] = [
    ({"day": "2026-03-01", "shift": "off"}, "swap_out_of_range"),
    ({"day": "2026-06-01", "shift": "off"}, "swap_out_of_range"),
    ({"day": "2026-03-03", "shift": "night"}, "shift_without_hours"),
    ({"day": "2026-03-03", "shift": "holiday"}, "unknown_shift"),
    ({"day": "2026-03-03", "from_minute": 480}, "hours_out_of_range"),
    ({"day": "2026-03-03", "from_minute": 480, "until_minute": 2000}, "hours_out_of_range"),
    ({"day": "2026-03-03", "shift": "off", "from_minute": 480, "until_minute": 600}, "pattern_not_understood"),
    ({"shift": "off"}, "not_understood"),
]


class TestWhatIsRefused:
    def test_with_a_sentence_that_says_why(self, mother: Browser, kin: Kin) -> None:
        say(mother, kin.mother, FOUR_ON_TWO_OFF)
        before = shown(mother, kin.mother)
        asked = [("availability", {**FOUR_ON_TWO_OFF, **changes}, code) for changes, code in NO_PATTERNS]
        asked += [("swap", body, code) for body, code in NO_SWAPS]
        for what, body, code in asked:
            answer = say(mother, kin.mother, body, what)
            told = answer.get_json()
            assert (answer.status_code, told["error"]) == (422, code), body
            assert told["message"] == text(f"error.{code}", "en", **told["detail"])
        assert shown(mother, kin.mother) == before

    def test_a_cycle_of_a_million_days(self, mother: Browser, kin: Kin) -> None:
        endless = {**FOUR_ON_TWO_OFF, "detail": {**ROTATION, "cycle": ["day"] * 1_000_000}}
        assert say(mother, kin.mother, endless).status_code in (413, 422)  # it is too long even to be read

    def test_too_many(self, mother: Browser, kin: Kin) -> None:
        for n in range(schedule.MOST_PATTERNS):
            day = str(date(2026, 4, 1) + timedelta(days=n))
            body = {"kind": "away", "occupation": "harvest", "from_day": day, "until_day": day, "detail": {}}
            assert say(mother, kin.mother, body).status_code == 201
        answer = say(mother, kin.mother, SCHOOL)
        assert (answer.status_code, answer.get_json()["error"]) == (409, "too_many_patterns")
        assert "40" in answer.get_json()["message"]
