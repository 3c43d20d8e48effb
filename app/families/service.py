"""Use cases of families: who belongs to whom, what a guardian allows or ends, photos. Who may ask is decided above."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.families import endings, photos, queries, rules
from app.families.models import Consent, Family, Member, NoContact, Person, Photo
from app.families.numbers import parse_number
from app.families.words import ConsentKind, MemberRole
from app.jobs.service import emit
from app.kernel.errors import Invalid, NotFound, Refused
from app.kernel.events import ConsentRevoked, MemberJoined, MemberLeft
from app.storage.database import new_id
from app.storage.record import Record
from app.villages import queries as villages
from app.villages.rules import checked_text
from app.villages.service import check_language, check_zone, tell_village
from app.web.hints import hint


def add_person(
    session: Session, *, name: str, zone: str, language: str, phone: str | None = None, region: str | None = None,
    confirmed_at: datetime | None = None,
) -> Person:  # fmt: skip
    """Add a human being. A phone without a country code is read as one of `region` (`numbers.region_of`).

    A number opens doors and gets texts from `confirmed_at` on, when somebody read back what was sent there.
    """
    check_zone(zone)
    check_language(language)
    person = Person(
        id=new_id(session), name=checked_text(name, 80, "bad_name"), zone=zone, language=language,
        phone=parse_number(phone, region) if phone and phone.strip() else None, phone_confirmed_at=confirmed_at,
    )  # fmt: skip
    session.add(person)
    session.flush()
    return person


def change_person(
    session: Session, person_id: str, *, name: str | None = None, zone: str | None = None,
    language: str | None = None, now: datetime,
) -> None:  # fmt: skip
    """Write a person down differently; what is None stays as it is."""
    person = lock_person(session, person_id)
    if name is not None:
        person.name = checked_text(name, 80, "bad_name")
    if zone is not None:
        check_zone(zone)
        person.zone = zone
    if language is not None:
        check_language(language)
        person.language = language
    hint(session, "person", person.id, now)
    for family in queries.families_of_person(session, person.id):
        _tell(session, family, now)


def lock_person(session: Session, person_id: str) -> Person:
    """Hold a person against whoever decides about them at the same time."""
    person = session.scalar(select(Person).where(Person.id == person_id).with_for_update())
    if person is None:
        raise NotFound
    return person


def add_family(session: Session, *, village_id: str, name: str, emblem: str, now: datetime) -> Family:
    """Add a family under a picture that is its own in the village. Raises Refused("emblem_taken")."""
    villages.village(session, village_id)
    rules.check_emblem(emblem, queries.emblems_taken(session, village_id))
    family = Family(id=new_id(session), village_id=village_id, name=checked_text(name, 80, "bad_name"), emblem=emblem)
    _insert(session, family, "emblem_taken")
    tell_village(session, village_id, now)
    return family


def add_member(session: Session, *, family_id: str, person_id: str, role: MemberRole, now: datetime) -> Member:
    """Take a person into a family, also one who had left it. Raises Refused("already_member")."""
    family, person = session.get(Family, family_id), queries.person(session, person_id)
    if family is None:
        raise NotFound
    known = select(Member).where(Member.family_id == family.id, Member.person_id == person.id, Member.role == role)
    member = session.scalar(known.with_for_update())
    if member is None:
        member = Member(id=new_id(session), family_id=family.id, person_id=person.id, role=role)
        _insert(session, member, "already_member")
    elif member.left_at is None:
        raise Refused("already_member")
    member.joined_at, member.left_at = now, None
    _tell(session, family, now)
    emit(session, MemberJoined(now, family_id, person_id), now)
    return member


def end_membership(session: Session, *, family_id: str, person_id: str, role: MemberRole, now: datetime) -> None:
    """Let a member leave. Their consents stay as they are; they open no door without a family."""
    known = select(Member).where(Member.family_id == family_id, Member.person_id == person_id, Member.role == role)
    member = session.scalar(known.with_for_update())
    if member is None:
        raise NotFound
    if member.left_at is not None:
        raise Refused("already_left")
    _tell(session, session.get_one(Family, family_id), now)
    member.left_at = now
    emit(session, MemberLeft(now, family_id, person_id), now)


def give_consent(
    session: Session, *, child_id: str, contact_id: str, kind: ConsentKind, given_by: str, evidence: str,
    from_at: datetime, until_at: datetime | None = None, now: datetime,
) -> Consent:  # fmt: skip
    """Keep a guardian's yes to one contact who is family of the child; a parent may say it of oneself or of another."""
    if given_by not in {parent.id for parent in queries.parents_of_child(session, child_id)}:
        raise Refused("not_a_guardian")
    if not _is_kin(session, child_id, contact_id):
        raise NotFound
    if until_at is not None and until_at <= from_at:
        raise Invalid("ends_before_start")
    consent = Consent(
        id=new_id(session), child_id=child_id, contact_id=contact_id, kind=kind, given_by=given_by,
        evidence=checked_text(evidence, 200, "bad_evidence"), from_at=from_at, until_at=until_at,
    )  # fmt: skip
    session.add(consent)
    session.flush()
    endings.foresee(session, consent, now)
    _tell_pair(session, child_id, contact_id, now)
    return consent


