"""Answering a proposal with another one, and which calls have to be confirmed to take place.

Saying yes, no, or another time for what is one's own is `booking.py`.
"""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.calls import booking, queries, rules, timetable
from app.calls.booking import Actor
from app.calls.models import Call, Series
from app.calls.words import CallState, Outcome
from app.jobs import service as jobs
from app.kernel import events


def counter(session: Session, call_id: str, starts_at: datetime, by: Actor, now: datetime) -> Call:
    """Propose another time instead of the other side's, which ends as moved; the new proposal is returned."""
    old = queries.locked(session, call_id)
    rules.check_counters(old.state, old.proposed_by, booking.side_of(by))
    new = booking.replaced(session, old, starts_at, True, by, now)
    jobs.emit(session, events.CallCountered(now, old.id, new.id, by.name), now)
    timetable.log(session, old, "countered", by.name, now)
    return new


def to_be_confirmed(session: Session, missed_id: str, now: datetime) -> Call | None:
    """The next call of a series after one that was missed, or that nobody had confirmed: now it must be confirmed.

    None if there is none, in the series or in the one that follows it.
    """
    missed = session.get_one(Call, missed_id)
    if missed.series_id is None or (missed.outcome is not Outcome.MISSED and missed.reason != timetable.UNCONFIRMED):
        return None
    theirs = select(Series.id).where(or_(Series.id == missed.series_id, Series.follows_id == missed.series_id))
    ahead = select(Call.id).where(
        Call.series_id.in_(theirs), Call.state == CallState.BOOKED, Call.starts_at > missed.starts_at
    )
    following_id = session.scalar(ahead.order_by(Call.starts_at, Call.id).limit(1))
    if following_id is None:
        return None
    following = queries.locked(session, following_id)
    confirm_by = rules.confirm_by(following.starts_at)
    if following.state is not CallState.BOOKED or following.confirm_by is not None or confirm_by <= now:
        return None
    following.confirm_by = confirm_by
    for invitee in queries.invitees(session, following.id):
        if invitee.confirmed_at is not None and invitee.confirmed_at <= following.made_at:
            invitee.confirmed_at = None  # said with the whole series, long before
    timetable.rearm(session, following, now)
    return following
