"""Lets a call do what `life.py` says it must by now, and puts the one due row that wakes it at its next moment.

Every call has one due row (`call.tick`); whatever changes a call calls `rearm`. A turn taken twice does nothing,
since it is decided from the locked row. Nobody is told where nothing has changed: whoever is told asks, and that is in
the way of a voice on a thin link.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.calls import claims, guests, life, media_leases, media_works, passport, queries, rules
from app.calls.claims import CellTaken
from app.calls.free import free_intervals
from app.calls.life import CallFacts, Turn
from app.calls.models import Call, CallEvent, Claim, Seat
from app.calls.words import CallState, Outcome, SeatSide, Side
from app.families import queries as families
from app.families import service as consent
from app.families.words import ConsentKind
from app.jobs import service as jobs
from app.kernel import events
from app.kernel.intervals import covers
from app.storage.database import new_id
from app.villages import queries as villages
from app.web import media_programs
from app.web.hints import hint

TICK = "call.tick"
CONSENT_ENDED = "consent_ended"
MESSAGE_LEFT = "message_left"  # in the log of a call: over its connection, since nobody answered
UNCONFIRMED = "unconfirmed"


def tick(session: Session, call_id: str, now: datetime) -> None:
    """Take every turn that is due, after something of the call has changed."""
    call = queries.locked(session, call_id)
    _take_turns(session, call, now)
    rearm(session, call, now)


def wake(session: Session, call_id: str, due_at: datetime, now: datetime) -> None:
    """Take every turn that is due by time alone. `due_at` is often but the end of a seat's lease, renewed since."""
    call = queries.locked(session, call_id)
    may_be_new = life.is_moment(_facts(session, call, now), due_at)
    if _take_turns(session, call, now) or may_be_new:
        rearm(session, call, now)
    else:
        _put_due(session, call, now)


def _take_turns(session: Session, call: Call, now: datetime) -> bool:
    """Whether there were any."""
    have_gone = [_notice_lost_seats(session, call, now), _end_guests(session, call, now)]
    has_turned = False
    while (turn := life.turn(_facts(session, call, now), now)) is not None:
        TURNS[turn](session, call, now)
        session.flush()
        tell(session, call, now)
        has_turned = True
    return has_turned or any(have_gone)


def rearm(session: Session, call: Call, now: datetime) -> None:
    """Put the call's due row at its next moment, or at once where a turn is due already; tell who looks at it."""
    _put_due(session, call, now)
    tell(session, call, now)


def _put_due(session: Session, call: Call, now: datetime) -> None:
    session.flush()
    facts = _facts(session, call, now)
    media_works.settle(session, call, facts, now)
    upcoming = now if life.turn(facts, now) is not None else life.next_moment(facts, now)
    moments = [at for at in (upcoming, *_leases(session, call), *guests.moments(session, call, now)) if at]
    at = min(moments) if moments and call.state is not CallState.ENDED else None
    jobs.put_again(session, TICK, f"{TICK}:{call.id}", at, now, subject=f"call:{call.id}", payload={"call_id": call.id})


def end(session: Session, call: Call, outcome: Outcome, reason: str | None, now: datetime) -> None:
    """End a call and let go of its claims; the slot of one that did not take place is free for somebody else."""
    count_talk(call, False, now)
    call.state, call.outcome, call.reason, call.ended_at = CallState.ENDED, outcome, reason, now
    session.execute(delete(Claim).where(Claim.call_id == call.id))
    if call.live_at is not None:
        passport.measure(session, call)
    if visitor := next((s for s in queries.seats(session, call.id) if s.side is SeatSide.DESK and not s.left_at), None):
        dismiss(session, call, visitor, now, now)
    rearm(session, call, now)
    jobs.emit(session, events.CallEnded(now, call.id, outcome.value), now)
    if outcome in (Outcome.CANCELLED, Outcome.MOVED):
        jobs.emit(session, events.SlotFreed(now, call.village_id, call.terminal_id, call.starts_at, call.ends_at), now)


def count_talk(call: Call, is_talking: bool, now: datetime) -> None:
    """Start or stop the count of seconds in which both heard each other."""
    if call.talking_since and not is_talking:
        call.talked_seconds += max(0, round((now - call.talking_since).total_seconds()))
        call.talking_since = None
    elif is_talking and not call.talking_since:
        call.talking_since = now


