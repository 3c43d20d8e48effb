"""Brings the calls of a series in line with its rule, eight weeks ahead, and notes the days that have to go without.

Called with the series held. A day without a call is a gap with a reason, and tried again each time. Calls that go or
move with the series are told as one change of the series, so nothing is emitted for each of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import Session

from app.calls import booking, occurrences, recurrence, rules, timetable, trust
from app.calls.booking import Actor, Wish
from app.calls.models import Call, Claim, Series
from app.calls.occurrences import Occurrence
from app.calls.words import CallState, Origin, Outcome
from app.families import availability, schedule
from app.families import queries as families
from app.families import service as consent
from app.families.words import ConsentKind
from app.kernel.errors import Refused
from app.kernel.intervals import Interval
from app.kernel.local_time import day_of
from app.villages import queries as villages

AHEAD = timedelta(days=56)
CHANGED = "series_changed"
NOT_BEGUN = (CallState.PROPOSED, CallState.BOOKED)
# What a booking is refused for, as the reason of a gap. Found here are: slot_taken, person_busy, terminal_retired.
REASONS = {
    "outside_hours": "outside_hours",
    "no_consent": "no_consent",
    "consent_ended": "no_consent",
    "no_contact": "no_consent",
}


@dataclass(frozen=True)
class Done:
    """Whether calls that people knew of are elsewhere or gone, whether a gap was filled, and the gaps that are left."""

    has_changed: bool
    has_filled: bool
    gaps: tuple[date, ...]


def reconcile(session: Session, series: Series, now: datetime) -> Done:
    """Cancel what the rule does not want, move what it wants at another time, make what is missing."""
    today = day_of(now, series.zone)
    calls = {call.id: call for call in _settling(session, series, today)}
    todo = _plan(session, series, calls.values(), now)
    for call_id in todo.cancel:
        cancel(session, calls[call_id], CHANGED, now)
    session.execute(delete(Claim).where(Claim.call_id.in_(todo.move)))  # they may overlap each other
    moving = {call.occurs_on: call for call in calls.values() if call.id in todo.move}
    wanted = todo.make | {day: todo.move[call.id] for day, call in moving.items() if day}
    settled = _gaps_made_up_for(session, series, todo.make, now)
    place, gaps = _Place.of(session, series, now), dict[date, str]()
    for day in sorted(set(wanted) - set(settled)):
        found = place.taken(session, day, wanted[day], day in moving, now)
        if isinstance(found, str):
            gaps[day] = found
        if day in moving:
            _leave(session, moving[day], found, now)
    has_filled = any(day.isoformat() in series.gaps for day in set(wanted) - set(gaps) - set(settled))
    series.gaps = {day.isoformat(): reason for day, reason in sorted((gaps | settled).items())}
    series.made_until = today + AHEAD
    session.flush()
    return Done(bool(todo.cancel or todo.move), has_filled, tuple(gaps))


def ahead(session: Session, series: Series, from_on: date | None, now: datetime) -> Sequence[Call]:
    """The calls that have not begun, from a day on."""
    waiting = select(Call).where(Call.series_id == series.id, Call.state.in_(NOT_BEGUN), Call.starts_at > now)
    return _locked(session, waiting.where(Call.occurs_on >= from_on) if from_on else waiting)


def cancel(session: Session, call: Call, reason: str, now: datetime) -> None:
    """Cancel a call for the series' sake: nobody is told of it by itself."""
    timetable.log(session, call, "cancelled", _actor(call.series_id).name, now, reason=reason)
    timetable.end(session, call, Outcome.CANCELLED, reason, now)


def _settling(session: Session, series: Series, today: date) -> Sequence[Call]:
    """The calls that settle a day from today on: all but those that became another one or were cancelled from here."""
    settling = or_(
        Call.outcome.is_(None),
        Call.outcome.not_in((Outcome.MOVED, Outcome.CANCELLED)),
        (Call.outcome == Outcome.CANCELLED) & (Call.reason != CHANGED),
    )
    return _locked(session, select(Call).where(Call.series_id == series.id, Call.occurs_on >= today, settling))


def _locked(session: Session, calls: Select[Call]) -> Sequence[Call]:
    """In one order for all who lock several."""
    query = calls.order_by(Call.id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).all()


