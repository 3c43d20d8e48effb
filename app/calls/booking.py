"""Book, propose, confirm, decline, move and cancel. Each is one transaction of its caller's.

Claims are taken in one global order inside a savepoint: where two bookings race, the unique index lets one through
and the other tries the next terminal, then is told what is free instead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.calls import claims, exceptions, queries, rules, timetable
from app.calls.claims import CellTaken
from app.calls.models import Call, Claim, Invitee
from app.calls.words import CallState, Origin, Outcome, Side
from app.families import queries as families
from app.families import service as consent
from app.families.models import Family
from app.families.words import ConsentKind
from app.jobs import service as jobs
from app.kernel import events
from app.kernel.errors import NotFound, Refused
from app.storage.database import new_id
from app.villages import queries as villages
from app.villages import rules as hours
from app.villages.models import Village
from app.web import sessions
from app.web.models import PrincipalKind

NEAREST_OFFERS = 3
DECLINED = "declined"


@dataclass(frozen=True)
class Actor:
    """Who acts, as `person:ID` and the like, and on which side; no side is the desk."""

    name: str
    side: Side | None


@dataclass(frozen=True)
class Wish:
    """A call that somebody wants. `is_proposal` asks the other side first; the desk may leave the grid of slots.

    `is_now` is rung at once, so off the grid, and only where a terminal stands ready. `terminal_id`: on this one alone;
    `rather_on`: on this one if it is free. `expires_at`: when a proposal ends unanswered, if not by the usual rule.
    `occurs_on`: as which day of its series.
    """

    family_id: str
    child_id: str
    parent_id: str
    starts_at: datetime
    minutes: int = rules.CALL_MINUTES
    is_proposal: bool = False
    is_now: bool = False
    origin: Origin = Origin.ASKED
    terminal_id: str | None = None
    rather_on: str | None = None
    expires_at: datetime | None = None
    confirm_by: datetime | None = None
    series_id: str | None = None
    occurs_on: date | None = None


def book(session: Session, wish: Wish, by: Actor, now: datetime) -> Call:
    """Book or propose a call on the first terminal that is free. Raises Refused with the nearest slots if none is."""
    call = placed(session, wish, by, now)
    if call is not None:
        return call
    village = villages.village(session, families.village_of(session, wish.family_id))
    raise Refused("slot_taken", nearest=[s.starts_at.isoformat() for s in nearest(session, village, wish, now)])


def placed(session: Session, wish: Wish, by: Actor, now: datetime) -> Call | None:
    """The same; None where every terminal that is open is taken, or one of the people."""
    family, village = _parties(session, wish)
    rules.check_length(wish.minutes)
    rules.check_start(wish.starts_at, now)
    consent.hold_contact(session, ConsentKind.CALL, wish.child_id, wish.parent_id, now)
    expires = wish.expires_at
    if wish.is_proposal and expires is None:
        expires = rules.proposal_expires(wish.starts_at, now)
    open_ones = _open_terminals(session, village, wish, by, now)
    for terminal_id in sorted(open_ones, key=lambda each: each != wish.rather_on):
        call = _claimed(session, village, family, wish, terminal_id, expires, by, now)
        if call is not None:
            _invite(session, call, by, now)
            _announce(session, call, by, now)
            timetable.rearm(session, call, now)
            return call
    return None


def book_now(session: Session, wish: Wish, minutes: int | None, by: Actor, now: datetime) -> Call:
    """Book a call that begins at this minute, as long as is wished or as there is room for, and let it ring."""
    starts_at = now.replace(second=0, microsecond=0)
    *longer, shortest = [minutes] if minutes is not None else rules.CALL_NOW_MINUTES
    for length in longer:
        try:
            return _rung(session, book(session, _at_once(wish, starts_at, length), by, now), now)
        except Refused as refusal:
            if refusal.code not in ("slot_taken", "outside_hours"):
                raise
    return _rung(session, book(session, _at_once(wish, starts_at, shortest), by, now), now)


def _at_once(wish: Wish, starts_at: datetime, minutes: int) -> Wish:
    return replace(wish, starts_at=starts_at, minutes=minutes, is_now=True)


def _rung(session: Session, call: Call, now: datetime) -> Call:
    """Its minute began before now, its rings begin now."""
    call.rung_again_at = now
    timetable.tick(session, call.id, now)
    return call


def nearest(session: Session, village: Village, wish: Wish, now: datetime) -> list[rules.Slot]:
    """The next few free slots at or after the wished one."""
    persons = [wish.parent_id, wish.child_id]
    from_ = max(wish.starts_at, now)
    free = queries.free_slots(session, village, persons, wish.minutes, from_, from_ + timedelta(days=3), now)
    return free[:NEAREST_OFFERS]


def confirm(session: Session, call_id: str, by: Actor, now: datetime) -> Call:
    """Say "we will be there"; for a proposal of the other side this books it."""
    call = queries.locked(session, call_id)
    side = side_of(by)
    rules.check_confirms(call.state, call.proposed_by, side)
    consent.may_contact(session, ConsentKind.CALL, call.child_id, call.parent_id, now)
    was_proposal = call.state is CallState.PROPOSED
    if was_proposal:
        call.state, call.expires_at = CallState.BOOKED, None
    _mark(session, call, by, now)
    timetable.log(session, call, "confirmed", by.name, now)
    kind = events.CallBooked if was_proposal else events.CallConfirmed
    jobs.emit(session, kind(now, call.id, by.name), now)
    timetable.rearm(session, call, now)
    return call


def decline(
    session: Session, call_id: str, by: Actor, now: datetime, reason: str | None = None, note: str | None = None
) -> Call:
    """Say no, with one of the reasons for which calls are cancelled, or without."""
    call = exceptions.hold_call(session, call_id)
    if reason is not None:
        rules.check_reason(reason)
    rules.check_change(call.state, "decline")
    return _cancelled(session, call, by, reason or DECLINED, note, now)


def cancel(session: Session, call_id: str, by: Actor, reason: str, note: str | None, now: datetime) -> Call:
    call = exceptions.hold_call(session, call_id)
    rules.check_reason(reason)
    rules.check_change(call.state, "cancel")
    return _cancelled(session, call, by, reason, note, now)


def move(session: Session, call_id: str, starts_at: datetime, by: Actor, now: datetime) -> Call:
    """Book the same people at another time and let the old call end as moved; the new call is returned."""
    old = exceptions.hold_call(session, call_id)
    rules.check_change(old.state, "move")
    new = replaced(session, old, starts_at, old.state is CallState.PROPOSED, by, now)
    exceptions.note(session, old, "moved")
    jobs.emit(session, events.CallMoved(now, old.id, new.id, by.name), now)
    timetable.log(session, old, "moved", by.name, now)
    return new


def replaced(session: Session, old: Call, starts_at: datetime, is_proposal: bool, by: Actor, now: datetime) -> Call:
    """Another call of the same people and length, instead of one that ends as moved to it."""
    minutes = int((old.ends_at - old.starts_at) / timedelta(minutes=1))
    session.execute(delete(Claim).where(Claim.call_id == old.id))  # it may overlap itself
    wish = Wish(old.family_id, old.child_id, old.parent_id, starts_at, minutes, is_proposal)
    new = book(session, wish, by, now)
    succeed(session, old, new, now)
    return new


def succeed(session: Session, old: Call, new: Call, now: datetime) -> None:
    """Let a call end as moved to another, which takes its place in calendars, and in its series if it has one."""
    new.root_id, new.moves = old.root_id or old.id, old.moves + 1
    old.moved_to_id = new.id
    timetable.end(session, old, Outcome.MOVED, None, now)
    if old.series_id is not None:
        new.origin, new.series_id, new.occurs_on = old.origin, old.series_id, old.occurs_on


def _parties(session: Session, wish: Wish) -> tuple[Family, Village]:
    """The family and its village; NotFound unless both persons are members of it in their roles."""
    family = session.get(Family, wish.family_id)
    if family is None or not families.is_pair(session, wish.family_id, wish.child_id, wish.parent_id):
        raise NotFound
    return family, villages.village(session, family.village_id)


def _open_terminals(session: Session, village: Village, wish: Wish, by: Actor, now: datetime) -> Sequence[str]:
    ends_at = wish.starts_at + timedelta(minutes=wish.minutes)
    from_, until = wish.starts_at - timedelta(days=1), ends_at + timedelta(days=1)
    found, refusal = [], Refused("outside_hours")
    for terminal in villages.terminals(session, village.id):
        if wish.terminal_id not in (None, terminal.id):
            continue
        try:
            intervals = villages.open_intervals(session, terminal, from_, until)
            rules.check_open(wish.starts_at, ends_at, intervals)
            if by.side is not None and not wish.is_now:
                starts = hours.grid(intervals, village.slot_minutes, wish.minutes, village.zone)
                rules.check_offered(wish.starts_at, starts)
            found.append(terminal.id)
        except Refused as reason:
            refusal = reason
    if not found:
        raise refusal
    return _ready(session, found, now) if wish.is_now else found


def _ready(session: Session, terminal_ids: Sequence[str], now: datetime) -> list[str]:
    """Those of the terminals that can ring at this moment."""
    ready = [t for t in terminal_ids if sessions.is_present(session, PrincipalKind.TERMINAL, t, now)]
    if not ready:
        raise Refused("terminal_away")
    return ready


def _claimed(
    session: Session, village: Village, family: Family, wish: Wish, terminal_id: str, expires: datetime | None,
    by: Actor, now: datetime,
) -> Call | None:  # fmt: skip
    """Write the call with all its claims, or nothing of it where one claim is taken."""
    ends_at = wish.starts_at + timedelta(minutes=wish.minutes)
    call = Call(
        id=new_id(session), village_id=village.id, terminal_id=terminal_id, family_id=family.id,
        parent_id=wish.parent_id, child_id=wish.child_id, starts_at=wish.starts_at, ends_at=ends_at,
        state=CallState.PROPOSED if wish.is_proposal else CallState.BOOKED, expires_at=expires, made_at=now,
        proposed_by=by.side, talked_seconds=0, origin=wish.origin, confirm_by=wish.confirm_by,
        series_id=wish.series_id, occurs_on=wish.occurs_on,
    )  # fmt: skip
    persons = (wish.parent_id, wish.child_id)
    wanted = rules.claims_of(terminal_id, persons, wish.starts_at, ends_at, village.buffer_minutes)
    if claims.are_taken(session, wanted):
        return None
    try:
        with session.begin_nested():
            session.add(call)
            session.flush()
            claims.take(session, call.id, wanted)
    except (CellTaken, IntegrityError):  # the family has an offer already, or the series its call of the day
        return None
    return call


def _invite(session: Session, call: Call, by: Actor, now: datetime) -> None:
    people = [(call.parent_id, Side.PARENT), (call.child_id, Side.VILLAGE)]
    people += [(person.id, Side.VILLAGE) for person in families.caregivers(session, call.family_id)]
    for person_id, side in people:
        session.add(Invitee(call_id=call.id, person_id=person_id, side=side))
    session.flush()
    if by.side:
        _mark(session, call, by, now)


def _mark(session: Session, call: Call, by: Actor, now: datetime) -> None:
    """Write the confirmation of whoever acts."""
    for invitee in _acting(session, call, by):
        invitee.confirmed_at = now


def _acting(session: Session, call: Call, by: Actor) -> Iterator[Invitee]:
    """Whoever acts; a terminal speaks for all who come to it."""
    for invitee in queries.invitees(session, call.id):
        is_actor = by.name == f"person:{invitee.person_id}"
        if is_actor or (by.name.startswith("terminal:") and invitee.side is by.side):
            yield invitee


def _announce(session: Session, call: Call, by: Actor, now: datetime) -> None:
    is_proposal = call.state is CallState.PROPOSED
    timetable.log(session, call, "proposed" if is_proposal else "booked", by.name, now)
    kind = events.CallProposed if is_proposal else events.CallBooked
    jobs.emit(session, kind(now, call.id, by.name), now)


def _cancelled(session: Session, call: Call, by: Actor, reason: str, note: str | None, now: datetime) -> Call:
    call.note = note
    for invitee in _acting(session, call, by):
        invitee.declined_at = now
    exceptions.note(session, call, "cancelled")
    timetable.log(session, call, "cancelled", by.name, now, reason=reason)
    timetable.end(session, call, Outcome.CANCELLED, reason, now)
    jobs.emit(session, events.CallCancelled(now, call.id, by.name), now)
    return call


def side_of(by: Actor) -> Side:
    """The side of who settles something with the other one. Raises Refused for the desk."""
    if by.side is None:
        raise Refused("not_your_side")
    return by.side
