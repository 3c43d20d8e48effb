"""Uploads, blobs and the keys that seal them, messages, their renditions and hearings."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.messages.words import From, MessageState, Repeat, UploadState
from app.storage.record import Record
from app.storage.types import ID, word


class FamilyKey(Record):
    """The key of a family's blobs, wrapped by the master key `wrapped_by`. Without this row they can't be read."""

    __tablename__ = "family_key"

    family_id: Mapped[str] = mapped_column(ForeignKey("family.id"), primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    wrapped_by: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime]


class Blob(Record):
    """So many plain bytes of a family, sealed in a store. It is read only when it is complete."""

    __tablename__ = "blob"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    family_id: Mapped[str] = mapped_column(ForeignKey("family.id"), index=True)
    length_bytes: Mapped[int] = mapped_column(BigInteger)
    is_complete: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime]


class Upload(Record):
    """A blob on its way in (tus 1.0). `principal` alone may go on with it; `locked_until` a PATCH is being taken.

    `lock` counts those: whoever knows the present number holds it. `wants` is what shall become of it when it is whole.
    An upload outlives its blob, so that whoever begins it once more, not having heard the answer, makes no second one.
    """

    __tablename__ = "upload"
    __table_args__ = (UniqueConstraint("principal", "client_key"), Index(None, "state", "expires_at"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    blob_id: Mapped[str | None] = mapped_column(ForeignKey("blob.id"))
    family_id: Mapped[str] = mapped_column(ForeignKey("family.id"), index=True)
    principal: Mapped[str] = mapped_column(String(40))
    client_key: Mapped[str] = mapped_column(String(64))
    offset_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    wants: Mapped[dict[str, Any]]
    state: Mapped[UploadState] = mapped_column(word(UploadState))
    lock: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Message(Record):
    """A voice message of a family's thread, between one child and one contact.

    `by` says who sent it, as `person:ID` or `terminal:ID`; `from_` from which end. `recorded_at` is the device's word.
    `duration_ms` and `peaks` (0..255, evenly over it) are measured, never the device's word. `deliver_at` is when it is
    to be heard; sealed until then. One that is repeated falls due anew, and is to be heard anew: `times` counts that.
    `photo_blob_id` is a picture that goes with it.
    """

    __tablename__ = "message"
    __table_args__ = (Index(None, "family_id", "deliver_at"), Index(None, "state", "deliver_at"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    village_id: Mapped[str] = mapped_column(ForeignKey("village.id"))
    family_id: Mapped[str] = mapped_column(ForeignKey("family.id"))
    child_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    contact_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    from_: Mapped[From] = mapped_column("from_end", word(From))
    by: Mapped[str] = mapped_column(String(40))
    upload_id: Mapped[str | None] = mapped_column(ForeignKey("upload.id"), unique=True)
    blob_id: Mapped[str | None] = mapped_column(ForeignKey("blob.id"))
    photo_blob_id: Mapped[str | None] = mapped_column(ForeignKey("blob.id"))
    mime: Mapped[str] = mapped_column(String(48))
    duration_ms: Mapped[int | None]
    peaks: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[MessageState] = mapped_column(word(MessageState))
    reason: Mapped[str | None] = mapped_column(String(32))
    recorded_at: Mapped[datetime | None]
    sent_at: Mapped[datetime]
    deliver_at: Mapped[datetime]
    repeat: Mapped[Repeat | None] = mapped_column(word(Repeat))
    times: Mapped[int] = mapped_column(default=0)
    answers_id: Mapped[str | None] = mapped_column(ID)
    heard_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Rendition(Record):
    """A message in another form, for ends that can't play the original."""

    __tablename__ = "rendition"
    __table_args__ = (UniqueConstraint("message_id", "mime"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("message.id"))
    mime: Mapped[str] = mapped_column(String(48))
    blob_id: Mapped[str] = mapped_column(ForeignKey("blob.id"))
    made_at: Mapped[datetime]


class Hearing(Record):
    """A message was played to its end at a device; `client_key` is the device's name for that: it counts once."""

    __tablename__ = "hearing"
    __table_args__ = (UniqueConstraint("message_id", "device_id", "client_key"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("message.id"))
    device_id: Mapped[str] = mapped_column(ID)
    client_key: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(40))
    heard_at: Mapped[datetime]
    told_at: Mapped[datetime]
