"""Messages in another form, for ends that can't play the original: made when one is asked for, once, by the worker.

Whoever plays Ogg plays all that browsers record; older iOS plays MP4 with AAC alone. Nothing is made anew without need.
One that can't be made is given up: its row is dead, for the desk to see, and whoever asks is told so. It is tried
again when it is asked for an hour later: then the machine, or the program, may be another one.
"""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.jobs import service as jobs
from app.jobs.service import Leased
from app.jobs.words import Lane
from app.jobs.worker import Errand
from app.kernel.clock import Clock
from app.kernel.errors import Invalid, NotFound, Refused
from app.messages import dropping, life, sandbox, shelf
from app.messages.models import Blob, Message, Rendition
from app.messages.pieces import Spoiled
from app.messages.vault import Place, Vault
from app.messages.words import RENDER, MessageState
from app.storage.clashes import in_one
from app.storage.database import Database, insert_into, new_id

TRIES, REST = 3, timedelta(hours=1)
OGG, WEBM, MP4 = "audio/ogg", "audio/webm", "audio/mp4"
PLAYED: dict[str, Collection[str]] = {OGG: (OGG, WEBM, MP4, f"{MP4};codecs=opus"), WEBM: (WEBM, MP4), MP4: (MP4,)}


def fitting(session: Session, message: Message, asked: str) -> tuple[str, str] | None:
    """(blob, mime) of a form that plays where `asked` plays, "" being anything; None where it is still to be made.

    Raises Invalid("not_a_kind").
    """
    asked = asked.partition(";")[0].strip().lower()
    if asked and asked not in PLAYED:
        raise Invalid("not_a_kind")
    if not asked or message.mime in PLAYED[asked]:
        return message.blob_id or "", message.mime
    made = session.scalar(select(Rendition).where(Rendition.message_id == message.id, Rendition.mime == MP4))
    return (made.blob_id, made.mime) if made else None


def ask_for(session: Session, message: Message, now: datetime) -> None:
    """Have the worker make the form that everybody plays. It is made once, however often it is asked for.

    Raises Refused("rendition_failed") for an hour after it was given up.
    """
    if message.state not in (MessageState.SEALED, MessageState.DUE):  # it is not known yet what it is
        return
    row_id = jobs.put(
        session, RENDER, now, now, lane=Lane.ERRAND, subject=f"message:{message.id}",
        payload={"message": message.id, "family_id": message.family_id}, key=f"render:{message.id}",
    )  # fmt: skip
    died_at = jobs.died_at(session, row_id)
    if died_at is None:
        return
    if now < died_at + REST:
        raise Refused("rendition_failed")
    with suppress(NotFound):  # somebody else asked just before
        jobs.revive(session, row_id, now)


def renderer(database: Database, clock: Clock, vault: Vault) -> Errand:
    """The errand for rows of kind RENDER."""

    def render(row: Leased) -> None:
        source = _source(database, vault, row.payload["message"])
        if source is None:
            return
        family_id, place = source
        try:
            made = sandbox.render(b"".join(vault.read(place)))
        except (sandbox.Unfit, sandbox.Died, Spoiled) as failure:
            if row.attempts < TRIES and not isinstance(failure, sandbox.Unfit):
                raise  # somebody may have ended it, or the disk was not itself
            error = f"{type(failure).__name__}: {failure}"
            in_one(database, lambda session: jobs.give_up(session, row, error))
            return
        blob_id = shelf.put(database, clock, vault, family_id, made)
        in_one(database, lambda session: _keep(session, row.payload["message"], blob_id, clock.now()))

    return render


def _source(database: Database, vault: Vault, message_id: str) -> tuple[str, Place] | None:
    """Whose it is and where; None where it was made already, or there is nothing to make it of any more."""
    with database.read() as session:
        message = session.get(Message, message_id)
        if message is None or message.blob_id is None or fitting(session, message, MP4) is not None:
            return None
        try:
            return message.family_id, shelf.place_of(session, vault, message.blob_id)
        except KeyError:
            return None


def _keep(session: Session, message_id: str, blob_id: str, now: datetime) -> None:
    """Say that it is made; where somebody was faster, or the message is gone, it is dropped again."""
    message = session.scalar(select(Message).where(Message.id == message_id).with_for_update())
    is_wanted = message is not None and message.state in (MessageState.SEALED, MessageState.DUE)
    row = {"id": new_id(session), "message_id": message_id, "mime": MP4, "blob_id": blob_id, "made_at": now}
    adding = insert_into(session, Rendition).values(row).on_conflict_do_nothing(index_elements=["message_id", "mime"])
    if message is None or not is_wanted or session.scalar(adding.returning(Rendition.id)) is None:
        dropping.drop_blobs(session, [blob_id], now)
        return
    session.get_one(Blob, blob_id).is_complete = True
    life.tell(session, message, now)
