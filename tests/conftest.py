"""Fixtures for everybody: databases, empty and migrated, and private servers. One that can't start fails the test."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import Dialect
from sqlalchemy.util import LRUCache

from app.storage.database import Database
from app.storage.migrate import upgrade
from tests.loopback import keep_on_loopback
from tests.services import PrivatePostgres, PrivateRedis
from tests.services.lending import Lending

keep_on_loopback()
# The same examples in every run, and no stop-watch: the machine is shared.
settings.register_profile("tests", deadline=None, derandomize=True, database=None)
settings.load_profile("tests")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    server = PrivatePostgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[PrivateRedis]:
    server = PrivateRedis()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: PrivateRedis) -> Iterator[str]:
    yield redis_server.url
    redis_server.clear()


@pytest.fixture(scope="session")
def lending(postgres: PrivatePostgres) -> Lending:
    template = postgres.create_database()
    _migrate(postgres.url(template))
    return Lending(postgres, template)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "empty.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres: PrivatePostgres, lending: Lending) -> Iterator[str]:
    """An empty migrated PostgreSQL database."""
    name = lending.lend()
    yield postgres.url(name)
    lending.take_back(name)


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """An empty migrated SQLite database."""
    path = tmp_path / "homethread.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty migrated database; a test that asks for it runs on both kinds."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    share_statements(opened)
    yield opened
    opened.close()


KNOWN: dict[str, tuple[Dialect, LRUCache[Any, Any]]] = {}


def share_statements(database: Database) -> None:
    """Let it know each statement that any database of its kind has compiled before, as one program's database does.

    A fresh engine knows none, and to compile them took half of a test's time.
    """
    engine = database.engine
    if engine.dialect.name not in KNOWN:
        engine.connect().close()  # the dialect learns what server it speaks to
        KNOWN[engine.dialect.name] = engine.dialect, LRUCache(5_000)
    for each in (engine, database._looking):
        each.dialect, each._compiled_cache = KNOWN[engine.dialect.name]


def _migrate(url: str) -> None:
    made = Database(url)
    upgrade(made)
    made.close()
