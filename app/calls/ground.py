"""Where a call of a pair could be: hours, claims, and people's time on one timeline. Pure.

A question is all that is known; its ground says which starts of the village's grid have room and whom they suit. Which
of them is better is `proposals.py`, what stands against the others `obstacles.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, reduce
from operator import or_
from typing import NamedTuple

from app.calls import rules
from app.calls.link import Passport
from app.calls.timeline import Timeline, members, runs
from app.families import availability
from app.families.availability import PatternFacts
from app.kernel.intervals import Interval
from app.kernel.local_time import day_of, start_of_day
from app.kernel.local_time import zone as zone_of
from app.villages import rules as hours
from app.villages.rules import OpeningFacts

CELL_MINUTES = rules.CELL // timedelta(minutes=1)
MARGIN = timedelta(hours=2)  # so far before and after the search matter calls, buffers, and whether somebody rested


@dataclass(frozen=True)
class TerminalFacts:
    """A terminal: when it is closed against its weekly hours, when calls hold it, and what its link is like.

    A call holds it with the change-over after it, and every cell that it touches wholly.
    """

    id: str
    closed: Sequence[Interval] = ()
    taken: Sequence[Interval] = ()
    passport: Passport | None = None


@dataclass(frozen=True)
class PersonFacts:
    """A person's hours in their own zone, and when calls hold them."""

    zone: str
    patterns: Sequence[PatternFacts] = ()
    taken: Sequence[Interval] = ()


@dataclass(frozen=True)
class History:
    """Starts of a pair's calls: held and missed ones of the last eight weeks, those ahead; when the last held ended."""

    held: Sequence[datetime] = ()
    missed: Sequence[datetime] = ()
    ahead: Sequence[datetime] = ()
    heard_at: datetime | None = None


@dataclass(frozen=True)
class Question:
    """A time is looked for between `from_` and `until`, for a call of as many minutes, or of fewer if it `may_shrink`.

    `zone`, `slot_minutes`, `promise_days` and the rest are the village's. The pair's consent ends at `allowed_until`.
    """

    minutes: int
    from_: datetime
    until: datetime
    now: datetime
    zone: str
    slot_minutes: int
    buffer_minutes: int
    openings: Sequence[OpeningFacts]
    terminals: Sequence[TerminalFacts]
    parent: PersonFacts
    child: PersonFacts
    caregivers: Sequence[PersonFacts] = ()
    history: History = History()
    allowed_until: datetime | None = None
    promise_days: int = 7
    may_shrink: bool = True


class Start(NamedTuple):
    """A start by the village's wall clock."""

    day: date
    minute: int


class Ground:
    """Sets of minutes of one question, each made when it is first asked for."""

    def __init__(self, question: Question) -> None:
        self.question = question
        first_day = start_of_day(day_of(question.from_, question.zone), question.zone)
        (origin,) = rules.cells(first_day - MARGIN, first_day - MARGIN + timedelta(minutes=1))
        self.line = Timeline(origin, (question.until + MARGIN - origin) // timedelta(minutes=1))
        self.end = self.line.instant(self.line.length)
        self._room: dict[int, list[int]] = {}

    @cached_property
    def grid(self) -> int:
        """Every start that the grid has in the search, open or not."""
        found, zone = 0, self.question.zone
        day, last = day_of(self.question.from_, zone), day_of(self.question.until, zone)
        while day <= last:
            starts = sum(1 << after for after in hours.grid_of_day(day, self.question.slot_minutes, zone))
            found |= starts << self.line.minute(start_of_day(day, zone))
            day += timedelta(days=1)
        return found & self.searched

    def starts(self, minutes: int) -> dict[int, Start]:
        """By the wall clock."""
        there = zone_of(self.question.zone)
        walls = ((minute, self.line.instant(minute).astimezone(there)) for minute in members(minutes))
        return {minute: Start(wall.date(), wall.hour * 60 + wall.minute) for minute, wall in walls}

    @cached_property
    def searched(self) -> int:
        return self.line.within([(self.question.from_, self.question.until)])

    @cached_property
    def allowed(self) -> int:
        return self.line.within([(self.line.origin, self.question.allowed_until or self.end)])

    @cached_property
    def weekly(self) -> int:
        """The minutes of the search that are open in an ordinary week."""
        found = hours.open_intervals(self.question.openings, [], self.question.zone, self.line.origin, self.end)
        return self.line.within(found) & self.searched

    @cached_property
    def open(self) -> list[int]:
        """The same by terminal, without closures."""
        return [self.weekly & self.line.rest(self.line.touched(t.closed)) for t in self.question.terminals]

    @cached_property
    def parent(self) -> int:
        return self.time_of(self.question.parent)

    @cached_property
    def child(self) -> int:
        return self.time_of(self.question.child)

    @cached_property
    def caregivers(self) -> list[int]:
        return [self.time_of(caregiver) for caregiver in self.question.caregivers]

    def time_of(self, person: PersonFacts) -> int:
        """When a person has time by their hours; what they are booked for is not asked."""
        return self.line.within(availability.free(person.patterns, person.zone, self.line.origin, self.end))

    @cached_property
    def untaken(self) -> list[int]:
        """By terminal: when no claim holds it."""
        return [self._free_cells(terminal.taken) for terminal in self.question.terminals]

    @cached_property
    def people_untaken(self) -> int:
        """When no claim holds the parent or the child."""
        return self._free_cells([*self.question.parent.taken, *self.question.child.taken])

    def engaged(self, person: PersonFacts) -> int:
        """The minutes of the cells that a person's calls hold."""
        return self.line.cells(self.line.touched(person.taken), CELL_MINUTES)

    def _free_cells(self, taken: Sequence[Interval]) -> int:
        return self.line.rest(self.line.cells(self.line.touched(taken), CELL_MINUTES))

    def usual(self, minutes: int) -> int:
        """Starts of the grid for a call of this length in an ordinary week."""
        return self.grid & runs(self.weekly, minutes)

    def room(self, minutes: int) -> list[int]:
        """By terminal: starts of the grid at which it is open long enough and nobody holds it, buffer included."""
        if minutes not in self._room:
            lasting = minutes + self.question.buffer_minutes
            self._room[minutes] = [
                self.grid & runs(is_open, minutes) & runs(is_untaken, lasting)
                for is_open, is_untaken in zip(self.open, self.untaken, strict=True)
            ]
        return self._room[minutes]

    def bookable(self, minutes: int) -> int:
        """Starts at which nothing that is settled stands against a call, whatever people's hours are."""
        return union(self.room(minutes)) & runs(self.people_untaken & self.allowed, minutes)

    def brought(self, minutes: int) -> int:
        """Starts at which one caregiver has time throughout, if the family has any."""
        if not self.caregivers:
            return self.line.rest(0)
        return union([runs(caregiver, minutes) for caregiver in self.caregivers])

    def fitting(self, minutes: int) -> int:
        """Starts that can be booked and suit everybody."""
        return self.bookable(minutes) & runs(self.parent & self.child, minutes) & self.brought(minutes)


def union(sets: Sequence[int]) -> int:
    return reduce(or_, sets, 0)
