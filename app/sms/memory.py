"""The conversation with a number: locked while a text is answered, what was offered kept with it, and forgotten."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls.words import Side
from app.sms.conversation import IN_MIND, LIVES, About, Choices, Focus, Offered, Times
from app.sms.models import Conversation, TextIn
from app.sms.words import Command
from app.storage.database import insert_into

EARLY = timedelta(minutes=1)  # a vendor's clock may be so much behind


def hold(session: Session, number: str, now: datetime) -> Conversation:
    """The conversation with a number, made if there was none, locked until the transaction ends."""
    fresh = insert_into(session, Conversation).values(number=number, offered={}, heard_at=now - IN_MIND)
    session.execute(fresh.on_conflict_do_nothing(index_elements=["number"]))
    query = select(Conversation).where(Conversation.number == number).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def offered(conversation: Conversation, people: set[str]) -> Offered | None:
    """What was offered last, as far as it was to persons for whom the number speaks still."""
    found = _from_json(conversation.offered)
    if isinstance(found, Choices):
        choices = tuple(about for about in found.choices if about.person_id in people)
        return found if choices == found.choices else None
    return found if found is not None and found.about.person_id in people else None


def is_over(conversation: Conversation, text: TextIn) -> bool:
    return conversation.expires_at is None or text.at >= conversation.expires_at


def is_unseen(conversation: Conversation, text: TextIn) -> bool:
    """Whether a text was sent before its sender can have seen what was offered last.

    That it was long on its way is the vendor's word, whose clock may be wrong: it counts for times alone, which are
    repeated once.
    """
    at = text.at
    if conversation.offered.get("kind") == "times":
        at = min(at, text.sent_at + EARLY)
    return conversation.offered_at is not None and at < conversation.offered_at


def keep(conversation: Conversation, offers: Offered | None, now: datetime) -> None:
    """Remember what is offered now, for two hours."""
    conversation.offered = _to_json(offers) if offers is not None else {}
    conversation.offered_at, conversation.expires_at = now, now + LIVES


def _to_json(offers: Offered) -> dict[str, Any]:
    if isinstance(offers, Times):
        times = [at.isoformat() for at in offers.times]
        return {"kind": "times", "about": _about(offers.about), "times": times, "is_repeated": offers.is_repeated}
    if isinstance(offers, Focus):
        return {"kind": "focus", "about": _about(offers.about), "is_agreed": offers.is_agreed}
    return {
        "kind": "choices", "choices": [_about(about) for about in offers.choices], "commands": list(offers.commands),
        "texts": list(offers.text_ids),
    }  # fmt: skip


def _from_json(kept: dict[str, Any]) -> Offered | None:
    match kept.get("kind"):
        case "times":
            times = tuple(datetime.fromisoformat(at) for at in kept["times"])
            return Times(_read(kept["about"]), times, kept["is_repeated"])
        case "focus":
            return Focus(_read(kept["about"]), kept["is_agreed"])
        case "choices":
            commands = tuple(Command(command) for command in kept["commands"])
            return Choices(tuple(_read(about) for about in kept["choices"]), commands, tuple(kept["texts"]))
    return None


def _about(about: About) -> list[str | None]:
    return [about.person_id, about.side, about.family_id, about.child_id, about.parent_id, about.call_id]


def _read(kept: list[Any]) -> About:
    person_id, side, family_id, child_id, parent_id, call_id = kept
    return About(person_id, Side(side), family_id, child_id, parent_id, call_id)
