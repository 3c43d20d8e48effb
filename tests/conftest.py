"""Fixtures for everybody: databases, empty and migrated, and private servers. One that can't start fails the test."""

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from app.doors.credentials import nobodys_hash
from app.storage.database import Database
from app.storage.migrate import upgrade
from tests import opening
from tests.disk import do_not_wait
from tests.hashing import REAL, hash_cheaply
from tests.loopback import keep_on_loopback
from tests.once import make_once
from tests.opening import opened
from tests.services import PrivatePostgres, PrivateRedis
from tests.services.lending import Lending

keep_on_loopback()
hash_cheaply()
make_once()
do_not_wait()
# The same examples in every run, and no stop-watch: the machine is shared.
settings.register_profile("tests", deadline=None, derandomize=True, database=None)
settings.load_profile("tests")


def pytest_collection_finish() -> None:
    """What was imported stays for good: it isn't searched for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


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


@pytest.fixture
def real_hashing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords and PINs cost what they cost in the programs."""
    for module, hasher in REAL.items():
        monkeypatch.setattr(module, "_hasher", hasher)
    nobodys_hash.cache_clear()
    yield
    nobodys_hash.cache_clear()


@pytest.fixture(scope="session")
def lending(postgres: PrivatePostgres) -> Iterator[Lending]:
    template = postgres.create_database()
    _migrate(postgres.url(template))
    lending = Lending(postgres, template)
    yield lending
    opening.let_go()
    lending.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "empty.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres: PrivatePostgres, lending: Lending) -> Iterator[str]:
    """An empty migrated PostgreSQL database."""
    name = lending.lend()
    url = postgres.url(name)
    yield url
    if not lending.take_back(name, opening.backends(url)):
        opening.let_go(url)


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
    with opened(database_url) as database:
        yield database


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """Where one database says enough."""
    with opened(sqlite_url) as database:
        yield database


def _migrate(url: str) -> None:
    made = Database(url)
    upgrade(made)
    made.close()
