"""Tests every outside part and says what is wrong and how to mend it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.config import Config
from app.storage import migrate
from app.storage.database import Database
from app.web.health import LEAST_FREE_BYTES


@dataclass(frozen=True)
class Finding:
    """One outside part: fine, or what is wrong and how to mend it."""

    part: str
    is_fine: bool
    says: str


def findings(config: Config) -> Iterator[Finding]:
    parts: dict[str, Callable[[Config], str]] = {"disk": _disk, "database": _database, "migrations": _migrations}
    if config.redis_url:
        parts["redis"] = _redis
    for part, look in parts.items():
        try:
            yield Finding(part, True, look(config))
        except (OSError, SQLAlchemyError, ValueError, RuntimeError) as wrong:
            yield Finding(part, False, str(wrong).splitlines()[0])


def _disk(config: Config) -> str:
    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryFile(dir=config.data_dir) as probe:
        probe.write(b"homethread")
    free = shutil.disk_usage(config.data_dir).free
    if free < LEAST_FREE_BYTES:
        raise ValueError(f"only {free // 1_000_000} MB free in {config.data_dir}: make room, at least 50 MB")
    return f"{config.data_dir} can be written, {free // 1_000_000} MB free"


def _database(config: Config) -> str:
    database = Database(config.database_url)
    with database.read() as session:
        session.execute(text("SELECT 1"))
    return f"{database.engine.dialect.name} answers"


def _migrations(config: Config) -> str:
    if not migrate.is_current(Database(config.database_url)):
        raise ValueError("the tables are not the newest: run `homethread migrate`")
    return f"at {migrate.head()}"


def _redis(config: Config) -> str:
    import redis

    try:
        redis.Redis.from_url(config.redis_url or "", socket_timeout=5).ping()
    except redis.RedisError as down:
        raise RuntimeError(f"no answer: {down}; is it running, and is HOMETHREAD_REDIS_URL right?") from down
    return "answers"
