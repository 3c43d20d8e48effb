"""What a series looks like on the wire, and what is taken to book or change one."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from app.calls.recurrence import Frequency
from app.calls.shapes import FamilyShape, PersonShape
from app.calls.words import CallState
from app.web.shapes import Id, InstantOut, Shape, Text


def _of_our_times(day: date) -> date:
    if not 2000 <= day.year <= 2200:
        raise ValueError("a day of our times")
    return day


Day = Annotated[date, AfterValidator(_of_our_times)]
Minute = Annotated[int, Field(ge=0, lt=1440)]
Minutes = Annotated[int, Field(ge=1, le=1440)]
RuleText = Annotated[Text, Field(max_length=4000)]


class WordsShape(Shape):
    """A rule to be said in words. `weekdays` 0 is Monday; `nth` stands beside each, null where it is every one."""

    freq: Frequency
    interval: int
    weekdays: list[int]
    nth: list[int | None]
    month_days: list[int]
    until: date | None
    count: int | None


class OccurrenceShape(Shape):
    occurs_on: date
    call_id: str
    starts_at: InstantOut
    ends_at: InstantOut
    state: CallState


class GapShape(Shape):
    """A day without its call: slot_taken, person_busy, outside_hours, no_consent or terminal_retired."""

    occurs_on: date
    reason: str


class SeriesShape(Shape):
    """`calls` are those that have not ended; `zone` is that of the village, in which all days and minutes are."""

    id: str
    family: FamilyShape
    child: PersonShape
    parent: PersonShape
    starts_on: date
    starts_minute: int
    zone: str
    minutes: int
    rule: str
    words: WordsShape
    calls: list[OccurrenceShape]
    gaps: list[GapShape]
    ended_at: InstantOut | None


class SeriesListShape(Shape):
    series: list[SeriesShape]


class SeriesSearch(Shape):
    family_id: Id


class SeriesIn(Shape):
    child_id: Id
    parent_id: Id | None = None
    starts_on: Day
    starts_minute: Minute
    minutes: Minutes | None = None
    rule: RuleText


class ChangeIn(Shape):
    """Without `from_on` all that is to come is changed; what is left out stays as it is."""

    from_on: Day | None = None
    starts_on: Day | None = None
    starts_minute: Minute | None = None
    minutes: Minutes | None = None
    rule: RuleText | None = None


class EndIn(Shape):
    from_on: Day | None = None
    reason: Annotated[str, Field(max_length=24)]
