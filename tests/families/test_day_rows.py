"""A row for each day: what the phone draws."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.families.availability import DAY_MINUTES
from app.families.day_rows import DayRow, day_rows
from app.families.words import Occupation
from tests.families.patterns import FOUR_ON_TWO_OFF, MONDAY, patterns, rotation, swap, weekly
from tests.villages.wall_clock import ODD_ZONES, days_of_change

SHIFT, BEDTIME = Occupation.SHIFT, Occupation.BEDTIME


def test_four_weeks_of_four_on_and_two_off() -> None:
    rows = day_rows([rotation(FOUR_ON_TWO_OFF)], "Asia/Shanghai", MONDAY, 28)
    assert [row.shift for row in rows] == (FOUR_ON_TWO_OFF * 5)[:28]
    assert rows[0] == DayRow(MONDAY, "day", False, [(480, 1200, SHIFT)], [(0, 480), (1200, 1440)])
    assert rows[4] == DayRow(date(2026, 3, 6), "off", False, [], [(0, 1440)])


def test_a_night_shift_stands_in_two_rows() -> None:
    rows = day_rows([rotation(["night", "off"])], "Asia/Shanghai", MONDAY, 2)
    assert [row.busy for row in rows] == [[(1200, 1440, SHIFT)], [(0, 480, SHIFT)]]


def test_swaps_are_marked() -> None:
    hours = [rotation(["day"]), swap(MONDAY, "off"), swap(date(2026, 3, 3), hours=("06:00", "10:00"))]
    rows = day_rows(hours, "Asia/Shanghai", MONDAY, 3)
    assert [(row.shift, row.is_swapped) for row in rows] == [("off", True), (None, True), ("day", False)]
    assert rows[1].busy == [(360, 600, SHIFT)]


def test_without_a_pattern_every_day_is_free() -> None:
    assert [(row.shift, row.busy, row.free) for row in day_rows([], "Asia/Kathmandu", MONDAY, 2)] == [
        (None, [], [(0, 1440)]), (None, [], [(0, 1440)]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "day", "busy", "free"),
    [
        ("Australia/Lord_Howe", "2026-10-04", [(0, 160), (1320, 1440)], [(160, 1320)]),  # 2:10 was skipped
        ("Australia/Lord_Howe", "2026-04-05", [(0, 130), (1320, 1440)], [(130, 1320)]),
        ("America/Santiago", "2026-09-06", [(60, 130), (1320, 1440)], [(130, 1320)]),  # a day that begins at one
        ("Pacific/Apia", "2011-12-30", [], []),  # a day that never was
    ],
)
def test_a_day_on_which_the_clocks_change(
    zone: str, day: str, busy: list[tuple[int, int]], free: list[tuple[int, int]]
) -> None:
    sleep = weekly([0, 1, 2, 3, 4, 5, 6], "22:00", "02:10", BEDTIME)
    (row,) = day_rows([sleep], zone, date.fromisoformat(day), 1)
    assert [(begins, ends) for begins, ends, _why in row.busy] == busy
    assert row.free == free


@given(st.data())
def test_rows_are_made_of_minutes_of_their_day(data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(ODD_ZONES))
    near = data.draw(st.sampled_from([MONDAY, *days_of_change(zone)]))
    hours = data.draw(st.lists(patterns(near), max_size=6))
    rows = day_rows(hours, zone, near, 3)
    assert len({row.day for row in rows}) == 3
    for row in rows:
        spans = [*row.free, *((begins, ends) for begins, ends, _why in row.busy)]
        assert all(0 <= begins <= DAY_MINUTES and 0 <= ends <= DAY_MINUTES for begins, ends in spans)
