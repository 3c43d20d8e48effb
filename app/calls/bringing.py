"""In what turn those who bring the child to a call are asked: who usually does comes first."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import queries
from app.calls.models import Call, Invitee, Seat
from app.calls.words import Outcome, SeatSide, Side
from app.families import availability, schedule
from app.families import queries as families
from app.families.bringing import Bringer, in_turn, who_can
from app.kernel.intervals import covers

LOOKED_BACK = timedelta(days=60)


def turns(session: Session, call: Call) -> list[str]:
    """Those of a call who bring the child, the one to be asked first before the others."""
    invited = {each.person_id: each for each in queries.invitees(session, call.id) if each.side is Side.VILLAGE}
    caregivers = who_can(invited, (call.child_id, call.parent_id))
    times, patterns = _times(session, call, caregivers), schedule.patterns_of(session, caregivers)
    when = call.starts_at, call.ends_at
    found = []
    for person_id in caregivers:
        person = families.person(session, person_id)
        free = availability.free(patterns[person_id], person.zone, *when)
        found.append(
            Bringer(
                person_id, can_be_told=bool(person.phone and person.phone_confirmed_at),
                has_confirmed=invited[person_id].confirmed_at is not None, has_time=covers(free, *when),
                times=times[person_id],
            )
        )  # fmt: skip
    return in_turn(found)


def _times(session: Session, call: Call, caregivers: Iterable[str]) -> Counter[str]:
    """In how many calls of the child that were held of late each of them confirmed, or answered by their own phone."""
    since: datetime = call.starts_at - LOOKED_BACK
    held = select(Call.id).where(
        Call.child_id == call.child_id, Call.outcome == Outcome.HELD, Call.starts_at >= since, Call.id != call.id
    )
    said = select(Invitee.call_id, Invitee.person_id).where(
        Invitee.call_id.in_(held), Invitee.person_id.in_(list(caregivers)), Invitee.confirmed_at.is_not(None)
    )
    answered = select(Seat.call_id, Seat.occupant).where(
        Seat.call_id.in_(held),
        Seat.side == SeatSide.VILLAGE,
        Seat.occupant.in_([f"person:{who}" for who in caregivers]),
    )
    parts = {(call_id, person_id) for call_id, person_id in session.execute(said)}
    parts |= {(call_id, occupant.removeprefix("person:")) for call_id, occupant in session.execute(answered)}
    return Counter(person_id for _call_id, person_id in parts)
