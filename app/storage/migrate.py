"""Brings a database to the newest migration. One process at a time; the others wait and then find it done."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from app.storage.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_NUMBER = 7_043_881_205  # any number that nobody else takes as an advisory lock


def upgrade(database: Database) -> None:
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL lock_timeout = 0"))  # another's migration may take long
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": LOCK_NUMBER})
        command.upgrade(_config(connection), "head")


def is_current(database: Database) -> bool:
    with database.read() as session:
        return MigrationContext.configure(session.connection()).get_current_revision() == head()


def head() -> str:
    revision = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert revision is not None
    return revision


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
