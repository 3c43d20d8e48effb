"""WHEN this happened -> what follows. Each step works in the database, in the transaction that settles the event."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.calls import booking, life, queries, timetable
from app.calls.models import Call
from app.calls.people import People, people
from app.calls.words import Outcome, Side
from app.desk import service as desk
from app.jobs.service import Leased
from app.kernel import events
from app.kernel.events import Event
from app.notices import service as notices

REMINDERS = {
    "reminder_day": timedelta(days=1),
    "reminder_hour": timedelta(hours=1),
    "reminder_ten": timedelta(minutes=10),
}
BEFORE_THE_CALL = {*REMINDERS, "booked", "proposed", "confirmed_by_other"}
WHILE_RINGING = {"ring_parent", "ring_village", "unanswered_caregiver"}


def follow(session: Session, row: Leased, now: datetime) -> None:
    """Do all that follows from one event."""
    event = events.from_payload(row.kind.removeprefix("event:"), row.payload)
    for step in FLOWS.get(type(event), ()):
        step(session, event, now)


def tell_of_proposal(session: Session, event: events.CallProposed, now: datetime) -> None:
    call = people(session, event.call_id)
    _tell(session, "proposed", call, call.others(event.by), now, by=call.name_of(event.by))


def tell_of_booking(session: Session, event: events.CallBooked, now: datetime) -> None:
    call = people(session, event.call_id)
    if call.starts_at <= event.at:
        return  # it rings already
    if not call.came_by_moving:
        _tell(session, "booked", call, call.others(event.by), now)
    for template, before in REMINDERS.items():
        _tell(session, template, call, call.everybody, now, due_at=call.starts_at - before)


def tell_of_confirmation(session: Session, event: events.CallConfirmed, now: datetime) -> None:
    call = people(session, event.call_id)
    _tell(session, "confirmed_by_other", call, call.others(event.by), now, by=call.name_of(event.by))


def tell_of_move(session: Session, event: events.CallMoved, now: datetime) -> None:
    old, new = people(session, event.call_id), people(session, event.to_call_id)
    _tell(session, "moved", new, new.others(event.by), now, from_at=old.starts_at)


def tell_of_cancelling(session: Session, event: events.CallCancelled, now: datetime) -> None:
    call = people(session, event.call_id)
    _tell(session, "cancelled", call, call.others(event.by), now)


def ring_by_text(session: Session, event: events.CallRinging | events.CallAnswered, now: datetime) -> None:
    """Text the side that is absent; the village's only for a parent who is there or has just confirmed."""
    call = session.get_one(Call, event.call_id)
    facts, party = queries.facts(session, call), people(session, call.id)
    if life.rings(facts, Side.PARENT) and now >= call.starts_at:
        _tell(session, "ring_parent", party, [party.parent_id], now)
    if life.rings(facts, Side.VILLAGE) and now >= call.starts_at:
        _tell(session, "ring_village", party, party.caregiver_ids, now)


def ask_more_people(session: Session, event: events.CallUnanswered, now: datetime) -> None:
    call = people(session, event.call_id)
    facts = queries.facts(session, session.get_one(Call, event.call_id))
    if facts.parent.is_here:
        _tell(session, "unanswered_caregiver", call, call.caregiver_ids, now)
    elif facts.village.is_here:
        _tell(session, "ring_parent", call, [call.parent_id], now, again="again")


def drop_what_is_over(session: Session, event: events.CallEnded, now: datetime) -> None:
    notices.cancel_for(session, f"call:{event.call_id}", now, BEFORE_THE_CALL | WHILE_RINGING)


def offer_new_times(session: Session, event: events.CallEnded, now: datetime) -> None:
    call, party = session.get_one(Call, event.call_id), people(session, event.call_id)
    if call.outcome is Outcome.MISSED:
        offers = [slot.starts_at for slot in booking.offers(session, call, now)]
        _tell(session, "missed_parent", party, [party.parent_id], now, offers_at=offers)
        _tell(session, "missed_village", party, party.caregiver_ids, now, offers_at=offers)
    elif call.reason == "proposal_expired":
        _tell(session, "proposal_expired", party, party.everybody, now)


def end_what_is_forbidden(session: Session, event: events.ConsentRevoked, now: datetime) -> None:
    for call_id in queries.open_of_pair(session, event.child_id, event.contact_id):
        timetable.tick(session, call_id, now)


def end_what_was_theirs(session: Session, event: events.MemberLeft, now: datetime) -> None:
    for call_id in queries.open_of_member(session, event.family_id, event.person_id):
        timetable.tick(session, call_id, now)


FLOWS: dict[type[Event], tuple[Callable[..., None], ...]] = {
    events.CallProposed: (tell_of_proposal, desk.record_call_command),
    events.CallBooked: (tell_of_booking, desk.record_call_command),
    events.CallConfirmed: (tell_of_confirmation,),
    events.CallMoved: (tell_of_move, desk.record_call_command),
    events.CallCancelled: (tell_of_cancelling, desk.record_call_command),
    events.CallRinging: (ring_by_text,),
    events.CallAnswered: (ring_by_text,),
    events.CallJoinedByDesk: (desk.record_joining,),
    events.CallLeftByDesk: (desk.record_leaving,),
    events.CallUnanswered: (ask_more_people,),
    events.ConsentRevoked: (end_what_is_forbidden,),
    events.MemberLeft: (end_what_was_theirs,),
    events.CallEnded: (drop_what_is_over, offer_new_times),
    events.PhotoTaken: (desk.record_photo,),
    events.HoursChanged: (desk.record_hours,),
}


def _tell(
    session: Session, template: str, call: People, whom: Iterable[str], now: datetime, *,
    due_at: datetime | None = None, again: str = "", **params: str | datetime | list[datetime],
) -> None:  # fmt: skip
    for person_id in whom:
        key = ":".join(filter(None, (template, again, call.call_id, person_id)))
        notices.plan(
            session, person_id=person_id, template=template, subject=f"call:{call.call_id}",
            params=call.params | params, due_at=due_at or now, key=key, now=now,
        )  # fmt: skip
