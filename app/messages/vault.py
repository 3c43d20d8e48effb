"""Puts plain bytes into a store as sealed pieces, and reads them again. Knows no rows but the families' keys.

The store is never called while a transaction is open: `key_of` looks into the database, all else does not.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.messages import pieces
from app.messages.keyring import Keyring
from app.messages.models import FamilyKey
from app.messages.pieces import KEY_BYTES, PIECE_BYTES, Spoiled
from app.messages.ports import Blobs
from app.storage.database import insert_into


class Erased(Exception):
    """The family's key was dropped: what it sealed is gone."""


@dataclass(frozen=True)
class Place:
    """A blob, the key that seals it, and how long it is when it is whole."""

    blob_id: str
    key: bytes
    length_bytes: int


@dataclass(frozen=True)
class Vault:
    blobs: Blobs
    keyring: Keyring

    def key_of(self, session: Session, family_id: str) -> bytes:
        """Raises Erased where the family has none, UnknownMaster."""
        row = session.get(FamilyKey, family_id)
        if row is None:
            raise Erased(family_id)
        return self.keyring.unwrap(family_id, row.wrapped, row.wrapped_by)

    def make_key(self, session: Session, family_id: str, now: datetime) -> None:
        """Give a family its key, if it has none yet; of two at once the first stands."""
        fresh = {
            "family_id": family_id, "wrapped": self.keyring.wrap(family_id, os.urandom(KEY_BYTES)),
            "wrapped_by": self.keyring.newest, "made_at": now,
        }  # fmt: skip
        session.execute(insert_into(session, FamilyKey).values(fresh).on_conflict_do_nothing())

    def rewrap(self, session: Session, limit: int) -> int:
        """Wrap keys by the newest master key that are wrapped by another; how many."""
        others = select(FamilyKey).where(FamilyKey.wrapped_by != self.keyring.newest).limit(limit).with_for_update()
        rows = session.scalars(others).all()
        for row in rows:
            key = self.keyring.unwrap(row.family_id, row.wrapped, row.wrapped_by)
            row.wrapped, row.wrapped_by = self.keyring.wrap(row.family_id, key), self.keyring.newest
        return len(rows)

    def append(self, place: Place, offset: int, plain: bytes) -> int:
        """Keep bytes from `offset` on, durably; the new offset. What was there beyond it is gone.

        Raises Spoiled, ports.NoRoom, OSError; what was kept before `offset` stays readable.
        """
        end = offset + len(plain)
        if end > place.length_bytes:
            raise ValueError("more than the whole")
        if not plain:
            return offset
        rest = self._tail(place, offset) + plain
        first = offset // PIECE_BYTES
        for number in range(pieces.count(len(rest))):
            index, part = first + number, rest[number * PIECE_BYTES : (number + 1) * PIECE_BYTES]
            is_last = index * PIECE_BYTES + len(part) == place.length_bytes
            self.blobs.put(
                place.blob_id, index, pieces.seal(place.key, place.blob_id, index, is_last=is_last, plain=part)
            )
        return end

    def read(self, place: Place, from_byte: int = 0, until_byte: int | None = None) -> Iterator[bytes]:
        """The plain bytes from..until of a whole blob, piece by piece. Raises Spoiled, OSError."""
        last = pieces.count(place.length_bytes) - 1
        for index, start, stop in pieces.touched(from_byte, place.length_bytes if until_byte is None else until_byte):
            sealed = self._get(place.blob_id, index)
            plain = pieces.unseal(place.key, place.blob_id, index, is_last=index == last, sealed=sealed)
            yield plain[start:stop]

    def _tail(self, place: Place, offset: int) -> bytes:
        """The bytes of the piece that `offset` lies in, before it. A crash may have left more there, even the end."""
        length = offset % PIECE_BYTES
        if not length:
            return b""
        index = offset // PIECE_BYTES
        sealed = self._get(place.blob_id, index)
        try:
            plain = pieces.unseal(place.key, place.blob_id, index, is_last=False, sealed=sealed)
        except Spoiled:
            plain = pieces.unseal(place.key, place.blob_id, index, is_last=True, sealed=sealed)
        if len(plain) < length:
            raise Spoiled(f"piece {index} of {place.blob_id} is shorter than what was kept")
        return plain[:length]

    def _get(self, blob_id: str, index: int) -> bytes:
        try:
            return self.blobs.get(blob_id, index)
        except KeyError as missing:
            raise Spoiled(f"piece {index} of {blob_id} is missing") from missing
