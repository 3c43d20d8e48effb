"""Keeps the pieces of texts from an SMSC until each is told whole: one SQLite file, shared by this machine's workers.

An SMSC wants every piece acknowledged before it hands out the next, so that what was acknowledged must outlive us. And
an SMSC gives texts no names: this file gives them, and knows one that comes again. Decided here:

* The same octets are the same text come again if the first was refused for now; if an answer to it was long in coming;
  or if they come over another connection, where the answer may have been lost. Otherwise somebody has sent the same
  words twice. The same piece of a long text, with its reference, is always the same.
* Pieces belong together by sender, recipient, reference and how many they are. A piece that differs from the one that
  is there begins another text.
* What is not whole after `WHOLE_WITHIN` is told as it is.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from app.gateways.smpp_reading import Piece
from app.kernel.ids import random_id

BUSY_SECONDS = 10
WHOLE_WITHIN = timedelta(minutes=10)
LOST_ANSWER = timedelta(minutes=1)
LONG_IN_COMING = timedelta(seconds=5)  # no SMSC loses its patience earlier
KEPT_FOR = timedelta(hours=1)  # after it was told
AGAIN_AFTER = timedelta(seconds=2)  # what was not taken
MOST_AT_ONCE = 100

TABLES = (
    """CREATE TABLE IF NOT EXISTS text (
        place INTEGER PRIMARY KEY, ref TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
        reference INTEGER NOT NULL, of INTEGER NOT NULL, came_at TEXT NOT NULL, told_at TEXT, tried_at TEXT)""",
    "CREATE INDEX IF NOT EXISTS text_open ON text (sender, reference, of) WHERE told_at IS NULL",
    """CREATE TABLE IF NOT EXISTS piece (
        place INTEGER PRIMARY KEY, text INTEGER NOT NULL REFERENCES text, number INTEGER NOT NULL, charset TEXT,
        shift INTEGER, octets BLOB NOT NULL, digest TEXT NOT NULL, link TEXT NOT NULL, came_at TEXT NOT NULL,
        answered_at TEXT, is_refused INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX IF NOT EXISTS piece_digest ON piece (digest)",
    "CREATE INDEX IF NOT EXISTS piece_text ON piece (text)",
)


@dataclass(frozen=True)
class Kept:
    """A piece on the disk, and the text that it belongs to."""

    piece: int
    text: int


@dataclass(frozen=True)
class Waiting:
    """A text to tell: whole, or as much of it as ever came."""

    text: int
    ref: str
    sender: str
    came_at: datetime
    pieces: Sequence[Piece]


