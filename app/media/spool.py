"""What somebody is leaving as a message, kept on disk until web has it: sealed from the first second on, never plain.

A program that is killed in the middle loses a second at most: the next one on the machine finds the file unlocked and
goes on with it. The key is made of the server's, so that only programs of this installation can read what lies here.
"""

import fcntl
import hmac
import json
import logging
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

log = logging.getLogger(__name__)

NONCE_BYTES, LENGTH_BYTES = 12, 4
LARGEST_PART_BYTES = 1_000_000


class Entry:
    """One recording: `about` says whose, its parts follow. Locked for as long as this program has it."""

    def __init__(
        self, path: Path, box: AESGCM, descriptor: int, about: dict[str, Any], parts: list[bytes] | None = None
    ) -> None:
        self.id, self.about, self.parts = path.name, about, parts or []
        self._path, self._box, self._descriptor = path, box, descriptor
        if parts is None:  # it begins here
            self._write(0, json.dumps(about).encode())

    def add(self, plain: bytes) -> None:
        """Where there is no room on disk it stays in memory all the same."""
        self.parts.append(plain)
        self._write(len(self.parts), plain)

    def sync(self) -> None:
        """Have it outlive a power cut too."""
        if self._descriptor >= 0:
            os.fsync(self._descriptor)

    def drop(self) -> None:
        if self._descriptor >= 0:
            self._path.unlink(missing_ok=True)
        self.let_go()

    def let_go(self) -> None:
        """Leave it to whoever finds it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self, number: int, plain: bytes) -> None:
        if self._descriptor < 0:
            return
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._box.encrypt(nonce, plain, _place(self.id, number))
        try:
            os.write(self._descriptor, len(sealed).to_bytes(LENGTH_BYTES, "big") + sealed)
        except OSError as full:
            log.error("a recording is in memory alone: %s", full)
            self.drop()


class Spool:
    def __init__(self, folder: Path, secret_key: bytes) -> None:
        self._folder = folder
        self._box = AESGCM(hmac.digest(secret_key, b"media spool", "sha256"))

    def begin(self, about: dict[str, Any]) -> Entry:
        """In memory alone where nothing can be kept on disk."""
        path, descriptor = self._folder / secrets.token_hex(16), -1
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as full:
            log.error("a recording is in memory alone: %s", full)
        return Entry(path, self._box, descriptor, about)

    def adopt(self) -> list[Entry]:
        """What programs left that are gone; a file in which nothing can be read is of another key, and stays."""
        paths = sorted(self._folder.iterdir()) if self._folder.is_dir() else []
        return [entry for path in paths if (entry := self._adopted(path)) is not None]

    def _adopted(self, path: Path) -> Entry | None:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
        except FileNotFoundError:  # its program has just brought it to web
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        parts = list(self._opened(path.name, path.read_bytes()))
        if not parts:
            os.close(descriptor)
            return None
        return Entry(path, self._box, descriptor, json.loads(parts[0]), parts[1:])

    def _opened(self, name: str, raw: bytes) -> Iterator[bytes]:
        """As far as it is whole."""
        at = number = 0
        while at + LENGTH_BYTES <= len(raw):
            length = int.from_bytes(raw[at : at + LENGTH_BYTES], "big")
            sealed = raw[at + LENGTH_BYTES : at + LENGTH_BYTES + length]
            if length > LARGEST_PART_BYTES or len(sealed) < length:
                return
            try:
                yield self._box.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _place(name, number))
            except (InvalidTag, ValueError):
                log.warning("a recording in %s is of another key or spoiled, from its part %s on", self._folder, number)
                return
            at, number = at + LENGTH_BYTES + length, number + 1


def _place(name: str, number: int) -> bytes:
    """Binds each part to its file and its place there."""
    return f"{name} {number}".encode()
