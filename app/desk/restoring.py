"""Undoing at the desk that a call was cancelled, also where its time was offered on to others at once.

An offer that nobody has taken is withdrawn, and who was asked is told. One that was taken stays, and the desk is told
who has the time now. Whether it was taken is read from the offer's own locked row, behind which a yes waits.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import booking, rules
from app.calls import queries as calls
from app.calls.booking import Actor, Wish
from app.calls.models import Call, Claim
from app.calls.words import CallState, Origin, Outcome
from app.desk import waiting
from app.families import queries as families
from app.kernel.errors import Refused
from app.web.principals import Principal


def restore(session: Session, who: Principal, call_id: str, now: datetime) -> Call:
    """Book a cancelled call once more, at its time and if it can be at its place; the new call.

    Raises NotFound, and Refused: `nothing_to_undo`, `slot_given` with the names of who has it, what booking raises.
    """
    seen, _side = calls.seen_by(session, who, call_id)
    village = waiting.held(session, seen.village_id)
    old, by = calls.locked(session, call_id), Actor(who.name, None)
    if old.outcome is not Outcome.CANCELLED or old.starts_at <= now:
        raise Refused("nothing_to_undo")
    for other_id in _at_its_place(session, old, village.buffer_minutes):
        _make_way(session, calls.locked(session, other_id), by, now)
    minutes = int((old.ends_at - old.starts_at) / timedelta(minutes=1))
    wish = Wish(old.family_id, old.child_id, old.parent_id, old.starts_at, minutes, rather_on=old.terminal_id)
    return booking.book(session, wish, by, now)


def _at_its_place(session: Session, old: Call, buffer_minutes: int) -> Sequence[str]:
    """Calls that stand on the same terminal at the same time."""
    cells = rules.claims_of(old.terminal_id, (), old.starts_at, old.ends_at, buffer_minutes)
    theirs = select(Claim.call_id).where(
        Claim.resource == f"terminal:{old.terminal_id}", Claim.cell_at.in_([cell for _terminal, cell in cells])
    )
    return session.scalars(theirs.distinct().order_by(Claim.call_id)).all()


def _make_way(session: Session, other: Call, by: Actor, now: datetime) -> None:
    if other.origin is Origin.WAIT and other.state is CallState.PROPOSED:
        booking.decline(session, other.id, by, now)
    elif other.state is not CallState.ENDED:
        child, parent = (families.person(session, person_id).name for person_id in (other.child_id, other.parent_id))
        raise Refused("slot_given", child=child, parent=parent)
