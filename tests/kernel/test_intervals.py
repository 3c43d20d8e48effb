"""Intervals against sets of minutes, which can't be wrong."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.kernel.intervals import Interval, clipped, common, covers, merged, without

START, MINUTE, SPAN = datetime(2026, 3, 2, tzinfo=UTC), timedelta(minutes=1), 40

minutes = st.integers(0, SPAN).map(lambda n: START + n * MINUTE)
intervals = st.lists(st.tuples(minutes, minutes), max_size=8)  # some are empty or reversed


def covered(found: Iterable[Interval]) -> set[datetime]:
    return {START + n * MINUTE for start, end in found for n in range(SPAN + 1) if start <= START + n * MINUTE < end}


def is_apart(found: list[Interval]) -> bool:
    return all(start < end for start, end in found) and all(one[1] < other[0] for one, other in pairwise(found))


@given(intervals)
def test_merged(some: list[Interval]) -> None:
    assert is_apart(merged(some))
    assert covered(merged(some)) == covered(some)


@given(intervals, minutes, minutes)
def test_clipped(some: list[Interval], from_: datetime, until: datetime) -> None:
    found = clipped(some, from_, until)
    assert all(from_ <= start < end <= until for start, end in found)
    assert covered(found) == covered(some) & covered([(from_, until)])


@given(intervals, intervals)
def test_without_and_common(some: list[Interval], others: list[Interval]) -> None:
    left, both = without(some, others), common(some, others)
    assert is_apart(left)
    assert is_apart(both)
    assert covered(left) == covered(some) - covered(others)
    assert covered(both) == covered(some) & covered(others)
    assert both == common(others, some)
    assert merged([*left, *both]) == merged(some)


@given(intervals, minutes, minutes)
def test_covers(some: list[Interval], from_: datetime, until: datetime) -> None:
    asked = covered([(from_, until)])
    if asked:
        assert covers(merged(some), from_, until) == (asked <= covered(some))
