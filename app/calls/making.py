"""Brings the calls of a series in line with its rule, eight weeks ahead, and notes the days that have to go without.

Called with the series held. A day without a call is a gap with a reason, emitted once and tried again each time, until
these two have found another time for it by themselves. Calls that go or move with the series are told as one change of
the series, so nothing is emitted for each of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import Session

from app.calls import booking, occurrences, recurrence, rules, timetable
from app.calls.booking import Actor, Wish
from app.calls.free import free_intervals
from app.calls.models import Call, Claim, Series
from app.calls.occurrences import Occurrence
from app.calls.words import SERIES_CHANGED, CallState, Origin, Outcome
from app.families import service as consent
from app.families.words import ConsentKind
from app.jobs import service as jobs
from app.kernel import events
from app.kernel.errors import Refused
from app.kernel.intervals import Interval, covers
from app.kernel.local_time import day_of
from app.villages import queries as villages

AHEAD = timedelta(days=56)
NOT_BEGUN = (CallState.PROPOSED, CallState.BOOKED)
# What a booking is refused for, as the reason of a gap. Found here are: slot_taken, person_busy, terminal_retired.
REASONS = {
    "outside_hours": "outside_hours",
    "no_consent": "no_consent",
    "consent_ended": "no_consent",
    "no_contact": "no_consent",
}


def reconcile(session: Session, series: Series, now: datetime) -> bool:
    """Cancel what the rule does not want, move what it wants at another time, make what is missing.

    Says whether that is news: whether a call that people knew of is elsewhere or gone, or a gap was filled.
    """
    today = day_of(now, series.zone)
    _note_made_up_for(session, series, now)
    calls = {call.id: call for call in _settling(session, series, today)}
    todo = _plan(session, series, calls.values(), now)
    for call_id in todo.cancel:
        cancel(session, calls[call_id], SERIES_CHANGED, now)
    session.execute(delete(Claim).where(Claim.call_id.in_(todo.move)))  # they may overlap each other
    moving = {call.occurs_on: call for call in calls.values() if call.id in todo.move}
    wanted = todo.make | {day: todo.move[call.id] for day, call in moving.items() if day}
    place, gaps = _Place.of(session, series, now), dict[str, str]()
    for day, starts_at in sorted(wanted.items()):
        found = place.taken(session, day, starts_at, moving.get(day), now)
        if isinstance(found, str):
            gaps[day.isoformat()] = found
    has_filled = any(day.isoformat() in series.gaps for day in wanted if day.isoformat() not in gaps)
    for gap in sorted(set(gaps) - set(series.gaps)):
        jobs.emit(session, events.SeriesGap(now, series.id, gap), now)
    series.gaps, series.made_until = gaps, today + AHEAD
    session.flush()
    _doubt(session, series, now)
    return bool(todo.cancel or todo.move) or has_filled


def ahead(session: Session, series: Series, from_on: date | None, now: datetime) -> Sequence[Call]:
    """The calls that have not begun, from a day on."""
    waiting = select(Call).where(Call.series_id == series.id, Call.state.in_(NOT_BEGUN), Call.starts_at > now)
    return _locked(session, waiting.where(Call.occurs_on >= from_on) if from_on else waiting)


def cancel(session: Session, call: Call, reason: str, now: datetime) -> None:
    """Cancel a call for the series' sake, as SERIES_CHANGED or SERIES_ENDED: nobody is told or shown it by itself."""
    timetable.log(session, call, "cancelled", _actor(call.series_id).name, now, reason=reason)
    timetable.end(session, call, Outcome.CANCELLED, reason, now)