def revoke_consent(session: Session, consent_id: str, now: datetime) -> None:
    """End a consent at this instant. Raises Refused("consent_ended") when it was revoked before."""
    consent = session.scalar(select(Consent).where(Consent.id == consent_id).with_for_update())
    if consent is None:
        raise NotFound
    if consent.revoked_at is not None:
        raise Refused("consent_ended")
    consent.revoked_at = now
    endings.forestall(session, consent, now)
    emit(session, ConsentRevoked(now, consent.id, consent.child_id, consent.contact_id), now)
    _tell_pair(session, consent.child_id, consent.contact_id, now)


def set_no_contact(session: Session, *, child_id: str, contact_id: str, reason: str, now: datetime) -> NoContact:
    """Keep two persons apart from now on. What follows for booked calls is the same as if consents were revoked.

    Raises Refused("already_apart") where they are kept apart: a second ban would outlive the lifting of the first.
    """
    lock_person(session, child_id)
    queries.person(session, contact_id)
    if any(ban.holds(now) for ban in queries.no_contacts(session, child_id, contact_id)):
        raise Refused("already_apart")
    ban = NoContact(
        id=new_id(session), child_id=child_id, contact_id=contact_id,
        reason=checked_text(reason, 200, "bad_reason"), from_at=now,
    )  # fmt: skip
    session.add(ban)
    session.flush()
    beaten = select(Consent).where(
        Consent.child_id == child_id, Consent.contact_id == contact_id, Consent.revoked_at.is_(None)
    )
    for consent in session.scalars(beaten.order_by(Consent.id)):
        emit(session, ConsentRevoked(now, consent.id, child_id, contact_id), now)
    _tell_pair(session, child_id, contact_id, now)
    return ban


def lift_no_contact(session: Session, no_contact_id: str, now: datetime) -> None:
    """From now on consents count again, those that still hold among them."""
    ban = session.scalar(select(NoContact).where(NoContact.id == no_contact_id).with_for_update())
    if ban is None:
        raise NotFound
    if ban.lifted_at is not None:
        raise Refused("already_lifted")
    ban.lifted_at = now
    _tell_pair(session, ban.child_id, ban.contact_id, now)


def may_contact(session: Session, kind: ConsentKind, child_id: str, contact_id: str, now: datetime) -> None:
    """Ask all that was allowed and forbidden for this pair; raises what `rules.may` raises."""
    consents = queries.consents(session, child_id, contact_id)
    rules.may(kind, child_id, contact_id, consents, queries.no_contacts(session, child_id, contact_id), now)


def hold_contact(session: Session, kind: ConsentKind, child_id: str, contact_id: str, now: datetime) -> None:
    """The same before something new is agreed: who withdraws it meanwhile waits, and then finds what was agreed."""
    theirs = select(Consent.id).where(Consent.child_id == child_id, Consent.contact_id == contact_id)
    session.execute(select(Person.id).where(Person.id == child_id).with_for_update(read=True))
    session.execute(theirs.order_by(Consent.id).with_for_update(read=True))
    may_contact(session, kind, child_id, contact_id, now)


def contact_until(
    session: Session, kind: ConsentKind, child_id: str, contact_id: str, now: datetime
) -> datetime | None:
    """When the permission of this pair ends by itself: `now` if there is none, None if no end is known."""
    consents = queries.consents(session, child_id, contact_id)
    bans = queries.no_contacts(session, child_id, contact_id)
    return rules.permitted_until(kind, child_id, contact_id, consents, bans, now)


def set_photo(session: Session, person_id: str, raw: bytes, now: datetime) -> str:
    """Keep a photo of a person instead of the one before; the new photo's id."""
    person = lock_person(session, person_id)
    pictures = photos.renditions(raw)
    session.execute(delete(Photo).where(Photo.person_id == person_id))
    person.photo_id = new_id(session)
    for edge_px, webp in pictures.items():
        session.add(Photo(id=person.photo_id, edge_px=edge_px, person_id=person_id, webp=webp, taken_at=now))
    session.flush()
    for family in queries.families_of_person(session, person_id):
        _tell(session, family, now)
    return person.photo_id


def remove_photo(session: Session, person_id: str, now: datetime) -> None:
    """Have no picture of a person left; does nothing where there is none."""
    person = lock_person(session, person_id)
    if person.photo_id is None:
        return
    session.execute(delete(Photo).where(Photo.person_id == person_id))
    person.photo_id = None
    session.flush()
    hint(session, "person", person_id, now)
    for family in queries.families_of_person(session, person_id):
        _tell(session, family, now)


def _insert(session: Session, record: Record, taken: str) -> None:
    """Insert a row whose only way to fail is a unique index, which says that somebody was faster."""
    try:
        with session.begin_nested():
            session.add(record)
    except IntegrityError as faster:
        raise Refused(taken) from faster


def _is_kin(session: Session, child_id: str, contact_id: str) -> bool:
    families = queries.families_of_person(session, child_id, MemberRole.CHILD)
    return any(queries.is_member(session, family.id, contact_id) for family in families)


def _tell(session: Session, family: Family, now: datetime) -> None:
    tell_village(session, family.village_id, now)
    for person, _role in queries.members(session, family.id):
        hint(session, "person", person.id, now)


def _tell_pair(session: Session, child_id: str, contact_id: str, now: datetime) -> None:
    hint(session, "person", contact_id, now)
    for family in queries.families_of_person(session, child_id):
        _tell(session, family, now)
