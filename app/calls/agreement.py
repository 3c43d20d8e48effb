"""Answering a proposal with another one. Saying yes, no, or another time for what is one's own is `booking.py`."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.calls import booking, queries, rules, timetable
from app.calls.booking import Actor
from app.calls.models import Call
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
