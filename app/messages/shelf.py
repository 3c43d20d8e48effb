"""Whole blobs, read from the vault and put there, by whoever works with no transaction open."""

from sqlalchemy.orm import Session

from app.kernel.clock import Clock
from app.messages.models import Blob
from app.messages.vault import Place, Vault
from app.storage.database import Database, new_id


def place_of(session: Session, vault: Vault, blob_id: str) -> Place:
    """Where a whole blob is read. Raises KeyError where it is being deleted, vault.Erased, keyring.UnknownMaster."""
    blob = session.get(Blob, blob_id)
    if blob is None or not blob.is_complete:
        raise KeyError(blob_id)
    return Place(blob.id, vault.key_of(session, blob.family_id), blob.length_bytes)


def put(database: Database, clock: Clock, vault: Vault, family_id: str, plain: bytes) -> str:
    """Keep something that was made here; the id of a blob that is complete as soon as somebody says so."""
    with database.begin() as session:
        now = clock.now()
        vault.make_key(session, family_id, now)
        blob = Blob(id=new_id(session), family_id=family_id, length_bytes=len(plain), made_at=now)
        session.add(blob)
        session.flush()
        place = Place(blob.id, vault.key_of(session, family_id), blob.length_bytes)
    vault.append(place, 0, plain)
    return place.blob_id
