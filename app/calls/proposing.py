"""The rung that each seat proposes: passed on by `sockets.py`, kept with the seat, and with its changes in the log.

So many changes of one side are logged, and none of a guest's; after those the last one still stands with the seat. What
rungs a call went by is summed up at its end (`passport.py`).
"""

from datetime import datetime

from sqlalchemy.orm import Session

from app.calls import passport, queries, seats, timetable
from app.calls.models import Call, Seat
from app.calls.words import RUNG, CallState, SeatSide
from app.kernel.errors import Refused
from app.kernel.rungs import RungName

MOST_CHANGES = 200  # of one side in a call: a picker that behaves makes a few a minute


def begin(session: Session, seat: Seat, now: datetime) -> RungName:
    """What a seat that was just taken begins with: a page that comes back goes on by what it had proposed.

    A coordinator's seat proposes nothing, and a media program sends to each end by what that one proposes.
    """
    if seat.rung is not None:
        return seat.rung
    call = session.get_one(Call, seat.call_id)
    first = passport.first_rung(session, call, now)
    if seat.side not in (SeatSide.DESK, SeatSide.MEDIA):
        _change(session, call, seat, first, "start", False, now)
    return first


def propose(
    session: Session, call_id: str, sid: str, rung: RungName, reason: str, is_held: bool, now: datetime
) -> Seat | None:
    """Note what a seat would send and receive by; its seat, or None where nothing changed."""
    call = queries.locked(session, call_id)
    seat = seats.held(session, call_id, sid)
    if call.state is CallState.ENDED:
        raise Refused("call_over")
    if (seat.rung, seat.is_rung_held) == (rung, is_held):
        return None
    _change(session, call, seat, rung, reason, is_held, now)
    return seat


def _change(
    session: Session, call: Call, seat: Seat, rung: RungName, reason: str, is_held: bool, now: datetime
) -> None:
    seat.rung, seat.is_rung_held = rung, is_held
    if seat.rung_changes >= MOST_CHANGES or seat.side.as_side is None:
        return
    seat.rung_changes += 1
    held = {"held": "yes"} if is_held else {}
    timetable.log(session, call, RUNG, seat.occupant, now, side=seat.side.value, rung=rung, reason=reason, **held)
