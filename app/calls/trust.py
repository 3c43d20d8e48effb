"""A series is trusted until one of its calls is missed: from then on somebody has to say that they will be there.

A later call that is held, or ends with a message heard, brings the trust back.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import exceptions, timetable
from app.calls.models import Call, Series
from app.calls.words import CallState, Outcome

CONFIRM_BEFORE = timedelta(hours=2)
TELLING = (Outcome.HELD, Outcome.MESSAGE, Outcome.MISSED)


def is_trusted(session: Session, series: Series) -> bool:
    """Whether the last call was not missed, of this series or else of the one that it follows."""
    known: Series | None = series
    while known is not None:
        last = select(Call.outcome).where(Call.series_id == known.id, Call.outcome.in_(TELLING))
        outcome = session.scalar(last.order_by(Call.starts_at.desc()).limit(1))
        if outcome is not None:
            return outcome is not Outcome.MISSED
        known = session.get(Series, known.follows_id) if known.follows_id else None
    return True


def confirm_by(is_trusted: bool, starts_at: datetime, now: datetime) -> datetime | None:
    """Until when a call has to be confirmed; one that comes too soon for that need not be."""
    by = starts_at - CONFIRM_BEFORE
    return None if is_trusted or by <= now else by


def weigh(session: Session, call_id: str, now: datetime) -> None:
    """After the end of a call: let the next ones of its series have to be confirmed, or no more."""
    series_id = session.scalar(select(Call.series_id).where(Call.id == call_id))
    if series_id is None:
        return
    series = exceptions.hold(session, series_id)
    trusted = is_trusted(session, series)
    ahead = select(Call).where(Call.series_id == series.id, Call.state == CallState.BOOKED, Call.starts_at > now)
    locked = ahead.order_by(Call.id).with_for_update().execution_options(populate_existing=True)
    for call in session.scalars(locked).all():
        wanted = confirm_by(trusted, call.starts_at, now)
        if call.confirm_by != wanted:
            call.confirm_by = wanted
            timetable.rearm(session, call, now)
