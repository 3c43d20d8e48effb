"""Who is free, as tables of what people would say."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from app.families.availability import PatternFacts, busy, check, free, shift_on
from app.families.words import Occupation, PatternKind
from app.kernel.errors import Invalid
from app.kernel.intervals import Interval
from app.kernel.local_time import start_of_day, wall_of
from tests.families.patterns import (
    DAY_AND_NIGHT,
    FOUR_ON_TWO_OFF,
    MONDAY,
    away,
    rotation,
    swap,
    weekly,
)
from tests.villages.wall_clock import MINUTE, days_of_change

SHIFT, SCHOOL, BEDTIME, OTHER = Occupation.SHIFT, Occupation.SCHOOL, Occupation.BEDTIME, Occupation.OTHER
WEEKLY, ROTATION, SWAP, AWAY = PatternKind
ZONES = ("Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "Asia/Shanghai", "America/Santiago")
SHANGHAI = "Asia/Shanghai"
EVERY_DAY = [0, 1, 2, 3, 4, 5, 6]
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


def said(found: Sequence[Interval], zone: str = SHANGHAI) -> list[str]:
    return [f"{wall_of(start, zone):%d %H:%M}-{wall_of(end, zone):%d %H:%M}" for start, end in found]


def days(first: date, count: int, zone: str = SHANGHAI) -> tuple[datetime, datetime]:
    return start_of_day(first, zone), start_of_day(first + timedelta(days=count), zone)


class TestFree:
    @pytest.mark.parametrize(
        ("said_of_them", "expected"),
        [
            ([], ["02 00:00-04 00:00"]),
            ([weekly([0], "08:00", "20:00")], ["02 00:00-02 08:00", "02 20:00-04 00:00"]),
            ([weekly([2], "08:00", "20:00")], ["02 00:00-04 00:00"]),
            ([weekly(EVERY_DAY, "20:00", "08:00")], ["02 08:00-02 20:00", "03 08:00-03 20:00"]),
            ([weekly([6], "20:00", "08:00")], ["02 08:00-04 00:00"]),  # Sunday's night shift
            ([weekly([0], "00:00", "00:00")], ["03 00:00-04 00:00"]),  # all of a day
            ([weekly([0], "08:00", "09:00"), weekly([0], "09:00", "24:00")],
             ["02 00:00-02 08:00", "03 00:00-04 00:00"]),
            ([weekly([0], "08:00", "20:00", from_day=TUESDAY)], ["02 00:00-04 00:00"]),
            ([weekly(EVERY_DAY, "08:00", "20:00", until_day=MONDAY)], ["02 00:00-02 08:00", "02 20:00-04 00:00"]),
            ([weekly(EVERY_DAY, "20:00", "08:00", from_day=TUESDAY)], ["02 00:00-03 20:00"]),  # free the night before
            ([weekly(EVERY_DAY, "20:00", "08:00", until_day=MONDAY)], ["02 08:00-02 20:00", "03 08:00-04 00:00"]),
            ([away(TUESDAY, TUESDAY)], ["02 00:00-03 00:00"]),
            ([away(MONDAY, TUESDAY)], []),
            # Only on Monday evening, and then not while the child sleeps.
            ([weekly([0], "18:00", "21:00", is_free=True)], ["02 18:00-02 21:00"]),
            ([weekly([0], "18:00", "22:00", is_free=True), weekly([0], "21:00", "06:00", BEDTIME)],
             ["02 18:00-02 21:00"]),
            ([weekly([0], "18:00", "19:00", is_free=True), weekly([1], "22:00", "02:00", is_free=True)],
             ["02 18:00-02 19:00", "03 22:00-04 00:00"]),
            # On the days on which it is said, and always on the others.
            ([weekly([0], "18:00", "19:00", is_free=True, until_day=MONDAY)],
             ["02 18:00-02 19:00", "03 00:00-04 00:00"]),
            ([weekly([0], "18:00", "19:00", is_free=True, until_day=TUESDAY)], ["02 18:00-02 19:00"]),
        ],
    )  # fmt: skip
    def test_on_monday_and_tuesday_in_shanghai(self, said_of_them: list[PatternFacts], expected: list[str]) -> None:
        assert said(free(said_of_them, SHANGHAI, *days(MONDAY, 2))) == expected

    def test_nothing_is_asked_of_no_time(self) -> None:
        from_, until = days(MONDAY, 1)
        assert free([], SHANGHAI, until, from_) == []
        assert busy([away(MONDAY, MONDAY)], SHANGHAI, until, from_) == []


class TestRotations:
    def test_four_on_and_two_off(self) -> None:
        found = busy([rotation(FOUR_ON_TWO_OFF)], SHANGHAI, *days(MONDAY, 12))
        assert [(wall_of(start, SHANGHAI).day, (end - start) / MINUTE) for start, end, _ in found] == [
            (day, 720) for day in (2, 3, 4, 5, 8, 9, 10, 11)
        ]
        assert {occupation for _start, _end, occupation in found} == {SHIFT}

    def test_it_goes_on_before_its_anchor_unless_a_first_day_is_said(self) -> None:
        anchor = MONDAY + timedelta(days=600)
        assert busy([rotation(FOUR_ON_TWO_OFF, anchor)], SHANGHAI, *days(MONDAY, 12)) == busy(
            [rotation(FOUR_ON_TWO_OFF)], SHANGHAI, *days(MONDAY, 12)
        )
        assert busy([rotation(FOUR_ON_TWO_OFF, anchor, from_day=anchor)], SHANGHAI, *days(MONDAY, 12)) == []

    def test_days_and_nights_over_midnight(self) -> None:
        cycle = ["day", "day", "night", "night", "off", "off"]
        found = [(start, end) for start, end, _ in busy([rotation(cycle)], SHANGHAI, *days(MONDAY, 6))]
        assert said(found) == [
            "02 08:00-02 20:00", "03 08:00-03 20:00", "04 20:00-05 08:00", "05 20:00-06 08:00",
        ]  # fmt: skip

    def test_a_shift_that_began_before_the_window_reaches_into_it(self) -> None:
        from_ = start_of_day(TUESDAY, SHANGHAI)
        found = free([rotation(["night", "off"])], SHANGHAI, from_, from_ + timedelta(hours=12))
        assert said(found) == ["03 08:00-03 12:00"]

    def test_the_last_one_said_counts_on_its_days(self) -> None:
        nights = rotation(["night", "off"], from_day=TUESDAY, until_day=TUESDAY + timedelta(days=1))
        found = busy([rotation(["day"]), nights], SHANGHAI, *days(MONDAY, 4))
        assert said([(start, end) for start, end, _ in found]) == [
            "02 08:00-02 20:00", "04 20:00-05 20:00",  # off on Tuesday, a night, and the day shift right after it
        ]  # fmt: skip


class TestSwaps:
    @pytest.mark.parametrize(
        ("swapped", "expected"),
        [
            (swap(MONDAY, "off"), []),
            (swap(MONDAY, "night"), ["02 20:00-03 08:00"]),
            (swap(MONDAY, hours=("06:00", "10:30")), ["02 06:00-02 10:30"]),
            (swap(MONDAY, hours=("22:00", "06:00")), ["02 22:00-03 06:00"]),
            (swap(MONDAY, "early"), ["02 08:00-02 20:00"]),  # which the rotation doesn't know
            (swap(TUESDAY, "day"), ["02 08:00-02 20:00", "03 08:00-03 20:00"]),  # from off to on
        ],
    )
    def test_replaces_the_shift_of_the_rotation(self, swapped: PatternFacts, expected: list[str]) -> None:
        found = busy([rotation(["day", "off", "off", "off"]), swapped], SHANGHAI, *days(MONDAY, 3))
        assert said([(start, end) for start, end, _ in found]) == expected

    def test_replaces_weekly_shifts_and_nothing_else(self) -> None:
        hours = [weekly(EVERY_DAY, "08:00", "12:00"), weekly(EVERY_DAY, "09:00", "10:00", SCHOOL), swap(MONDAY, "off")]
        assert [(said([(start, end)]), why) for start, end, why in busy(hours, SHANGHAI, *days(MONDAY, 2))] == [
            (["02 09:00-02 10:00"], SCHOOL), (["03 08:00-03 12:00"], SHIFT),
        ]  # fmt: skip

    def test_the_last_one_said_counts(self) -> None:
        swaps = [swap(MONDAY, "night"), swap(MONDAY, "off")]
        assert busy([rotation(["day"]), *swaps], SHANGHAI, *days(MONDAY, 1)) == []

    def test_the_word_of_a_day(self) -> None:
        said_of_her = [rotation(["day", "off"]), swap(TUESDAY, "night"), swap(WEDNESDAY, hours=("06:00", "07:00"))]
        found = [shift_on(said_of_her, MONDAY + timedelta(days=n)) for n in range(4)]
        assert [(shift.word, shift.is_swapped) for shift in found if shift] == [
            ("day", False), ("night", True), (None, True), ("off", False),
        ]  # fmt: skip
        assert shift_on([weekly([0], "08:00", "20:00")], MONDAY) is None


class TestReasons:
    def test_of_several_the_first_is_told_and_none_twice(self) -> None:
        hours = [
            weekly([0], "10:00", "14:00", OTHER),
            weekly([0], "08:00", "12:00", SCHOOL),
            away(TUESDAY, TUESDAY, SCHOOL),
        ]
        hours.append(weekly([1], "08:00", "12:00"))
        found = busy(hours, SHANGHAI, *days(MONDAY, 2))
        assert [(said([(start, end)])[0], why) for start, end, why in found] == [
            ("02 08:00-02 12:00", SCHOOL), ("02 12:00-02 14:00", OTHER), ("03 00:00-04 00:00", SCHOOL),
        ]  # fmt: skip


class TestWhenTheClocksChange:
    @pytest.mark.parametrize(
        ("zone", "day", "begins", "ends", "minutes"),
        [
            ("Australia/Lord_Howe", "2026-10-04", "01:00", "04:00", 150),  # half an hour is missing from 2:00 on
            ("Australia/Lord_Howe", "2026-10-04", "02:10", "04:00", 80),  # begins at 2:40
            ("Australia/Lord_Howe", "2026-10-04", "01:00", "02:10", 70),  # ends at 2:40, as long as on any day
            ("Australia/Lord_Howe", "2026-04-05", "01:00", "04:00", 210),  # half an hour comes twice
            ("Australia/Lord_Howe", "2026-04-05", "00:00", "01:45", 105),  # ends at the first 1:45
            ("Australia/Lord_Howe", "2026-04-05", "01:45", "03:00", 105),  # begins at the first 1:45
            ("Africa/Casablanca", "2026-02-15", "00:00", "06:00", 420),  # Ramadan begins: 3:00 becomes 2:00
            ("Africa/Casablanca", "2026-03-22", "00:00", "06:00", 300),  # and ends: 2:00 becomes 3:00
            ("Africa/Casablanca", "2026-03-21", "20:00", "08:00", 660),  # a night shift over it
            ("Africa/Casablanca", "2026-02-14", "20:00", "08:00", 780),
            ("Asia/Kathmandu", "1986-01-01", "00:00", "08:00", 465),  # a quarter of an hour was skipped at midnight
            ("Asia/Shanghai", "1991-04-14", "00:00", "08:00", 420),
            ("Asia/Shanghai", "1991-09-15", "00:00", "08:00", 540),
            ("Asia/Shanghai", "2026-04-14", "00:00", "08:00", 480),
            ("America/Santiago", "2026-09-06", "00:00", "02:00", 60),  # midnight itself is missing
            ("America/Santiago", "2026-04-04", "22:00", "24:00", 180),  # the last hour comes twice
        ],
    )
    def test_how_long_hours_are(self, zone: str, day: str, begins: str, ends: str, minutes: int) -> None:
        on = date.fromisoformat(day)
        noon = datetime.combine(on, time(12), UTC)
        window = (noon - timedelta(days=3), noon + timedelta(days=3))
        (found,) = busy([weekly([on.weekday()], begins, ends, from_day=on, until_day=on)], zone, *window)
        assert found[1] - found[0] == minutes * MINUTE

    def test_clocks_that_step_back_over_midnight(self) -> None:
        """Where 00:01 became 23:01 of the day before, a shift that had begun at midnight went on."""
        from_ = datetime(1991, 10, 27, 2, 31, tzinfo=UTC)
        until = from_ + timedelta(minutes=30)
        assert wall_of(until, "America/St_Johns").day == 26
        sunday = weekly([6], "00:00", "08:00")
        assert busy([sunday], "America/St_Johns", from_, until) == [(from_, until, SHIFT)]

    @pytest.mark.parametrize("zone", ZONES)
    def test_days_away_are_the_days_and_no_minute_more(self, zone: str) -> None:
        for day in days_of_change(zone):
            start, end = days(day, 1, zone)
            window = (start - timedelta(days=1), end + timedelta(days=1))
            assert free([away(day, day)], zone, *window) == [(window[0], start), (end, window[1])]


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("kind", "detail", "code"),
        [
            (WEEKLY, {"weekdays": [], "from_minute": 0, "until_minute": 60}, "no_weekdays"),
            (WEEKLY, {"weekdays": [7], "from_minute": 0, "until_minute": 60}, "unknown_weekday"),
            (WEEKLY, {"weekdays": [True], "from_minute": 0, "until_minute": 60}, "unknown_weekday"),
            (WEEKLY, {"weekdays": "Monday", "from_minute": 0, "until_minute": 60}, "unknown_weekday"),
            (WEEKLY, {"weekdays": [1, 1], "from_minute": 0, "until_minute": 60}, "weekday_twice"),
            (WEEKLY, {"weekdays": [0], "from_minute": -1, "until_minute": 60}, "hours_out_of_range"),
            (WEEKLY, {"weekdays": [0], "from_minute": 1440, "until_minute": 60}, "hours_out_of_range"),
            (WEEKLY, {"weekdays": [0], "from_minute": 0, "until_minute": 1441}, "hours_out_of_range"),
            (WEEKLY, {"weekdays": [0], "from_minute": 0, "until_minute": 10**30}, "hours_out_of_range"),
            (WEEKLY, {"weekdays": [0], "from_minute": 0.5, "until_minute": 60}, "hours_out_of_range"),
            (WEEKLY, {"weekdays": [0], "from_minute": "08:00", "until_minute": 60}, "hours_out_of_range"),
            (WEEKLY, {"weekdays": [0], "from_minute": 0}, "pattern_not_understood"),
            (WEEKLY, {"weekdays": [0], "from_minute": 0, "until_minute": 60, "zone": "UTC"}, "pattern_not_understood"),
            (WEEKLY, {}, "pattern_not_understood"),
            (SWAP, {"day": "2026-03-02", "shift": "holiday"}, "unknown_shift"),
            (SWAP, {"day": "2026-03-02", "shift": None}, "unknown_shift"),
            (SWAP, {"day": "2026-02-30", "shift": "off"}, "bad_day"),
            (SWAP, {"day": "20260302", "shift": "off"}, "bad_day"),
            (SWAP, {"day": 20260302, "shift": "off"}, "bad_day"),
            (SWAP, {"day": "1826-03-02", "shift": "off"}, "day_out_of_range"),
            (SWAP, {"day": "2026-03-02"}, "pattern_not_understood"),
            (SWAP, {"day": "2026-03-02", "shift": "off", "from_minute": 0}, "pattern_not_understood"),
            (SWAP, {"day": "2026-03-02", "from_minute": 0, "until_minute": 9999}, "hours_out_of_range"),
            (AWAY, {"where": "home"}, "away_without_days"),
        ],
    )
    def test_a_pattern(self, kind: PatternKind, detail: dict[str, Any], code: str) -> None:
        with pytest.raises(Invalid) as refused:
            check(kind, False, None, None, detail)
        assert refused.value.code == code

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"cycle": []}, "cycle_out_of_range"),
            ({"cycle": ["day"] * 57}, "cycle_out_of_range"),
            ({"cycle": ["day", "off"] * 500_000}, "cycle_out_of_range"),
            ({"cycle": "day"}, "cycle_out_of_range"),
            ({"cycle": ["off", "off"]}, "cycle_without_shift"),
            ({"cycle": ["day", "holiday"]}, "unknown_shift"),
            ({"cycle": ["day", 7]}, "unknown_shift"),
            ({"cycle": ["day", ["off"]]}, "unknown_shift"),
            ({"cycle": ["late"]}, "shift_without_hours"),
            ({"hours": {"night": [1200, 480]}}, "shift_without_hours"),
            ({"hours": []}, "unknown_shift"),
            ({"hours": {"off": [0, 60]}}, "unknown_shift"),
            ({"hours": {"day": [480]}}, "hours_out_of_range"),
            ({"hours": {"day": "8-20"}}, "hours_out_of_range"),
            ({"hours": {"day": [480, 1441]}}, "hours_out_of_range"),
            ({"anchor": "today"}, "bad_day"),
            ({"anchor": None}, "bad_day"),
            ({"anchor": "2101-01-01"}, "day_out_of_range"),
            ({"weekdays": [0]}, "pattern_not_understood"),
            # A shift that lasts until 9 and another that begins at 8, also where the cycle begins anew.
            ({"cycle": ["night", "day"], "hours": {"night": [1200, 540], "day": [480, 1200]}}, "shifts_overlap"),
            ({"cycle": ["day", "off", "night"], "hours": {"night": [1200, 540], "day": [480, 1200]}}, "shifts_overlap"),
        ],
    )
    def test_a_rotation(self, changes: dict[str, Any], code: str) -> None:
        whole = {"anchor": "2026-03-02", "cycle": ["day", "off"], "hours": DAY_AND_NIGHT}
        check(ROTATION, False, None, None, whole)
        with pytest.raises(Invalid) as refused:
            check(ROTATION, False, None, None, whole | changes)
        assert refused.value.code == code

    def test_a_night_may_end_where_the_day_begins(self) -> None:
        pattern = rotation(["night", "day", "night", "off"])
        check(ROTATION, False, None, None, pattern.detail)

    @pytest.mark.parametrize(
        ("kind", "is_free", "from_day", "until_day", "code"),
        [
            (AWAY, False, TUESDAY, MONDAY, "days_reversed"),
            (AWAY, False, None, MONDAY, "away_without_days"),
            (AWAY, False, MONDAY, None, "away_without_days"),
            (AWAY, True, MONDAY, TUESDAY, "only_weekly_is_free"),
            (AWAY, False, date.min, MONDAY, "day_out_of_range"),
            (AWAY, False, MONDAY, date.max, "day_out_of_range"),
        ],
    )
    def test_days(
        self, kind: PatternKind, is_free: bool, from_day: date | None, until_day: date | None, code: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            check(kind, is_free, from_day, until_day, {})
        assert refused.value.code == code
