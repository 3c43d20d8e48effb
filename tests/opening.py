"""Opens a database as a program has it that runs for a while: it knows its statements, and its connections are open.

SQLite doesn't wait for the disk here, as the tests' PostgreSQL doesn't: nobody cuts this machine's power. Who tests
that a commit is kept opens a `Database` as it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Dialect, Pool, event
from sqlalchemy.util import LRUCache

from app.storage.database import Database

KNOWN: dict[str, tuple[Dialect, LRUCache[Any, Any]]] = {}


@dataclass
class Kept:
    """The connections to a lent database that the next test goes on with."""

    pool: Pool
    backends: list[int] = field(default_factory=list)  # their process ids


KEPT: dict[str, Kept] = {}


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    if database.is_sqlite:
        event.listen(database.engine, "connect", _do_not_wait_for_the_disk)
    else:
        _go_on(url, database)
    share_statements(database)
    try:
        yield database
    finally:
        if not database.is_sqlite and database.engine.pool.checkedout() == 0:  # type: ignore[attr-defined]
            KEPT[url].pool = database.engine.pool
        else:
            KEPT.pop(url, None)
            database.close()


def share_statements(database: Database) -> None:
    """Let it know each statement that any database of its kind has compiled before, as one program's database does.

    A fresh engine knows none, and to compile them took half of a test's time.
    """
    engine = database.engine
    if engine.dialect.name not in KNOWN:
        engine.connect().close()  # the dialect learns what server it speaks to
        KNOWN[engine.dialect.name] = engine.dialect, LRUCache(5_000)
    vars(engine.dialect).update(vars(KNOWN[engine.dialect.name][0]))  # what listens to the engine holds its own
    for each in (engine, database._looking):
        each.dialect, each._compiled_cache = KNOWN[engine.dialect.name]


def backends(url: str) -> list[int]:
    """The process ids of what is kept open to a database."""
    return KEPT[url].backends if url in KEPT else []


def let_go(url: str | None = None) -> None:
    """Close what is kept to one database, or to all."""
    for each in [url] if url else list(KEPT):
        if each in KEPT:
            KEPT.pop(each).pool.dispose()


def _go_on(url: str, database: Database) -> None:
    """A server forks for each new connection, which then reads the catalogue: several times what most tests take."""
    if url in KEPT:
        database.engine.pool = KEPT[url].pool
        return
    kept = KEPT[url] = Kept(database.engine.pool)
    event.listen(database.engine, "connect", lambda driver, _record: kept.backends.append(driver.info.backend_pid))


def _do_not_wait_for_the_disk(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")
