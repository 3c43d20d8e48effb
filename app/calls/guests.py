"""Guests of a call: further parents of the family, who may come in while it rings or is live.

Who may come is decided here: a parent who may speak to this child, and not the one whose call it is. Nothing of the
call's life depends on them. Their seats are taken and kept as all others (`seats.py`).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.calls import life, queries
from app.calls.models import Call, CallEvent, Invitee, Seat
from app.calls.words import GUEST_ASKED, CallState, SeatSide
from app.families import queries as families
from app.families import service as consent
from app.families.models import Person
from app.families.words import ConsentKind, MemberRole
from app.kernel.errors import NotFound, Refused
from app.web.models import PrincipalKind
from app.web.principals import Principal

MOST_ENDS = 8
ON = (CallState.RINGING, CallState.LIVE)


def stands(session: Session, call: Call, who: Principal, now: datetime) -> SeatSide:
    """Where `who` stands to a call: on a side, at the desk, or as a guest. Raises NotFound for anybody else."""
    try:
        side = queries.side_of(session, call, who)
    except NotFound:
        if who.kind is PrincipalKind.PERSON and sees(session, call, who.subject_id, now):
            return SeatSide.GUEST
        raise
    return SeatSide.DESK if side is None else SeatSide(side)


def sees(session: Session, call: Call, person_id: str, now: datetime) -> bool:
    """Whether a guest finds this call: it is on, or they were in it and it is just over."""
    is_on = call.state in ON or _is_just_over(session, call, person_id, now)
    return is_on and may_come(session, call, person_id, now)


def may_come(session: Session, call: Call, person_id: str, now: datetime) -> bool:
    """Whether this one is a further parent of the family who may speak to the child."""
    return allowed_until(session, call, person_id, now) != now


def allowed_until(session: Session, call: Call, person_id: str, now: datetime) -> datetime | None:
    """When somebody may not be a guest any more: `now` for who may not be one, None if no end is known."""
    if person_id == call.parent_id or not families.is_pair(session, call.family_id, call.child_id, person_id):
        return now
    return consent.contact_until(session, ConsentKind.CALL, call.child_id, person_id, now)


def may_be(session: Session, call: Call, now: datetime) -> list[Person]:
    """Who may come into a call that is on."""
    if call.state not in ON:
        return []
    return [who for who in families.parents(session, call.family_id) if may_come(session, call, who.id, now)]


def calls_of(session: Session, person_id: str, now: datetime) -> list[Call]:
    """The calls that somebody sees as a guest."""
    as_parent = families.family_ids_of(person_id, MemberRole.PARENT)
    invited = select(Invitee.call_id).where(Invitee.person_id == person_id)
    just_over = and_(Call.state == CallState.ENDED, Call.ended_at > now - queries.FAREWELL)
    found = select(Call).where(
        Call.family_id.in_(as_parent), Call.id.not_in(invited), or_(Call.state.in_(ON), just_over),
        Call.ends_at > now - queries.LONGER_THAN_ANY_CALL,
    )  # fmt: skip
    return [each for each in session.scalars(found.order_by(Call.id)) if sees(session, each, person_id, now)]


def seats(session: Session, call_id: str) -> Sequence[Seat]:
    """The seats of guests who are in a call, or just lost."""
    theirs = select(Seat).where(Seat.call_id == call_id, Seat.side == SeatSide.GUEST, Seat.left_at.is_(None))
    return session.scalars(theirs.order_by(Seat.taken_at, Seat.id)).all()


def open_calls(session: Session, person_id: str) -> Sequence[str]:
    """The calls that have not ended in which somebody is a guest, in one order for all who lock them."""
    theirs = select(Seat.call_id).where(Seat.side == SeatSide.GUEST, Seat.guest_id == person_id, Seat.left_at.is_(None))
    return session.scalars(
        select(Call.id).where(Call.id.in_(theirs), Call.state != CallState.ENDED).order_by(Call.id)
    ).all()


def asked(session: Session, call_id: str) -> set[str]:
    """Who was asked into a call."""
    logged = select(CallEvent).where(CallEvent.call_id == call_id, CallEvent.kind == GUEST_ASKED)
    return {event.detail["person"] for event in session.scalars(logged)}


def check(session: Session, call: Call, person_id: str, is_here: bool) -> None:
    """Whether a guest can come in now; the call is held. Raises Refused."""
    if not is_here:
        raise Refused("not_here")
    consent.lock_person(session, person_id)
    if is_in_another(session, call, person_id):
        raise Refused("in_another_call")
    others = [seat for seat in queries.seats(session, call.id) if seat.left_at is None and seat.guest_id != person_id]
    taken = [seat for seat in others if seat.side in (SeatSide.GUEST, SeatSide.DESK)]
    if len(taken) + 2 >= MOST_ENDS:  # both sides can always come
        raise Refused("call_full", most=MOST_ENDS)


def is_in_another(session: Session, call: Call, person_id: str) -> bool:
    """Whether somebody speaks in another call."""
    elsewhere = select(Seat.id).join(Call, Call.id == Seat.call_id).where(
        Seat.occupant == f"person:{person_id}", Seat.call_id != call.id, Call.state.in_(ON),
        Seat.here_at.is_not(None), Seat.lost_at.is_(None), Seat.left_at.is_(None),
    )  # fmt: skip
    return session.scalar(elsewhere.limit(1)) is not None


def over(session: Session, call: Call, now: datetime) -> list[tuple[Seat, datetime]]:
    """Seats of guests whose time has come, and since when: not allowed any more, or lost for too long."""
    return [(seat, at) for seat, at in _ends(session, call, now) if at <= now]


def moments(session: Session, call: Call, now: datetime) -> list[datetime]:
    """When a guest's seat ends by time alone."""
    return [at for _seat, at in _ends(session, call, now)] if call.state in ON else []


def _ends(session: Session, call: Call, now: datetime) -> Iterator[tuple[Seat, datetime]]:
    for seat in seats(session, call.id):
        ends = [allowed_until(session, call, seat.guest_id, now), seat.lost_at and seat.lost_at + life.SEAT_KEPT]
        if known := [at for at in ends if at is not None]:
            yield seat, min(known)


def _is_just_over(session: Session, call: Call, person_id: str, now: datetime) -> bool:
    if call.state is not CallState.ENDED or call.ended_at is None or call.ended_at <= now - queries.FAREWELL:
        return False
    was_in = select(Seat.id).where(Seat.call_id == call.id, Seat.side == SeatSide.GUEST, Seat.guest_id == person_id)
    return session.scalar(was_in.limit(1)) is not None
