"""What a series would come to, before it is booked: its days of the next eight weeks, and why some have no call.

Nothing is held or written: whoever books a moment later may find another answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from app.calls import making, queries, recurrence, rules
from app.calls.free import free_intervals
from app.calls.series import SeriesWish
from app.families import queries as families
from app.families import service as consent
from app.families.words import ConsentKind
from app.kernel.intervals import Interval, covers
from app.kernel.local_time import day_of
from app.villages import queries as villages
from app.villages.models import Village


@dataclass(frozen=True)
class ForeseenDay:
    """A day that a rule names; `reason` is that of the gap where no call could be made, as a series keeps it."""

    occurs_on: date
    starts_at: datetime
    reason: str | None


def foresee(session: Session, wish: SeriesWish, now: datetime) -> list[ForeseenDay]:
    """The days of the next eight weeks. Raises what `recurrence.parsed` raises, and Refused for a bad length."""
    rules.check_length(wish.minutes)
    village = villages.village(session, families.village_of(session, wish.family_id))
    today = day_of(now, village.zone)
    days = recurrence.days(recurrence.parsed(wish.rule), wish.starts_on, today, today + making.AHEAD)
    starts = [(day, recurrence.instant(day, wish.starts_minute, village.zone)) for day in days]
    until = now + making.AHEAD + timedelta(days=3)
    pair = wish.child_id, wish.parent_id
    free = [free_intervals(session, f"person:{person_id}", now, until) for person_id in pair]
    allowed_until = consent.contact_until(session, ConsentKind.CALL, *pair, now)

    def reason(starts_at: datetime) -> str | None:
        ends_at = starts_at + timedelta(minutes=wish.minutes)
        if allowed_until is not None and starts_at >= allowed_until:
            return "no_consent"
        if not _have_time(free, starts_at, ends_at):
            return "person_busy"
        return _taken(session, village, pair, wish.minutes, starts_at, now)

    return [ForeseenDay(day, starts_at, reason(starts_at)) for day, starts_at in starts if starts_at > now]


def _have_time(free: Sequence[Sequence[Interval]], starts_at: datetime, ends_at: datetime) -> bool:
    return all(covers(intervals, starts_at, ends_at) for intervals in free)


def _taken(
    session: Session, village: Village, pair: tuple[str, str], minutes: int, starts_at: datetime, now: datetime
) -> str | None:  # fmt: skip
    """Why no terminal has this slot for these two; None where one has."""
    ends_at = starts_at + timedelta(minutes=minutes)
    if queries.free_slots(session, village, pair, minutes, starts_at, ends_at, now):
        return None
    if queries.free_slots(session, village, (), minutes, starts_at, ends_at, now):
        return "person_busy"
    terminals = villages.terminals(session, village.id)
    if not terminals:
        return "terminal_retired"
    grids = (queries.grid(session, village, terminal, minutes, starts_at, ends_at) for terminal in terminals)
    return "slot_taken" if any(starts_at in grid for grid in grids) else "outside_hours"
