"""Files with secrets, readable by their owner alone: there whole or not at all, whoever else writes at the moment."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def make(path: Path, content: bytes) -> None:
    """Unlike a rename it never replaces what another thread or program made first."""
    with _written_beside(path, content) as fresh, suppress(FileExistsError):
        os.link(fresh, path)


def replace(path: Path, content: bytes) -> None:
    with _written_beside(path, content) as fresh:
        os.replace(fresh, path)


@contextmanager
def _written_beside(path: Path, content: bytes) -> Iterator[str]:
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # a key that power loss took would take what it wrapped
        yield fresh
    finally:
        Path(fresh).unlink(missing_ok=True)
