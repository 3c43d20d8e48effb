"""The master keys that wrap families' keys: the newest wraps, all of them unwrap.

A server that was given none keeps them in a file of its data folder, which has to be backed up apart from the data.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.kernel import own_file
from app.messages.pieces import KEY_BYTES, NONCE_BYTES

FILE = "message.keys"


class UnknownMaster(Exception):
    """A family's key was wrapped by a master key that is not there: its messages can't be read."""


class Keyring:
    """`reread` gives the masters as they are by now: another program may have put a new one in front of them."""

    def __init__(self, masters: Sequence[bytes], reread: Callable[[], Sequence[bytes]] | None = None) -> None:
        self._reread = reread
        self._take(masters)

    def wrap(self, family_id: str, key: bytes) -> bytes:
        """With the newest master key, bound to the family."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._masters[self.newest].encrypt(nonce, key, family_id.encode())

    def unwrap(self, family_id: str, wrapped: bytes, wrapped_by: str) -> bytes:
        """Raises UnknownMaster."""
        if wrapped_by not in self._masters and self._reread is not None:
            self._take(self._reread())
        if wrapped_by not in self._masters:
            raise UnknownMaster(wrapped_by)
        try:
            return self._masters[wrapped_by].decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], family_id.encode())
        except InvalidTag as wrong:
            raise UnknownMaster(wrapped_by) from wrong

    def _take(self, masters: Sequence[bytes]) -> None:
        if not masters or any(len(master) != KEY_BYTES for master in masters):
            raise ValueError(f"at least one master key, of {KEY_BYTES} bytes each")
        self._masters = {_name_of(master): AESGCM(master) for master in masters}
        self.newest = _name_of(masters[0])


def kept_in(data_dir: Path) -> Keyring:
    """Those of the file, newest first; made with one key if it is not there."""
    path = data_dir / FILE
    if not path.exists():
        own_file.make(path, _lines([os.urandom(KEY_BYTES)]))
    return Keyring(_read(path), lambda: _read(path))


def renew(data_dir: Path) -> Keyring:
    """Put a fresh master key in front of those of the file."""
    kept_in(data_dir)
    path = data_dir / FILE
    own_file.replace(path, _lines([os.urandom(KEY_BYTES), *_read(path)]))
    return kept_in(data_dir)


def _read(path: Path) -> list[bytes]:
    return [bytes.fromhex(line) for line in path.read_text("ascii").split()]


def _lines(masters: Sequence[bytes]) -> bytes:
    return "".join(f"{master.hex()}\n" for master in masters).encode("ascii")


def _name_of(master: bytes) -> str:
    return hashlib.sha256(b"homethread master\0" + master).hexdigest()[:16]
