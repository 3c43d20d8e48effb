"""What people's hours look like on the wire, and what is taken to say them."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from app.families.words import Occupation, PatternKind
from app.web.shapes import Shape, Text

Minute = Annotated[int, Field(ge=0, le=1440)]


class PatternShape(Shape):
    id: str
    kind: PatternKind
    occupation: Occupation
    is_free: bool
    from_day: date | None
    until_day: date | None
    detail: dict[str, Any]
    note: str | None


class BusyShape(Shape):
    from_minute: Minute
    until_minute: Minute
    occupation: Occupation


class HoursShape(Shape):
    from_minute: Minute
    until_minute: Minute


class DayShape(Shape):
    """One day by the person's wall clock; `shift` is the word of the rotation or swap, `off` without work."""

    day: date
    shift: str | None
    is_swapped: bool
    busy: list[BusyShape]
    free: list[HoursShape]


class AvailabilityShape(Shape):
    person_id: str
    zone: str
    patterns: list[PatternShape]
    days: list[DayShape]
    may_change: bool


class PatternIn(Shape):
    """What `detail` holds by kind; minutes count from midnight, hours that don't end later go on over midnight.

    weekly: weekdays (0 is Monday), from_minute, until_minute; with `is_free` there is time only then. rotation: anchor
    (a day), cycle (words from that day on: day, night, early, late, off), hours (by word: [from, until]).
    away: nothing, but from_day and until_day.
    """

    kind: Literal[PatternKind.WEEKLY, PatternKind.ROTATION, PatternKind.AWAY]
    occupation: Occupation
    is_free: bool = False
    from_day: date | None = None
    until_day: date | None = None
    detail: dict[str, Any]
    note: Annotated[Text, Field(max_length=80)] | None = None


class SwapIn(Shape):
    """Another shift for one day: a word of the day's rotation, `off`, or hours. Without any the swap is taken back."""

    day: date
    shift: Annotated[Text, Field(max_length=8)] | None = None
    from_minute: int | None = None
    until_minute: int | None = None
