"""Who may sit where in a call, and whether now. How a seat is taken and kept is `seats.py`."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.calls import guests, life, media_leases, queries
from app.calls.models import Call
from app.calls.words import CallState, SeatSide, WorkKind
from app.families import queries as families
from app.families import service as consent
from app.families.words import ConsentKind
from app.kernel.errors import NotFound, Refused
from app.web.principals import MEDIA, TERMINAL, Principal

OPEN_STATES = (CallState.BOOKED, CallState.RINGING, CallState.LIVE)


@dataclass(frozen=True)
class Place:
    """A seat by what makes it one of its own in a call; `name` is what the ends are told of who sits there."""

    side: SeatSide
    guest_id: str = ""
    name: str | None = None
    serves: WorkKind | None = None


def place(session: Session, call: Call, who: Principal, name: str | None, now: datetime) -> Place:
    """Where this one sits: on their side, as a guest, as a coordinator, or where a lease says. NotFound for others."""
    if who.kind is MEDIA:
        lease = media_leases.of_program(session, call.id, who.subject_id)
        return Place(SeatSide.MEDIA, serves=lease.kind)
    side = guests.stands(session, call, who, now)
    if side is SeatSide.GUEST:
        return Place(side, guest_id=who.subject_id, name=families.person(session, who.subject_id).name)
    return Place(side, name=name)


def check_open(session: Session, call: Call, who: Principal, side: SeatSide, now: datetime) -> None:
    """Whether a seat can be taken now. Raises Refused."""
    if call.state not in OPEN_STATES:
        raise Refused("call_over" if call.state is CallState.ENDED else "not_agreed")
    if side.as_side is None and call.state is CallState.BOOKED:
        raise Refused("not_begun")
    if side in (SeatSide.DESK, SeatSide.MEDIA):
        return
    if now < life.opens_at(call.starts_at):
        raise Refused("too_early", opens_at=life.opens_at(call.starts_at).isoformat())
    consent.may_contact(session, ConsentKind.CALL, call.child_id, call.parent_id, now)
    if who.kind is TERMINAL:
        _check_terminal(session, call, who)


def _check_terminal(session: Session, call: Call, who: Principal) -> None:
    if call.terminal_id != who.subject_id:
        raise NotFound
    current = queries.current_at_terminal(session, who.subject_id)
    if current is not None and current.id != call.id:
        raise Refused("terminal_busy")
