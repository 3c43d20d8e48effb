"""Deletes blobs for good: a row says that it is to be done, the worker does it, and then no table names them any more.

Whose content is to go, and when, is decided in `life.py` and `retention.py`.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.jobs import service as jobs
from app.jobs.service import Leased
from app.jobs.words import Lane
from app.jobs.worker import Errand
from app.messages.models import Blob, Message, Rendition, Upload
from app.messages.vault import Vault
from app.messages.words import DROP
from app.storage.clashes import in_one
from app.storage.database import Database


def drop_blobs(session: Session, blob_ids: Iterable[str | None], now: datetime) -> None:
    """Have these deleted; from now on nobody reads them. What isn't there any more needs nothing."""
    for blob_id in filter(None, blob_ids):
        blob = session.get(Blob, blob_id)
        if blob is None:
            continue
        blob.is_complete = False
        jobs.put(
            session, DROP, now, now, lane=Lane.ERRAND, subject=f"blob:{blob_id}", payload={"blob": blob_id},
            key=f"drop:{blob_id}",
        )  # fmt: skip


def drop_content(session: Session, message: Message, now: datetime) -> None:
    """Have all that can be heard or seen of a message deleted."""
    renditions = session.scalars(select(Rendition.blob_id).where(Rendition.message_id == message.id)).all()
    drop_blobs(session, [message.blob_id, message.photo_blob_id, *renditions], now)


def dropper(database: Database, vault: Vault) -> Errand:
    """The errand for rows of kind DROP."""

    def drop(row: Leased) -> None:
        vault.blobs.delete(row.payload["blob"])
        in_one(database, lambda session: _forget(session, row.payload["blob"]))

    return drop


def _forget(session: Session, blob_id: str) -> None:
    for column in (Upload.blob_id, Message.blob_id, Message.photo_blob_id):
        session.execute(update(column.class_).where(column == blob_id).values({column.key: None}))
    session.execute(delete(Rendition).where(Rendition.blob_id == blob_id))
    session.execute(delete(Blob).where(Blob.id == blob_id))
