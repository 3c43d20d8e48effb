"""What messages need from outside: a store of sealed pieces. What is in them it never sees."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol


class NoRoom(Exception):
    """The store is full; what it holds is whole."""


class Occupied(Exception):
    """Somebody is just writing to this blob."""


class Blobs(Protocol):
    """Pieces by blob and index. A piece that was put is there whole after a crash, or not at all.

    `write_lasts` is how long a get and a put may take where `alone` keeps nobody out; nothing where it does.
    """

    write_lasts: timedelta

    def alone(self, blob_id: str) -> AbstractContextManager[None]:
        """Keep every other holder out, in any thread and process; over when a process dies. Raises Occupied, OSError.

        A store that has no such lock keeps nobody out.
        """

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
