"""When a person has time, from what is said of their hours: free intervals, and why there is none between them.

Hours are wall time of the person's zone; hours that end where they begin, or before, go on over midnight and belong to
the day on which they begin. A wall time that the clocks skip is moved on by what they skip, one that comes twice means
the first. Patterns come in the order in which they were said: of several rotations on one day, or swaps, the last one
counts. Who may say something of whom, and what is booked, is not decided here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.families.words import Occupation, PatternKind
from app.kernel.errors import Invalid
from app.kernel.intervals import Interval, clipped, merged, without
from app.kernel.local_time import day_of, moment_of_day

DAY_MINUTES = 1440
OFF = "off"
SHIFTS = ("day", "night", "early", "late")
LONGEST_CYCLE_DAYS = 56
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
LONGEST_REACH = timedelta(days=2)  # hours last a day at most, and a gap of the clocks may move their end on

Hours = tuple[int, int]


@dataclass(frozen=True)
class PatternFacts:
    """One row of `availability`, as `check` lets it in."""

    kind: PatternKind
    occupation: Occupation
    is_free: bool
    from_day: date | None
    until_day: date | None
    detail: Mapping[str, Any]

    def holds(self, day: date) -> bool:
        return (self.from_day is None or self.from_day <= day) and (self.until_day is None or day <= self.until_day)


@dataclass(frozen=True)
class Shift:
    """What somebody works on a day: the word for it, if it has one, and the hours, if it is not `off`."""

    word: str | None
    hours: Hours | None
    occupation: Occupation
    is_swapped: bool = False


def free(patterns: Sequence[PatternFacts], zone: str, from_: datetime, until: datetime) -> list[Interval]:
    """When there is time between two instants: sorted, apart from each other. Without a pattern that is always."""
    taken = ((start, end) for start, end, _occupation in busy(patterns, zone, from_, until))
    return without(_allowed(patterns, zone, from_, until), taken)


def busy(
    patterns: Sequence[PatternFacts], zone: str, from_: datetime, until: datetime
) -> list[tuple[datetime, datetime, Occupation]]:
    """Why there is no time: sorted, apart from each other.

    Of several reasons at one time being away is told first, then the earlier in the order of Occupation. What lies
    outside of a person's only free hours is neither free nor busy.
    """
    by_reason: dict[tuple[bool, int], list[Interval]] = {}
    order = list(Occupation)
    for day in _days(from_, until, zone):
        for hours, is_here, occupation in _hours_on(patterns, day):
            by_reason.setdefault((is_here, order.index(occupation)), []).append(_instants(day, hours, zone))
    found: list[tuple[datetime, datetime, Occupation]] = []
    told: list[Interval] = []
    for (_is_here, place), intervals in sorted(by_reason.items()):
        within = clipped(intervals, from_, until)
        found += [(start, end, order[place]) for start, end in without(within, told)]
        told = merged([*told, *within])
    return sorted(found)


def shift_on(patterns: Sequence[PatternFacts], day: date) -> Shift | None:
    """What a swap says of the day, or else the rotation; None without either."""
    rotation = _rotation_on(patterns, day)
    named = day.isoformat()
    for swap in reversed([p for p in patterns if p.kind is PatternKind.SWAP and p.detail["day"] == named]):
        word = swap.detail.get("shift")
        if word is None:
            hours = _hours(swap.detail["from_minute"], swap.detail["until_minute"])
            return Shift(None, hours, swap.occupation, is_swapped=True)
        if word == OFF or word in words_on(patterns, day):
            return Shift(word, _hours_of(rotation, word), swap.occupation, is_swapped=True)
    if rotation is None:
        return None
    cycle, anchor = rotation.detail["cycle"], date.fromisoformat(rotation.detail["anchor"])
    word = cycle[(day - anchor).days % len(cycle)]
    return Shift(word, _hours_of(rotation, word), rotation.occupation)


def words_on(patterns: Sequence[PatternFacts], day: date) -> list[str]:
    """The shifts for which the rotation of a day has hours, so that a swap can name them."""
    rotation = _rotation_on(patterns, day)
    return list(rotation.detail["hours"]) if rotation else []


def _rotation_on(patterns: Sequence[PatternFacts], day: date) -> PatternFacts | None:
    return next((p for p in reversed(patterns) if p.kind is PatternKind.ROTATION and p.holds(day)), None)


def _hours_of(rotation: PatternFacts | None, word: str) -> Hours | None:
    return None if word == OFF or rotation is None else _hours(*rotation.detail["hours"][word])


def _hours_on(patterns: Sequence[PatternFacts], day: date) -> Iterator[tuple[Hours, bool, Occupation]]:
    """The busy hours that begin on a day, whether one is here and not away, and for what they are."""
    shift = shift_on(patterns, day)
    if shift is not None and shift.hours is not None:
        yield shift.hours, True, shift.occupation
    for pattern in patterns:
        if pattern.kind is PatternKind.AWAY and pattern.holds(day):
            yield (0, DAY_MINUTES), False, pattern.occupation
        elif _is_weekly_on(pattern, day) and not pattern.is_free:
            is_replaced = shift is not None and shift.is_swapped and pattern.occupation is Occupation.SHIFT
            if not is_replaced:
                yield _weekly_hours(pattern), True, pattern.occupation


def _is_weekly_on(pattern: PatternFacts, day: date) -> bool:
    return pattern.kind is PatternKind.WEEKLY and pattern.holds(day) and day.weekday() in pattern.detail["weekdays"]


def _weekly_hours(pattern: PatternFacts) -> Hours:
    return _hours(pattern.detail["from_minute"], pattern.detail["until_minute"])


def _hours(from_minute: int, until_minute: int) -> Hours:
    return from_minute, until_minute if from_minute < until_minute else until_minute + DAY_MINUTES


def _allowed(patterns: Sequence[PatternFacts], zone: str, from_: datetime, until: datetime) -> list[Interval]:
    """The only free hours on days that have any such pattern, and all of the other days."""
    only = [pattern for pattern in patterns if pattern.is_free]
    if not only:
        return merged([(from_, until)])
    found: list[Interval] = []
    for day in _days(from_, until, zone):
        hours = [_weekly_hours(pattern) for pattern in only if _is_weekly_on(pattern, day)]
        if not any(pattern.holds(day) for pattern in only):
            hours = [(0, DAY_MINUTES)]
        found += [_instants(day, each, zone) for each in hours]
    return merged(clipped(found, from_, until))


def _instants(day: date, hours: Hours, zone: str) -> Interval:
    return moment_of_day(day, hours[0], zone), moment_of_day(day, hours[1], zone)


def _days(from_: datetime, until: datetime, zone: str) -> Iterator[date]:
    """Every day whose hours can touch the interval: one more at its end, as clocks may step back over midnight."""
    if from_ >= until:
        return
    day, last = day_of(from_, zone) - LONGEST_REACH, day_of(until, zone) + timedelta(days=1)
    while day <= last:
        yield day
        day += timedelta(days=1)


def check(
    kind: PatternKind, is_free: bool, from_day: date | None, until_day: date | None, detail: Mapping[str, Any]
) -> None:
    """Raises Invalid with a code that says what is wrong with a pattern."""
    for day in (from_day, until_day):
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise Invalid("day_out_of_range")
    if from_day is not None and until_day is not None and until_day < from_day:
        raise Invalid("days_reversed")
    if is_free and kind is not PatternKind.WEEKLY:
        raise Invalid("only_weekly_is_free")
    if kind is PatternKind.AWAY and (from_day is None or until_day is None):
        raise Invalid("away_without_days")
    CHECKS[kind](detail)


def checked_day(text: object) -> date:
    """A day as it stands in a detail, YYYY-MM-DD. Raises Invalid."""
    try:
        day = date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise Invalid("bad_day")
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Invalid("day_out_of_range")
    return day


def _check_weekly(detail: Mapping[str, Any]) -> None:
    _check_keys(detail, {"weekdays", "from_minute", "until_minute"})
    weekdays = detail["weekdays"]
    if not isinstance(weekdays, list) or not all(_is_in(day, 6) for day in weekdays):
        raise Invalid("unknown_weekday")
    if not weekdays:
        raise Invalid("no_weekdays")
    if len(set(weekdays)) < len(weekdays):
        raise Invalid("weekday_twice")
    _check_hours(detail["from_minute"], detail["until_minute"])


def _check_rotation(detail: Mapping[str, Any]) -> None:
    _check_keys(detail, {"anchor", "cycle", "hours"})
    checked_day(detail["anchor"])
    cycle, hours = detail["cycle"], detail["hours"]
    if not isinstance(cycle, list) or not 1 <= len(cycle) <= LONGEST_CYCLE_DAYS:
        raise Invalid("cycle_out_of_range", most=LONGEST_CYCLE_DAYS)
    if not isinstance(hours, dict) or not all(word in SHIFTS for word in hours):
        raise Invalid("unknown_shift")
    if not all(isinstance(word, str) and (word in SHIFTS or word == OFF) for word in cycle):
        raise Invalid("unknown_shift")
    if set(cycle) == {OFF}:
        raise Invalid("cycle_without_shift")
    if not set(cycle) <= {OFF, *hours}:
        raise Invalid("shift_without_hours")
    for pair in hours.values():
        if not isinstance(pair, list) or len(pair) != 2:
            raise Invalid("hours_out_of_range")
        _check_hours(*pair)
    _check_apart(cycle, {word: _hours(*pair) for word, pair in hours.items()})


def _check_apart(cycle: list[str], hours: Mapping[str, Hours]) -> None:
    """A shift that goes on over midnight ends before the next day's begins, also where the cycle begins anew."""
    for word, following in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
        if OFF not in (word, following) and hours[word][1] - DAY_MINUTES > hours[following][0]:
            raise Invalid("shifts_overlap")


def _check_swap(detail: Mapping[str, Any]) -> None:
    if "shift" in detail:
        _check_keys(detail, {"day", "shift"})
        if detail["shift"] != OFF and detail["shift"] not in SHIFTS:
            raise Invalid("unknown_shift")
    else:
        _check_keys(detail, {"day", "from_minute", "until_minute"})
        _check_hours(detail["from_minute"], detail["until_minute"])
    checked_day(detail["day"])


def _check_away(detail: Mapping[str, Any]) -> None:
    _check_keys(detail, set())


def _check_keys(detail: Mapping[str, Any], keys: set[str]) -> None:
    if set(detail) != keys:
        raise Invalid("pattern_not_understood")


def _check_hours(from_minute: object, until_minute: object) -> None:
    if not _is_in(from_minute, DAY_MINUTES - 1) or not _is_in(until_minute, DAY_MINUTES):
        raise Invalid("hours_out_of_range")


def _is_in(number: object, most: int) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= most


CHECKS: dict[PatternKind, Callable[[Mapping[str, Any]], None]] = {
    PatternKind.WEEKLY: _check_weekly,
    PatternKind.ROTATION: _check_rotation,
    PatternKind.SWAP: _check_swap,
    PatternKind.AWAY: _check_away,
}
