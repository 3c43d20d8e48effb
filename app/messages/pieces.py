"""How a recording lies in a store: pieces of 16 kB, each sealed by itself and bound to its place.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM: whose piece it is, its index and
whether it is the last are authenticated with it, so that pieces can't be changed, swapped, left out or added. Each
sealing takes a fresh random nonce: the unfinished tail of an upload is sealed anew as it grows.
"""

import os
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PIECE_BYTES = 16 * 1024
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


class Spoiled(Exception):
    """A piece is not what was sealed, or was sealed for another place or with another key."""


def seal(key: bytes, blob_id: str, index: int, *, is_last: bool, plain: bytes) -> bytes:
    """At most PIECE_BYTES of plain bytes, as they are kept: nonce, cipher text, tag."""
    if len(plain) > PIECE_BYTES:
        raise ValueError(f"a piece holds at most {PIECE_BYTES} bytes")
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, _bound_to(blob_id, index, is_last))


def unseal(key: bytes, blob_id: str, index: int, *, is_last: bool, sealed: bytes) -> bytes:
    """The plain bytes of one piece. Raises Spoiled."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound_to(blob_id, index, is_last))
    except (InvalidTag, ValueError) as wrong:
        raise Spoiled(f"piece {index} of {blob_id}") from wrong


def count(length_bytes: int) -> int:
    """How many pieces so many bytes take; nothing takes one, empty and last."""
    return max(1, -(-length_bytes // PIECE_BYTES))


def touched(from_byte: int, until_byte: int) -> Iterator[tuple[int, int, int]]:
    """(index, from, until) within each piece that the bytes from..until (excluded) lie in."""
    for index in range(from_byte // PIECE_BYTES, count(until_byte)):
        start = index * PIECE_BYTES
        yield index, max(0, from_byte - start), min(PIECE_BYTES, until_byte - start)


def _bound_to(blob_id: str, index: int, is_last: bool) -> bytes:
    return f"{blob_id}\0{index}\0{'last' if is_last else 'more'}".encode()
