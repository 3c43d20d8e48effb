"""The worker looks at what arrived: whether it is a recording, how long, how it sounds; whether its picture is one.

The bytes are read and judged with no transaction open. What they are is said by `sandbox.py`, never by the device.
"""

import logging
from dataclasses import dataclass

from app.families import photos
from app.jobs.service import Leased
from app.jobs.worker import Errand
from app.kernel.clock import Clock
from app.kernel.errors import HomethreadError
from app.messages import life, sandbox, shelf
from app.messages.models import Message
from app.messages.pieces import Spoiled
from app.messages.vault import Place, Vault
from app.messages.words import MessageState
from app.storage.clashes import in_one
from app.storage.database import Database

log = logging.getLogger(__name__)

PICTURE_EDGE_PX, PICTURE_BYTES = 960, 60_000
TRIES = 3


@dataclass(frozen=True)
class _Seen:
    """A message that is to be looked at."""

    message_id: str
    family_id: str
    recording: Place
    photo: Place | None


def looker(database: Database, clock: Clock, vault: Vault) -> Errand:
    """The errand for rows of kind LOOK."""

    def look(row: Leased) -> None:
        seen = _seen(database, vault, row.payload["message"])
        if seen is None:
            return
        try:
            found = sandbox.measure(b"".join(vault.read(seen.recording)))
        except sandbox.Unfit as unfit:
            reason = str(unfit)
        except (sandbox.Died, Spoiled) as failure:
            if row.attempts < TRIES:
                raise  # somebody may have ended it, or the disk was not itself
            log.error("message %s can't be read: %s", seen.message_id, failure)
            reason = "unreadable"
        else:
            photo_id = _picture(database, clock, vault, seen)
            in_one(database, lambda session: life.accept(session, seen.message_id, found, photo_id, clock.now()))
            return
        in_one(database, lambda session: life.refuse(session, seen.message_id, reason, clock.now()))

    return look


def _seen(database: Database, vault: Vault, message_id: str) -> _Seen | None:
    """None where there is nothing to look at any more."""
    with database.read() as session:
        message = session.get(Message, message_id)
        if message is None or message.state is not MessageState.LOOKED_AT or message.blob_id is None:
            return None
        try:
            photo = shelf.place_of(session, vault, message.photo_blob_id) if message.photo_blob_id else None
        except KeyError:
            photo = None
        return _Seen(message.id, message.family_id, shelf.place_of(session, vault, message.blob_id), photo)


def _picture(database: Database, clock: Clock, vault: Vault, seen: _Seen) -> str | None:
    """The blob of its picture, made anew; None where there is none. A recording goes without what is no picture."""
    if seen.photo is None:
        return None
    try:
        webp = photos.fitted(b"".join(vault.read(seen.photo)), PICTURE_EDGE_PX, PICTURE_BYTES)
    except (HomethreadError, Spoiled) as unfit:
        log.warning("message %s goes without its picture: %s", seen.message_id, unfit)
        return None
    return shelf.put(database, clock, vault, seen.family_id, webp)