def _plan(session: Session, series: Series, calls: Iterable[Call], now: datetime) -> occurrences.Plan:
    today = day_of(now, series.zone)
    standing = {terminal.id for terminal in villages.terminals(session, series.village_id)}
    facts = [
        Occurrence(
            call.id, call.occurs_on, call.starts_at, call.ends_at,
            can_change=call.state in NOT_BEGUN and call.starts_at > now, is_homeless=call.terminal_id not in standing,
        )
        for call in calls if call.occurs_on
    ]  # fmt: skip
    days = recurrence.days(recurrence.parsed(series.rule), series.starts_on, today, today + AHEAD)
    wanted = {day: recurrence.instant(day, series.starts_minute, series.zone) for day in days}
    return occurrences.plan(wanted, series.minutes, facts, {date.fromisoformat(d) for d in series.exceptions}, now)


def _gaps_made_up_for(
    session: Session, series: Series, make: Mapping[date, datetime], now: datetime
) -> dict[date, str]:  # fmt: skip
    """Known gaps on days for which these two have found another time by themselves."""
    known = [day for day in make if day.isoformat() in series.gaps]
    if not known:
        return {}
    theirs = select(Call.starts_at).where(
        Call.child_id == series.child_id, Call.parent_id == series.parent_id, Call.ends_at > now - timedelta(days=1),
        or_(Call.outcome.is_(None), Call.outcome.not_in((Outcome.MOVED, Outcome.CANCELLED))),
    )  # fmt: skip
    days = {day_of(starts_at, series.zone) for starts_at in session.scalars(theirs)}
    return {day: series.gaps[day.isoformat()] for day in known if day in days}


def _leave(session: Session, old: Call, found: Call | str, now: datetime) -> None:
    """Let the call that stood before end: as moved to the new one, or for want of a new one."""
    if isinstance(found, str):
        cancel(session, old, CHANGED, now)
    else:
        booking.succeed(session, old, found, now)


def _actor(series_id: str | None) -> Actor:
    return Actor(f"series:{series_id}", None)


@dataclass(frozen=True)
class _Place:
    """What all calls of a series have in common, asked once."""

    series: Series
    has_terminal: bool
    allowed_until: datetime | None
    has_trust: bool
    free: Mapping[str, Sequence[Interval]]

    @classmethod
    def of(cls, session: Session, series: Series, now: datetime) -> "_Place":
        pair = (series.child_id, series.parent_id)
        patterns, until = schedule.patterns_of(session, pair), now + AHEAD + timedelta(days=3)
        zones = {person_id: families.person(session, person_id).zone for person_id in pair}
        return cls(
            series=series,
            has_terminal=bool(villages.terminals(session, series.village_id)),
            allowed_until=consent.contact_until(session, ConsentKind.CALL, *pair, now),
            has_trust=trust.is_trusted(session, series),
            free={who: availability.free(patterns[who], zones[who], now, until) for who in pair},
        )

    def taken(
        self, session: Session, day: date, starts_at: datetime, is_moving: bool, now: datetime
    ) -> Call | str:  # fmt: skip
        """Take a slot for a day; the reason where there is none. A call that moves hands its day over afterwards."""
        ends_at = starts_at + timedelta(minutes=self.series.minutes)
        obstacle = self._obstacle(starts_at, ends_at)
        if obstacle is not None:
            return obstacle
        wish = Wish(
            self.series.family_id, self.series.child_id, self.series.parent_id, starts_at, self.series.minutes,
            origin=Origin.SERIES, confirm_by=trust.confirm_by(self.has_trust, starts_at, now),
            series_id=None if is_moving else self.series.id, occurs_on=None if is_moving else day,
        )  # fmt: skip
        try:
            call = booking.placed(session, wish, _actor(self.series.id), now)
        except Refused as refusal:
            if refusal.code not in REASONS:
                raise
            return REASONS[refusal.code]
        if call is None:
            return "person_busy" if self._is_held(session, starts_at, ends_at) else "slot_taken"
        return call

    def _obstacle(self, starts_at: datetime, ends_at: datetime) -> str | None:
        if self.allowed_until is not None and starts_at >= self.allowed_until:
            return "no_consent"
        if not self.has_terminal:
            return "terminal_retired"
        has_time = all(any(f <= starts_at and ends_at <= u for f, u in free) for free in self.free.values())
        return None if has_time else "person_busy"

    def _is_held(self, session: Session, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether one of the two is in another call then."""
        who = [f"person:{self.series.child_id}", f"person:{self.series.parent_id}"]
        held = select(Claim.call_id).where(Claim.resource.in_(who), Claim.cell_at.in_(rules.cells(starts_at, ends_at)))
        return session.scalar(held.limit(1)) is not None
