"""Who is free, as properties against a slow second opinion that reads the clock on the wall minute by minute."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.families.availability import PatternFacts, busy, check, free
from app.families.words import Occupation, PatternKind
from app.kernel.intervals import Interval, merged
from tests.families.patterns import MONDAY, patterns
from tests.villages.wall_clock import MINUTE, WallClock, days_of_change, wall_clock

SHIFT = Occupation.SHIFT
WEEKLY, ROTATION, SWAP, AWAY = PatternKind
ZONES = ("Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "Asia/Shanghai", "America/Santiago")


@given(st.data())
def test_free_and_busy(data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(ZONES))
    near = data.draw(st.sampled_from([date(2026, 6, 30), *days_of_change(zone)]))
    hours = data.draw(st.lists(patterns(near), max_size=7))
    from_ = datetime.combine(near, time(), UTC) + data.draw(st.integers(-720, 720)) * MINUTE
    until = from_ + data.draw(st.integers(1, 1500)) * MINUTE
    found_free, found_busy = free(hours, zone, from_, until), busy(hours, zone, from_, until)

    clock = wall_clock(zone, near)
    window = {from_ + MINUTE * n for n in range(int((until - from_) / MINUTE))}
    allowed, taken = _allowed(clock, near, hours), _taken(clock, near, hours)
    assert _minutes([(start, end) for start, end, _ in found_busy]) == taken & window
    assert _minutes(found_free) == (allowed - taken) & window

    apart = sorted([*found_free, *((start, end) for start, end, _ in found_busy)])
    assert all(from_ <= start < end <= until for start, end in apart)
    assert all(one[1] <= other[0] for one, other in pairwise(apart))
    assert found_busy == sorted(found_busy)
    assert found_free == merged(found_free)
    if not any(pattern.is_free for pattern in hours):
        assert merged(apart) == [(from_, until)]


@given(st.data())
def test_what_is_asked_in_two_pieces_is_the_same(data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(ZONES))
    near = data.draw(st.sampled_from([date(2026, 6, 30), *days_of_change(zone)]))
    hours = data.draw(st.lists(patterns(near), max_size=7))
    from_ = datetime.combine(near, time(), UTC) - timedelta(days=1)
    between, until = from_ + data.draw(st.integers(0, 2880)) * MINUTE, from_ + timedelta(days=2)
    pieces = [*free(hours, zone, from_, between), *free(hours, zone, between, until)]
    assert merged(pieces) == free(hours, zone, from_, until)


@given(patterns(MONDAY))
def test_what_is_drawn_here_is_let_in(pattern: PatternFacts) -> None:
    check(pattern.kind, pattern.is_free, pattern.from_day, pattern.until_day, pattern.detail)


def _minutes(found: Sequence[Interval]) -> set[datetime]:
    return {start + MINUTE * n for start, end in found for n in range(int((end - start) / MINUTE))}


def _instant(clock: WallClock, day: date, minutes: int) -> datetime:
    """The first minute at which the clock shows it, or where it would be had the clocks not been changed before."""
    wall = datetime.combine(day, time()) + minutes * MINUTE
    if wall in clock.walls:
        return clock.minutes[clock.walls.index(wall)]
    last = next(n for n, (one, other) in enumerate(pairwise(clock.walls)) if one < wall < other)
    return clock.minutes[last] + (wall - clock.walls[last])


def _spread(clock: WallClock, day: date, begins: int, ends: int) -> set[datetime]:
    until = ends if ends > begins else ends + 1440
    start, end = _instant(clock, day, begins), _instant(clock, day, until)
    return _minutes([(start, end)]) if start < end else set()


def _around(near: date) -> list[date]:
    return [near + timedelta(days=n) for n in range(-3, 3)]


def _on(pattern: PatternFacts, day: date) -> bool:
    return not (pattern.from_day and day < pattern.from_day) and not (pattern.until_day and pattern.until_day < day)


def _allowed(clock: WallClock, near: date, hours: list[PatternFacts]) -> set[datetime]:
    found: set[datetime] = set()
    for day in _around(near):
        only = [pattern for pattern in hours if pattern.is_free and _on(pattern, day)]
        if not only:
            found |= _spread(clock, day, 0, 1440)
        for pattern in only:
            if day.weekday() in pattern.detail["weekdays"]:
                found |= _spread(clock, day, pattern.detail["from_minute"], pattern.detail["until_minute"])
    return found


def _taken(clock: WallClock, near: date, hours: list[PatternFacts]) -> set[datetime]:
    found: set[datetime] = set()
    for day in _around(near):
        worked, is_swapped = _worked(day, hours)
        for begins, ends in worked:
            found |= _spread(clock, day, begins, ends)
        for pattern in hours:
            if pattern.kind is AWAY and _on(pattern, day):
                found |= _spread(clock, day, 0, 1440)
            is_replaced = is_swapped and pattern.occupation is SHIFT
            if is_replaced or pattern.is_free or pattern.kind is not WEEKLY or not _on(pattern, day):
                continue
            if day.weekday() in pattern.detail["weekdays"]:
                found |= _spread(clock, day, pattern.detail["from_minute"], pattern.detail["until_minute"])
    return found


def _worked(day: date, hours: list[PatternFacts]) -> tuple[list[tuple[int, int]], bool]:
    rotations = [pattern.detail for pattern in hours if pattern.kind is ROTATION and _on(pattern, day)][-1:]
    table: dict[str, list[tuple[int, int]]] = {"off": []}
    table |= {word: [(pair[0], pair[1])] for detail in rotations for word, pair in detail["hours"].items()}
    swaps = [pattern.detail for pattern in hours if pattern.kind is SWAP and pattern.detail["day"] == str(day)]
    for swapped in swaps[::-1]:
        if "from_minute" in swapped:
            return [(swapped["from_minute"], swapped["until_minute"])], True
        if swapped["shift"] in table:
            return table[swapped["shift"]], True
    for detail in rotations:
        distance = (day - date.fromisoformat(detail["anchor"])).days
        return table[detail["cycle"][distance % len(detail["cycle"])]], False
    return [], False
