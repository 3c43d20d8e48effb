"""Arithmetic of half-open intervals of instants. What an interval stands for is not decided here."""

from collections.abc import Iterable, Sequence
from datetime import datetime

Interval = tuple[datetime, datetime]


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same instants, sorted and apart from each other; what ends where it starts, or before, is nothing."""
    found: list[Interval] = []
    for start, end in sorted(interval for interval in intervals if interval[0] < interval[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def clipped(intervals: Iterable[Interval], from_: datetime, until: datetime) -> list[Interval]:
    """The part of each that lies between two instants."""
    cut = ((max(start, from_), min(end, until)) for start, end in intervals)
    return [(start, end) for start, end in cut if start < end]


def without(intervals: Iterable[Interval], others: Iterable[Interval]) -> list[Interval]:
    """What of the first lies in none of the others; merged."""
    holes = merged(others)
    left: list[Interval] = []
    first = 0
    for start, end in merged(intervals):
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        for opens, closes in holes[first:]:
            if opens >= end:
                break
            if start < opens:
                left.append((start, opens))
            start = closes
        if start < end:
            left.append((start, end))
    return left


def common(intervals: Iterable[Interval], others: Iterable[Interval]) -> list[Interval]:
    """What lies in both; merged."""
    one, other = merged(intervals), merged(others)
    found: list[Interval] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if start < end:
            found.append((start, end))
        if one[i][1] <= other[j][1]:
            i += 1
        else:
            j += 1
    return found


def covers(intervals: Sequence[Interval], from_: datetime, until: datetime) -> bool:
    """Whether all of it lies in them without a break. They are merged."""
    return any(start <= from_ and until <= end for start, end in intervals)
