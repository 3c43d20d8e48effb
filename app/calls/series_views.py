"""The routes of series: book, list, change, end. Whoever may act on a call of a series may act on the series."""

from datetime import timedelta

from sqlalchemy import or_, select

from app.calls import asking, picture, recurrence, rules, series
from app.calls.models import Call, Series
from app.calls.series import Change, SeriesWish
from app.calls.series_shapes import (
    ChangeIn,
    EndIn,
    GapShape,
    OccurrenceShape,
    SeriesIn,
    SeriesListShape,
    SeriesSearch,
    SeriesShape,
    WordsShape,
)
from app.calls.words import CallState
from app.families import queries as families
from app.families import whose
from app.families.models import Family, Person
from app.families.words import MemberRole
from app.kernel.errors import NotFound
from app.web.api import Api, Ask
from app.web.principals import COORDINATOR, PERSON

api = Api("series")

SHOWN_AFTER_THE_END = timedelta(days=14)


@api.command("POST", "/series", PERSON, COORDINATOR, gives=SeriesShape, takes=SeriesIn, status=201)
def book_series(ask: Ask, body: SeriesIn) -> SeriesShape:
    """Book calls that come again and again."""
    family_id, parent_id = whose.pair(ask, body.child_id, body.parent_id)
    wish = SeriesWish(
        family_id, body.child_id, parent_id, body.starts_on, body.starts_minute, body.rule,
        body.minutes if body.minutes is not None else rules.CALL_MINUTES,
    )  # fmt: skip
    return _shape(ask, series.book_series(ask.session, wish, asking.actor(ask, parent_id), ask.now))


@api.query("/series", PERSON, COORDINATOR, gives=SeriesListShape, takes=SeriesSearch)
def list_series(ask: Ask, search: SeriesSearch) -> SeriesListShape:
    """The series of a family that stand, and those that have ended lately."""
    _check_family(ask, search.family_id)
    standing = or_(Series.ended_at.is_(None), Series.ended_at > ask.now - SHOWN_AFTER_THE_END)
    found = select(Series).where(Series.family_id == search.family_id, standing)
    shown = ask.session.scalars(found.order_by(Series.made_at, Series.id)).all()
    return SeriesListShape(series=[_shape(ask, each) for each in shown if _is_theirs(ask, each)])


@api.command("POST", "/series/<series_id>/change", PERSON, COORDINATOR, gives=SeriesShape, takes=ChangeIn)
def change_series(ask: Ask, body: ChangeIn, series_id: str) -> SeriesShape:
    """Change a series from a day on, or all that is to come; the one that has the days from then on is returned."""
    known = _seen(ask, series_id)
    change = Change(body.from_on, body.starts_on, body.starts_minute, body.minutes, body.rule)
    by = asking.actor(ask, known.parent_id)
    return _shape(ask, series.change_series(ask.session, series_id, change, by, ask.now))


@api.command("POST", "/series/<series_id>/end", PERSON, COORDINATOR, gives=SeriesShape, takes=EndIn)
def end_series(ask: Ask, body: EndIn, series_id: str) -> SeriesShape:
    """End a series now, or from a day on."""
    by = asking.actor(ask, _seen(ask, series_id).parent_id)
    return _shape(ask, series.end_series(ask.session, series_id, body.from_on, body.reason, by, ask.now))


def _seen(ask: Ask, series_id: str) -> Series:
    known = ask.session.get(Series, series_id)
    if known is None or not _is_theirs(ask, known):
        raise NotFound
    return known


def _is_theirs(ask: Ask, known: Series) -> bool:
    """A coordinator's of the village, the parent's whose calls these are, or of those who live with the child."""
    if ask.who.kind is COORDINATOR:
        return known.village_id == ask.who.village_id
    me, roles = ask.who.subject_id, [MemberRole.CAREGIVER]
    roles += [MemberRole.PARENT] * (me == known.parent_id) + [MemberRole.CHILD] * (me == known.child_id)
    return families.is_member(ask.session, known.family_id, me, *roles)


def _check_family(ask: Ask, family_id: str) -> None:
    if ask.who.kind is COORDINATOR:
        families.family_of_village(ask.session, ask.who.village, family_id)
    elif not families.is_member(ask.session, family_id, ask.who.subject_id):
        raise NotFound


def _shape(ask: Ask, known: Series) -> SeriesShape:
    ask.session.flush()
    waiting = select(Call).where(Call.series_id == known.id, Call.state != CallState.ENDED).order_by(Call.starts_at)
    person = ask.session.get_one
    return SeriesShape(
        id=known.id, family=picture.family_shape(ask.session.get_one(Family, known.family_id)),
        child=picture.person_shape(person(Person, known.child_id), ask.who),
        parent=picture.person_shape(person(Person, known.parent_id), ask.who),
        starts_on=known.starts_on, starts_minute=known.starts_minute, zone=known.zone, minutes=known.minutes,
        rule=known.rule, words=_words(known),
        calls=[_occurrence(call) for call in ask.session.scalars(waiting)],
        gaps=[GapShape.model_validate_strings({"occurs_on": day, "reason": why}) for day, why in known.gaps.items()],
        ended_at=known.ended_at,
    )  # fmt: skip


def _occurrence(call: Call) -> OccurrenceShape:
    assert call.occurs_on is not None
    return OccurrenceShape(
        occurs_on=call.occurs_on, call_id=call.id, starts_at=call.starts_at, ends_at=call.ends_at, state=call.state
    )


def _words(known: Series) -> WordsShape:
    """The rule in parts; where a weekly one names no day it is that of its beginning."""
    rule = recurrence.parsed(known.rule)
    by_day = rule.by_day
    if rule.frequency is recurrence.Frequency.WEEKLY and not by_day:
        by_day = (recurrence.Weekday(known.starts_on.weekday()),)
    return WordsShape(
        freq=rule.frequency, interval=rule.interval, weekdays=[day.weekday for day in by_day],
        nth=[day.nth for day in by_day], month_days=list(rule.by_month_day), until=rule.until, count=rule.count,
    )  # fmt: skip
