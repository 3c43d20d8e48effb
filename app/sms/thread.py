"""A family's texts: what its people wrote that was no command, for the terminal to show and read aloud.

A parent's text is for a child's ears, so it stands only while a guardian's consent to messages between the two does,
and never where one of the family's children is kept apart from whoever wrote. The family's own caregivers and children
need none. Who may ask for a family's texts is decided by the routes.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from app.families import queries as families
from app.families import rules as permission
from app.families.models import Family, Person
from app.families.words import ConsentKind, MemberRole
from app.kernel.errors import NotFound
from app.sms.models import TextIn
from app.sms.words import Outcome
from app.villages.service import tell_village
from app.web.hints import hint

SHOWN_FOR = timedelta(days=30)
MOST = 50


@dataclass(frozen=True)
class Written:
    """A text of a family and who wrote it."""

    text: TextIn
    writer: Person


def objection(session: Session, family_id: str, person_id: str, now: datetime) -> str | None:
    """Why a person's words are not for this family's children, as a code; None where they are."""
    roles = {role for who, role in families.members(session, family_id) if who.id == person_id}
    if not roles:
        return "not_found"
    codes = [_objection(session, child.id, person_id, now) for child in families.children(session, family_id)]
    if "no_contact" in codes:
        return "no_contact"
    return next(iter(codes), None) if roles == {MemberRole.PARENT} and None not in codes else None


def of_family(session: Session, family_id: str, now: datetime, reader_id: str | None = None) -> list[Written]:
    """The latest texts, oldest first; to a person only those of whom they may see."""
    lately = _messages().where(TextIn.family_id == family_id, TextIn.at > now - SHOWN_FOR)
    rows = session.execute(lately.order_by(TextIn.at.desc(), TextIn.id).limit(MOST)).all()
    found = [Written(text, writer) for text, writer in reversed(rows)]
    writers = {each.writer.id for each in found}
    allowed = {one for one in writers if objection(session, family_id, one, now) is None}
    if reader_id is not None:
        allowed = {one for one in allowed if families.person_seen_by(session, reader_id, one, now)}
    return [each for each in found if each.writer.id in allowed]


def waiting(session: Session, village_id: str, now: datetime) -> dict[str, int]:
    """How many texts wait to be heard, by family; families without any are left out."""
    unheard = (
        select(TextIn.family_id, TextIn.person_id, func.count())
        .join(Family, Family.id == TextIn.family_id)
        .where(
            Family.village_id == village_id, TextIn.outcome == Outcome.MESSAGE, TextIn.heard_at.is_(None),
            TextIn.at > now - SHOWN_FOR, TextIn.person_id.is_not(None),
        )
        .group_by(TextIn.family_id, TextIn.person_id)
    )  # fmt: skip
    found: Counter[str] = Counter()
    for family_id, person_id, count in session.execute(unheard):
        if family_id and person_id and not objection(session, family_id, person_id, now):
            found[family_id] += count
    return dict(found)


def hear(session: Session, family: Family, text_ids: Collection[str], now: datetime) -> None:
    """Note that these were heard at the terminal; what was heard before stays so. Raises NotFound for any other."""
    theirs = select(TextIn.id).where(
        TextIn.id.in_(text_ids), TextIn.family_id == family.id, TextIn.outcome == Outcome.MESSAGE
    )
    if set(session.scalars(theirs)) != set(text_ids):
        raise NotFound
    hearing = update(TextIn).where(TextIn.id.in_(text_ids), TextIn.heard_at.is_(None))
    session.execute(hearing.values(heard_at=now))
    tell(session, family, now)


def tell(session: Session, family: Family, now: datetime) -> None:
    """Hint at everybody who may be looking at the family's texts."""
    tell_village(session, family.village_id, now)
    for person, role in families.members(session, family.id):
        if role is not MemberRole.CHILD:
            hint(session, "person", person.id, now)


def _objection(session: Session, child_id: str, person_id: str, now: datetime) -> str | None:
    given, bans = families.consents(session, child_id, person_id), families.no_contacts(session, child_id, person_id)
    return permission.objection(ConsentKind.MESSAGE, child_id, person_id, given, bans, now)


def _messages() -> Select[TextIn, Person]:
    messages = select(TextIn, Person).join(Person, Person.id == TextIn.person_id)
    return messages.where(TextIn.outcome == Outcome.MESSAGE)
