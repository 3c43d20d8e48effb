"""An upload's life in the database: made, locked for one PATCH at a time, moved on, complete, ended.

Bytes are kept by `vault.py`, between two transactions: the first locks and says where to go on, the second, which
moves the offset, counts only for whoever holds the lock still (`taking.py` asks for it before each write too). The
store may be ahead of the offset, never behind.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.kernel.errors import HomethreadError, NotFound, Refused
from app.messages import rules
from app.messages.models import Blob, Message, Upload
from app.messages.vault import Erased, Place, Vault
from app.messages.words import UploadState
from app.storage.database import new_id
from app.web.principals import MEDIA, Principal


class Locked(HomethreadError):
    """Another request is just adding to this upload."""

    status = 423


class Expired(HomethreadError):
    """It was not finished in time, or was given up."""

    status = 410


@dataclass(frozen=True)
class Wish:
    """What is to be uploaded, for whom, and what shall become of it; `client_key` is the device's own name for it."""

    family_id: str
    client_key: str
    mime: str
    length_bytes: int
    wants: dict[str, Any]


@dataclass(frozen=True)
class Held:
    """An upload that is locked for us, and where its next byte goes."""

    upload_id: str
    lock: int
    offset: int
    place: Place
    sha256: str | None = None


def make(session: Session, vault: Vault, who: Principal, wish: Wish, now: datetime) -> Upload:
    """Make an upload; one with the same `client_key` of the same device's owner is that upload, wherever it stands.

    Raises what `rules.check_upload` raises, Refused("upload_differs") where the key names something else, Expired.
    """
    named = select(Upload).where(Upload.principal == who.name, Upload.client_key == wish.client_key)
    if known := session.scalar(named):
        if (length_of(session, of(session, who, known.id, now)), known.family_id) != (
            wish.length_bytes,
            wish.family_id,
        ):
            raise Refused("upload_differs")
        return known
    rules.check_upload(wish.mime, wish.length_bytes, kept(session, wish.family_id, now))
    vault.make_key(session, wish.family_id, now)
    blob = Blob(id=new_id(session), family_id=wish.family_id, length_bytes=wish.length_bytes, made_at=now)
    session.add(blob)
    session.flush()
    upload = Upload(
        id=new_id(session), blob_id=blob.id, family_id=wish.family_id, principal=who.name, client_key=wish.client_key,
        wants=wish.wants | {"mime": wish.mime}, state=UploadState.OPEN, made_at=now, expires_at=rules.expires_at(now),
    )  # fmt: skip
    session.add(upload)
    session.flush()
    return upload


def of(session: Session, who: Principal, upload_id: str, now: datetime) -> Upload:
    """Somebody's own upload; a whole one is there also when what came of it is gone. Raises NotFound, Expired.

    What was left over a call, any media program may go on with: the one that began it may be gone.
    """
    upload = session.get(Upload, upload_id)
    if upload is None or not (upload.principal == who.name or (who.kind is MEDIA and upload.wants.get("call_id"))):
        raise NotFound
    if upload.state is UploadState.ENDED or (upload.state is UploadState.OPEN and upload.expires_at <= now):
        raise Expired("upload_expired")
    return upload


def length_of(session: Session, upload: Upload) -> int:
    blob = session.get(Blob, upload.blob_id) if upload.blob_id else None
    return blob.length_bytes if blob else upload.offset_bytes


def lock(session: Session, vault: Vault, who: Principal, upload_id: str, offset: int, now: datetime) -> Held:
    """Hold an upload for one request. Raises Locked, Refused("wrong_offset") and what `of` raises."""
    upload = of(session, who, upload_id, now)
    if upload.blob_id is None:
        raise Expired("upload_expired")
    held = update(Upload).where(
        Upload.id == upload.id, (Upload.locked_until.is_(None)) | (Upload.locked_until <= now)
    )  # fmt: skip
    number = session.scalar(
        held.values(lock=Upload.lock + 1, locked_until=rules.locked_until(now)).returning(Upload.lock)
    )
    if number is None:
        raise Locked("upload_locked")
    session.refresh(upload)
    if upload.offset_bytes != offset:
        raise Refused("wrong_offset", offset=upload.offset_bytes)
    try:
        key = vault.key_of(session, upload.family_id)
    except Erased as gone:
        raise Expired("upload_expired") from gone
    return Held(
        upload.id, number, offset, Place(upload.blob_id, key, length_of(session, upload)), upload.wants["sha256"]
    )


def renew(session: Session, held: Held, offset: int, until: datetime) -> bool:
    """Keep the lock while bytes still come, and what was kept up to `offset`, not yet all; whether it was ours."""
    return _ours(session, held, {"locked_until": until, "offset_bytes": offset}) is not None


def move(session: Session, held: Held, offset: int, now: datetime) -> Upload | None:
    """Let go of the lock, with what was kept up to `offset`; the upload if that completed it. Raises Locked if lost."""
    moved = _ours(session, held, {"locked_until": None, "offset_bytes": offset, "expires_at": rules.expires_at(now)})
    if moved is None:
        raise Locked("upload_locked")
    if offset < held.place.length_bytes:
        return None
    upload = session.get_one(Upload, held.upload_id, populate_existing=True)
    if upload.state is not UploadState.OPEN:
        return None
    upload.state = UploadState.COMPLETE
    session.get_one(Blob, held.place.blob_id).is_complete = True
    session.flush()
    return upload


def end(session: Session, upload: Upload) -> str | None:
    """Give an upload up, also against a PATCH that is under way; the blob whose pieces are to be deleted.

    Raises Refused("upload_complete") for what is a message by now.
    """
    if session.scalar(select(Message.id).where(Message.upload_id == upload.id)) is not None:
        raise Refused("upload_complete")
    ending = update(Upload).where(Upload.id == upload.id)
    session.execute(ending.values(state=UploadState.ENDED, lock=Upload.lock + 1, locked_until=None))
    return upload.blob_id


def kept(session: Session, family_id: str, now: datetime) -> rules.Kept:
    in_all = select(func.coalesce(func.sum(Blob.length_bytes), 0)).where(Blob.family_id == family_id)
    opened = select(func.count()).select_from(Upload).where(
        Upload.family_id == family_id, Upload.state == UploadState.OPEN, Upload.expires_at > now
    )  # fmt: skip
    return rules.Kept(
        bytes=int(session.scalar(in_all) or 0),
        bytes_today=int(session.scalar(in_all.where(Blob.made_at > now - timedelta(days=1))) or 0),
        open_uploads=session.scalar(opened) or 0,
    )


def _ours(session: Session, held: Held, values: dict[str, Any]) -> str | None:
    mine = update(Upload).where(Upload.id == held.upload_id, Upload.lock == held.lock)
    moved: str | None = session.scalar(mine.values(values).returning(Upload.id))
    return moved
