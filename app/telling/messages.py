"""Who is told of voice messages: the end that one waits for, and its sender when it was heard.

Several at once are told as one: while one that was told of within a day still waits, another says nothing more, and one
that comes each day is told of the first time alone. A terminal shows what waits by itself.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.families import queries as families
from app.kernel import events
from app.messages import thread
from app.messages.models import Message
from app.messages.words import From, MessageState, Repeat
from app.notices import service as notices
from app.notices.templates import Param
from app.villages import queries as villages

TO_HEAR = {"voice_for_child", "voice_from_child", "voice_answer"}
TOLD_ONCE_IN = timedelta(days=1)


def of_arrival(session: Session, event: events.MessageUnsealed, now: datetime) -> None:
    message = session.get_one(Message, event.message_id)
    is_of_series = message.repeat is Repeat.DAILY and message.times > 1
    is_to_hear = message.state is MessageState.DUE and thread.may_hear(
        session, (message.child_id, message.contact_id), now
    )
    if is_of_series or not is_to_hear or _waits(session, message, now - TOLD_ONCE_IN):
        return
    if message.from_ is From.PARENT:
        _tell(session, "voice_for_child", message, _at_home(session, message, now), now, place=_place(session, message))
    else:
        template = "voice_answer" if message.answers_id else "voice_from_child"
        _tell(session, template, message, [message.contact_id], now)


def of_hearing(session: Session, event: events.MessageHeard, now: datetime) -> None:
    message = session.get_one(Message, event.message_id)
    _close(session, message, now)
    kind, _, sender_id = message.by.partition(":")
    if kind == "person":
        heard_by = message.child_id if message.from_ is From.PARENT else message.contact_id
        _tell(session, "voice_heard", message, [sender_id], now, by=families.person(session, heard_by).name)


def of_withdrawing(session: Session, event: events.MessageWithdrawn, now: datetime) -> None:
    _close(session, session.get_one(Message, event.message_id), now)


def nothing_between(session: Session, event: events.ConsentEnded, now: datetime) -> None:
    """Drop what would still be told of these two, if they may not hear each other any more."""
    if not thread.may_hear(session, (event.child_id, event.contact_id), now):
        for end in From:
            notices.close(session, now, subject=_subject(event.child_id, event.contact_id, end))


def _close(session: Session, message: Message, now: datetime) -> None:
    """Tell no more of what waits, once nothing does."""
    if not _waits(session, message):
        subject = _subject(message.child_id, message.contact_id, message.from_)
        notices.close(session, now, subject=subject, templates=TO_HEAR)


def _waits(session: Session, message: Message, since: datetime | None = None) -> bool:
    """Whether another message between the same two waits at the same end, due since then or at all."""
    others = select(func.count()).where(
        Message.child_id == message.child_id, Message.contact_id == message.contact_id, Message.from_ == message.from_,
        Message.state == MessageState.DUE, Message.heard_at.is_(None), Message.id != message.id,
    )  # fmt: skip
    return bool(session.scalar(others if since is None else others.where(Message.deliver_at > since)))


def _at_home(session: Session, message: Message, now: datetime) -> list[str]:
    """Who lives with the child and may act for it."""
    pair = (message.child_id, message.contact_id)
    theirs = [each.id for each in families.caregivers(session, message.family_id)]
    return [
        who for who in theirs if thread.end_of_person(session, who, message.family_id, *pair, now) is From.VILLAGE
    ]  # fmt: skip


def _place(session: Session, message: Message) -> str:
    return villages.village(session, message.village_id).name


def _subject(child_id: str, contact_id: str, end: From) -> str:
    return f"voice:{end}:{child_id}:{contact_id}"


def _tell(
    session: Session, template: str, message: Message, whom: Iterable[str], now: datetime, **params: Param
) -> None:
    names = {
        "parent": families.person(session, message.contact_id).name,
        "child": families.person(session, message.child_id).name,
    }
    subject = _subject(message.child_id, message.contact_id, message.from_)
    for person_id in whom:
        notices.plan(
            session, person_id=person_id, family_id=message.family_id, template=template, subject=subject,
            params=names | params, due_at=now, key=f"{template}:{message.id}:{message.times}:{person_id}", now=now,
        )  # fmt: skip
