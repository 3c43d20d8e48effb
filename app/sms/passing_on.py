"""What is no command goes to the family of who wrote it, to be shown and read aloud at its terminal."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls.words import Side
from app.families import queries as families
from app.families.models import Family, Person
from app.notices.models import Notice
from app.sms import replies, speakers, thread
from app.sms.conversation import MOST_CHOICES, About, Choices
from app.sms.models import TextIn
from app.sms.replies import Done, Reply
from app.sms.words import Outcome
from app.villages import queries as villages

ACKNOWLEDGED_EVERY = timedelta(hours=12)


def pass_on(
    session: Session, text: TextIn, people: Sequence[Person], waiting_ids: Sequence[str], now: datetime
) -> Done:  # fmt: skip
    """Put a text into its writer's family's thread, or ask who writes or to which; `waiting_ids` wait with it."""
    places = [_about(session, person, family) for person, family in speakers.in_families(session, people)]
    text_ids = (*waiting_ids, text.id)
    if len(places) > 1:
        asked = tuple(places[:MOST_CHOICES])
        return Done(Outcome.ASKED, replies.question(session, asked), Choices(asked, text_ids=text_ids))
    return settle(session, places[0], text_ids, now)


def settle(session: Session, about: About, text_ids: Sequence[str], now: datetime) -> Done:
    """Let texts be from this person to this family. What may not reach its children is kept out, and that is said."""
    objection = thread.objection(session, about.family_id, about.person_id, now)
    outcome = Outcome.MESSAGE if objection is None else Outcome.REFUSED
    waiting = select(TextIn).where(
        TextIn.id.in_(text_ids), TextIn.outcome.is_(None) | (TextIn.outcome == Outcome.ASKED)
    )
    for text in session.scalars(waiting):
        text.outcome, text.person_id = outcome, about.person_id
        text.family_id = about.family_id if objection is None else None
    if objection is not None:
        return replies.refused(objection, about)
    family = session.get_one(Family, about.family_id)
    thread.tell(session, family, now)
    place = villages.village(session, family.village_id).name
    is_told = _was_acknowledged(session, about.person_id, now)
    return Done(outcome, None if is_told else Reply("sms_passed_on", {"place": place}), about=about)


def _was_acknowledged(session: Session, person_id: str, now: datetime) -> bool:
    lately = select(Notice.id).where(
        Notice.person_id == person_id, Notice.template == "sms_passed_on",
        Notice.planned_at > now - ACKNOWLEDGED_EVERY,
    )  # fmt: skip
    return session.scalar(lately.limit(1)) is not None


def _about(session: Session, person: Person, family: Family) -> About:
    """A person in a family, which goes by the name of its first child."""
    named = next(iter(families.children(session, family.id)), person)
    return About(person.id, Side.VILLAGE, family.id, named.id, named.id)
