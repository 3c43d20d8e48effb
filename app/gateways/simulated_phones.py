"""A gateway that plays the phones themselves: what is sent can be looked at, and answered by typing on them.

For trying Homethread, and for tests. Its file is the outside world, not our database: it is written when a text is
taken or typed, and never rolled back with us. Receipts come for what was sent as the phone's fate says.
"""

import fcntl
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain
from pathlib import Path

from app.kernel.clock import Clock
from app.kernel.ids import random_id
from app.kernel.numbers import E164
from app.notices.ports import Accepted, Arrivals, HandsetText, Inbound, Receipt, ReceiptStatus

log = logging.getLogger(__name__)

BUSY_SECONDS = 10
LOOK_SECONDS = 0.2
AGAIN_SECONDS = 1.0  # after something was not taken
TAKE_OVER_SECONDS = 0.5
MOST_AT_ONCE = 100
LATE = timedelta(minutes=2)
EVERY_NUMBER = ""

# From an empty file to the newest in steps, of which a file counts those that it has seen; one is only ever added.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE IF NOT EXISTS handset_text (
            place INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, ref TEXT NOT NULL, number TEXT NOT NULL,
            at TEXT NOT NULL, template TEXT NOT NULL, text TEXT NOT NULL)""",
    ),
    (
        "ALTER TABLE handset_text ADD COLUMN is_own INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE handset_text ADD COLUMN handed_at TEXT",
        "CREATE INDEX handset_text_waiting ON handset_text (place) WHERE is_own AND handed_at IS NULL",
        "CREATE INDEX handset_text_number ON handset_text (number, place)",
        """CREATE TABLE handset_receipt (
            place INTEGER PRIMARY KEY, ref TEXT NOT NULL, status TEXT NOT NULL, due_at TEXT NOT NULL,
            handed_at TEXT)""",
        "CREATE INDEX handset_receipt_waiting ON handset_receipt (due_at) WHERE handed_at IS NULL",
        "CREATE TABLE handset_fate (number TEXT PRIMARY KEY, fate TEXT NOT NULL)",
    ),
)


class Fate(StrEnum):
    """What becomes of the receipts of a phone."""

    DELIVERED = "delivered"
    FAILED = "failed"
    LATE = "late"
    TWICE = "twice"
    NEVER = "never"


RECEIPTS: Mapping[Fate, Sequence[tuple[ReceiptStatus, timedelta]]] = {
    Fate.DELIVERED: [(ReceiptStatus.DELIVERED, timedelta())],
    Fate.FAILED: [(ReceiptStatus.FAILED, timedelta())],
    Fate.LATE: [(ReceiptStatus.DELIVERED, LATE)],
    Fate.TWICE: [(ReceiptStatus.DELIVERED, timedelta())] * 2,
    Fate.NEVER: [],
}


class SimulatedPhones:
    """An `SmsGateway` that is `Listening`, and the `Handsets` behind it, over one SQLite file of several processes."""

    name = "simulated"
    can_receive = True
    templates_only = False
    receipts = True
    can_query = True
    max_segments = 3
    signature = ""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        with self._open() as file:
            file.execute("BEGIN IMMEDIATE")  # several programs may open a new file at once
            (seen,) = file.execute("PRAGMA user_version").fetchone()
            for statement in chain.from_iterable(STEPS[seen:]):
                file.execute(statement)
            file.execute(f"PRAGMA user_version = {max(seen, len(STEPS))}")

    def send(
        self, to: E164, template: str, params: Mapping[str, str], language: str, text: str, key: str
    ) -> Accepted:  # fmt: skip
        """Put a text on a phone's screen; a key that was taken before is taken as the same text."""
        with self._open() as file:
            self._put(file, to, text, key, template, is_own=False)
            (ref,) = file.execute("SELECT ref FROM handset_text WHERE key = ?", (key,)).fetchone()
        return Accepted(ref)

    def query(self, key: str) -> Accepted | None:
        with self._open() as file:
            found = file.execute("SELECT ref FROM handset_text WHERE key = ?", (key,)).fetchone()
        return Accepted(found[0]) if found else None

    def probe(self) -> None:
        with self._open() as file:
            file.execute("SELECT 1 FROM handset_text LIMIT 1").fetchone()

    def states(self) -> dict[E164, tuple[int, HandsetText]]:
        with self._open() as file:
            rows = file.execute(
                "SELECT number, count, at, text, key, template, is_own FROM handset_text JOIN"
                " (SELECT max(place) AS place, min(place) AS first, count(*) AS count FROM handset_text"
                " GROUP BY number) USING (place) ORDER BY first"
            ).fetchall()
        return {E164(number): (count, _shown(*row)) for number, count, *row in rows}

    def texts(self, number: E164) -> list[HandsetText]:
        with self._open() as file:
            rows = file.execute(
                "SELECT at, text, key, template, is_own FROM handset_text WHERE number = ? ORDER BY place", (number,)
            ).fetchall()
        return [_shown(*row) for row in rows]

    def write(self, number: E164, text: str, key: str) -> None:
        """Type a text on a phone and send it to us; a key that was used before means the same text."""
        with self._open() as file:
            self._put(file, number, text, key, "", is_own=True)

    def set_fate(self, fate: Fate, number: E164 | None = None) -> None:
        """What becomes of the receipts of all that is sent from now on, or of what is sent to one number."""
        with self._open() as file:
            file.execute("INSERT OR REPLACE INTO handset_fate VALUES (?, ?)", (number or EVERY_NUMBER, fate.value))

    def listen(self, take: Callable[[Arrivals], None], stop: threading.Event) -> None:
        """Give what was typed and what receipts are due. Of all that listen one does; when it ends, the next."""
        with self._path.with_suffix(".listener").open("ab") as place:
            while not _is_free(place.fileno()):
                if stop.wait(TAKE_OVER_SECONDS):
                    return
            pause = 0.0
            while not stop.wait(pause):
                pause = LOOK_SECONDS if self._hand_over(take) else AGAIN_SECONDS

    def _hand_over(self, take: Callable[[Arrivals], None]) -> bool:
        """Whether all was taken. What is not taken holds nothing else back, and comes again."""
        try:
            with self._open() as file:
                waiting = [*self._typed(file), *self._due(file)]
            taken = [self._handed(take, *each) for each in waiting]
        except sqlite3.OperationalError as error:
            log.warning("the file of the simulated phones can't be read: %s", error)
            return False
        return all(taken)

    def _handed(self, take: Callable[[Arrivals], None], table: str, places: Sequence[int], arrivals: Arrivals) -> bool:
        try:
            take(arrivals)
        except Exception:
            return False  # whoever gave us `take` tells why it does not; the same comes again
        marks = [(self._clock.now().isoformat(), place) for place in places]
        with self._open() as file:
            file.executemany(f"UPDATE {table} SET handed_at = ? WHERE place = ?", marks)  # noqa: S608 - one of two
        return True

    def _typed(self, file: sqlite3.Connection) -> list[tuple[str, list[int], Arrivals]]:
        rows = file.execute(
            "SELECT place, ref, number, text, at FROM handset_text WHERE is_own AND handed_at IS NULL"
            " ORDER BY place LIMIT ?", (MOST_AT_ONCE,)
        )  # fmt: skip
        return [
            ("handset_text", [place], Arrivals(texts=[Inbound(ref, number, text, datetime.fromisoformat(at))]))
            for place, ref, number, text, at in rows
        ]

    def _due(self, file: sqlite3.Connection) -> list[tuple[str, list[int], Arrivals]]:
        rows = file.execute(
            "SELECT place, ref, status, due_at FROM handset_receipt WHERE handed_at IS NULL AND due_at <= ?"
            " ORDER BY due_at, place LIMIT ?", (self._clock.now().isoformat(), MOST_AT_ONCE)
        ).fetchall()  # fmt: skip
        receipts = [
            Receipt(ref, None, ReceiptStatus(status), datetime.fromisoformat(at), _why(status))
            for _place, ref, status, at in rows
        ]
        return [("handset_receipt", [place for place, *_rest in rows], Arrivals(receipts=receipts))] if rows else []

    def _put(
        self, file: sqlite3.Connection, number: E164, text: str, key: str, template: str, *, is_own: bool
    ) -> None:  # fmt: skip
        ref, now = random_id(), self._clock.now()
        put = file.execute(
            "INSERT OR IGNORE INTO handset_text (key, ref, number, at, template, text, is_own)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)", (key, ref, number, now.isoformat(), template, text, is_own)
        )  # fmt: skip
        if put.rowcount and not is_own:
            due = [(ref, status.value, (now + after).isoformat()) for status, after in self._receipts(file, number)]
            file.executemany("INSERT INTO handset_receipt (ref, status, due_at) VALUES (?, ?, ?)", due)

    def _receipts(self, file: sqlite3.Connection, number: E164) -> Sequence[tuple[ReceiptStatus, timedelta]]:
        said = file.execute(
            "SELECT fate FROM handset_fate WHERE number IN (?, ?) ORDER BY number DESC", (number, EVERY_NUMBER)
        ).fetchone()
        return RECEIPTS[Fate(said[0]) if said else Fate.DELIVERED]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction on a connection of its own: nothing is shared between threads or kept over a fork."""
        with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS)) as file, file:
            yield file


def _shown(at: str, text: str, key: str, template: str, is_own: int) -> HandsetText:
    return HandsetText(datetime.fromisoformat(at), text, key, template, bool(is_own))


def _why(status: str) -> str | None:
    return "phone off" if status == ReceiptStatus.FAILED else None


def _is_free(place: int) -> bool:
    """Hold the place of the one that listens, until its file is closed; the end of a process does that too."""
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
