"""Who is told of a series: one text for all its calls, and one for a day on which it found no slot."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import find_time, recurrence
from app.calls.find_time import Search
from app.calls.models import Call, Series
from app.calls.recurrence import Frequency, Rule
from app.calls.words import CallState
from app.families import queries as families
from app.jobs import service as jobs
from app.kernel import events
from app.notices import service as notices
from app.notices.templates import Param
from app.villages import queries as villages

GAP_TOLD_BEFORE = timedelta(days=7)  # earlier it may still close by itself, and other times would be taken by then
UNITS = {Frequency.DAILY: "day", Frequency.WEEKLY: "week", Frequency.MONTHLY: "month", Frequency.YEARLY: "year"}


def of_booking(session: Session, event: events.SeriesBooked, now: datetime) -> None:
    _show(session, "series_booked", event, now)


def of_change(session: Session, event: events.SeriesChanged, now: datetime) -> None:
    _show(session, "series_changed", event, now)


def _show(session: Session, template: str, event: events.SeriesBooked | events.SeriesChanged, now: datetime) -> None:
    """Tell the others of a series as it stands now."""
    series = session.get_one(Series, event.series_id)
    _tell(
        session, template, series, _others(session, series, event.by), event.at, now, **_shown(session, series, now)
    )  # fmt: skip


def of_ending(session: Session, event: events.SeriesEnded, now: datetime) -> None:
    series = session.get_one(Series, event.series_id)
    _tell(session, "series_ended", series, _others(session, series, event.by), event.at, now)


def of_gap(session: Session, event: events.SeriesGap, now: datetime) -> None:
    """Tell both sides a week ahead of a day without its call, if it is so then."""
    series = session.get_one(Series, event.series_id)
    starts_at = recurrence.instant(date.fromisoformat(event.occurs_on), series.starts_minute, series.zone)
    if series.ended_at is not None or event.occurs_on not in series.gaps or starts_at <= now:
        return
    if starts_at - GAP_TOLD_BEFORE > now:
        again = events.SeriesGap(event.at, event.series_id, event.occurs_on)
        jobs.put(
            session, f"event:{events.SeriesGap.__name__}", starts_at - GAP_TOLD_BEFORE, now,
            payload=events.to_payload(again), key=f"gap:{series.id}:{event.occurs_on}",
        )  # fmt: skip
        return
    search = Search(series.family_id, series.child_id, series.parent_id, series.minutes, starts_at)
    offers = [slot.starts_at for slot in find_time.offers_for(session, series.village_id, search, now)]
    _tell(
        session,
        "series_gap",
        series,
        _others(session, series, ""),
        event.at,
        now,
        starts_at=starts_at,
        offers_at=offers,
    )


def every(rule: Rule) -> str:
    """How often, as the templates' word for it."""
    unit = UNITS[rule.frequency]
    if rule.interval > 1:
        return f"{unit}s:{rule.interval}"
    return f"times:{len(rule.by_day)}" if unit == "week" and len(rule.by_day) > 1 else unit


def _shown(session: Session, series: Series, now: datetime) -> dict[str, Param]:
    ahead = select(Call.starts_at).where(
        Call.series_id == series.id, Call.state != CallState.ENDED, Call.starts_at > now
    )  # fmt: skip
    first = session.scalar(ahead.order_by(Call.starts_at).limit(1))
    if first is None:
        first = recurrence.instant(series.starts_on, series.starts_minute, series.zone)
    return {"every": every(recurrence.parsed(series.rule)), "starts_at": first}


def _others(session: Session, series: Series, by: str) -> list[str]:
    caregivers = [person.id for person in families.caregivers(session, series.family_id)]
    return [person for person in dict.fromkeys([series.parent_id, *caregivers]) if by != f"person:{person}"]


def _tell(
    session: Session, template: str, series: Series, whom: Iterable[str], at: datetime, now: datetime, **params: Param
) -> None:  # fmt: skip
    named: dict[str, Param] = {
        "parent": families.person(session, series.parent_id).name,
        "child": families.person(session, series.child_id).name,
        "place": villages.village(session, series.village_id).name,
    }
    for person_id in whom:
        notices.plan(
            session, person_id=person_id, family_id=series.family_id, template=template, subject=f"series:{series.id}",
            params=named | params, due_at=now, key=f"{template}:{series.id}:{at:%Y%m%dT%H%M%S.%f}:{person_id}", now=now,
        )  # fmt: skip
