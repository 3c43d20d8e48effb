"""What one seat is told of another: how it stands, and which of the two offers a connection.

A media program, which shows nobody anything but speaks to each end, is told more: who it is, in which language, and
whether it is the child's side.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.calls.models import Call, Seat
from app.calls.seats import seat_name
from app.calls.words import SeatSide
from app.families.models import Person
from app.web.models import DeviceSession


@dataclass(frozen=True)
class News:
    """A `peer` event for one socket."""

    sid: str
    payload: dict[str, Any]


def to_all(session: Session, peers: list[Seat], seat: Seat, state: str) -> list[News]:
    """How a seat stands, for each of the others."""
    return [News(peer.sid, of(session, seat, state, peer)) for peer in peers]


def of(session: Session, seat: Seat, state: str, to: Seat) -> dict[str, Any]:
    """How a seat stands, for another that is told. Of two seats one offers a connection, the other is polite."""
    offers = to.side.offers_to(seat.side)
    news = {
        "call": seat.call_id, "seat": seat_name(seat), "side": seat.side.value, "here": seat.here_at is not None,
        "state": state, "name": seat.name, "offerer": offers, "polite": not offers,
        "rung": seat.rung and seat.rung.value,
    }  # fmt: skip
    if seat.side is SeatSide.GUEST:
        news["guest"] = seat.guest_id
    if seat.side is SeatSide.MEDIA:
        news["serves"] = seat.serves and seat.serves.value
    if to.side is SeatSide.MEDIA:
        news |= _who(session, seat)
    return news


def language_of(session: Session, seat: Seat) -> str:
    """The language of the device in a seat."""
    device = session.get(DeviceSession, seat.device_id)
    return device.language if device else "en"


def _who(session: Session, seat: Seat) -> dict[str, Any]:
    return {
        "name": seat.name or _name(session, seat), "occupant": seat.occupant, "language": language_of(session, seat),
        "is_child_side": seat.side is SeatSide.VILLAGE,
    }  # fmt: skip


def _name(session: Session, seat: Seat) -> str | None:
    """At a terminal it is the child who speaks."""
    kind, _, subject_id = seat.occupant.partition(":")
    person_id = subject_id if kind == "person" else session.get_one(Call, seat.call_id).child_id
    person = session.get(Person, person_id)
    return person.name if person else None
