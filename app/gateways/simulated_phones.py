"""A gateway that plays the phones themselves: what is sent can be looked at. For trying Homethread, and for tests.

Its file is the outside world, not our database: it is written when a text is taken, and never rolled back with us.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from app.kernel.clock import Clock
from app.kernel.ids import random_id
from app.kernel.numbers import E164
from app.notices.ports import Accepted, HandsetText

BUSY_SECONDS = 10
TABLE = """CREATE TABLE IF NOT EXISTS handset_text (
    place INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, ref TEXT NOT NULL, number TEXT NOT NULL,
    at TEXT NOT NULL, template TEXT NOT NULL, text TEXT NOT NULL)"""


class SimulatedPhones:
    """An `SmsGateway` and the `Handsets` behind it, over one SQLite file that several processes may open."""

    name = "simulated"
    can_receive = False
    templates_only = False
    receipts = False
    can_query = True
    max_segments = 3
    signature = ""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        with self._open() as file:
            file.execute(TABLE)

    def send(
        self, to: E164, template: str, params: Mapping[str, str], language: str, text: str, key: str
    ) -> Accepted:  # fmt: skip
        """Put a text on a phone's screen; a key that was taken before is taken as the same text."""
        with self._open() as file:
            file.execute(
                "INSERT OR IGNORE INTO handset_text (key, ref, number, at, template, text) VALUES (?, ?, ?, ?, ?, ?)",
                (key, random_id(), to, self._clock.now().isoformat(), template, text),
            )
            (ref,) = file.execute("SELECT ref FROM handset_text WHERE key = ?", (key,)).fetchone()
        return Accepted(ref)

    def query(self, key: str) -> Accepted | None:
        with self._open() as file:
            found = file.execute("SELECT ref FROM handset_text WHERE key = ?", (key,)).fetchone()
        return Accepted(found[0]) if found else None

    def probe(self) -> None:
        self.numbers()

    def numbers(self) -> list[E164]:
        with self._open() as file:
            rows = file.execute("SELECT number FROM handset_text GROUP BY number ORDER BY min(place)").fetchall()
        return [E164(number) for (number,) in rows]

    def texts(self, number: E164) -> list[HandsetText]:
        with self._open() as file:
            rows = file.execute(
                "SELECT at, text, key, template FROM handset_text WHERE number = ? ORDER BY place", (number,)
            ).fetchall()
        return [HandsetText(datetime.fromisoformat(at), text, key, template) for at, text, key, template in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction on a connection of its own: nothing is shared between threads or kept over a fork."""
        with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS)) as file, file:
            yield file