def tell(session: Session, call: Call, now: datetime) -> None:
    """Hint at everybody who may be looking at this call."""
    hint(session, "terminal", call.terminal_id, now)
    hint(session, "village", call.village_id, now)
    hint(session, "person", call.parent_id, now)
    for person in families.caregivers(session, call.family_id):
        hint(session, "person", person.id, now)
    if call.state in media_works.SERVED:
        _tell_guests(session, call, now)


def _tell_guests(session: Session, call: Call, now: datetime) -> None:
    """Hint also at who may come into a call that is on or was, and at what serves it."""
    for person in families.parents(session, call.family_id):
        hint(session, "person", person.id, now)
    for program_id in [each.program_id for each in media_leases.of_call(session, call.id) if each.program_id]:
        hint(session, media_programs.TOPIC, program_id, now)


def log(session: Session, call: Call, kind: str, by: str | None, now: datetime, **detail: str) -> None:
    session.add(CallEvent(id=new_id(session), call_id=call.id, at=now, kind=kind, by=by, detail=detail))


def log_end(session: Session, call: Call, kind: str, seat: Seat, now: datetime) -> None:
    """Log what happened to somebody's seat; those of media programs are not anybody's."""
    if seat.side is not SeatSide.MEDIA:
        log(session, call, kind, seat.occupant, now)


def ring_again(session: Session, call: Call, now: datetime) -> None:
    """Let the call ring anew from now on, as if it began."""
    count_talk(call, False, now)
    call.state, call.rung_again_at, call.escalated_at = CallState.RINGING, now, None
    tick(session, call.id, now)


def _facts(session: Session, call: Call, now: datetime) -> CallFacts:
    """What is known of a call, with the instant at which it is allowed no more."""
    pair = (call.child_id, call.parent_id)
    are_family = families.is_pair(session, call.family_id, *pair)
    allowed_until = consent.contact_until(session, ConsentKind.CALL, *pair, now) if are_family else now
    return replace(queries.facts(session, call), consent_until=allowed_until)


def _leases(session: Session, call: Call) -> list[datetime]:
    held = (CallState.BOOKED, CallState.RINGING, CallState.LIVE)
    if call.state not in held:
        return []
    return [s.leased_until for s in queries.seats(session, call.id) if s.lost_at is None and s.left_at is None]


def _notice_lost_seats(session: Session, call: Call, now: datetime) -> bool:
    """Whether there are any."""
    held = [seat for seat in queries.seats(session, call.id) if seat.lost_at is None and seat.left_at is None]
    lost = [seat for seat in held if seat.leased_until <= now]
    for seat in lost:
        lose(session, call, seat, seat.leased_until - life.SEAT_LEASE, now)
    return bool(lost)


def _end_guests(session: Session, call: Call, now: datetime) -> bool:
    """Whether anybody's stay is over."""
    over = guests.over(session, call, now) if call.state in guests.ON else []
    for seat, at in over:
        part(session, call, seat, at, now)
    return bool(over)


def lose(session: Session, call: Call, seat: Seat, at: datetime, now: datetime) -> None:
    """Note that a seat's device has not been heard of since `at`; a side's seat is kept for its return."""
    if seat.side is SeatSide.DESK:
        dismiss(session, call, seat, at, now)
        return
    seat.lost_at, seat.media_at = at, None
    if call.state is CallState.LIVE and seat.side.as_side is not None:
        count_talk(call, False, max(at, call.talking_since or at))
    log_end(session, call, "lost", seat, now)


def part(session: Session, call: Call, seat: Seat, at: datetime, now: datetime) -> None:
    """End a guest's stay in a call."""
    seat.left_at, seat.media_at = at, None
    log(session, call, "guest_left", seat.occupant, now)


def dismiss(session: Session, call: Call, seat: Seat, at: datetime, now: datetime) -> None:
    """End a coordinator's stay in a call. The seat is not kept: who comes back is announced and recorded anew."""
    seat.left_at = at
    log(session, call, "desk_left", seat.occupant, now)
    jobs.emit(session, events.CallLeftByDesk(at, call.id, seat.occupant, seat.taken_at), now)


def _open(session: Session, call: Call, now: datetime) -> None:
    call.opened_at = now
    jobs.emit(session, events.CallStarting(now, call.id), now)


