"""The route under /api that says what a series would come to before it is booked."""

from datetime import date

from app.calls import rules
from app.calls.foresight import foresee
from app.calls.series import SeriesWish
from app.calls.series_shapes import Day, Minute, Minutes, RuleText
from app.calls.shapes import Id, InstantOut, Shape
from app.families import whose
from app.web.api import Api, Ask
from app.web.principals import COORDINATOR, PERSON

api = Api("foresight")


class ForesightSearch(Shape):
    child_id: Id
    parent_id: Id | None = None
    starts_on: Day
    starts_minute: Minute
    minutes: Minutes | None = None
    rule: RuleText


class ForeseenShape(Shape):
    """`reason` as in a gap of a series, null where there would be a call."""

    occurs_on: date
    starts_at: InstantOut
    reason: str | None


class ForesightShape(Shape):
    days: list[ForeseenShape]


@api.query("/series/preview", PERSON, COORDINATOR, gives=ForesightShape, takes=ForesightSearch)
def preview_series(ask: Ask, search: ForesightSearch) -> ForesightShape:
    """The days of a series in the next eight weeks, and those on which it would find no call."""
    family_id, parent_id = whose.pair(ask, search.child_id, search.parent_id)
    minutes = search.minutes if search.minutes is not None else rules.CALL_MINUTES
    wish = SeriesWish(
        family_id, search.child_id, parent_id, search.starts_on, search.starts_minute, search.rule, minutes
    )
    days = [
        ForeseenShape(occurs_on=day.occurs_on, starts_at=day.starts_at, reason=day.reason)
        for day in foresee(ask.session, wish, ask.now)
    ]
    return ForesightShape(days=days)
