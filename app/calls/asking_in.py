"""A further parent is asked into a call that is on: once, by those who are in it or at whose side it rings."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.calls import guests, queries, timetable
from app.calls.booking import Actor
from app.calls.models import Call
from app.calls.words import GUEST_ASKED, CallState
from app.families import queries as families
from app.jobs import service as jobs
from app.kernel import events
from app.kernel.errors import NotFound, Refused


def ask_in(session: Session, call_id: str, person_id: str, by: Actor, now: datetime) -> Call:
    """Ask somebody who may come to come; who was asked before, or is there, is not asked again."""
    call = queries.locked(session, call_id)
    if call.state not in guests.ON:
        raise Refused("call_over" if call.state is CallState.ENDED else "not_begun")
    if not guests.may_come(session, call, person_id, now):
        raise NotFound
    if guests.is_in_another(session, call, person_id):
        raise Refused("guest_busy", name=families.person(session, person_id).name)
    is_there = any(seat.guest_id == person_id and seat.lost_at is None for seat in guests.seats(session, call.id))
    if is_there or person_id in guests.asked(session, call.id):
        return call
    timetable.log(session, call, GUEST_ASKED, by.name, now, person=person_id)
    jobs.emit(session, events.GuestAsked(now, call.id, person_id), now)
    timetable.tell(session, call, now)
    return call
