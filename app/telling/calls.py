"""Who is told of one call: that it is asked for, agreed, off, soon, ringing, missed."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.calls import bringing, find_time, life, queries
from app.calls.models import Call
from app.calls.people import People, people
from app.calls.words import CallState, Origin, Outcome, Side
from app.families import queries as families
from app.kernel import events
from app.notices import queries as told
from app.notices import rules as manners
from app.notices import service as notices
from app.notices import terms
from app.notices.templates import TOLD_REASONS, Param
from app.notices.words import NoticeState

REMINDERS = {
    "reminder_day": timedelta(days=1),
    "reminder_hour": timedelta(hours=1),
    "reminder_ten": timedelta(minutes=10),
}
TO_BE_ANSWERED = {"proposed", "countered", "slot_offered", "chase"}
BEFORE_THE_CALL = {*REMINDERS, *TO_BE_ANSWERED, "booked", "confirmed_by_other"}
RINGS = {Side.PARENT: {"ring_parent"}, Side.VILLAGE: {"ring_village", "unanswered_caregiver", "unreached"}}
ANSWERED = {*TO_BE_ANSWERED, "unreached"}
WHILE_RINGING = RINGS[Side.PARENT] | RINGS[Side.VILLAGE]
ASKED_IN = {"guest_asked"}
TOLD_TOGETHER = (Origin.SERIES, Origin.ROSTER)  # one text for the whole series, or for the week


def of_proposal(session: Session, event: events.CallProposed, now: datetime) -> None:
    call, party = session.get_one(Call, event.call_id), people(session, event.call_id)
    if call.origin is Origin.WAIT:
        _of_offer(session, call, party, now)
    elif not party.came_by_moving:
        _tell(session, "proposed", party, party.others(event.by), now, by=party.name_of(event.by))


def of_booking(session: Session, event: events.CallBooked, now: datetime) -> None:
    call, party = queries.locked(session, event.call_id), people(session, event.call_id)
    notices.close(session, now, subject=party.subject, templates=ANSWERED - {"chase"})
    if call.starts_at <= event.at:
        return  # it rings already
    if not party.came_by_moving and call.origin not in TOLD_TOGETHER:
        _tell(session, "booked", party, party.others(event.by), now)
    if call.state is CallState.ENDED:
        return
    _remind(session, party, party.everybody, now)
    of_confirming(session, call, now)


def of_joining(session: Session, call: Call, person_id: str, now: datetime) -> None:
    """Remind who brings the child from now on; that there is a call they hear at home."""
    if call.state is CallState.BOOKED:
        _remind(session, people(session, call.id), [person_id], now)


def of_confirming(session: Session, call: Call, now: datetime) -> None:
    """Have a call chased that somebody has to confirm, if nobody has. The call is locked."""
    if call.confirm_by is None or queries.facts(session, call).is_wanted:
        return
    party = people(session, call.id)
    for person_id in party.everybody:
        quiet = terms.quiet_of(session, call.village_id)
        due_at = manners.chase_at(call.confirm_by, families.person(session, person_id).zone, now, quiet)
        _tell(session, "chase", party, [person_id], now, due_at=due_at, until_at=call.confirm_by)


def of_confirmation(session: Session, event: events.CallConfirmed, now: datetime) -> None:
    party = people(session, event.call_id)
    notices.close(session, now, subject=party.subject, templates=ANSWERED)
    _tell(session, "confirmed_by_other", party, party.others(event.by), now, by=party.name_of(event.by))


def of_move(session: Session, event: events.CallMoved, now: datetime) -> None:
    """What was agreed has moved; what was only proposed is proposed anew."""
    old, party = session.get_one(Call, event.call_id), people(session, event.to_call_id)
    if old.expires_at is None:
        _tell(session, "moved", party, party.others(event.by), now, from_at=old.starts_at)
    else:
        _of_other_time(session, old, party, event.by, now)


def of_counter(session: Session, event: events.CallCountered, now: datetime) -> None:
    old, party = session.get_one(Call, event.call_id), people(session, event.to_call_id)
    _of_other_time(session, old, party, event.by, now)


def of_cancelling(session: Session, event: events.CallCancelled, now: datetime) -> None:
    call, party = session.get_one(Call, event.call_id), people(session, event.call_id)
    whom = party.others(event.by)
    if call.origin is Origin.WAIT and call.expires_at is not None:
        whom = [person_id for person_id in whom if person_id in _got_offer(session, party)]
    reason = call.reason if call.reason in TOLD_REASONS else None
    _tell(session, "cancelled", party, whom, now, reason=reason or "")


def of_release(session: Session, event: events.CallReleased, now: datetime) -> None:
    call, party = session.get_one(Call, event.call_id), people(session, event.call_id)
    _tell(session, "released", party, party.everybody, now, offers_at=_offers(session, call, now))


def by_ringing(session: Session, event: events.CallRinging | events.CallAnswered, now: datetime) -> None:
    """Text the side that is absent, and no more the one that came.

    The village's is texted only for a parent who is there or has just confirmed, and there at first who usually brings
    the child.
    """
    call = session.get_one(Call, event.call_id)
    facts, party = queries.facts(session, call), people(session, call.id)
    for side, templates in RINGS.items():
        if facts.side(side).is_here:
            notices.close(session, now, subject=party.subject, templates=templates)
    if life.rings(facts, Side.PARENT) and now >= call.starts_at:
        _tell(session, "ring_parent", party, [party.parent_id], now)
    if life.rings(facts, Side.VILLAGE) and now >= call.starts_at and not _rung(session, party):
        _tell(session, "ring_village", party, _first_to_bring(session, call), now)


def more_people(session: Session, event: events.CallUnanswered, now: datetime) -> None:
    """Ask the others to bring the child, or once more the only one; or the parent once more."""
    party, call = people(session, event.call_id), session.get_one(Call, event.call_id)
    if call.rung_again_at and event.at <= call.rung_again_at:
        return  # it rings anew since
    facts, ring = queries.facts(session, call), f"{call.rung_again_at:%H%M%S}" if call.rung_again_at else ""
    if facts.parent.is_here:
        others = [who for who in party.caregiver_ids if who not in _rung(session, party)]
        _tell(session, "unanswered_caregiver", party, others or party.caregiver_ids, now, again=ring)
    elif facts.village.is_here:
        _tell(session, "ring_parent", party, [party.parent_id], now, again=f"again{ring}")


def of_asking_in(session: Session, event: events.GuestAsked, now: datetime) -> None:
    call, party = session.get_one(Call, event.call_id), people(session, event.call_id)
    if call.state in (CallState.RINGING, CallState.LIVE):
        _tell(session, "guest_asked", party, [event.person_id], now)


def of_coming_in(session: Session, event: events.GuestJoined, now: datetime) -> None:
    """Who is there is asked no more by any channel."""
    notices.close(session, now, subject=f"call:{event.call_id}", templates=ASKED_IN, person_id=event.person_id)


def nothing_more(session: Session, event: events.CallEnded, now: datetime) -> None:
    """Drop what would still be told of a call that is over, and all that waits for an answer about it."""
    notices.close(session, now, subject=f"call:{event.call_id}", templates=BEFORE_THE_CALL | WHILE_RINGING | ASKED_IN)


def of_new_times(session: Session, event: events.CallEnded, now: datetime) -> None:
    call, party = session.get_one(Call, event.call_id), people(session, event.call_id)
    if call.outcome is Outcome.MISSED:
        offers = _offers(session, call, now)
        _tell(session, "missed_parent", party, [party.parent_id], now, offers_at=offers)
        _tell(session, "missed_village", party, party.caregiver_ids, now, offers_at=offers)
    elif call.reason == "proposal_expired" and call.origin is not Origin.WAIT:  # an offer says until when it stands
        _tell(session, "proposal_expired", party, party.everybody, now)


def _of_offer(session: Session, call: Call, party: People, now: datetime) -> None:
    """Say until when a freed slot is theirs for a word, unless that word was said meanwhile."""
    if call.state is CallState.PROPOSED and call.expires_at is not None:
        _tell(session, "slot_offered", party, party.everybody, now, until_at=call.expires_at)


def _of_other_time(session: Session, old: Call, party: People, by: str, now: datetime) -> None:
    _tell(session, "countered", party, party.others(by), now, by=party.name_of(by), from_at=old.starts_at)


def _remind(session: Session, party: People, whom: Iterable[str], now: datetime) -> None:
    for template, before in REMINDERS.items():
        _tell(session, template, party, whom, now, due_at=party.starts_at - before)


def _first_to_bring(session: Session, call: Call) -> list[str]:
    """Who is asked to bring the child before the others: not one whom no text reaches, if another is reached."""
    turns = bringing.turns(session, call)
    unreached = told.without_texts(session, turns)
    return sorted(turns, key=lambda who: who in unreached)[:1]


def _rung(session: Session, party: People) -> set[str]:
    """Who was asked to bring the child when it began to ring."""
    return {each.person_id or "" for each in told.told(session, party.subject) if each.template == "ring_village"}


def _got_offer(session: Session, party: People) -> set[str]:
    """Who was told of the offer: whoever slept was not, and is not told that it is over."""
    out = [each for each in told.told(session, party.subject) if each.state is NoticeState.OUT]
    return {each.person_id for each in out if each.person_id and each.template == "slot_offered"}


def _offers(session: Session, call: Call, now: datetime) -> list[datetime]:
    return [slot.starts_at for slot in find_time.offers(session, call, now)]


def _tell(
    session: Session, template: str, party: People, whom: Iterable[str], now: datetime, *,
    due_at: datetime | None = None, again: str = "", **params: Param,
) -> None:  # fmt: skip
    for person_id in whom:
        key = ":".join(filter(None, (template, again, party.call_id, person_id)))
        notices.plan(
            session, person_id=person_id, family_id=party.family_id, template=template, subject=party.subject,
            params=party.params | params, due_at=due_at or now, key=key, now=now,
        )  # fmt: skip
