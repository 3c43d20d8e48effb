"""Hours and grids, as tables for what people would say and as properties against a slow second opinion."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import Invalid
from app.kernel.intervals import Interval
from app.kernel.local_time import instant_of, wall_of
from app.villages import rules
from app.villages.rules import ClosureFacts, OpeningFacts
from tests.villages.wall_clock import MINUTE, ODD_ZONES, WallClock, days_of_change, wall_clock

SUNDAY, EVERY_DAY = 6, range(7)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(weekday: int, opens: str, closes: str) -> OpeningFacts:
    def minute(wall: str) -> int:
        return int(wall[:2]) * 60 + int(wall[3:])

    return OpeningFacts(weekday, minute(opens), minute(closes))


def shown(intervals: Sequence[Interval], zone: str) -> list[str]:
    return [f"{wall_of(start, zone):%d %H:%M}-{wall_of(end, zone):%d %H:%M}" for start, end in intervals]


class TestOpenIntervals:
    @pytest.mark.parametrize(
        ("openings", "closures", "expected"),
        [
            ([], [], []),
            ([hours(0, "17:00", "20:00")], [], ["02 17:00-02 20:00"]),
            ([hours(0, "17:00", "19:00"), hours(0, "18:00", "20:00")], [], ["02 17:00-02 20:00"]),
            ([hours(0, "17:00", "19:00"), hours(0, "19:00", "20:00")], [], ["02 17:00-02 20:00"]),
            ([hours(0, "17:00", "18:00"), hours(0, "19:00", "20:00")], [], ["02 17:00-02 18:00", "02 19:00-02 20:00"]),
            ([hours(0, "20:00", "24:00"), hours(1, "00:00", "06:00")], [], ["02 20:00-03 06:00"]),
            ([hours(1, "17:00", "20:00")], [("2026-03-03T09:30", "2026-03-03T10:00")],
             ["03 17:00-03 17:30", "03 18:00-03 20:00"]),
            ([hours(1, "17:00", "20:00")], [("2026-03-03T00:00", "2026-03-03T09:30")], ["03 17:30-03 20:00"]),
            ([hours(1, "17:00", "20:00")], [("2026-03-03T09:00", "2026-03-03T12:00")], []),
            ([hours(1, "17:00", "20:00")], [("2026-03-03T10:00", "2026-03-03T10:00")], ["03 17:00-03 20:00"]),
            ([hours(1, "17:00", "20:00")],
             [("2026-03-03T09:00", "2026-03-03T11:00"), ("2026-03-03T10:00", "2026-03-03T11:30")],
             ["03 19:30-03 20:00"]),
        ],
    )  # fmt: skip
    def test_of_two_days_in_shanghai(
        self, openings: list[OpeningFacts], closures: list[tuple[str, str]], expected: list[str]
    ) -> None:
        closed = [ClosureFacts(at(start), at(end)) for start, end in closures]
        from_, until = at("2026-03-01T16:00"), at("2026-03-03T16:00")  # Monday and Tuesday there
        found = rules.open_intervals(openings, closed, "Asia/Shanghai", from_, until)
        assert shown(found, "Asia/Shanghai") == expected

    def test_what_began_before_is_cut_at_the_edges(self) -> None:
        openings = [hours(day, "00:00", "24:00") for day in EVERY_DAY]
        from_, until = at("2026-03-02T03:07"), at("2026-03-04T05:11")
        assert rules.open_intervals(openings, [], "Asia/Kathmandu", from_, until) == [(from_, until)]

    @pytest.mark.parametrize(
        ("zone", "day", "opening", "minutes"),
        [
            ("Europe/Berlin", "2026-03-29", ("01:00", "04:00"), 120),  # an hour is missing
            ("Europe/Berlin", "2026-03-29", ("02:15", "02:45"), 0),
            ("Europe/Berlin", "2026-03-29", ("02:30", "03:30"), 30),
            ("Europe/Berlin", "2026-03-29", ("01:30", "02:30"), 30),
            ("Europe/Berlin", "2026-10-25", ("01:00", "04:00"), 240),  # an hour comes twice
            ("Europe/Berlin", "2026-10-25", ("02:00", "02:30"), 30),
            ("Australia/Lord_Howe", "2026-10-04", ("01:00", "04:00"), 150),  # half an hour is missing
            ("America/Santiago", "2026-09-06", ("00:00", "02:00"), 60),  # midnight itself is missing
            ("America/Santiago", "2026-04-04", ("22:00", "24:00"), 180),  # the last hour of a day comes twice
            ("Africa/Casablanca", "2026-02-15", ("02:00", "04:00"), 180),  # Ramadan begins
            ("Pacific/Apia", "2011-12-30", ("08:00", "20:00"), 0),  # a day that never was
        ],
    )
    def test_how_long_it_is_open_when_the_clocks_change(
        self, zone: str, day: str, opening: tuple[str, str], minutes: int
    ) -> None:
        openings = [hours(date.fromisoformat(day).weekday(), *opening)]
        noon = datetime.combine(date.fromisoformat(day), time(12), UTC)
        found = rules.open_intervals(openings, [], zone, noon - timedelta(days=2), noon + timedelta(days=2))
        assert sum((end - start for start, end in found), timedelta()) == minutes * MINUTE

    def test_clocks_that_step_back_over_midnight(self) -> None:
        """Where 00:01 became 23:01 of the day before, what had opened at midnight stayed open."""
        opened, began_anew = at("1991-10-27T02:30"), at("1991-10-27T02:31")
        from_, until = began_anew, began_anew + timedelta(minutes=30)
        assert wall_of(until, "America/St_Johns").day == 26
        openings = [hours(SUNDAY, "00:00", "02:00")]
        assert rules.open_intervals(openings, [], "America/St_Johns", from_, until) == [(from_, until)]
        assert rules.grid([(opened, until)], 15, 15, "America/St_Johns") == [opened]


class TestGrid:
    def test_starts_are_aligned_and_fit_wholly(self) -> None:
        zone = "Asia/Kathmandu"
        interval = (at("2026-03-02T11:25"), at("2026-03-02T12:25"))  # 17:10 to 18:10 there
        starts = rules.grid([interval], 20, 15, zone)
        assert [f"{wall_of(start, zone):%H:%M}" for start in starts] == ["17:20", "17:40"]

    def test_a_call_may_end_with_the_hours(self) -> None:
        interval = (at("2026-03-02T09:00"), at("2026-03-02T09:30"))
        assert rules.grid([interval], 15, 15, "UTC") == [at("2026-03-02T09:00"), at("2026-03-02T09:15")]
        assert rules.grid([interval], 15, 31, "UTC") == []

    def test_a_grid_that_does_not_divide_the_day_begins_anew_at_midnight(self) -> None:
        interval = (at("2026-03-02T22:00"), at("2026-03-03T02:00"))
        assert [f"{start:%H:%M}" for start in rules.grid([interval], 100, 15, "UTC")] == ["23:20", "00:00", "01:40"]

    def test_an_hour_that_comes_twice_is_offered_once(self) -> None:
        zone = "Europe/Berlin"
        interval = (at("2026-10-25T00:00"), at("2026-10-25T03:00"))  # 02:00 to 04:00 there, three hours
        starts = rules.grid([interval], 30, 15, zone)
        assert [f"{wall_of(start, zone):%H:%M%z}" for start in starts] == [
            "02:00+0200", "02:30+0200", "03:00+0100", "03:30+0100",
        ]  # fmt: skip


class TestAgainstTheWallClock:
    @given(st.data())
    def test_open_intervals_grid_and_is_open(self, data: st.DataObject) -> None:
        zone = data.draw(st.sampled_from(ODD_ZONES))
        near = data.draw(st.sampled_from([date(2026, 6, 30), *days_of_change(zone)]))
        from_ = datetime.combine(near, time(), UTC) + data.draw(st.integers(-1440, 1440)) * MINUTE
        until = from_ + data.draw(st.integers(1, 2400)) * MINUTE
        openings = data.draw(st.lists(_openings(), max_size=8))
        closures = data.draw(st.lists(_closures(from_), max_size=3))

        found = rules.open_intervals(openings, closures, zone, from_, until)
        open_minutes = {start + MINUTE * n for start, end in found for n in range(int((end - start) / MINUTE))}
        expected = _open_minutes(wall_clock(zone, near), openings, closures) & set(_minutes(from_, until))
        assert open_minutes == expected
        assert all(start < end for start, end in found)
        assert all(one[1] < other[0] for one, other in pairwise(found))

        slot_minutes, call_minutes = data.draw(st.sampled_from([5, 15, 25, 60])), data.draw(st.integers(5, 60))
        assert rules.grid(found, slot_minutes, call_minutes, zone) == _grid(found, slot_minutes, call_minutes, zone)

        starts_at = from_ + data.draw(st.integers(0, int((until - from_) / MINUTE) - 1)) * MINUTE
        ends_at = min(until, starts_at + call_minutes * MINUTE)
        is_open = rules.is_open(openings, closures, zone, starts_at, ends_at)
        assert is_open == expected.issuperset(_minutes(starts_at, ends_at))


def _openings() -> st.SearchStrategy[OpeningFacts]:
    minutes = st.lists(st.integers(0, 1440), min_size=2, max_size=2, unique=True).map(sorted)
    return st.builds(lambda day, wall: OpeningFacts(day, *wall), st.sampled_from(EVERY_DAY), minutes)


def _closures(near: datetime) -> st.SearchStrategy[ClosureFacts]:
    starts = st.integers(-600, 3000).map(lambda n: near + n * MINUTE)
    return st.builds(lambda start, n: ClosureFacts(start, start + n * MINUTE), starts, st.integers(0, 900))


def _minutes(from_: datetime, until: datetime) -> list[datetime]:
    return [from_ + MINUTE * n for n in range(int((until - from_) / MINUTE))]


def _open_minutes(clock: WallClock, openings: list[OpeningFacts], closures: list[ClosureFacts]) -> set[datetime]:
    days = {wall.date() for wall in clock.walls}
    days |= {day + timedelta(days=1) for day in days if day != max(days)}  # days that never were, too
    found: set[datetime] = set()
    for day in sorted(days)[1:-2]:
        for opening in openings:
            if opening.weekday == day.weekday():
                midnight = datetime.combine(day, time())
                opens = clock.reached(midnight + opening.opens_minute * MINUTE)
                found.update(_minutes(opens, clock.reached(midnight + opening.closes_minute * MINUTE)))
    return {m for m in found if not any(c.starts_at <= m < c.ends_at for c in closures)}


def _grid(intervals: list[Interval], slot_minutes: int, call_minutes: int, zone: str) -> list[datetime]:
    def is_on_grid(minute: datetime) -> bool:
        wall = wall_of(minute, zone).replace(tzinfo=None, fold=0)
        return (wall.hour * 60 + wall.minute) % slot_minutes == 0 and instant_of(wall, zone) == minute

    fits = [m for start, end in intervals for m in _minutes(start, end) if m + call_minutes * MINUTE <= end]
    return [minute for minute in fits if is_on_grid(minute)]


class TestChecks:
    @pytest.mark.parametrize(("opens", "closes"), [(600, 600), (700, 600), (-1, 60), (0, 1441), (1440, 1440)])
    def test_hours_reversed(self, opens: int, closes: int) -> None:
        with pytest.raises(Invalid, match="hours_reversed"):
            rules.check_openings([OpeningFacts(0, 0, 1440), OpeningFacts(0, opens, closes)])

    @pytest.mark.parametrize("weekday", [-1, 7])
    def test_unknown_weekday(self, weekday: int) -> None:
        with pytest.raises(Invalid, match="unknown_weekday"):
            rules.check_openings([OpeningFacts(weekday, 0, 1440)])

    @pytest.mark.parametrize(("slot", "buffer"), [(4, 5), (241, 5), (0, 0), (15, -1), (15, 61)])
    def test_a_grid_out_of_range(self, slot: int, buffer: int) -> None:
        with pytest.raises(Invalid, match="grid_out_of_range"):
            rules.check_grid(slot, buffer)

    @pytest.mark.parametrize("text", ["", "  ", "\t\n", "x" * 9, "a\x00b", "a\nb", "\ud800", "\x7f"])
    def test_text_that_is_no_text(self, text: str) -> None:
        with pytest.raises(Invalid, match="bad_name"):
            rules.checked_text(text, 8, "bad_name")

    @pytest.mark.parametrize("text", ["  王奶奶 ", "O’Neil", "👩‍👧", "𫟪", "x" * 8])
    def test_text_that_people_type(self, text: str) -> None:
        assert rules.checked_text(text, 8, "bad_name") == text.strip()


@pytest.mark.parametrize(
    ("days_ago", "promise_days", "is_unheard"),
    [
        (None, 31, True), (0, 1, False), (0.999, 1, False), (1, 1, True), (6.9, 7, False), (7, 7, True),
        (13.9, 14, False), (40, 31, True),
    ],
)  # fmt: skip
def test_who_was_not_heard_for_as_long_as_was_promised(
    days_ago: float | None, promise_days: int, is_unheard: bool
) -> None:
    now = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    last_heard_at = None if days_ago is None else now - timedelta(days=days_ago)
    assert rules.is_unheard(last_heard_at, promise_days, now) is is_unheard
