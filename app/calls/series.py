"""Use cases of series: book, change from a day on or all that is to come, end, and extend day by day.

Each is one transaction of its caller's, under the lock of the series. What lies behind stands as it was. A series that
is changed from a day on ends the day before, and another one follows it. Whatever changes, people are told once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from app.calls import booking, exceptions, making, recurrence, rules
from app.calls.booking import Actor, Wish
from app.calls.models import Call, Series
from app.calls.words import SERIES_ENDED
from app.families import queries as families
from app.families import service as consent
from app.families.words import ConsentKind
from app.jobs import service as jobs
from app.kernel import events
from app.kernel.errors import Invalid, NotFound, Refused
from app.kernel.local_time import day_of
from app.storage.database import new_id
from app.villages import queries as villages
from app.web.hints import hint

EXTEND = "series.extend"
EXTENDED_EVERY = timedelta(days=1)
BEGINS_WITHIN = timedelta(days=366)
CONSENT_ENDED, MEMBER_LEFT, OVER, FOLLOWED = "consent_ended", "member_left", "series_over", "series_followed"


@dataclass(frozen=True)
class SeriesWish:
    """A series that somebody wants, in wall time of the village; `rule` as in RFC 5545."""

    family_id: str
    child_id: str
    parent_id: str
    starts_on: date
    starts_minute: int
    rule: str
    minutes: int = rules.CALL_MINUTES


@dataclass(frozen=True)
class Change:
    """What is to be different; from a day on, or for all that is to come. What is None stays as it is."""

    from_on: date | None = None
    starts_on: date | None = None
    starts_minute: int | None = None
    minutes: int | None = None
    rule: str | None = None


def book_series(session: Session, wish: SeriesWish, by: Actor, now: datetime) -> Series:
    """Book a series and its calls of the next eight weeks.

    Raises what `recurrence.parsed` raises, Invalid("never_occurs"), and Refused with the reason of the first gap where
    there is no call that could be made.
    """
    if not families.is_pair(session, wish.family_id, wish.child_id, wish.parent_id):
        raise NotFound
    village = villages.village(session, families.village_of(session, wish.family_id))
    consent.hold_contact(session, ConsentKind.CALL, wish.child_id, wish.parent_id, now)
    series = Series(
        id=new_id(session), village_id=village.id, family_id=wish.family_id, child_id=wish.child_id,
        parent_id=wish.parent_id, starts_on=wish.starts_on, starts_minute=wish.starts_minute, zone=village.zone,
        minutes=wish.minutes, rule=recurrence.written(recurrence.parsed(wish.rule)), exceptions={}, gaps={},
        made_by=by.name, made_at=now,
    )  # fmt: skip
    _check_begin(series.starts_on, day_of(now, series.zone))
    _check(session, series, by, now)
    session.add(series)
    session.flush()
    _make(session, series, now)
    jobs.emit(session, events.SeriesBooked(now, series.id, by.name), now)
    return series


def change_series(session: Session, series_id: str, change: Change, by: Actor, now: datetime) -> Series:
    """Change a series; the one that has the days from then on is returned, which may be a new one that follows.

    Raises as `book_series` does, and Refused("series_over"). Days that were cancelled or moved by themselves stay so.
    """
    series = _held(session, series_id)
    if change == Change(change.from_on):
        return series
    _check_from(series, change.from_on, now)
    if change.starts_on is not None:
        _check_begin(change.starts_on, day_of(now, series.zone))
    if change.from_on is not None and _has_days_before(series, change.from_on):
        old, series = series, _split(session, series, change.from_on, by, now)
        _wake(session, old, FOLLOWED, now)
    _write(session, series, change)
    _check(session, series, by, now)
    _make(session, series, now)
    jobs.emit(session, events.SeriesChanged(now, series.id, by.name), now)
    return series


def end_series(
    session: Session, series_id: str, from_on: date | None, reason: str, by: Actor, now: datetime
) -> Series:  # fmt: skip
    """End a series now or from a day on, with all calls of it that have not begun. Raises Refused("series_over")."""
    rules.check_reason(reason)
    series = _held(session, series_id)
    _check_from(series, from_on, now)
    today = day_of(now, series.zone)
    if from_on is None or not _days(series, today, from_on - timedelta(days=1)):
        _end(session, series, reason, making.ahead(session, series, None, now), now)
    else:
        _cut(series, from_on)
        series.reason = reason
        series.gaps = {d: why for d, why in series.gaps.items() if d < from_on.isoformat()}
        for call in making.ahead(session, series, from_on, now):
            making.cancel(session, call, SERIES_ENDED, now)
        _wake(session, series, reason, now)
    jobs.emit(session, events.SeriesEnded(now, series.id, by.name), now)
    return series


def extend(session: Session, series_id: str, now: datetime) -> None:
    """Make what is missing of the next eight weeks; move what a changed zone or a retired terminal displaces."""
    series = exceptions.hold(session, series_id)
    if series.ended_at is not None:
        return
    if not families.is_pair(session, series.family_id, series.child_id, series.parent_id):
        _forbid(session, series, MEMBER_LEFT, now)
        return
    if making.reconcile(session, series, now):
        jobs.emit(session, events.SeriesChanged(now, series.id, ""), now)
    _wake(session, series, OVER, now)


def end_of_pair(session: Session, child_id: str, contact_id: str, now: datetime) -> None:
    """End the series of two who may not speak any more. Call it before their calls are looked at one by one."""
    if consent.contact_until(session, ConsentKind.CALL, child_id, contact_id, now) != now:
        return
    theirs = select(Series.id).where(Series.child_id == child_id, Series.parent_id == contact_id)
    for series_id in session.scalars(theirs.where(Series.ended_at.is_(None)).order_by(Series.id)).all():
        _forbid(session, exceptions.hold(session, series_id), CONSENT_ENDED, now)


def end_of_member(session: Session, family_id: str, person_id: str, now: datetime) -> None:
    """End the series in a family whose child or parent has left it. Call it before their calls are looked at."""
    theirs = select(Series).where(
        Series.family_id == family_id, or_(Series.child_id == person_id, Series.parent_id == person_id)
    )
    for series in session.scalars(theirs.where(Series.ended_at.is_(None)).order_by(Series.id)).all():
        if not families.is_pair(session, family_id, series.child_id, series.parent_id):
            _forbid(session, exceptions.hold(session, series.id), MEMBER_LEFT, now)


def _held(session: Session, series_id: str) -> Series:
    series = exceptions.hold(session, series_id)
    if series.ended_at is not None:
        raise Refused("series_over")
    return series


def _check_begin(starts_on: date, today: date) -> None:
    if starts_on < today:
        raise Refused("in_the_past")
    if starts_on > today + BEGINS_WITHIN:
        raise Refused("too_far_ahead", days=BEGINS_WITHIN.days)


def _check_from(series: Series, from_on: date | None, now: datetime) -> None:
    if from_on is not None:
        _check_begin(from_on, day_of(now, series.zone))


def _check(session: Session, series: Series, by: Actor, now: datetime) -> None:
    """What holds for single bookings holds for the pattern; and it has to come to something."""
    rules.check_length(series.minutes)
    slot_minutes = villages.village(session, series.village_id).slot_minutes
    if by.side is not None and series.starts_minute % slot_minutes:
        raise Refused("not_a_slot")
    if _next_day(series, now) is None:
        raise Invalid("never_occurs")


def _rule(series: Series) -> recurrence.Rule:
    return recurrence.parsed(series.rule)


def _days(series: Series, from_day: date, until_day: date) -> list[date]:
    return recurrence.days(_rule(series), series.starts_on, from_day, until_day)


def _has_days_before(series: Series, day: date) -> bool:
    first = recurrence.first(_rule(series), series.starts_on, series.starts_on)
    return first is not None and first < day


def _next_day(series: Series, now: datetime) -> date | None:
    """The first day whose call would still lie ahead."""
    today, rule = day_of(now, series.zone), _rule(series)
    is_over = recurrence.instant(today, series.starts_minute, series.zone) <= now
    return recurrence.first(rule, series.starts_on, today + timedelta(days=1) if is_over else today)


def _split(session: Session, old: Series, from_on: date, by: Actor, now: datetime) -> Series:
    """Let the series end the day before and go on as another one, with what was made and excepted for its days."""
    rule, day = _rule(old), from_on.isoformat()
    begins = recurrence.first(rule, old.starts_on, from_on)
    if begins is None:
        raise Refused("series_over")
    new = Series(
        id=new_id(session), village_id=old.village_id, family_id=old.family_id, child_id=old.child_id,
        parent_id=old.parent_id, starts_on=begins, starts_minute=old.starts_minute, zone=old.zone,
        minutes=old.minutes, rule=recurrence.written(recurrence.rest(rule, old.starts_on, begins)),
        exceptions={d: what for d, what in old.exceptions.items() if d >= day},
        gaps={d: why for d, why in old.gaps.items() if d >= day},
        follows_id=old.id, made_by=by.name, made_at=now,
    )  # fmt: skip
    session.add(new)
    session.flush()
    for gap in sorted(new.gaps):  # what was put to tell of it knows the old one
        jobs.emit(session, events.SeriesGap(now, new.id, gap), now)
    _cut(old, from_on)
    old.exceptions = {d: what for d, what in old.exceptions.items() if d < day}
    old.gaps = {d: why for d, why in old.gaps.items() if d < day}
    session.execute(update(Series).where(Series.follows_id == old.id, Series.id != new.id).values(follows_id=new.id))
    later = update(Call).where(Call.series_id == old.id, Call.occurs_on >= from_on)
    session.execute(later.values(series_id=new.id))
    return new


def _write(session: Session, series: Series, change: Change) -> None:
    """A rule that is new from a day on counts from that day. Of series that follow each other none reaches another."""
    series.reason = None  # one that was to end on a day may go on
    begins = max(series.starts_on, change.from_on or series.starts_on)
    if change.rule is not None:
        series.rule, series.starts_on = recurrence.written(recurrence.parsed(change.rule)), begins
    if change.starts_on is not None:
        series.starts_on = max(change.starts_on, begins) if series.follows_id else change.starts_on
    if change.starts_minute is not None:
        series.starts_minute = change.starts_minute
    if change.minutes is not None:
        series.minutes = change.minutes
    following = session.scalar(select(func.min(Series.starts_on)).where(Series.follows_id == series.id))
    if following is not None:
        _cut(series, following)


def _cut(series: Series, day: date) -> None:
    """Let the rule end before a day."""
    series.rule = recurrence.written(recurrence.before(_rule(series), series.starts_on, day))


def _make(session: Session, series: Series, now: datetime) -> None:
    """Make the calls of a series that somebody has just written. Refused where there could be none of them."""
    making.reconcile(session, series, now)
    if series.gaps and not making.ahead(session, series, None, now):
        raise _refusal(session, series, now)
    _wake(session, series, OVER, now)


def _refusal(session: Session, series: Series, now: datetime) -> Refused:
    day, reason = min(series.gaps.items())
    starts_at = recurrence.instant(date.fromisoformat(day), series.starts_minute, series.zone)
    wish = Wish(series.family_id, series.child_id, series.parent_id, starts_at, series.minutes)
    free = booking.nearest(session, villages.village(session, series.village_id), wish, now)
    return Refused(reason, occurs_on=day, nearest=[slot.starts_at.isoformat() for slot in free])


def _forbid(session: Session, series: Series, reason: str, now: datetime) -> None:
    """End a series of two who may not speak any more; a call that is open already tells them so by itself."""
    if series.ended_at is None:
        calls = [call for call in making.ahead(session, series, None, now) if call.opened_at is None]
        _end(session, series, reason, calls, now)
        jobs.emit(session, events.SeriesEnded(now, series.id, ""), now)


def _end(session: Session, series: Series, reason: str, calls: Iterable[Call], now: datetime) -> None:
    for call in calls:
        making.cancel(session, call, SERIES_ENDED, now)
    series.ended_at, series.reason, series.gaps = now, reason, {}
    _wake(session, series, reason, now)


def _wake(session: Session, series: Series, reason: str, now: datetime) -> None:
    """Look at the series again in a day; at its end, for which a reason may be known already, no more."""
    if series.ended_at is None and _next_day(series, now) is None and not making.ahead(session, series, None, now):
        series.ended_at, series.reason = now, series.reason or reason
    due_at = now + EXTENDED_EVERY if series.ended_at is None else None
    jobs.put_again(
        session, EXTEND, f"{EXTEND}:{series.id}", due_at, now, subject=f"series:{series.id}",
        payload={"series_id": series.id},
    )  # fmt: skip
    hint(session, "village", series.village_id, now)
    for person_id in (series.parent_id, *(who.id for who in families.caregivers(session, series.family_id))):
        hint(session, "person", person_id, now)
