"""Opens the database and hands out transactions: `begin` to change something, `read` to look.

SQLite: WAL, one writer at a time from the first statement on (BEGIN IMMEDIATE), so that a transaction never fails half
way for a lock. PostgreSQL: READ COMMITTED to change; what races is guarded by unique indexes and row locks. To look,
both show one state of everything, however many statements are asked. Nobody waits for a lock for ever.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

from app.kernel.ids import NewId, random_id

log = logging.getLogger(__name__)

BUSY_SECONDS = 15


class Database:
    def __init__(self, url: str, new_id: NewId = random_id) -> None:
        self.engine = _engine(url)
        self.new_id = new_id
        self.after_commit: list[Callable[[dict[Any, Any]], None]] = []
        self._looking = self.engine.execution_options(**LOOK[self.engine.dialect.name])

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One transaction: commits at the end, rolls back on any exception, then calls what waits for the commit."""
        with Session(self.engine, expire_on_commit=False) as session:
            session.info["new_id"] = self.new_id
            with session.begin():
                yield session
        for listener in self.after_commit:
            try:
                listener(session.info)
            except Exception:  # what is committed must not look as if it had failed
                log.exception("after a commit")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only looks; what it would have written is dropped."""
        with Session(self._looking, expire_on_commit=False) as session:
            yield session  # closing drops the transaction, and unlike a rollback leaves what was read readable

    def close(self) -> None:
        self.engine.dispose()


def new_id(session: Session) -> str:
    """A fresh id from the source that was given to the database."""
    made: str = session.info["new_id"]()
    return made


def insert_into(session: Session, record: type[DeclarativeBase]) -> Any:
    """An INSERT that knows ON CONFLICT, which SQLAlchemy has per database only."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(record)


LOOK: dict[str, dict[str, Any]] = {
    "sqlite": {"homethread_read": True},
    "postgresql": {"isolation_level": "REPEATABLE READ"},
}


def _engine(url: str) -> Engine:
    # Errors go to logs, and the parameters of a statement may be phone numbers.
    if not url.startswith("sqlite"):
        engine = create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=10, hide_parameters=True)
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
    connection.commit()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not open transactions of its own
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    is_read = connection.get_execution_options().get("homethread_read", False)
    connection.exec_driver_sql("BEGIN" if is_read else "BEGIN IMMEDIATE")