class Pieces:
    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as file:
            for table in TABLES:
                file.execute(table)

    def keep(self, piece: Piece, link: str, came_at: datetime) -> Kept:
        """Write a piece down; one that came again is the one that is there."""
        digest = _digest(piece)
        with self._open() as file:
            return _again(file, piece, digest, link, came_at) or _new(file, piece, digest, link, came_at)

    def answered(self, kept: Kept, at: datetime, *, is_refused: bool) -> None:
        """When the SMSC's asking for it was answered, and how: taken, or not now."""
        with self._open() as file:
            file.execute(
                "UPDATE piece SET answered_at = ?, is_refused = ? WHERE place = ?",
                (at.isoformat(), is_refused, kept.piece),
            )

    def is_settled(self, kept: Kept) -> bool:
        """Whether nothing is left to do for its text, or other pieces of it are still to come."""
        with self._open() as file:
            return _is_told(file, kept.text) or not _is_whole(file, kept.text)

    def of(self, kept: Kept) -> Waiting | None:
        """The text of a piece, if it is whole and not told."""
        with self._open() as file:
            return None if _is_told(file, kept.text) or not _is_whole(file, kept.text) else _waiting(file, kept.text)

    def overdue(self, now: datetime) -> list[Waiting]:
        """Whole ones that were not taken a while ago, and what will never be whole."""
        with self._open() as file:
            found = file.execute(
                "SELECT place FROM text WHERE told_at IS NULL AND coalesce(tried_at, came_at) <= ? AND (came_at <= ?"
                " OR of = (SELECT count(*) FROM piece WHERE piece.text = text.place)) ORDER BY place LIMIT ?",
                ((now - AGAIN_AFTER).isoformat(), (now - WHOLE_WITHIN).isoformat(), MOST_AT_ONCE),
            ).fetchall()
            return [_waiting(file, place) for (place,) in found]

    def tried(self, text: int, now: datetime) -> None:
        """It was not taken: another time."""
        with self._open() as file:
            file.execute("UPDATE text SET tried_at = ? WHERE place = ?", (now.isoformat(), text))

    def told(self, text: int, now: datetime) -> None:
        """It was taken. What was taken long ago goes."""
        old = (now - KEPT_FOR).isoformat()
        with self._open() as file:
            file.execute("UPDATE text SET told_at = ? WHERE place = ?", (now.isoformat(), text))
            file.execute("DELETE FROM piece WHERE text IN (SELECT place FROM text WHERE told_at < ?)", (old,))
            file.execute("DELETE FROM text WHERE told_at < ?", (old,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction on a connection of its own. It writes first, so that two processes never both decide."""
        with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)) as file:
            file.execute("BEGIN IMMEDIATE")
            with file:
                yield file


def _again(file: sqlite3.Connection, piece: Piece, digest: str, link: str, came_at: datetime) -> Kept | None:
    row = file.execute(
        "SELECT place, text, link = ?, came_at, answered_at, is_refused FROM piece WHERE digest = ?"
        " ORDER BY place DESC", (link, digest)
    ).fetchone()  # fmt: skip
    if row is None:
        return None
    place, text, is_same_link, first_at, answered_at, is_refused = row
    first, answered = datetime.fromisoformat(first_at), answered_at and datetime.fromisoformat(answered_at)
    if piece.of > 1:
        is_again = came_at <= first + WHOLE_WITHIN
    elif is_refused:
        is_again = True
    elif is_same_link:
        is_again = came_at >= first + LONG_IN_COMING and (answered is None or came_at <= answered)
    else:
        is_again = answered is None or came_at <= answered + LOST_ANSWER
    return Kept(place, text) if is_again else None


def _new(file: sqlite3.Connection, piece: Piece, digest: str, link: str, came_at: datetime) -> Kept:
    text = _text_for(file, piece, came_at)
    place = file.execute(
        "INSERT INTO piece (text, number, charset, shift, octets, digest, link, came_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (text, piece.number, piece.charset, piece.shift, piece.octets, digest, link, came_at.isoformat()),
    ).lastrowid
    assert place is not None
    return Kept(place, text)


def _text_for(file: sqlite3.Connection, piece: Piece, came_at: datetime) -> int:
    """The text that still wants this piece, or a new one."""
    whose = (piece.sender, piece.recipient, piece.reference, piece.of)
    row = (
        piece.of > 1
        and file.execute(
            "SELECT place FROM text WHERE told_at IS NULL AND sender = ? AND recipient = ? AND reference = ? AND of = ?"
            " AND place NOT IN (SELECT text FROM piece WHERE number = ?) ORDER BY place DESC",
            (*whose, piece.number),
        ).fetchone()
    )
    if row:
        return int(row[0])
    place = file.execute(
        "INSERT INTO text (ref, sender, recipient, reference, of, came_at) VALUES (?, ?, ?, ?, ?, ?)",
        (random_id(), *whose, came_at.isoformat()),
    ).lastrowid
    assert place is not None
    return place


def _is_told(file: sqlite3.Connection, text: int) -> bool:
    row = file.execute("SELECT told_at FROM text WHERE place = ?", (text,)).fetchone()
    return row is None or row[0] is not None


def _is_whole(file: sqlite3.Connection, text: int) -> bool:
    (missing,) = file.execute(
        "SELECT of - (SELECT count(*) FROM piece WHERE text = text.place) FROM text WHERE place = ?", (text,)
    ).fetchone()
    return bool(missing == 0)


def _waiting(file: sqlite3.Connection, text: int) -> Waiting:
    ref, sender, recipient, reference, of, came_at = file.execute(
        "SELECT ref, sender, recipient, reference, of, came_at FROM text WHERE place = ?", (text,)
    ).fetchone()
    rows = file.execute("SELECT charset, octets, number, shift FROM piece WHERE text = ? ORDER BY number", (text,))
    pieces = [
        Piece(sender, recipient, charset, octets, reference, of, number, shift)
        for charset, octets, number, shift in rows
    ]
    return Waiting(text, ref, sender, datetime.fromisoformat(came_at), pieces)


def _digest(piece: Piece) -> str:
    said = (piece.sender, piece.recipient, piece.charset, piece.shift, piece.reference, piece.of, piece.number)
    return sha256(repr(said).encode() + piece.octets).hexdigest()
