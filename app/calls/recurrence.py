"""When a series happens: rules of whole days in the words of RFC 5545, and the instant of a wall time. Pure.

Taken are FREQ of DAILY, WEEKLY, MONTHLY or YEARLY, INTERVAL, BYDAY, BYMONTHDAY, and COUNT or UNTIL (a date). Nothing
comes more often than once a day. The first day is "not before": unlike a DTSTART it is an occurrence only where the
rule says so. Days are worked out on the calendar alone, and only then become instants in the series' zone.

The clocks have one answer (RFC 5545, 3.3.5): a wall time in a gap is moved forward by the gap's length, as it is read
with the offset before the gap; one that comes twice means the first.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Literal

from dateutil import rrule

from app.kernel.errors import Invalid
from app.kernel.local_time import moment_of_day

LONGEST_RULE = 200
LARGEST_INTERVAL = 366
LARGEST_COUNT = 500
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FINER_THAN_A_DAY = ("SECONDLY", "MINUTELY", "HOURLY")
NUMBER = re.compile(r"[0-9]{1,9}")
BY_DAY = re.compile(rf"([+-]?[0-9]{{1,2}})?({'|'.join(WEEKDAYS)})")
BY_MONTH_DAY = re.compile(r"[+-]?[0-9]{1,2}")
UNTIL = re.compile(r"[0-9]{8}")


class Frequency(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


# How far the nth weekday of a period can be counted; a week has one of each.
LARGEST_NTH = {Frequency.DAILY: 0, Frequency.WEEKLY: 0, Frequency.MONTHLY: 5, Frequency.YEARLY: 53}
RRULE: dict[Frequency, Literal[0, 1, 2, 3]] = {
    Frequency.DAILY: rrule.DAILY,
    Frequency.WEEKLY: rrule.WEEKLY,
    Frequency.MONTHLY: rrule.MONTHLY,
    Frequency.YEARLY: rrule.YEARLY,
}


@dataclass(frozen=True)
class Weekday:
    """`weekday` 0 is Monday; `nth` of the month or year, from its end where negative; without it each one."""

    weekday: int
    nth: int | None = None


@dataclass(frozen=True)
class Rule:
    """Never both a count and an end; without either it goes on for ever."""

    frequency: Frequency
    interval: int = 1
    by_day: tuple[Weekday, ...] = ()
    by_month_day: tuple[int, ...] = ()
    count: int | None = None
    until: date | None = None


def parsed(text: str) -> Rule:
    """Read an RRULE's value.

    Raises Invalid: rule_too_long; rule_too_often for what comes several times a day; count_and_until; count_too_large;
    bad_rule with the part that isn't understood or has no meaning beside the others.
    """
    if len(text) > LONGEST_RULE:
        raise Invalid("rule_too_long", longest=LONGEST_RULE)
    parts = _parts(text.strip().upper())
    rule = Rule(
        frequency=_frequency(parts.pop("FREQ", "")),
        interval=_number(parts, "INTERVAL", LARGEST_INTERVAL) or 1,
        by_day=_by_day(parts.pop("BYDAY", None)),
        by_month_day=_by_month_day(parts.pop("BYMONTHDAY", None)),
        count=_count(parts),
        until=_until(parts.pop("UNTIL", None)),
    )
    for name in parts:
        raise _bad(name)
    _check_sense(rule)
    return rule


def written(rule: Rule) -> str:
    """The one writing of a rule, as it is kept."""
    parts = [f"FREQ={rule.frequency.upper()}"]
    if rule.interval > 1:
        parts.append(f"INTERVAL={rule.interval}")
    if rule.by_day:
        parts.append(f"BYDAY={','.join(f'{day.nth or str()}{WEEKDAYS[day.weekday]}' for day in rule.by_day)}")
    if rule.by_month_day:
        parts.append(f"BYMONTHDAY={','.join(map(str, rule.by_month_day))}")
    if rule.count:
        parts.append(f"COUNT={rule.count}")
    if rule.until:
        parts.append(f"UNTIL={rule.until:%Y%m%d}")
    return ";".join(parts)


def days(rule: Rule, starts_on: date, from_day: date, until_day: date) -> list[date]:
    """The days of a rule between two days, both included; COUNT counts from `starts_on`."""
    until_then = takewhile(lambda day: day <= until_day, _occurrences(rule, starts_on))
    return [day for day in until_then if day >= from_day]


def first(rule: Rule, starts_on: date, from_day: date) -> date | None:
    """The first day on or after `from_day`; None if the rule has no more."""
    return next((day for day in _occurrences(rule, starts_on) if day >= from_day), None)


def before(rule: Rule, starts_on: date, day: date) -> Rule:
    """The rule as far as the day before `day`; as it is where it ends by itself before that."""
    if first(rule, starts_on, day) is None:
        return rule
    return replace(rule, count=None, until=day - timedelta(days=1))


def rest(rule: Rule, starts_on: date, from_day: date) -> Rule:
    """The rule from `from_day` on: its count is what the days before have left of it."""
    if rule.count is None:
        return rule
    return replace(rule, count=rule.count - len(days(rule, starts_on, starts_on, from_day - timedelta(days=1))))


def instant(day: date, minute: int, zone: str) -> datetime:
    """The UTC instant at so many minutes of wall time after midnight, with the one answer for gaps and overlaps."""
    return moment_of_day(day, minute, zone)


def _occurrences(rule: Rule, starts_on: date) -> Iterator[date]:
    """Every day of a rule, lazily. The search of one that has none ends with the calendar, in a tenth of a second."""
    found = rrule.rrule(
        RRULE[rule.frequency],
        dtstart=datetime.combine(starts_on, time()),
        interval=rule.interval,
        byweekday=[rrule.weekday(day.weekday, day.nth) for day in rule.by_day] or None,
        bymonthday=rule.by_month_day or None,
        count=rule.count,
        until=datetime.combine(rule.until, time()) if rule.until else None,
    )
    return (moment.date() for moment in found)


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name in parts:
            raise _bad(name)
        parts[name] = value
    return parts


def _frequency(word: str) -> Frequency:
    if word in FINER_THAN_A_DAY:
        raise Invalid("rule_too_often")
    try:
        return Frequency(word.lower())
    except ValueError as unknown:
        raise _bad("FREQ") from unknown


def _number(parts: dict[str, str], name: str, largest: int) -> int | None:
    text = parts.pop(name, None)
    if text is None:
        return None
    if not NUMBER.fullmatch(text) or not 1 <= int(text) <= largest:
        raise _bad(name)
    return int(text)


def _count(parts: dict[str, str]) -> int | None:
    if "COUNT" in parts and "UNTIL" in parts:
        raise Invalid("count_and_until")
    count = _number(parts, "COUNT", 10**9)
    if count is not None and count > LARGEST_COUNT:
        raise Invalid("count_too_large", largest=LARGEST_COUNT)
    return count


def _until(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        if UNTIL.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError as impossible:
        raise _bad("UNTIL") from impossible
    raise _bad("UNTIL")


def _by_day(text: str | None) -> tuple[Weekday, ...]:
    found: set[Weekday] = set()
    for word in text.split(",") if text else ():
        read = BY_DAY.fullmatch(word)
        if not read or (read[1] and int(read[1]) == 0):
            raise _bad("BYDAY")
        found.add(Weekday(WEEKDAYS.index(read[2]), int(read[1]) if read[1] else None))
    return tuple(sorted(found, key=lambda day: (day.nth or 0, day.weekday)))


def _by_month_day(text: str | None) -> tuple[int, ...]:
    found: set[int] = set()
    for word in text.split(",") if text else ():
        if not BY_MONTH_DAY.fullmatch(word) or not 1 <= abs(int(word)) <= 31:
            raise _bad("BYMONTHDAY")
        found.add(int(word))
    return tuple(sorted(found))


def _check_sense(rule: Rule) -> None:
    """Refuse parts that mean nothing beside the others, and pairs of them that hardly ever meet on one day."""
    is_counted = any(day.nth for day in rule.by_day)
    largest = LARGEST_NTH[rule.frequency]
    if rule.by_day and rule.frequency is Frequency.DAILY:
        raise _bad("BYDAY")
    if any(abs(day.nth or 0) > largest for day in rule.by_day):
        raise _bad("BYDAY")
    if rule.by_month_day and (rule.frequency in (Frequency.DAILY, Frequency.WEEKLY) or is_counted):
        raise _bad("BYMONTHDAY")


def _bad(part: str) -> Invalid:
    """Name the part without repeating more of what was sent than a name."""
    return Invalid("bad_rule", part=part if re.fullmatch(r"[A-Z-]{1,16}", part) else "")
