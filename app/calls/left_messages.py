"""A message that somebody left over the connection of a call that nobody answered: whose it is, and what the call gets.

A media program brings it and knows the call and the seat alone. It may do so for a call that has, or lately had, an
answering machine; a recording may have waited for web, or for the next start of a program.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.calls import queries, timetable
from app.calls.media_models import MediaLease
from app.calls.models import Call
from app.calls.words import CallState, Outcome, Side, WorkKind
from app.kernel.errors import NotFound

MAY_WAIT = timedelta(days=7)


@dataclass(frozen=True)
class Left:
    """`by` is who sat there, as `person:ID` or `terminal:ID`."""

    by: str
    family_id: str
    child_id: str
    contact_id: str
    is_from_parent: bool


def at(session: Session, call_id: str, seat: str, now: datetime) -> Left:
    """Whose message it is that was left at this seat, an epoch of it or the seat. Raises NotFound."""
    call = session.get(Call, call_id)
    found = [each for each in queries.seats(session, call_id) if each.id == seat.partition(".")[0]]
    if call is None or not found or (side := found[0].side.as_side) is None or not _may_be(session, call_id, now):
        raise NotFound
    return Left(found[0].occupant, call.family_id, call.child_id, call.parent_id, side is Side.PARENT)


def count(session: Session, call_id: str, by: str, now: datetime) -> None:
    """A message has come of a call. If nobody else did, that is its outcome, whichever of the two is first."""
    call = queries.locked(session, call_id)
    timetable.log(session, call, timetable.MESSAGE_LEFT, by, now)
    if call.state is CallState.ENDED and call.outcome is Outcome.MISSED:
        call.outcome = Outcome.MESSAGE
    timetable.tell(session, call, now)


def _may_be(session: Session, call_id: str, now: datetime) -> bool:
    machines = select(MediaLease.id).where(
        MediaLease.call_id == call_id, MediaLease.kind == WorkKind.ANSWERING,
        or_(MediaLease.ended_at.is_(None), MediaLease.ended_at > now - MAY_WAIT),
    )  # fmt: skip
    return session.scalar(machines.limit(1)) is not None
