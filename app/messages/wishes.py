"""What a device says of an upload (its metadata), read: whose it is, what it is, when it shall be heard.

Raises Invalid for what can't be read, Refused for what a rule forbids, NotFound for somebody else's child or message.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from flask import current_app

from app.families import queries as families
from app.families import service as consent
from app.families import whose
from app.families.words import ConsentKind
from app.kernel.errors import Invalid, NotFound
from app.messages import delivering
from app.messages.models import Message, Upload
from app.messages.rules import PHOTO_MIMES, VOICE_MIMES
from app.messages.uploads import Wish
from app.messages.words import From, Repeat, UploadState
from app.villages import queries as villages
from app.web.api import Ask
from app.web.models import PrincipalKind
from app.web.principals import PERSON, Principal

LEFT = "homethread.left_messages"  # finds whose message it is that was left over a call
KEY = re.compile(r"[\x21-\x7e]{8,64}")
SHA256 = re.compile(r"[0-9a-f]{64}")


class Left(Protocol):
    """A message that somebody left over a call; `by` is who did, as `person:ID` or `terminal:ID`."""

    by: str
    family_id: str
    child_id: str
    contact_id: str
    is_from_parent: bool


def read(ask: Ask, said: Mapping[str, str], length_bytes: int) -> Wish:
    """Whether the two may send each other messages is asked here, and again when the upload is whole.

    For a picture it is asked too whether they may see each other's.
    """
    mime = said.get("filetype", "").partition(";")[0].strip().lower()
    if not KEY.fullmatch(said.get("key", "")):
        raise _wrong("key")
    if mime not in VOICE_MIMES | PHOTO_MIMES:
        raise Invalid("not_a_kind")
    child_id = said.get("child_id", "")
    family_id, contact_id = whose.pair(ask, child_id, said.get("contact_id") or None)
    for kind in (ConsentKind.MESSAGE, ConsentKind.PHOTO) if mime in PHOTO_MIMES else (ConsentKind.MESSAGE,):
        consent.hold_contact(ask.session, kind, child_id, contact_id, ask.now)
    is_contact = ask.who.kind is PERSON and ask.who.subject_id == contact_id
    village = villages.village(ask.session, families.village_of(ask.session, family_id))
    wants: dict[str, Any] = {
        "child_id": child_id, "contact_id": contact_id, "from": From.PARENT if is_contact else From.VILLAGE,
        "recorded_at": _recorded_at(said.get("recorded_at", ""), ask.now), "sha256": _sha256(said.get("sha256", "")),
        "deliver": delivering.checked(said.get("deliver", ""), village.zone, ask.now),
        "repeat": _repeat(said.get("repeat", "")), "answers_id": _answers(ask, said.get("answers", ""), family_id),
        "photo_id": _photo(ask, said.get("photo", ""), family_id),
    }  # fmt: skip
    return Wish(family_id, said["key"], mime, length_bytes, wants)


def read_left(ask: Ask, said: Mapping[str, str], length_bytes: int) -> tuple[Principal, Wish]:
    """The same of what a media program brings, with who left it: the upload is theirs, and so are the rules.

    It names the call and the seat. Only a voice can be left so, to be heard at once.
    """
    mime = said.get("filetype", "")
    if not KEY.fullmatch(said.get("key", "")):
        raise _wrong("key")
    if mime not in VOICE_MIMES:
        raise Invalid("not_a_kind")
    left: Left = current_app.extensions[LEFT](ask.session, said.get("call", ""), said.get("seat", ""), ask.now)
    if not families.is_pair(ask.session, left.family_id, left.child_id, left.contact_id):
        raise NotFound
    consent.hold_contact(ask.session, ConsentKind.MESSAGE, left.child_id, left.contact_id, ask.now)
    wants: dict[str, Any] = {
        "child_id": left.child_id, "contact_id": left.contact_id,
        "from": From.PARENT if left.is_from_parent else From.VILLAGE, "call_id": said["call"],
        "recorded_at": _recorded_at(said.get("recorded_at", ""), ask.now), "sha256": _sha256(said.get("sha256", "")),
        "deliver": "now", "repeat": None, "answers_id": None, "photo_id": None,
    }  # fmt: skip
    kind, _, subject_id = left.by.partition(":")
    who = Principal(PrincipalKind(kind), subject_id, None, ask.who.device_id, ask.who.language)
    return who, Wish(left.family_id, said["key"], mime, length_bytes, wants)


def _recorded_at(said: str, now: datetime) -> str | None:
    """A device's word for when it was recorded: never after now."""
    if not said:
        return None
    try:
        at = datetime.fromisoformat(said)
    except ValueError as wrong:
        raise _wrong("recorded_at") from wrong
    if at.tzinfo is None:
        raise _wrong("recorded_at")
    return min(at, now).isoformat()


def _sha256(said: str) -> str | None:
    if said and not SHA256.fullmatch(said):
        raise _wrong("sha256")
    return said or None


def _repeat(said: str) -> str | None:
    if said and said not in list(Repeat):
        raise _wrong("repeat")
    return said or None


def _answers(ask: Ask, message_id: str, family_id: str) -> str | None:
    if not message_id:
        return None
    answered = ask.session.get(Message, message_id)
    if answered is None or answered.family_id != family_id:
        raise NotFound
    return answered.id


def _photo(ask: Ask, upload_id: str, family_id: str) -> str | None:
    """A picture that goes with it: an upload of the same sender that is whole."""
    if not upload_id:
        return None
    upload = ask.session.get(Upload, upload_id)
    if upload is None or upload.principal != ask.who.name or upload.family_id != family_id:
        raise NotFound
    if upload.state is not UploadState.COMPLETE or upload.wants["mime"] not in PHOTO_MIMES:
        raise _wrong("photo")
    return upload.id


def _wrong(field: str) -> Invalid:
    return Invalid("not_understood", fields={field: "not_understood"})
