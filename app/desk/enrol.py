"""Use cases of enrolment: a family in one go, who belongs to it, what a guardian allows, who is kept apart.

Each looks first whether it is the village's own, and writes its audit entry in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.calls import feeds
from app.calls.models import Call
from app.calls.words import CallState
from app.desk.service import record
from app.families import queries, rules, service, signatures
from app.families.models import Consent, Family, NoContact, Person
from app.families.signature_rules import Strokes, check_evidence
from app.families.words import ConsentKind, MemberRole
from app.kernel.errors import Invalid, NotFound, Refused
from app.web import sessions
from app.web.principals import PERSON, Principal
from app.web.sealing import Sealer


@dataclass(frozen=True)
class Newcomer:
    """Somebody who is written down for the first time."""

    name: str
    role: MemberRole
    zone: str
    language: str


@dataclass(frozen=True)
class Yes:
    """A guardian's yes, as the desk has it on paper, had it signed on the screen or heard it."""

    child_id: str
    contact_id: str
    kind: ConsentKind
    given_by: str
    evidence: str
    until_at: datetime | None
    signature: Strokes | None = None


def enrol(
    session: Session, who: Principal, *, name: str, emblem: str, persons: Sequence[Newcomer], now: datetime
) -> Family:  # fmt: skip
    """Take up a family with all its people. Raises Refused("emblem_taken") with those that are free."""
    try:
        family = service.add_family(session, village_id=who.village, name=name, emblem=emblem, now=now)
    except Refused as refused:
        free = rules.free_emblems(queries.emblems_taken(session, who.village))
        raise Refused("emblem_taken", free=free) from refused
    for newcomer in persons:
        _settle(session, family.id, newcomer, now)
    record(session, who, "enrol", f"family:{family.id}", {"persons": len(persons)}, now)
    return family


def change_person(
    session: Session, who: Principal, person_id: str, *, name: str | None, zone: str | None, language: str | None,
    now: datetime,
) -> None:  # fmt: skip
    """Correct what is written of a person. Their devices speak the new language at once."""
    person = queries.person_of_village(session, who.village, person_id)
    service.change_person(session, person.id, name=name, zone=zone, language=language, now=now)
    if language is not None:
        for device in sessions.devices_of(session, PERSON, person.id, now):
            device.language = language
    given = {"name": name, "zone": zone, "language": language}
    changed = [field for field, value in given.items() if value is not None]
    record(session, who, "change_person", f"person:{person.id}", {"changed": changed}, now)


def add_newcomer(session: Session, who: Principal, family_id: str, newcomer: Newcomer, now: datetime) -> str:
    """Write down somebody new as a member of a family; the person's id."""
    family = queries.family_of_village(session, who.village, family_id)
    person_id = _settle(session, family.id, newcomer, now)
    record(session, who, "add_member", f"person:{person_id}", _in(family, newcomer.role), now)
    return person_id


def add_known(
    session: Session, who: Principal, family_id: str, person_id: str, role: MemberRole, now: datetime
) -> str:  # fmt: skip
    """Take somebody whom the village knows into a family, also one who had left it."""
    family = queries.family_of_village(session, who.village, family_id)
    person = queries.person_known_to_village(session, who.village, person_id)
    service.add_member(session, family_id=family.id, person_id=person.id, role=role, now=now)
    record(session, who, "add_member", f"person:{person.id}", _in(family, role), now)
    return person.id


def end_member(
    session: Session, who: Principal, family_id: str, person_id: str, role: MemberRole, now: datetime
) -> None:  # fmt: skip
    """Let a member leave; calls with them must be moved or cancelled first.

    Who is in no family then stays neither signed in nor subscribed.
    """
    family = queries.family_of_village(session, who.village, family_id)
    ahead = _calls_ahead(session, family.id, person_id, role)
    if ahead:
        raise Refused("has_calls", calls=ahead)
    service.end_membership(session, family_id=family.id, person_id=person_id, role=role, now=now)
    session.flush()
    if not queries.families_of_person(session, person_id):
        sessions.end_all(session, PERSON, person_id, now)
        feeds.revoke(session, person_id, now)
    record(session, who, "end_member", f"person:{person_id}", _in(family, role), now)


