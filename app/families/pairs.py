"""Which children and parents of a village may be in touch, all at once: as `rules.objection` would say of each pair."""

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.families import rules
from app.families.models import Consent, Family, Member, NoContact
from app.families.rules import ConsentFacts, NoContactFacts
from app.families.words import ConsentKind, MemberRole


class Pair(NamedTuple):
    family_id: str
    child_id: str
    parent_id: str


def of_village(session: Session, village_id: str) -> list[Pair]:
    """Each child with each parent, family by family."""
    members = select(Member.family_id, Member.role, Member.person_id).join(Family, Family.id == Member.family_id)
    present = members.where(Family.village_id == village_id, Member.left_at.is_(None))
    by_family: dict[str, dict[MemberRole, list[str]]] = defaultdict(lambda: defaultdict(list))
    for family_id, role, person_id in session.execute(present.order_by(Member.family_id, Member.person_id)):
        by_family[family_id][role].append(person_id)
    return [
        Pair(family_id, child, parent)
        for family_id, people in by_family.items()
        for child in people[MemberRole.CHILD]
        for parent in people[MemberRole.PARENT]
    ]


def allowed_until(
    session: Session, village_id: str, kind: ConsentKind, now: datetime
) -> dict[Pair, datetime | None]:  # fmt: skip
    """Those whose contact of a kind is consented to now and not forbidden, with when that ends; None if not known."""
    pairs = of_village(session, village_id)
    children = {pair.child_id for pair in pairs}
    consents: dict[tuple[str, str], list[ConsentFacts]] = defaultdict(list)
    for c in session.scalars(select(Consent).where(Consent.child_id.in_(children), Consent.kind == kind)):
        facts = ConsentFacts(c.kind, c.child_id, c.contact_id, c.from_at, c.until_at, c.revoked_at)
        consents[c.child_id, c.contact_id].append(facts)
    bans: dict[tuple[str, str], list[NoContactFacts]] = defaultdict(list)
    for ban in session.scalars(select(NoContact).where(NoContact.child_id.in_(children))):
        bans[ban.child_id, ban.contact_id].append(
            NoContactFacts(ban.child_id, ban.contact_id, ban.from_at, ban.lifted_at)
        )  # fmt: skip
    found = {}
    for pair in pairs:
        key = (pair.child_id, pair.parent_id)
        until = rules.permitted_until(kind, *key, consents[key], bans[key], now)
        if until != now:
            found[pair] = until
    return found


def caregivers(session: Session, village_id: str) -> dict[str, list[str]]:
    """Who brings the children, by family; families without anybody are left out."""
    members = select(Member.family_id, Member.person_id).join(Family, Family.id == Member.family_id)
    present = members.where(
        Family.village_id == village_id, Member.left_at.is_(None), Member.role == MemberRole.CAREGIVER
    )  # fmt: skip
    found: dict[str, list[str]] = defaultdict(list)
    for family_id, person_id in session.execute(present.order_by(Member.family_id, Member.person_id)):
        found[family_id].append(person_id)
    return dict(found)
