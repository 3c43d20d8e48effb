"""The body of one request on its way into the store: as it comes, also slowly, also where it breaks off.

Two locks keep others out. The one of the row is short and renewed while bytes come: whoever died, or whose connection
did, holds nobody up for longer than `rules.LOCK`. The store's own is held around each write alone and let go by the
system where its holder dies; within it the row's is asked for, so that one who was given up for dead, and goes on,
writes nothing over. So it is no matter of time that no two write. Where the store has no lock of its own it is: there
the row's is held for as long as a write may last.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import request
from werkzeug.exceptions import ClientDisconnected

from app.kernel.errors import HomethreadError, TooLarge
from app.messages import rules, uploads
from app.messages.pieces import PIECE_BYTES
from app.messages.uploads import Held
from app.messages.vault import Vault
from app.web.floor import floor

# What is lost at most where a connection breaks off, and how much is sealed and written through at once.
READ_BYTES, KEPT_AT_ONCE = 1024, 8192


class WrongChecksum(HomethreadError):
    status = 460


@dataclass
class Taking:
    """What is kept durably ends at `reached`. At `renew_at` the row's lock is to be renewed."""

    vault: Vault
    held: Held
    reached: int
    renew_at: datetime

    def as_it_comes(self) -> None:
        """Also where it ends too early, with the connection."""
        gathered = b""
        for part in self._parts():
            gathered += part
            if len(gathered) >= KEPT_AT_ONCE:
                self._keep(gathered)
                gathered = b""
                if self.reached < self.held.place.length_bytes:
                    self._hold_on()
        self._keep(gathered)

    def whole(self, algorithm: str, digest: bytes) -> None:
        """Keep nothing before its checksum was compared."""
        body = b"".join(self._parts())
        if hashlib.new(algorithm, body, usedforsecurity=False).digest() != digest:
            raise WrongChecksum("wrong_checksum")
        self._keep(body)

    def check_whole(self) -> None:
        """Once all is there: whether it is what the device has. What isn't is not taken for whole, and begins anew."""
        wanted, place = self.held.sha256, self.held.place
        if wanted is None or self.held.offset == place.length_bytes or self.reached < place.length_bytes:
            return
        digest = hashlib.sha256()
        for plain in self.vault.read(place):
            digest.update(plain)
        if digest.hexdigest() != wanted:
            self.reached = 0
            raise WrongChecksum("wrong_checksum")

    def _parts(self) -> Iterator[bytes]:
        room, stream = self.held.place.length_bytes - self.held.offset, request.stream
        while True:
            try:
                part = stream.read(READ_BYTES)
            except (ClientDisconnected, OSError):
                return
            if not part:
                return
            room -= len(part)
            if room < 0:
                raise TooLarge("upload_too_large", most_bytes=self.held.place.length_bytes)
            if floor().now() >= self.renew_at:
                self._hold_on()
            yield part

    def _keep(self, plain: bytes) -> None:
        """Piece by piece; before each it is asked whether the lock is still ours, and nobody else can write then."""
        while plain:
            room = PIECE_BYTES - self.reached % PIECE_BYTES
            with self.vault.blobs.alone(self.held.place.blob_id):
                self._hold_on(self.vault.blobs.write_lasts)
                self.reached = self.vault.append(self.held.place, self.reached, plain[:room])
            plain = plain[room:]

    def _hold_on(self, lasting: timedelta = rules.LOCK) -> None:
        """Say how far it went, for whoever comes after a crash, and keep the lock."""
        now = floor().now()
        with floor().database.begin() as session:
            if not uploads.renew(session, self.held, self.reached, now + max(rules.LOCK, lasting)):
                raise uploads.Locked("upload_locked")
        self.renew_at = rules.renew_at(now)