def give_consent(session: Session, who: Principal, sealer: Sealer, yes: Yes, now: datetime) -> Consent:
    """Keep a yes from now on. One that holds already for the same must be revoked first."""
    _child_of_village(session, who, yes.child_id)
    check_evidence(yes.evidence, yes.signature)
    service.lock_person(session, yes.child_id)
    given = queries.consents(session, yes.child_id, yes.contact_id)
    if any(consent.kind is yes.kind and consent.holds(now) for consent in given):
        raise Refused("consent_holds")
    consent = service.give_consent(
        session, child_id=yes.child_id, contact_id=yes.contact_id, kind=yes.kind, given_by=yes.given_by,
        evidence=yes.evidence, from_at=now, until_at=yes.until_at, now=now,
    )  # fmt: skip
    if yes.signature is not None:
        signatures.keep(session, sealer, consent.id, yes.signature, now)
    record(session, who, "give_consent", f"consent:{consent.id}", {"kind": yes.kind.value}, now)
    return consent


def signature(
    session: Session, who: Principal, sealer: Sealer, consent_id: str
) -> tuple[list[list[int]], datetime]:  # fmt: skip
    """What was drawn for a consent that this village's desk is shown, and when."""
    consent = session.get(Consent, consent_id)
    if consent is None:
        raise NotFound
    for person_id in (consent.child_id, consent.contact_id):
        queries.person_known_to_village(session, who.village, person_id)
    return signatures.get(session, sealer, consent_id)


def revoke_consent(session: Session, who: Principal, consent_id: str, now: datetime) -> None:
    _about_child_known(session, who, select(Consent.child_id).where(Consent.id == consent_id))
    service.revoke_consent(session, consent_id, now)
    record(session, who, "revoke_consent", f"consent:{consent_id}", {}, now)


def set_no_contact(
    session: Session, who: Principal, *, child_id: str, contact_id: str, reason: str, now: datetime
) -> NoContact:  # fmt: skip
    """Keep two persons apart, also from somebody who has left the family."""
    _child_of_village(session, who, child_id)
    queries.person_known_to_village(session, who.village, contact_id)
    ban = service.set_no_contact(session, child_id=child_id, contact_id=contact_id, reason=reason, now=now)
    record(session, who, "set_no_contact", f"no_contact:{ban.id}", {}, now)
    return ban


def lift_no_contact(session: Session, who: Principal, no_contact_id: str, now: datetime) -> None:
    _about_child_known(session, who, select(NoContact.child_id).where(NoContact.id == no_contact_id))
    service.lift_no_contact(session, no_contact_id, now)
    record(session, who, "lift_no_contact", f"no_contact:{no_contact_id}", {}, now)


def newcomer_of(name: str | None, role: MemberRole, zone: str | None, language: str | None) -> Newcomer:
    """Raise Invalid("not_understood") where something is missing."""
    missing = {
        field: "missing" for field, value in (("name", name), ("zone", zone), ("language", language)) if not value
    }
    if not name or not zone or not language:
        raise Invalid("not_understood", fields=missing)
    return Newcomer(name, role, zone, language)


def _settle(session: Session, family_id: str, newcomer: Newcomer, now: datetime) -> str:
    person = service.add_person(session, name=newcomer.name, zone=newcomer.zone, language=newcomer.language)
    service.add_member(session, family_id=family_id, person_id=person.id, role=newcomer.role, now=now)
    return person.id


def _in(family: Family, role: MemberRole) -> dict[str, str]:
    return {"family": family.id, "role": role.value}


def _child_of_village(session: Session, who: Principal, child_id: str) -> Person:
    for family in queries.families_of_person(session, child_id, MemberRole.CHILD):
        if family.village_id == who.village:
            return queries.person(session, child_id)
    raise NotFound


def _about_child_known(session: Session, who: Principal, child: Select[str]) -> None:
    """Whether a row is about a child of the village; the row itself is read afresh by whoever locks it."""
    child_id = session.scalar(child)
    if child_id is None:
        raise NotFound
    queries.person_known_to_village(session, who.village, child_id)


def _calls_ahead(session: Session, family_id: str, person_id: str, role: MemberRole) -> list[str]:
    """Calls of the family that can't be held without this parent or child."""
    column = {MemberRole.PARENT: Call.parent_id, MemberRole.CHILD: Call.child_id}.get(role)
    if column is None:
        return []
    ahead = select(Call.id).where(Call.family_id == family_id, column == person_id, Call.state != CallState.ENDED)
    return list(session.scalars(ahead.order_by(Call.starts_at, Call.id)))
