"""What messages need from outside: a store of sealed pieces. What is in them it never sees."""

from collections.abc import Iterator
from typing import Protocol


class NoRoom(Exception):
    """The store is full; what it holds is whole."""


class Blobs(Protocol):
    """Pieces by blob and index. A piece that was put is there whole after a crash, or not at all."""

    def put(self, blob_id: str, index: int, sealed: bytes) -> None:
        """Keep a piece, in place of one that was there. Durable when it returns. Raises NoRoom, OSError."""

    def get(self, blob_id: str, index: int) -> bytes:
        """Read a piece. Raises KeyError where there is none, OSError."""

    def delete(self, blob_id: str) -> None:
        """Drop all pieces of a blob; none there is no error."""

    def blob_ids(self) -> Iterator[str]:
        """Every blob of which a piece is there, in any order."""

    def probe(self) -> None:
        """Whether pieces can be kept and read at present. Raises NoRoom, OSError."""
