"""A message's way: whole uploads become messages, the worker's look settles them, they fall due, are withdrawn, heard.

One transaction each, opened by the caller; bytes are the vault's. Who is told of what is said in `flows.py`.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from app.families import queries as families
from app.jobs import service as jobs
from app.jobs.words import Lane
from app.messages import delivering, uploads
from app.messages.models import Blob, Message, Upload
from app.messages.rules import PHOTO_MIMES
from app.messages.words import DROP, LOOK, From, MessageState, Repeat
from app.storage.database import new_id
from app.villages import queries as villages


def arrived(session: Session, upload: Upload, now: datetime) -> None:
    """An upload is whole: a recording becomes a message that the worker looks at first; a picture waits for its own."""
    wants = upload.wants
    if wants["mime"] in PHOTO_MIMES:
        return
    village_id = families.village_of(session, upload.family_id)
    zone = villages.village(session, village_id).zone
    photo = session.get(Upload, wants["photo_id"]) if wants["photo_id"] else None
    message = Message(
        id=new_id(session), village_id=village_id, family_id=upload.family_id, child_id=wants["child_id"],
        contact_id=wants["contact_id"], from_=From(wants["from"]), by=upload.principal, upload_id=upload.id,
        blob_id=upload.blob_id, photo_blob_id=photo.blob_id if photo else None, mime=wants["mime"],
        state=MessageState.LOOKED_AT, sent_at=now, deliver_at=delivering.deliver_at(wants["deliver"], zone, now),
        recorded_at=datetime.fromisoformat(wants["recorded_at"]) if wants["recorded_at"] else None,
        repeat=Repeat(wants["repeat"]) if wants["repeat"] else None, answers_id=wants["answers_id"],
    )  # fmt: skip
    session.add(message)
    session.flush()
    jobs.put(
        session, LOOK, now, now, lane=Lane.ERRAND, subject=f"message:{message.id}", payload={"message": message.id},
        key=f"look:{message.id}",
    )  # fmt: skip


def drop_upload(session: Session, upload: Upload, now: datetime) -> None:
    """Give an upload up that is not whole yet, and have what came of it deleted."""
    drop_blob(session, uploads.end(session, upload), now)


def drop_blob(session: Session, blob_id: str, now: datetime) -> None:
    """Have the pieces of a blob deleted by the worker; its row goes with them."""
    session.get_one(Blob, blob_id).is_complete = False
    jobs.put(
        session, DROP, now, now, lane=Lane.ERRAND, subject=f"blob:{blob_id}", payload={"blob": blob_id},
        key=f"drop:{blob_id}",
    )  # fmt: skip
