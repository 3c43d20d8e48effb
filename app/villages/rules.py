"""When a village is open, as instants, and which starts its grid offers. What is booked there is not decided here."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.kernel.errors import Invalid
from app.kernel.intervals import Interval, clipped, without
from app.kernel.local_time import day_of, minute_of_day, start_of_day

DAY_MINUTES = 1440
LONGEST_GAP_MINUTES = 2 * DAY_MINUTES  # a whole day was skipped once (Apia, 2011)
LONGEST_SLOT_MINUTES = 240
LONGEST_BUFFER_MINUTES = 60
LONGEST_PROMISE_DAYS = 31


@dataclass(frozen=True)
class OpeningFacts:
    """A weekly interval of wall time; weekday 0 is Monday, minutes count from midnight."""

    weekday: int
    opens_minute: int
    closes_minute: int


@dataclass(frozen=True)
class ClosureFacts:
    starts_at: datetime
    ends_at: datetime


def open_intervals(
    openings: Sequence[OpeningFacts], closures: Sequence[ClosureFacts], zone: str, from_: datetime, until: datetime
) -> list[Interval]:
    """When it is open between two instants: sorted, apart from each other. Every closure that is given is cut out."""
    hours = [
        _instants(day, opening, zone) for day in _days(from_, until, zone) for opening in openings_on(openings, day)
    ]
    closed = ((closure.starts_at, closure.ends_at) for closure in closures)
    return without(clipped(hours, from_, until), closed)


def openings_on(openings: Sequence[OpeningFacts], day: date) -> list[OpeningFacts]:
    return [opening for opening in openings if opening.weekday == day.weekday()]


def grid(intervals: Sequence[Interval], slot_minutes: int, call_minutes: int, zone: str) -> list[datetime]:
    """Starts on the grid, which begins anew at each midnight of wall time, whose whole call lies in one interval.

    A wall time that the clocks skip is left out, one that comes twice is offered once, at the first.
    """
    length = timedelta(minutes=call_minutes)
    starts: set[datetime] = set()
    for opens, closes in intervals:
        for day in _days(opens, closes, zone):
            first = start_of_day(day, zone)
            on_grid = (first + timedelta(minutes=after) for after in grid_of_day(day, slot_minutes, zone))
            starts.update(start for start in on_grid if opens <= start and start + length <= closes)
    return sorted(starts)


def grid_of_day(day: date, slot_minutes: int, zone: str) -> Sequence[int]:
    """How many minutes after the first instant of a day its grid offers starts."""
    walls, first = range(0, DAY_MINUTES, slot_minutes), start_of_day(day, zone)
    if start_of_day(day + timedelta(days=1), zone) - first == timedelta(days=1):
        return walls  # the clocks are not set that day
    starts = (minute_of_day(day, wall, zone) for wall in walls)
    return [(start - first) // timedelta(minutes=1) for start in starts if start is not None]


def is_open(
    openings: Sequence[OpeningFacts],
    closures: Sequence[ClosureFacts],
    zone: str,
    starts_at: datetime,
    ends_at: datetime,
) -> bool:
    """Whether it is open from one instant to another without a break."""
    return open_intervals(openings, closures, zone, starts_at, ends_at) == [(starts_at, ends_at)]


def check_openings(openings: Iterable[OpeningFacts]) -> None:
    for opening in openings:
        if not 0 <= opening.weekday <= 6:
            raise Invalid("unknown_weekday")
        if not 0 <= opening.opens_minute < opening.closes_minute <= DAY_MINUTES:
            raise Invalid("hours_reversed")


def check_grid(slot_minutes: int, buffer_minutes: int) -> None:
    if not (5 <= slot_minutes <= LONGEST_SLOT_MINUTES and 0 <= buffer_minutes <= LONGEST_BUFFER_MINUTES):
        raise Invalid("grid_out_of_range")


def check_promise(days: int) -> None:
    if not 1 <= days <= LONGEST_PROMISE_DAYS:
        raise Invalid("bad_promise", longest=LONGEST_PROMISE_DAYS)


def is_unheard(last_heard_at: datetime | None, promise_days: int, now: datetime) -> bool:
    """Whether a child was not heard for as long as the village promised, or never."""
    return last_heard_at is None or now - last_heard_at >= timedelta(days=promise_days)


def checked_text(text: str, longest: int, code: str) -> str:
    """What people typed, trimmed. Raises Invalid(code) if it is empty, too long, or holds what is no character."""
    trimmed = text.strip()
    if not 1 <= len(trimmed) <= longest or any(unicodedata.category(c) in ("Cc", "Cs") for c in trimmed):
        raise Invalid(code)
    return trimmed


def _days(from_: datetime, until: datetime, zone: str) -> list[date]:
    """Every day that can touch the interval: one more at its end, as clocks may step back over midnight."""
    first, last = day_of(from_, zone), day_of(until, zone) + timedelta(days=1)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _instants(day: date, opening: OpeningFacts, zone: str) -> Interval:
    return _at_or_after(day, opening.opens_minute, zone), _at_or_after(day, opening.closes_minute, zone)


def _at_or_after(day: date, minute: int, zone: str) -> datetime:
    """The instant of a wall time, or the one at which the clocks have skipped it."""
    for later in range(minute, minute + LONGEST_GAP_MINUTES):
        instant = minute_of_day(day, later, zone)
        if instant is not None:
            return instant
    raise AssertionError(f"{zone} skips more than {LONGEST_GAP_MINUTES} minutes after {day}")
