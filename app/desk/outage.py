"""Reads of the desk about texts that do not leave: since when, by which gateways, and whom to call by phone instead."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import queries as calls
from app.calls.models import Call, Invitee
from app.calls.words import CallState, Side
from app.desk import rules, told
from app.desk.models import AuditEntry
from app.desk.outage_shapes import DeskTextsShape, GatewayShape, SentAgainShape, SilentShape, TextsNow, ToCallShape
from app.families import queries as families
from app.families.models import Person
from app.notices import health, pushes, terms
from app.notices import queries as notices
from app.notices.health import GatewayFacts
from app.notices.models import Delivery, Notice, StoppedNumber
from app.web.principals import Principal

LATEST_SENT_AGAIN = 10
NEAR = (CallState.BOOKED, CallState.PROPOSED, CallState.RINGING)


def texts_now(session: Session, village_id: str, now: datetime) -> TextsNow:
    since, waiting = health.waiting_since(session, now)
    found = health.gateways(session)
    silent = [SilentShape(name=each.name, since=each.silent_since) for each in found if each.silent_since is not None]
    can_leave = not found or len(silent) < len(found)
    is_late = since is not None and rules.is_late(since, now)
    return TextsNow(
        waiting_since=since if is_late else None, waiting=waiting if is_late else 0, silent=silent, can_leave=can_leave,
        to_call=to_call(session, village_id, now) if is_late or not can_leave else [],
        notices=len(notices.desk_notices(session, village_id, now)),
    )  # fmt: skip


def page(session: Session, who: Principal, now: datetime) -> DeskTextsShape:
    since, waiting = health.waiting_since(session, now)
    return DeskTextsShape(
        waiting_since=since, waiting=waiting, gateways=[_gateway(each, now) for each in health.gateways(session)],
        notices=told.shown(session, who, now).notices, sent_again=_sent_again(session, who.village, now),
    )  # fmt: skip


def to_call(session: Session, village_id: str, now: datetime) -> list[ToCallShape]:
    """Who has a call soon and would be told by text alone: who did not confirm first, then by the time of the call."""
    near = calls.of_village(village_id, now, now + rules.CALLED_BEFORE).where(Call.state.in_(NEAR))
    found = [
        ToCallShape(
            call_id=call.id, starts_at=call.starts_at, person_id=person.id, name=person.name,
            is_confirmed=invitee.confirmed_at is not None,
        )
        for call in session.scalars(near).all()
        for invitee, person in _absent(session, call)
        if _by_text_alone(session, village_id, person, now)
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each.is_confirmed, each.starts_at, each.name))


def _absent(session: Session, call: Call) -> list[tuple[Invitee, Person]]:
    """Those who belong to a call and neither declined nor stand at it already, nor the child, who is brought."""
    facts = calls.facts(session, call)
    is_here = {Side.PARENT: facts.parent.is_here, Side.VILLAGE: facts.village.is_here}
    return [
        (invitee, families.person(session, invitee.person_id))
        for invitee in calls.invitees(session, call.id)
        if invitee.person_id != call.child_id and invitee.declined_at is None and not is_here[invitee.side]
    ]


def _by_text_alone(session: Session, village_id: str, person: Person, now: datetime) -> bool:
    if person.phone is None or person.phone_confirmed_at is None:
        return False
    if session.get(StoppedNumber, person.phone) is not None:
        return False
    has_push = pushes.has_subscription(session, f"person:{person.id}", now)
    return not (has_push and terms.terms_of(session, village_id).is_push_on)


def _gateway(facts: GatewayFacts, now: datetime) -> GatewayShape:
    is_open = facts.opened_until is not None
    error = facts.probe_error or (facts.last_error if facts.failing_since or is_open else None)
    return GatewayShape(
        name=facts.name, is_open=is_open, failing_since=facts.failing_since, last_taken_at=facts.last_taken_at,
        error=rules.without_addresses(error) if error else None, silent_since=facts.silent_since,
    )  # fmt: skip


def _sent_again(session: Session, village_id: str, now: datetime) -> list[SentAgainShape]:
    """What this desk sent again lately, the latest first; of one text the last time."""
    entries = session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.village_id == village_id, AuditEntry.action == "send_again",
            AuditEntry.at > now - rules.TROUBLES_SHOWN,
        )
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    )  # fmt: skip
    last: dict[str, AuditEntry] = {}
    for entry in entries:
        last.setdefault(entry.subject, entry)
    newest = list(last.values())[:LATEST_SENT_AGAIN]
    outcomes = _outcomes(session, [entry.detail["delivery"] for entry in newest])
    shapes = [_outcome(entry, outcomes) for entry in newest]
    return [shape for shape in shapes if shape is not None]


def _outcomes(session: Session, delivery_ids: Sequence[str]) -> dict[str, tuple[Delivery, Notice, str]]:
    rows = session.execute(
        select(Delivery, Notice, Person.name)
        .join(Notice, Notice.id == Delivery.notice_id)
        .join(Person, Person.id == Notice.person_id)
        .where(Delivery.id.in_(delivery_ids))
    )
    return {delivery.id: (delivery, notice, name) for delivery, notice, name in rows}


def _outcome(entry: AuditEntry, outcomes: dict[str, tuple[Delivery, Notice, str]]) -> SentAgainShape | None:
    found = outcomes.get(entry.detail["delivery"])
    if found is None:
        return None
    delivery, notice, name = found
    return SentAgainShape(
        id=delivery.id, what=notice.template, who=name, at=delivery.settled_at or entry.at, state=delivery.state,
        error=delivery.error,
    )  # fmt: skip
