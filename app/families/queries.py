"""Reads of persons, families, who belongs where, and what was allowed. Memberships that ended don't count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from app.families.models import Consent, Family, Member, NoContact, Person, Photo
from app.families.rules import ConsentFacts, NoContactFacts
from app.families.words import MemberRole
from app.kernel.errors import NotFound
from app.kernel.numbers import E164

Rows = TypeVar("Rows", bound=Select[*tuple[Any, ...]])


@dataclass(frozen=True)
class Membership:
    id: str
    role: MemberRole
    person: Person


def person(session: Session, person_id: str) -> Person:
    found = session.get(Person, person_id)
    if found is None:
        raise NotFound
    return found


def persons_with_phone(session: Session, number: E164) -> Sequence[Person]:
    """Everybody who shares a number."""
    return session.scalars(select(Person).where(Person.phone == number).order_by(Person.name, Person.id)).all()


def family_of_village(session: Session, village_id: str, family_id: str) -> Family:
    found = session.get(Family, family_id)
    if found is None or found.village_id != village_id:
        raise NotFound
    return found


def families_of_village(session: Session, village_id: str) -> Sequence[Family]:
    return session.scalars(select(Family).where(Family.village_id == village_id).order_by(Family.name, Family.id)).all()


def families_of_person(session: Session, person_id: str, *roles: MemberRole) -> Sequence[Family]:
    """Families in which a person is, in one of these roles if any are given."""
    theirs = _present(select(Family).join(Member, Member.family_id == Family.id), roles)
    return session.scalars(
        theirs.where(Member.person_id == person_id).distinct().order_by(Family.name, Family.id)
    ).all()


def members(session: Session, family_id: str) -> list[Membership]:
    """Everybody in a family. Somebody with two roles comes twice."""
    rows = _present(select(Member, Person).join(Person, Person.id == Member.person_id), ())
    rows = rows.where(Member.family_id == family_id).order_by(Member.role, Person.name, Person.id)
    return [Membership(member.id, member.role, who) for member, who in session.execute(rows).tuples()]


def is_member(session: Session, family_id: str, person_id: str, *roles: MemberRole) -> bool:
    theirs = _present(select(Member.id), roles).where(Member.family_id == family_id, Member.person_id == person_id)
    return session.scalar(theirs.limit(1)) is not None


def children_of_parent(session: Session, parent_id: str) -> list[tuple[Family, Person]]:
    """Each child with the family that makes this person its parent."""
    as_child, as_parent = aliased(Member), aliased(Member)
    rows = (
        select(Family, Person)
        .join(as_parent, as_parent.family_id == Family.id)
        .join(as_child, as_child.family_id == Family.id)
        .join(Person, Person.id == as_child.person_id)
        .where(as_parent.person_id == parent_id, as_parent.role == MemberRole.PARENT, as_parent.left_at.is_(None))
        .where(as_child.role == MemberRole.CHILD, as_child.left_at.is_(None))
        .order_by(Family.name, Person.name, Person.id)
    )
    return [(family, child) for family, child in session.execute(rows).tuples()]


def parents_of_child(session: Session, child_id: str) -> Sequence[Person]:
    return _kin_of_child(session, child_id, MemberRole.PARENT)


def caregivers_of_child(session: Session, child_id: str) -> Sequence[Person]:
    return _kin_of_child(session, child_id, MemberRole.CAREGIVER)


def person_seen_by(session: Session, viewer_id: str, seen_id: str, now: datetime) -> bool:
    """Whether one person may see another: oneself, and whoever is in a family with them and not kept apart."""
    if viewer_id == seen_id:
        return True
    apart = no_contacts(session, viewer_id, seen_id) + no_contacts(session, seen_id, viewer_id)
    if any(ban.holds(now) for ban in apart):
        return False
    own, other = aliased(Member), aliased(Member)
    shared = (
        select(own.id)
        .join(other, other.family_id == own.family_id)
        .where(own.person_id == viewer_id, own.left_at.is_(None), other.person_id == seen_id, other.left_at.is_(None))
    )
    return session.scalar(shared.limit(1)) is not None


def person_seen_in_village(session: Session, village_id: str, person_id: str) -> bool:
    """Whether a person is in a family of this village."""
    theirs = _present(select(Member.id).join(Family, Family.id == Member.family_id), ())
    theirs = theirs.where(Family.village_id == village_id, Member.person_id == person_id)
    return session.scalar(theirs.limit(1)) is not None


def person_of_village(session: Session, village_id: str, person_id: str) -> Person:
    if not person_seen_in_village(session, village_id, person_id):
        raise NotFound
    return person(session, person_id)


def emblems_taken(session: Session, village_id: str) -> set[str]:
    return set(session.scalars(select(Family.emblem).where(Family.village_id == village_id)))


def photo(session: Session, photo_id: str, edge_px: int) -> Photo:
    found = session.get(Photo, (photo_id, edge_px))
    if found is None:
        raise NotFound
    return found


def consents(session: Session, child_id: str, contact_id: str) -> list[ConsentFacts]:
    given = select(Consent).where(Consent.child_id == child_id, Consent.contact_id == contact_id)
    return [
        ConsentFacts(c.kind, c.child_id, c.contact_id, c.from_at, c.until_at, c.revoked_at)
        for c in session.scalars(given.order_by(Consent.from_at, Consent.id))
    ]


def consents_of_child(session: Session, child_id: str) -> Sequence[Consent]:
    """All that were ever given for a child, the newest first."""
    return session.scalars(
        select(Consent).where(Consent.child_id == child_id).order_by(Consent.from_at.desc(), Consent.id)
    ).all()


def no_contacts(session: Session, child_id: str, contact_id: str) -> list[NoContactFacts]:
    bans = select(NoContact).where(NoContact.child_id == child_id, NoContact.contact_id == contact_id)
    return [NoContactFacts(b.child_id, b.contact_id, b.from_at, b.lifted_at) for b in session.scalars(bans)]


def _kin_of_child(session: Session, child_id: str, role: MemberRole) -> Sequence[Person]:
    as_child, kin = aliased(Member), aliased(Member)
    rows = (
        select(Person)
        .join(kin, kin.person_id == Person.id)
        .join(as_child, as_child.family_id == kin.family_id)
        .where(as_child.person_id == child_id, as_child.role == MemberRole.CHILD, as_child.left_at.is_(None))
        .where(kin.role == role, kin.left_at.is_(None))
    )
    return session.scalars(rows.distinct().order_by(Person.name, Person.id)).all()


def _present(rows: Rows, roles: Sequence[MemberRole]) -> Rows:
    present = rows.where(Member.left_at.is_(None))
    return present.where(Member.role.in_(roles)) if roles else present
