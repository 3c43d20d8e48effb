"""Texts of numbers that nobody confirmed: one polite answer, then silence for a month. Nothing of a family is in it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.families import numbers
from app.families.models import Family, Member, Person
from app.kernel.numbers import E164, masked
from app.sms import replies, rules, subscribing
from app.sms.models import Conversation, TextIn
from app.sms.replies import Done, Reply
from app.sms.rules import Said
from app.sms.words import Command, Outcome
from app.web import texts

SILENT_FOR = timedelta(days=30)
SHOWN_FOR = timedelta(days=30)
MOST = 100
MOST_ANSWERS_AN_HOUR = 60  # to all of them: who can forge senders must not spend our money
CHINESE = ("+86", "+852", "+853", "+886")


@dataclass(frozen=True)
class Stranger:
    """A number that nobody confirmed, masked. `person_id`: it stands with this person, to be confirmed yet."""

    number: str
    texts: int
    last_at: datetime
    person_id: str | None
    name: str | None


def answer(
    session: Session, conversation: Conversation, text: TextIn, said: Said, now: datetime, *, is_quiet: bool
) -> None:  # fmt: skip
    """Answer a number for which nobody speaks, or don't: nothing at all if it `is_quiet`."""
    done = _done(session, conversation, text, said, now)
    text.outcome = done.outcome
    if done.reply is not None and not is_quiet:
        replies.plan_to_stranger(session, text, done.reply, language_of(text), now)


def language_of(text: TextIn) -> str:
    """The language of what was written, or else the one that most people have where the number is from."""
    usual = "zh-CN" if (text.number or "").startswith(CHINESE) else texts.FALLBACK
    return rules.language_of(text.text, usual)


def of_village(session: Session, village_id: str, now: datetime) -> list[Stranger]:
    """Numbers that stand with this village's people and were not confirmed yet: so much of a stranger is its own."""
    theirs = (
        select(Person)
        .join(Member, Member.person_id == Person.id)
        .join(Family, Family.id == Member.family_id)
        .where(
            Family.village_id == village_id, Member.left_at.is_(None), Person.phone.is_not(None),
            Person.phone_confirmed_at.is_(None),
        )
        .distinct()
        .order_by(Person.name, Person.id)
    )  # fmt: skip
    by_number = {person.phone: person for person in session.scalars(theirs) if person.phone}
    return _counted(_texts(session, now, list(by_number)), by_number)


def of_nobody(session: Session, now: datetime) -> list[Stranger]:
    """Those whose number stands with nobody, for who looks after every village."""
    known = set(session.scalars(select(Person.phone).where(Person.phone.is_not(None))))
    return _counted([(number, at) for number, at in _texts(session, now, None) if number not in known], {})


def _done(session: Session, conversation: Conversation, text: TextIn, said: Said, now: datetime) -> Done:
    assert text.number is not None
    if Command.STOP in (said.command, rules.DIGITS.get(said.digit) if said.digit is not None else None):
        return subscribing.stop(session, text.number, now)
    if said.command is Command.START and subscribing.is_stopped(session, text.number):
        return subscribing.start(session, text.number)
    told_at = conversation.told_stranger_at
    was_told = told_at is not None and now < told_at + SILENT_FOR
    if was_told or subscribing.is_stopped(session, text.number) or not numbers.is_mobile(E164(text.number)):
        return Done(Outcome.STRANGER)
    if _answered_lately(session, now) >= MOST_ANSWERS_AN_HOUR:
        return Done(Outcome.STRANGER)
    conversation.told_stranger_at = now
    return Done(Outcome.STRANGER, Reply("sms_stranger"))


def _answered_lately(session: Session, now: datetime) -> int:
    lately = Conversation.told_stranger_at > now - timedelta(hours=1)
    return session.scalar(select(func.count()).select_from(Conversation).where(lately)) or 0


def _texts(session: Session, now: datetime, of: Sequence[str] | None) -> list[tuple[str, datetime]]:
    """(number, when) of strangers' texts, newest first."""
    lately = select(TextIn.number, TextIn.at).where(TextIn.outcome == Outcome.STRANGER, TextIn.at > now - SHOWN_FOR)
    if of is not None:
        lately = lately.where(TextIn.number.in_(of))
    rows = session.execute(lately.order_by(TextIn.at.desc(), TextIn.id))
    return [(number, at) for number, at in rows if number is not None]


def _counted(found: Sequence[tuple[str, datetime]], people: dict[str, Person]) -> list[Stranger]:
    counts, last = Counter(number for number, _at in found), dict(reversed(found))
    newest = sorted(last.items(), key=lambda pair: pair[1], reverse=True)[:MOST]
    return [_stranger(number, counts[number], at, people.get(number)) for number, at in newest]


def _stranger(number: str, count: int, at: datetime, person: Person | None) -> Stranger:
    return Stranger(masked(number), count, at, person.id if person else None, person.name if person else None)
