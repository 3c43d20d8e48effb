"""Reads of one family as the desk keeps it: its people, what was allowed, who is kept apart, its PIN.

Which doors its people have come through is another room's; it is handed in.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from app.calls import picture
from app.desk.forms import ConsentShape, EnrolledFamily, EnrolledMember, InvitedShape, NoContactShape, PinShape
from app.families import queries, signatures
from app.families.models import Consent, Family, NoContact, Person, PicturePin
from app.families.rules import ConsentFacts
from app.families.words import MemberRole
from app.kernel.errors import NotFound
from app.notices.models import StoppedNumber
from app.web import sessions
from app.web.principals import PERSON, Principal


def family_page(
    session: Session, who: Principal, family_id: str, invited: Mapping[str, InvitedShape], now: datetime
) -> EnrolledFamily:  # fmt: skip
    """Show a family of the village; `invited` holds invitations by person."""
    family = queries.family_of_village(session, who.village, family_id)
    people = queries.members(session, family.id)
    children = [person for person, role in people if role is MemberRole.CHILD]
    return EnrolledFamily(
        **picture.family_shape(family).model_dump(),
        members=[_member(session, person, role, invited.get(person.id), who, now) for person, role in people],
        consents=[shape for child in children for shape in _consents(session, who, child, now)],
        no_contacts=[shape for child in children for shape in _no_contacts(session, who, child)],
        pin=_pin(session, family),
    )


def members_of(session: Session, who: Principal, family_id: str) -> list[str]:
    """Ids of everybody in a family of the village."""
    family = queries.family_of_village(session, who.village, family_id)
    return list(dict.fromkeys(person.id for person, _role in queries.members(session, family.id)))


def _member(
    session: Session, person: Person, role: MemberRole, invited: InvitedShape | None, who: Principal, now: datetime
) -> EnrolledMember:  # fmt: skip
    return EnrolledMember(
        **picture.person_shape(person, who).model_dump(), role=role.value, has_phone=person.phone is not None,
        confirmed=person.phone is not None and person.phone_confirmed_at is not None, zone=person.zone,
        language=person.language, invited=invited, has_stopped_texts=_has_stopped_texts(session, person),
        devices=len(sessions.devices_of(session, PERSON, person.id, now)),
    )  # fmt: skip


def _has_stopped_texts(session: Session, person: Person) -> bool:
    return person.phone is not None and session.get(StoppedNumber, person.phone) is not None


def _consents(session: Session, who: Principal, child: Person, now: datetime) -> list[ConsentShape]:
    named = [(consent, _contact(session, who, consent)) for consent in queries.consents_of_child(session, child.id)]
    signed = signatures.signed(session, [consent.id for consent, _name in named])
    return [
        ConsentShape(
            id=c.id, child_id=c.child_id, contact_id=c.contact_id, contact_name=name, kind=c.kind, given_by=c.given_by,
            evidence=c.evidence, from_at=c.from_at, until_at=c.until_at, revoked_at=c.revoked_at,
            holds=ConsentFacts(c.kind, c.child_id, c.contact_id, c.from_at, c.until_at, c.revoked_at).holds(now),
            is_signed=c.id in signed,
        )
        for c, name in named
        if name is not None
    ]  # fmt: skip


def _no_contacts(session: Session, who: Principal, child: Person) -> list[NoContactShape]:
    named = [(ban, _contact(session, who, ban)) for ban in queries.no_contacts_of_child(session, child.id)]
    return [
        NoContactShape(
            id=ban.id, child_id=ban.child_id, contact_id=ban.contact_id, contact_name=name, reason=ban.reason,
            from_at=ban.from_at, lifted_at=ban.lifted_at,
        )
        for ban, name in named
        if name is not None
    ]  # fmt: skip


def _contact(session: Session, who: Principal, about: Consent | NoContact) -> str | None:
    """The name of the other one; None where this village never knew them, but another one does."""
    try:
        return queries.person_known_to_village(session, who.village, about.contact_id).name
    except NotFound:
        return None


def _pin(session: Session, family: Family) -> PinShape:
    pin = session.get(PicturePin, family.id)
    return PinShape(set=pin is not None, blocked=pin is not None and pin.blocked_at is not None)
