"""A message as it is shown to one asker, at the end where they are."""

import base64
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from app.families.models import Person
from app.messages import life
from app.messages.models import Blob, Message, Upload
from app.messages.shapes import MessageShape
from app.messages.thread import Pair, may_see
from app.messages.words import From, MessageState
from app.web.api import Ask

LOOKED_AT = (MessageState.SEALED, MessageState.DUE)


def shapes(ask: Ask, messages: Sequence[Message], ends: Mapping[Pair, From]) -> list[MessageShape]:
    """Each as its asker sees it; `ends` says at which end of whom that is."""
    people = _people(ask, messages)
    lengths = select(Blob.id, Blob.length_bytes).where(Blob.id.in_([each.blob_id for each in messages if each.blob_id]))
    bytes_of = dict(ask.session.execute(lengths).all())
    own = [each.upload_id for each in messages if each.by == ask.who.name]
    keys = select(Upload.id, Upload.client_key).where(Upload.id.in_(own))
    key_of = dict(ask.session.execute(keys).all())
    return [
        _shape(each, ends[each.child_id, each.contact_id], people[_speaker(each)], key_of.get(each.upload_id or "", ""),
               bytes_of.get(each.blob_id or "", 0), shows_photo(ask, each))
        for each in messages
    ]  # fmt: skip


def shows_photo(ask: Ask, message: Message) -> bool:
    """Whether there is a picture that was looked at, and these two may see each other's."""
    is_there = message.state in LOOKED_AT and message.photo_blob_id is not None
    return is_there and may_see(ask.session, (message.child_id, message.contact_id), ask.now)


def _shape(message: Message, end: From, speaker: Person, key: str, length: int, photo: bool) -> MessageShape:
    is_own = end is message.from_
    unheard = message.heard_at is None or message.repeat is not None
    return MessageShape(
        id=message.id, key=key, from_=message.from_, from_name=speaker.name, from_photo_id=speaker.photo_id,
        child_id=message.child_id, contact_id=message.contact_id, state=message.state, reason=message.reason,
        sent_at=message.sent_at, deliver_at=message.deliver_at, repeat=message.repeat, duration_ms=message.duration_ms,
        peaks=base64.b64encode(message.peaks).decode() if message.peaks else None, mime=message.mime, bytes=length,
        photo=photo, heard_at=message.heard_at, answers_id=message.answers_id,
        can=["withdraw"] if is_own and unheard and message.state in life.OPEN else [],
    )  # fmt: skip


def _speaker(message: Message) -> str:
    """Whose voice it is: a terminal speaks for the child."""
    if message.from_ is From.PARENT:
        return message.contact_id
    kind, _, subject_id = message.by.partition(":")
    return subject_id if kind == "person" else message.child_id


def _people(ask: Ask, messages: Sequence[Message]) -> dict[str, Person]:
    ids = {_speaker(each) for each in messages}
    return {person.id: person for person in ask.session.scalars(select(Person).where(Person.id.in_(ids)))}
