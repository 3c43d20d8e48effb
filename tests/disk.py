"""Nobody cuts this machine's power: what a test writes in its own process doesn't wait for the disk.

The databases are seen to in `opening.py`. Programs that a test starts wait as ever.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from app.gateways.simulated_phones import SimulatedPhones


def do_not_wait() -> None:
    """Once per process, before the first test is read."""
    vars(os)["fsync"] = _is_open
    SimulatedPhones._open = _hurried(SimulatedPhones._open)  # type: ignore[method-assign, assignment]


def _is_open(file: int) -> None:
    """What isn't is still refused."""
    os.fstat(file)


Opens = Callable[[SimulatedPhones], AbstractContextManager[sqlite3.Connection]]


def _hurried(opens: Opens) -> Opens:
    @contextmanager
    def opened(phones: SimulatedPhones) -> Iterator[sqlite3.Connection]:
        with opens(phones) as file:
            file.execute("PRAGMA synchronous=OFF")
            yield file

    return opened
