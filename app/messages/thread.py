"""Who sees which messages of a family, and from which end: each parent their own, the village end all.

A message is between a child and a contact. The contact is its parent end. Its village end are the terminal of the
village, behind the family's PIN, and whoever lives with the child: they act for it. Nobody sees anything of two who may
not send each other messages now. What is not to be seen is not there.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.families import queries as families
from app.families import rules as permission
from app.families import whose
from app.families.models import Family
from app.families.words import ConsentKind, MemberRole
from app.kernel.errors import NotFound
from app.messages.models import Message
from app.messages.words import From, MessageState
from app.web.api import Ask
from app.web.principals import PERSON

PAGE = 30
# What each end is shown: the sender all, the other one what it may hear, ahead of its hour too.
SENT = (MessageState.LOOKED_AT, MessageState.REFUSED, MessageState.SEALED, MessageState.DUE, MessageState.WITHDRAWN)
TO_HEAR = (MessageState.SEALED, MessageState.DUE)
TOLD_HEARD = (*TO_HEAR, MessageState.WITHDRAWN)

Pair = tuple[str, str]  # child, contact


@dataclass(frozen=True)
class Page:
    """Messages, those that are to be heard last at first; `before` begins the next page."""

    messages: Sequence[Message]
    ends: Mapping[Pair, From]
    before: str | None


def page(ask: Ask, family_id: str, before: str | None) -> Page:
    """Raises NotFound for another family, and for a `before` that is no message of the page; Refused("pin_needed")."""
    ends = ends_of(ask, family_id)
    shown = _shown(family_id, ends)
    if before is not None:
        last = ask.session.scalar(shown.where(Message.id == before))
        if last is None:
            raise NotFound
        earlier = and_(Message.deliver_at == last.deliver_at, Message.id < last.id)
        shown = shown.where(or_(Message.deliver_at < last.deliver_at, earlier))
    newest_first = shown.order_by(Message.deliver_at.desc(), Message.id.desc())
    found = ask.session.scalars(newest_first.limit(PAGE + 1)).all()
    return Page(found[:PAGE], ends, found[PAGE - 1].id if len(found) > PAGE else None)


def seen(ask: Ask, message_id: str) -> tuple[Message, From]:
    """A message, and from which end it is seen. Raises NotFound, Refused("pin_needed")."""
    message = ask.session.get(Message, message_id)
    if message is None:
        raise NotFound
    end = ends_of(ask, message.family_id).get((message.child_id, message.contact_id))
    if end is None or message.state not in (SENT if end is message.from_ else TO_HEAR):
        raise NotFound
    return message, end


def to_hear(ask: Ask, message_ids: Sequence[str]) -> dict[str, Message]:
    """Those that the asker may have heard; others are left out.

    A terminal may say so when the family has gone: it tells it nothing of them.
    """
    found = {}
    for message in ask.session.scalars(select(Message).where(Message.id.in_(message_ids))):
        try:
            end = ends_of(ask, message.family_id, needs_pin=False).get((message.child_id, message.contact_id))
        except NotFound:
            continue
        if end is not None and end is not message.from_ and message.state in TOLD_HEARD:
            found[message.id] = message
    return found


def ends_of(ask: Ask, family_id: str, *, needs_pin: bool = True) -> dict[Pair, From]:
    """Which pairs of a family the asker may hear, and from which end. Raises NotFound, Refused("pin_needed")."""
    if ask.who.kind is not PERSON:
        families.family_of_village(ask.session, ask.who.village, family_id)
        if needs_pin:
            whose.ask_pin(ask, family_id)
    elif not families.is_member(ask.session, family_id, ask.who.subject_id):
        raise NotFound
    people = families.members(ask.session, family_id)
    pairs = [
        (child.id, contact.id)
        for child, is_child in people
        for contact, is_contact in people
        if (is_child, is_contact) == (MemberRole.CHILD, MemberRole.PARENT)
    ]
    ends = {pair: _end(ask, family_id, *pair) for pair in pairs if may_hear(ask.session, pair, ask.now)}
    return {pair: end for pair, end in ends.items() if end is not None}


def waiting(session: Session, family_ids: Sequence[str], now: datetime) -> Counter[tuple[str, Pair, From]]:
    """How many messages are due and unheard, by family, pair and the end that they come from, where they may be."""
    unheard = (
        select(Message.family_id, Message.child_id, Message.contact_id, Message.from_, func.count())
        .where(Message.family_id.in_(family_ids), Message.state == MessageState.DUE, Message.heard_at.is_(None))
        .group_by(Message.family_id, Message.child_id, Message.contact_id, Message.from_)
    )
    found: Counter[tuple[str, Pair, From]] = Counter()
    for family_id, child_id, contact_id, from_, count in session.execute(unheard):
        pair = (child_id, contact_id)
        if families.is_pair(session, family_id, *pair) and may_hear(session, pair, now):
            found[family_id, pair, from_] += count
    return found


def waiting_of_village(session: Session, village_id: str, now: datetime) -> Counter[str]:
    """How many the village's children have not heard yet, by family."""
    ids = session.scalars(select(Family.id).where(Family.village_id == village_id)).all()
    found: Counter[str] = Counter()
    for (family_id, _pair, from_), count in waiting(session, ids, now).items():
        found[family_id] += count if from_ is From.PARENT else 0
    return found


def waiting_of_person(session: Session, person_id: str, now: datetime) -> Counter[str]:
    """How many somebody has not heard yet at their own phone, by family."""
    ids = [family.id for family in families.families_of_person(session, person_id)]
    found: Counter[str] = Counter()
    for (family_id, (child_id, contact_id), from_), count in waiting(session, ids, now).items():
        end = end_of_person(session, person_id, family_id, child_id, contact_id, now)
        found[family_id] += count if end not in (None, from_) else 0
    return found


def may_hear(session: Session, pair: Pair, now: datetime, kind: ConsentKind = ConsentKind.MESSAGE) -> bool:
    given, bans = families.consents(session, *pair), families.no_contacts(session, *pair)
    return permission.objection(kind, *pair, given, bans, now) is None


def may_see(session: Session, pair: Pair, now: datetime) -> bool:
    """Whether these two may see the pictures that go with what they may hear."""
    return may_hear(session, pair, now, ConsentKind.PHOTO)


def end_of_person(
    session: Session, person_id: str, family_id: str, child_id: str, contact_id: str, now: datetime
) -> From | None:
    """At which end of a pair a member of its family is, if at any."""
    if person_id == contact_id:
        return From.PARENT
    if not families.is_member(session, family_id, person_id, MemberRole.CAREGIVER, MemberRole.CHILD):
        return None
    if person_id != child_id and not families.cares_for(session, person_id, child_id, now):
        return None
    return From.VILLAGE if families.person_seen_by(session, person_id, contact_id, now) else None


def _end(ask: Ask, family_id: str, child_id: str, contact_id: str) -> From | None:
    if ask.who.kind is not PERSON:
        return From.VILLAGE
    return end_of_person(ask.session, ask.who.subject_id, family_id, child_id, contact_id, ask.now)


def _shown(family_id: str, ends: Mapping[Pair, From]) -> Select[Message]:
    of_pairs = [
        and_(
            Message.child_id == child_id, Message.contact_id == contact_id,
            or_(
                and_(Message.from_ == end, Message.state.in_(SENT)),
                and_(Message.from_ != end, Message.state.in_(TO_HEAR)),
            ),
        )
        for (child_id, contact_id), end in ends.items()
    ]  # fmt: skip
    return select(Message).where(Message.family_id == family_id, or_(False, *of_pairs))
