"""Instants, transactions and migrations, on both databases."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import TypeEngine

import app.calls.media_models
import app.calls.models
import app.desk.models
import app.doors.models
import app.doors.parent_request_models
import app.families.models
import app.jobs.models
import app.messages.models
import app.notices.models
import app.roster.models
import app.sms.models
import app.villages.models
import app.web.models  # noqa: F401 - all tables must be known to compare them
from app.storage import migrate
from app.storage.database import Database, new_id
from app.storage.record import Record
from app.storage.types import Instant

MOMENTS = Table("moment", MetaData(), Column("at", Instant, primary_key=True))
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


class StopTheTransaction(Exception):
    """Something that goes wrong in the middle."""


def test_a_naive_datetime_is_refused(database: Database) -> None:
    MOMENTS.create(database.engine)
    with pytest.raises(Exception, match="aware"), database.begin() as session:
        session.execute(MOMENTS.insert().values(at=datetime(2026, 1, 1)))


def test_an_instant_comes_back_in_utc(database: Database) -> None:
    MOMENTS.create(database.engine)
    there = datetime(2026, 11, 23, 19, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    with database.begin() as session:
        session.execute(MOMENTS.insert().values(at=there))
    with database.read() as session:
        back = session.scalar(select(MOMENTS.c.at).where(MOMENTS.c.at == there))
    assert back == there
    assert back is not None
    assert back.utcoffset() == timedelta(0)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(INSTANTS, min_size=2, max_size=6, unique=True))
def test_the_database_orders_instants_by_time(database: Database, moments: list[datetime]) -> None:
    MOMENTS.create(database.engine, checkfirst=True)
    with database.begin() as session:
        session.execute(MOMENTS.delete())
        session.execute(MOMENTS.insert(), [{"at": moment} for moment in moments])
    with database.read() as session:
        assert list(session.scalars(select(MOMENTS.c.at).order_by(MOMENTS.c.at))) == sorted(moments)


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    MOMENTS.create(database.engine)
    with pytest.raises(IntegrityError), database.begin() as session:
        session.execute(MOMENTS.insert(), [{"at": datetime(2026, 1, day, tzinfo=UTC)} for day in (1, 2, 1)])
    with database.read() as session:
        assert session.scalars(select(MOMENTS.c.at)).all() == []


def test_listeners_are_called_after_the_commit_and_not_after_a_failure(database: Database) -> None:
    heard: list[dict[Any, Any]] = []
    database.after_commit.append(heard.append)
    with database.begin() as session:
        session.info["said"] = new_id(session)
    with pytest.raises(StopTheTransaction), database.begin():
        raise StopTheTransaction
    assert len(heard) == 1
    assert len(heard[0]["said"]) == 16


def test_the_tables_are_what_the_models_say(database: Database) -> None:
    def same(
        _context: Any, _column: Any, _meta: Any, inspected: TypeEngine[Any], wanted: TypeEngine[Any]
    ) -> bool | None:
        """Instants are text on SQLite; whatever else differs is alembic's to say."""
        return False if isinstance(wanted, Instant) else None

    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": same})
        differences = [d for d in compare_metadata(context, Record.metadata) if "alembic_version" not in str(d)]
    assert not differences


def test_migrating_again_changes_nothing(database: Database) -> None:
    assert migrate.is_current(database)
    migrate.upgrade(database)
    assert migrate.is_current(database)


MIGRATE = "import sys; from app.storage import migrate; from app.storage.database import Database; "
MIGRATE += "migrate.upgrade(Database(sys.argv[1]))"


def test_processes_that_migrate_at_once_wait_for_each_other(database_url: str) -> None:
    """From nothing: the tables of the fixture are dropped first."""
    emptied = Database(database_url)
    with emptied.engine.begin() as connection:
        if emptied.is_sqlite:
            for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all():
                connection.execute(text("PRAGMA foreign_keys=OFF"))
                connection.execute(text(f'DROP TABLE IF EXISTS "{name}"'))
        else:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    assert not migrate.is_current(emptied)
    racers = [subprocess.Popen([sys.executable, "-c", MIGRATE, database_url]) for _ in range(3)]
    assert [racer.wait(timeout=60) for racer in racers] == [0, 0, 0]
    assert migrate.is_current(emptied)
    emptied.close()
