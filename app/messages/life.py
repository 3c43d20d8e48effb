"""What becomes of a message: accepted or refused, sealed, due, due again, withdrawn, heard, deleted.

Each is one step in the caller's transaction, by a conditional update: of two that race, one comes too late.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from app.families import queries as families
from app.jobs import service as jobs
from app.jobs.service import Leased
from app.kernel.errors import NotFound, Refused
from app.kernel.events import Event, MessageHeard, MessageStored, MessageUnsealed, MessageWithdrawn
from app.messages import delivering, dropping
from app.messages.models import Blob, Hearing, Message, Upload
from app.messages.sandbox import Measured
from app.messages.words import DUE, MessageState
from app.storage.database import insert_into, new_id
from app.villages import queries as villages
from app.villages.service import tell_village
from app.web.hints import hint
from app.web.principals import Principal

OPEN = (MessageState.LOOKED_AT, MessageState.SEALED, MessageState.DUE)


@dataclass(frozen=True)
class Heard:
    """A device says that a message was played to its end; `key` is its own name for that."""

    message_id: str
    key: str
    heard_at: datetime


def accept(session: Session, message_id: str, found: Measured, photo_id: str | None, now: datetime) -> None:
    """It can be heard: seal it until its hour, or let it fall due. `photo_id`: the blob that was made of its picture.

    One that was withdrawn while it was looked at stays so, and the picture is dropped.
    """
    message = _changed(
        session, message_id, (MessageState.LOOKED_AT,),
        {"state": MessageState.SEALED, "mime": found.mime, "duration_ms": found.duration_ms, "peaks": found.peaks},
    )  # fmt: skip
    if message is None:
        dropping.drop_blobs(session, [photo_id], now)
        return
    before, message.photo_blob_id = message.photo_blob_id, photo_id
    if photo_id is not None:
        session.get_one(Blob, photo_id).is_complete = True
    dropping.drop_blobs(session, [before], now)
    jobs.emit(session, MessageStored(now, message.id), now)
    if message.deliver_at > now:
        _fall_due_at(session, message, message.deliver_at, now)
        tell(session, message, now)
    else:
        fall_due(session, message.id, now)


def left_over(session: Session, message_id: str) -> str | None:
    """The call over whose connection a message was left, if it was."""
    message = get(session, message_id)
    upload = session.get(Upload, message.upload_id) if message.upload_id else None
    call_id: str | None = upload.wants.get("call_id") if upload else None
    return call_id


def refuse(session: Session, message_id: str, reason: str, now: datetime) -> None:
    """It is nothing to be heard: its sender is shown why."""
    refused = {"state": MessageState.REFUSED, "reason": reason, "ended_at": now}
    message = _changed(session, message_id, (MessageState.LOOKED_AT,), refused)
    if message is not None:
        dropping.drop_content(session, message, now)
        tell(session, message, now)


def due(session: Session, row: Leased, now: datetime) -> None:
    """The step for rows of kind DUE."""
    fall_due(session, row.payload["message"], now)


def fall_due(session: Session, message_id: str, now: datetime) -> None:
    """Let it be heard, for the first time or anew; one that is repeated falls due again a day or a year later."""
    opened = {"state": MessageState.DUE, "heard_at": None, "times": Message.times + 1}
    message = _changed(session, message_id, (MessageState.SEALED, MessageState.DUE), opened)
    if message is None:
        return
    if message.times > 1 and message.repeat is not None:
        message.deliver_at = _latest(session, message, now)
    if message.repeat is not None:
        _fall_due_at(session, message, _after(session, message, message.deliver_at), now)
    jobs.emit(session, MessageUnsealed(now, message.id), now)
    tell(session, message, now)


def withdraw(session: Session, message: Message, now: datetime) -> None:
    """Take it back. Raises Refused("message_heard", "message_ended"); one that is repeated can be ended at any time."""
    unheard = or_(Message.heard_at.is_(None), Message.repeat.is_not(None))
    withdrawn = _changed(
        session, message.id, OPEN, {"state": MessageState.WITHDRAWN, "ended_at": now}, unheard
    )  # fmt: skip
    if withdrawn is None:
        session.refresh(message)
        raise Refused("message_heard" if message.state in OPEN else "message_ended")
    _end(session, withdrawn, MessageWithdrawn(now, withdrawn.id), now)


def delete(session: Session, message_ids: Iterable[str], now: datetime) -> None:
    """Have nothing left of these but that they were there and when they were heard."""
    for message_id in message_ids:
        states = (*OPEN, MessageState.REFUSED, MessageState.WITHDRAWN)
        gone = {"state": MessageState.DELETED, "peaks": None, "ended_at": now}
        message = _changed(session, message_id, states, gone)
        if message is not None:
            _end(session, message, None, now)


def hear(session: Session, message: Message, heard: Heard, who: Principal, now: datetime) -> None:
    """Write a hearing down, once for each device and key. Of the future it is of now; nobody heard before it was sent.

    One that was withdrawn meanwhile, without this device knowing, was heard all the same.
    """
    at = min(max(heard.heard_at, message.sent_at), now)
    row = {
        "id": new_id(session), "message_id": message.id, "device_id": who.device_id, "client_key": heard.key,
        "by": who.name, "heard_at": at, "told_at": now,
    }  # fmt: skip
    writing = insert_into(session, Hearing).values(row).on_conflict_do_nothing(
        index_elements=["message_id", "device_id", "client_key"]
    )  # fmt: skip
    if session.scalar(writing.returning(Hearing.id)) is None:
        return
    # Of one that is repeated, what was heard before it last fell due counts for then.
    of_this_time = or_(Message.repeat.is_(None), Message.deliver_at <= at, Message.times <= 1)
    states = (MessageState.SEALED, MessageState.DUE, MessageState.WITHDRAWN)
    first = _changed(session, message.id, states, {"heard_at": at}, Message.heard_at.is_(None), of_this_time)
    if first is not None:
        jobs.emit(session, MessageHeard(now, message.id), now)
        tell(session, first, now)


def tell(session: Session, message: Message, now: datetime) -> None:
    """Hint at everybody who may be looking at it."""
    tell_village(session, message.village_id, now)
    hint(session, "person", message.contact_id, now)
    for caregiver in families.caregivers(session, message.family_id):
        hint(session, "person", caregiver.id, now)


def get(session: Session, message_id: str) -> Message:
    found = session.get(Message, message_id)
    if found is None:
        raise NotFound
    return found


def _end(session: Session, message: Message, event: Event | None, now: datetime) -> None:
    jobs.put_again(session, DUE, _due_key(message), None, now)
    dropping.drop_content(session, message, now)
    if event is not None:
        jobs.emit(session, event, now)
    tell(session, message, now)


def _changed(
    session: Session, message_id: str, states: Collection[MessageState], values: dict[str, Any], *more: Any
) -> Message | None:
    """The message as it is then, held until the transaction ends; None where it is in none of these states."""
    changing = update(Message).where(Message.id == message_id, Message.state.in_(states), *more)
    if session.scalar(changing.values(values).returning(Message.id)) is None:
        return None
    return session.get_one(Message, message_id, populate_existing=True)


def _fall_due_at(session: Session, message: Message, at: datetime, now: datetime) -> None:
    payload, subject = {"message": message.id}, f"message:{message.id}"
    jobs.put_again(session, DUE, _due_key(message), at, now, subject=subject, payload=payload)


def _latest(session: Session, message: Message, now: datetime) -> datetime:
    """The last of its times that has come: those that nobody was there for count as one."""
    at = message.deliver_at
    while (following := _after(session, message, at)) <= now:
        at = following
    return at


def _after(session: Session, message: Message, at: datetime) -> datetime:
    assert message.repeat is not None
    return delivering.again_at(at, message.repeat, villages.village(session, message.village_id).zone)


def _due_key(message: Message) -> str:
    return f"due:{message.id}"