def _settling(session: Session, series: Series, today: date) -> Sequence[Call]:
    """The calls that settle a day from today on: all but those that became another one or were cancelled from here."""
    settling = or_(
        Call.outcome.is_(None),
        Call.outcome.not_in((Outcome.MOVED, Outcome.CANCELLED)),
        (Call.outcome == Outcome.CANCELLED) & (Call.reason != SERIES_CHANGED),
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


def _note_made_up_for(session: Session, series: Series, now: datetime) -> None:
    """Take a gap for which these two have a call on that day as one that they have moved by themselves."""
    if not series.gaps:
        return
    theirs = select(Call.starts_at).where(
        Call.child_id == series.child_id, Call.parent_id == series.parent_id, Call.ends_at > now - timedelta(days=1),
        or_(Call.outcome.is_(None), Call.outcome.not_in((Outcome.MOVED, Outcome.CANCELLED))),
    )  # fmt: skip
    days = {day_of(starts_at, series.zone).isoformat() for starts_at in session.scalars(theirs)}
    series.exceptions = series.exceptions | {day: "moved" for day in series.gaps if day in days}


def _doubt(session: Session, series: Series, now: datetime) -> None:
    """Let the next call have to be confirmed, if it was made only now and the one before was missed."""
    following = min(ahead(session, series, None, now), key=lambda call: call.starts_at, default=None)
    if following is None or following.made_at != now or not _was_missed(session, series):
        return
    by = rules.confirm_by(following.starts_at)
    if by > now:
        following.confirm_by = by
        timetable.rearm(session, following, now)


def _was_missed(session: Session, series: Series) -> bool:
    """Whether nobody came to the last call of the series, or else of the one that it follows, or nobody would."""
    came = Call.outcome.in_((Outcome.HELD, Outcome.MESSAGE))
    telling = or_(came, Call.outcome == Outcome.MISSED, Call.reason == timetable.UNCONFIRMED)
    known: Series | None = series
    while known is not None:
        last = select(Call.outcome).where(Call.series_id == known.id, telling).order_by(Call.starts_at.desc())
        outcome = session.scalar(last.limit(1))
        if outcome is not None:
            return outcome in (Outcome.MISSED, Outcome.CANCELLED)
        known = session.get(Series, known.follows_id) if known.follows_id else None
    return False


def _actor(series_id: str | None) -> Actor:
    return Actor(f"series:{series_id}", None)


@dataclass(frozen=True)
class _Place:
    """What all calls of a series have in common, asked once."""

    series: Series
    has_terminal: bool
    allowed_until: datetime | None
    free: Sequence[Sequence[Interval]]

    @classmethod
    def of(cls, session: Session, series: Series, now: datetime) -> "_Place":
        pair, until = (series.child_id, series.parent_id), now + AHEAD + timedelta(days=3)
        return cls(
            series=series,
            has_terminal=bool(villages.terminals(session, series.village_id)),
            allowed_until=consent.contact_until(session, ConsentKind.CALL, *pair, now),
            free=[free_intervals(session, f"person:{person_id}", now, until) for person_id in pair],
        )

    def taken(
        self, session: Session, day: date, starts_at: datetime, old: Call | None, now: datetime
    ) -> Call | str:  # fmt: skip
        """Take a slot for a day, instead of the call that it had; the reason where there is none."""
        found = self._found(session, day, starts_at, old, now)
        if old is not None and isinstance(found, Call):
            booking.succeed(session, old, found, now)
            old.reason = SERIES_CHANGED
        elif old is not None:
            cancel(session, old, SERIES_CHANGED, now)
        return found

    def _found(
        self, session: Session, day: date, starts_at: datetime, old: Call | None, now: datetime
    ) -> Call | str:  # fmt: skip
        ends_at = starts_at + timedelta(minutes=self.series.minutes)
        obstacle = self._obstacle(starts_at, ends_at)
        if obstacle is not None:
            return obstacle
        wish = Wish(
            self.series.family_id, self.series.child_id, self.series.parent_id, starts_at, self.series.minutes,
            origin=Origin.SERIES,
        )  # fmt: skip
        if old is None:  # one that takes another's place is given its day by that one
            wish = replace(wish, series_id=self.series.id, occurs_on=day)
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
        has_time = all(covers(free, starts_at, ends_at) for free in self.free)
        return None if has_time else "person_busy"

    def _is_held(self, session: Session, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether one of the two is in another call then."""
        who = [f"person:{self.series.child_id}", f"person:{self.series.parent_id}"]
        held = select(Claim.call_id).where(Claim.resource.in_(who), Claim.cell_at.in_(rules.cells(starts_at, ends_at)))
        return session.scalar(held.limit(1)) is not None
