"""Brings a database to the newest migration. One process at a time; the others wait and then find it done.

Migrations are numbered in one line, and a file's name begins with its number: whether a database is current is known
without Alembic, which is loaded (8 MB with what it brings) only where something is migrated.
"""

from pathlib import Path

from sqlalchemy import inspect, text

from app.storage.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_NUMBER = 7_043_881_205  # any number that nobody else takes as an advisory lock


def upgrade(database: Database) -> None:
    from alembic import command
    from alembic.config import Config

    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL lock_timeout = 0"))  # another's migration may take long
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": LOCK_NUMBER})
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(database: Database) -> bool:
    with database.read() as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return False
        stands_at: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
        return stands_at == head()


def head() -> str:
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
