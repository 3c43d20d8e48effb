"""Of all the processes that could listen in one place one does; when it ends, however it ends, the next."""

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TAKE_OVER_SECONDS = 0.5


@contextmanager
def turn(place: Path, stop: threading.Event) -> Iterator[bool]:
    """Wait until nobody else holds the file `place`, and hold it; False where `stop` came first. Raises OSError."""
    with place.open("ab") as file:
        while not (is_ours := _is_free(file.fileno())) and not stop.wait(TAKE_OVER_SECONDS):
            pass
        yield is_ours


def _is_free(place: int) -> bool:
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