def _ring(session: Session, call: Call, now: datetime) -> None:
    call.state = CallState.RINGING
    call.opened_at = call.opened_at or now
    log(session, call, "ringing", None, now)
    jobs.emit(session, events.CallRinging(now, call.id), now)


def _go_live(session: Session, call: Call, now: datetime) -> None:
    call.state, call.live_at = CallState.LIVE, call.live_at or now
    count_talk(call, True, now)
    log(session, call, "live", None, now)
    jobs.emit(session, events.CallLive(now, call.id), now)


def _escalate(session: Session, call: Call, now: datetime) -> None:
    call.escalated_at = now
    log(session, call, "unanswered", None, now)
    jobs.emit(session, events.CallUnanswered(now, call.id), now)


def _miss(session: Session, call: Call, now: datetime) -> None:
    facts = queries.facts(session, call)
    came = {side for side in Side if facts.side(side).here_at is not None}
    reason = {0: "nobody_came", 2: "no_connection"}.get(len(came))
    if reason is None:
        reason = "village_absent" if Side.PARENT in came else "parent_absent"
    log(session, call, "missed", None, now, reason=reason)
    end(session, call, Outcome.MESSAGE if _has_message(session, call) else Outcome.MISSED, reason, now)


def _has_message(session: Session, call: Call) -> bool:
    left = select(CallEvent.id).where(CallEvent.call_id == call.id, CallEvent.kind == MESSAGE_LEFT)
    return session.scalar(left.limit(1)) is not None


def _close(session: Session, call: Call, now: datetime) -> None:
    log(session, call, "ended", None, now)
    end(session, call, Outcome.HELD, None, now)


def _forbid(session: Session, call: Call, now: datetime) -> None:
    """A consent was withdrawn or ran out, or somebody left the family: nothing goes on, and both sides are told."""
    log(session, call, CONSENT_ENDED, None, now)
    if call.live_at is not None:
        end(session, call, Outcome.HELD, CONSENT_ENDED, now)
        return
    end(session, call, Outcome.CANCELLED, CONSENT_ENDED, now)
    jobs.emit(session, events.CallCancelled(now, call.id, ""), now)


def _expire(session: Session, call: Call, now: datetime) -> None:
    log(session, call, "expired", None, now)
    end(session, call, Outcome.CANCELLED, "proposal_expired", now)


def _release(session: Session, call: Call, now: datetime) -> None:
    """Nobody of either side has confirmed in time: others may have the slot."""
    log(session, call, UNCONFIRMED, None, now)
    end(session, call, Outcome.CANCELLED, UNCONFIRMED, now)
    jobs.emit(session, events.CallReleased(now, call.id), now)


def _run_out(session: Session, call: Call, now: datetime) -> None:
    """Extend by a cell where both still talk and the next is free, otherwise end."""
    if queries.facts(session, call).both_here and _extended(session, call):
        log(session, call, "extended", None, now)
        return
    log(session, call, "time_over", None, now)
    end(session, call, Outcome.HELD, "time_over", now)


def _extended(session: Session, call: Call) -> bool:
    """Whether the next cell is theirs: open, and claimed with the change-over after it. Nobody else's is touched."""
    until = call.ends_at + life.EXTEND_BY
    if not covers(free_intervals(session, f"terminal:{call.terminal_id}", call.ends_at, until), call.ends_at, until):
        return False
    buffer_minutes = villages.village(session, call.village_id).buffer_minutes
    persons = (call.parent_id, call.child_id)
    held = {(c.resource, c.cell_at) for c in session.query(Claim).where(Claim.call_id == call.id)}
    wanted = set(rules.claims_of(call.terminal_id, persons, call.starts_at, until, buffer_minutes)) - held
    try:
        with session.begin_nested():
            claims.take(session, call.id, wanted)
    except CellTaken:
        return False
    call.ends_at = until
    return True


TURNS: dict[Turn, Callable[[Session, Call, datetime], None]] = {
    Turn.FORBID: _forbid,
    Turn.EXPIRE: _expire,
    Turn.RELEASE: _release,
    Turn.OPEN: _open,
    Turn.RING: _ring,
    Turn.GO_LIVE: _go_live,
    Turn.ESCALATE: _escalate,
    Turn.MISS: _miss,
    Turn.CLOSE: _close,
    Turn.RUN_OUT: _run_out,
}
