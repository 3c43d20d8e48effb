"""Reads of persons, families, who belongs where, and what was allowed. Memberships that ended don't count."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from app.families import rules
from app.families.models import Consent, Family, Member, NoContact, Person, Photo
from app.families.rules import ConsentFacts, NoContactFacts
from app.families.words import ConsentKind, MemberRole
from app.kernel.errors import NotFound
from app.kernel.numbers import E164

Rows = TypeVar("Rows", bound=Select[*tuple[Any, ...]])


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


def family_ids_of(person_id: str, *roles: MemberRole) -> Select[str]:
    """Families in which a person is, in one of these roles if any are given, to be asked within another query."""
    return _present(select(Member.family_id).where(Member.person_id == person_id), roles)


def village_of(session: Session, family_id: str) -> str:
    village_id = session.scalar(select(Family.village_id).where(Family.id == family_id))
    if village_id is None:
        raise NotFound
    return village_id


def members(session: Session, family_id: str) -> list[tuple[Person, MemberRole]]:
    """Everybody in a family. Somebody with two roles comes twice."""
    rows = _present(select(Person, Member.role).join(Member, Member.person_id == Person.id), ())
    rows = rows.where(Member.family_id == family_id).order_by(Member.role, Person.name, Person.id)
    return [(who, role) for who, role in session.execute(rows)]


def parents(session: Session, family_id: str) -> list[Person]:
    return [who for who, role in members(session, family_id) if role is MemberRole.PARENT]


def caregivers(session: Session, family_id: str) -> list[Person]:
    return [who for who, role in members(session, family_id) if role is MemberRole.CAREGIVER]


def children(session: Session, family_id: str) -> list[Person]:
    return [who for who, role in members(session, family_id) if role is MemberRole.CHILD]


def role_of(session: Session, family_id: str, person_id: str) -> MemberRole:
    """Who somebody is in a family; of several roles the one that says most (parent before caregiver before child)."""
    roles = {role for who, role in members(session, family_id) if who.id == person_id}
    found = next((role for role in MemberRole if role in roles), None)
    if found is None:
        raise NotFound
    return found


def is_pair(session: Session, family_id: str, child_id: str, parent_id: str) -> bool:
    """Whether these two are a child and a parent of this family."""
    is_child = is_member(session, family_id, child_id, MemberRole.CHILD)
    return is_child and is_member(session, family_id, parent_id, MemberRole.PARENT)


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
    return [(family, child) for family, child in session.execute(rows)]


def family_of_pair(session: Session, child_id: str, parent_id: str, village_id: str | None = None) -> str:
    """The family in which these two are child and parent, in this village if one is given."""
    for family in families_of_person(session, child_id, MemberRole.CHILD):
        if village_id in (None, family.village_id) and is_pair(session, family.id, child_id, parent_id):
            return family.id
    raise NotFound


def first_parent(session: Session, village_id: str, child_id: str, now: datetime) -> str:
    """The parent to whom a child of this village may speak now, or else any; always the same one of several."""
    families = families_of_person(session, child_id, MemberRole.CHILD)
    found = [parent.id for f in families if f.village_id == village_id for parent in parents(session, f.id)]
    if not found:
        raise NotFound
    return next((parent for parent in found if _may_speak(session, child_id, parent, now)), found[0])


def parents_of_child(session: Session, child_id: str) -> Sequence[Person]:
    """In all families that the child is in."""
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


def cares_for(session: Session, viewer_id: str, child_id: str, now: datetime) -> bool:
    """Whether one person is parent or caregiver of a child, and not kept apart from it."""
    theirs = {family.id for family in families_of_person(session, viewer_id, MemberRole.PARENT, MemberRole.CAREGIVER)}
    of_child = {family.id for family in families_of_person(session, child_id, MemberRole.CHILD)}
    return not theirs.isdisjoint(of_child) and person_seen_by(session, viewer_id, child_id, now)


def is_only_child(session: Session, person_id: str) -> bool:
    """Whether a person is nothing but a child, in every family."""
    roles = _present(select(Member.role).where(Member.person_id == person_id), ())
    return set(session.scalars(roles)) == {MemberRole.CHILD}


def person_seen_in_village(session: Session, village_id: str, person_id: str) -> bool:
    """Whether a person is in a family of this village."""
    theirs = _present(select(Member.id).join(Family, Family.id == Member.family_id), ())
    theirs = theirs.where(Family.village_id == village_id, Member.person_id == person_id)
    return session.scalar(theirs.limit(1)) is not None


def person_of_village(session: Session, village_id: str, person_id: str) -> Person:
    if not person_seen_in_village(session, village_id, person_id):
        raise NotFound
    return person(session, person_id)


def person_known_to_village(session: Session, village_id: str, person_id: str) -> Person:
    """A person who is or was in a family of this village."""
    ever = select(Member.id).join(Family, Family.id == Member.family_id)
    ever = ever.where(Family.village_id == village_id, Member.person_id == person_id)
    if session.scalar(ever.limit(1)) is None:
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


def no_contacts_of_child(session: Session, child_id: str) -> Sequence[NoContact]:
    """All bans that were ever set for a child, the newest first."""
    return session.scalars(
        select(NoContact).where(NoContact.child_id == child_id).order_by(NoContact.from_at.desc(), NoContact.id)
    ).all()


def _may_speak(session: Session, child_id: str, contact_id: str, now: datetime) -> bool:
    given, bans = consents(session, child_id, contact_id), no_contacts(session, child_id, contact_id)
    return rules.objection(ConsentKind.CALL, child_id, contact_id, given, bans, now) is None


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
