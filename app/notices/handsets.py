"""The played phones of the demo: whose they are, and what is typed on them. What they do is the gateway's affair."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.families.models import Family, Member, Person
from app.families.words import MemberRole
from app.kernel.errors import NotFound
from app.kernel.numbers import E164
from app.notices.ports import Handsets, HandsetText
from app.web import texts

LONGEST_TYPED = 480  # a few segments, as on an old phone
STRANGER = E164("+8613912345678")  # somebody whom nobody here knows


@dataclass(frozen=True)
class Holder:
    """Somebody who holds a phone, and whether as a parent or a caregiver of which family."""

    name: str
    language: str
    zone: str
    role: MemberRole | None
    family: str | None


@dataclass(frozen=True)
class Phone:
    """A number, who holds it (it may be shared, or a stranger's), how many texts it has and the newest of them."""

    number: E164
    holders: Sequence[Holder]
    count: int
    newest: HandsetText | None

    @property
    def id(self) -> str:
        """Its name in an address, where no number may stand."""
        return hashlib.blake2s(self.number.encode(), digest_size=6).hexdigest()

    @property
    def zone(self) -> str:
        return self.holders[0].zone if self.holders else "UTC"

    @property
    def language(self) -> str:
        return self.holders[0].language if self.holders else texts.FALLBACK


def phones(session: Session, handsets: Handsets) -> list[Phone]:
    """The phones of all who have a number, a stranger's, and those of other numbers that texts went to."""
    held, states = _held(session), handsets.states()
    numbers: Iterable[E164] = dict.fromkeys([*held, STRANGER, *states])
    return [Phone(number, held.get(number, []), *states.get(number, (0, None))) for number in numbers]


def phone_of(all_phones: Iterable[Phone], phone_id: str) -> Phone:
    """Raises NotFound."""
    found = next((phone for phone in all_phones if phone.id == phone_id), None)
    if found is None:
        raise NotFound
    return found


def _held(session: Session) -> dict[E164, list[Holder]]:
    """Who holds each phone, by number: those of a household were mostly bought together."""
    rows = session.execute(
        select(Person.phone, Person, Member.role, Family.name)
        .outerjoin(Member, (Member.person_id == Person.id) & Member.left_at.is_(None))
        .outerjoin(Family, Family.id == Member.family_id)
        .where(Person.phone.is_not(None))
        .order_by(Person.phone, Person.name, Person.id)
    )
    held: dict[E164, dict[str, Holder]] = {}
    for number, person, role, family in rows:
        assert number is not None
        sharing = held.setdefault(E164(number), {})
        sharing.setdefault(person.id, Holder(person.name, person.language, person.zone, role, family))
    return {number: list(sharing.values()) for number, sharing in held.items()}
