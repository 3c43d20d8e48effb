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


def allowed(session: Session, village_id: str, kind: ConsentKind, now: datetime) -> list[Pair]:
    """Those of them whose contact of a kind is consented to now, and not forbidden."""
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
    return [pair for pair in pairs if _may(kind, pair, consents, bans, now)]


def _may(
    kind: ConsentKind, pair: Pair, consents: dict[tuple[str, str], list[ConsentFacts]],
    bans: dict[tuple[str, str], list[NoContactFacts]], now: datetime,
) -> bool:  # fmt: skip
    key = (pair.child_id, pair.parent_id)
    return rules.objection(kind, *key, consents[key], bans[key], now) is None
