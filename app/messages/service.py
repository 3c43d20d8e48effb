"""What begins and ends an upload beside its bytes: whole ones become messages, given up ones are dropped."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.families import queries as families
from app.families import service as consent
from app.families.words import ConsentKind
from app.jobs import service as jobs
from app.jobs.words import Lane
from app.kernel.errors import Refused
from app.messages import delivering, dropping, uploads
from app.messages.models import Message, Upload
from app.messages.rules import PHOTO_MIMES
from app.messages.words import LOOK, From, MessageState, Repeat
from app.storage.database import new_id
from app.villages import queries as villages


def arrived(session: Session, upload: Upload, now: datetime) -> None:
    """An upload is whole: a recording becomes a message that the worker looks at first; a picture waits for its own.

    Where the two may not send each other messages any more, it is refused, and nothing of it kept.
    """
    if upload.wants["mime"] in PHOTO_MIMES:
        return
    message = _message(session, upload, now)
    objection = _objection(session, message, now)
    if objection is None:
        jobs.put(
            session, LOOK, now, now, lane=Lane.ERRAND, subject=f"message:{message.id}",
            payload={"message": message.id}, key=f"look:{message.id}",
        )  # fmt: skip
    else:
        message.state, message.reason, message.ended_at = MessageState.REFUSED, objection, now
        dropping.drop_content(session, message, now)


def _message(session: Session, upload: Upload, now: datetime) -> Message:
    wants = upload.wants
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
    return message


def _objection(session: Session, message: Message, now: datetime) -> str | None:
    """What speaks against it by now, as a code."""
    if not families.is_pair(session, message.family_id, message.child_id, message.contact_id):
        return "no_consent"
    try:
        consent.hold_contact(session, ConsentKind.MESSAGE, message.child_id, message.contact_id, now)
    except Refused as refused:
        return refused.code
    return None


def drop_upload(session: Session, upload: Upload, now: datetime) -> None:
    """Give an upload up that became no message, and have what came of it deleted. Raises Refused("upload_complete")."""
    dropping.drop_blobs(session, [uploads.end(session, upload)], now)
