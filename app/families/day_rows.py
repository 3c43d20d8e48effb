"""A person's hours day by day, in minutes of wall time, for whoever draws a row for each day. Decides nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

from app.families import availability
from app.families.availability import DAY_MINUTES, Hours, PatternFacts
from app.families.words import Occupation
from app.kernel.intervals import clipped
from app.kernel.local_time import start_of_day, wall_of

Why = TypeVar("Why")


@dataclass(frozen=True)
class DayRow:
    """`shift` is the word of the rotation or swap; None without one, or for a swap that has hours alone."""

    day: date
    shift: str | None
    is_swapped: bool
    busy: list[tuple[int, int, Occupation]]
    free: list[Hours]


def day_rows(patterns: Sequence[PatternFacts], zone: str, first: date, days: int) -> list[DayRow]:
    """One row for each of so many days; a day that the clocks skip as a whole has no hours."""
    starts = [start_of_day(first + timedelta(days=n), zone) for n in range(days + 1)]
    busy = availability.busy(patterns, zone, starts[0], starts[-1])
    free = [(start, end, None) for start, end in availability.free(patterns, zone, starts[0], starts[-1])]
    rows = []
    for n, (start, end) in enumerate(pairwise(starts)):
        shift = availability.shift_on(patterns, first + timedelta(days=n))
        row = DayRow(
            day=first + timedelta(days=n),
            shift=None if shift is None else shift.word,
            is_swapped=shift is not None and shift.is_swapped,
            busy=list(_minutes(busy, start, end, zone)),
            free=[(begins, ends) for begins, ends, _none in _minutes(free, start, end, zone)],
        )
        rows.append(row)
    return rows


def _minutes(
    spans: Iterable[tuple[datetime, datetime, Why]], start: datetime, end: datetime, zone: str
) -> Iterator[tuple[int, int, Why]]:
    """What of the spans lies in one day, in its minutes."""
    for began, ended, why in spans:
        for begins, ends in clipped([(began, ended)], start, end):
            yield _minute(begins, end, zone), _minute(ends, end, zone), why


def _minute(instant: datetime, end: datetime, zone: str) -> int:
    if instant >= end:
        return DAY_MINUTES
    wall = wall_of(instant, zone)
    return wall.hour * 60 + wall.minute
