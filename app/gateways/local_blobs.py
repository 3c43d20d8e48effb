"""Sealed pieces in a folder of this machine: one folder a blob, one file a piece, each written whole or not at all.

Beside the pieces lies an empty file that is locked by whoever writes.
"""

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from app.kernel.ids import random_id
from app.messages.ports import NoRoom, Occupied

BLOB_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
FULL = (errno.ENOSPC, errno.EDQUOT)
LOCK = ".lock"


class LocalBlobs:
    """Blobs whose ids begin alike share a folder, so that no folder grows without end."""

    write_lasts = timedelta()

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def alone(self, blob_id: str) -> Iterator[None]:
        place = self._of(blob_id)
        with _full_is_said():
            if not place.is_dir():
                self._make(place)
            opened = os.open(place / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(opened)
            yield
        finally:
            os.close(opened)

    def put(self, blob_id: str, index: int, sealed: bytes) -> None:
        place = self._of(blob_id)
        fresh = place / f".{index}.{random_id()}"
        try:
            with _full_is_said():
                if not place.is_dir():
                    self._make(place)
                _write_through(fresh, sealed)
                fresh.replace(place / str(index))
                _sync(place)
        except (NoRoom, OSError):
            fresh.unlink(missing_ok=True)
            raise

    def get(self, blob_id: str, index: int) -> bytes:
        try:
            return (self._of(blob_id) / str(index)).read_bytes()
        except FileNotFoundError as missing:
            raise KeyError((blob_id, index)) from missing

    def delete(self, blob_id: str) -> None:
        shutil.rmtree(self._of(blob_id), ignore_errors=True)
        if self._of(blob_id).exists():
            raise OSError(f"{blob_id} could not be deleted")

    def blob_ids(self) -> Iterator[str]:
        for shelf in self._folder.glob("??"):
            yield from (place.name for place in shelf.iterdir())

    def probe(self) -> None:
        name = f"probe-{random_id()}"  # several programs may look at once
        self.put(name, 0, b"homethread")
        if self.get(name, 0) != b"homethread":
            raise OSError("what was kept reads differently")
        self.delete(name)

    def _of(self, blob_id: str) -> Path:
        if not BLOB_ID.fullmatch(blob_id):
            raise ValueError("not the id of a blob")
        return self._folder / blob_id[:2].rjust(2, "_") / blob_id

    def _make(self, place: Path) -> None:
        """A blob's folder, and what it stands in, so that the new names outlast a power cut."""
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        place.mkdir(exist_ok=True, mode=0o700)
        _sync(place.parent)
        _sync(self._folder)


@contextmanager
def _full_is_said() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise NoRoom(str(error)) from error
        raise


def _lock(opened: int) -> None:
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as taken:
        raise Occupied from taken


def _write_through(path: Path, content: bytes) -> None:
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Let the new name outlast a power cut too."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
