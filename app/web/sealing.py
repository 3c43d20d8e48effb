"""Keeps short secrets: hashes that can't be guessed without the server's key, and values that must be read again."""

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.kernel import media_token, own_file

KEY_BYTES = 32
NONCE_BYTES = 12


class Sealer:
    """A key for each use is made of the one that is configured, so that none weakens another.

    `media_key` is the one by which media programs are known.
    """

    def __init__(self, key: bytes) -> None:
        self.media_key = media_token.key_of(key)
        self._mac = hmac.digest(key, b"homethread mac", "sha256")
        self._box = AESGCM(hmac.digest(key, b"homethread seal", "sha256"))

    def hashed(self, purpose: str, secret: str) -> str:
        """HMAC-SHA256 in hex. For codes of a few digits: without the key a stolen table tells nothing."""
        return hmac.digest(self._mac, f"{purpose}\0{secret}".encode(errors="surrogatepass"), hashlib.sha256).hex()

    def seal(self, purpose: str, plain: str) -> str:
        """AES-256-GCM in hex, bound to its purpose."""
        nonce = os.urandom(NONCE_BYTES)
        return (nonce + self._box.encrypt(nonce, plain.encode(), purpose.encode())).hex()

    def unseal(self, purpose: str, sealed: str) -> str:
        """What was sealed. Raises ValueError if it was sealed with another key or for another purpose."""
        raw = bytes.fromhex(sealed)
        try:
            return self._box.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode()).decode()
        except InvalidTag as wrong:
            raise ValueError("sealed with another HOMETHREAD_SECRET_KEY, or for something else") from wrong


def key_in(data_dir: Path) -> bytes:
    """The key of a server that was given none: made once, readable by its owner alone."""
    path = data_dir / "secret.key"
    if not path.exists():
        own_file.make(path, os.urandom(KEY_BYTES))
    return path.read_bytes()
