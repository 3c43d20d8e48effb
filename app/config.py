"""The only reader of the environment. Every setting has a name, a default, a check and a line that explains it."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "HOMETHREAD_"


class BadSetting(Exception):
    """A setting that can't be used; the message names it."""


@dataclass(frozen=True)
class Setting:
    """One row of the README's table; `read` turns the text into a value or raises ValueError with what it wants."""

    name: str
    default: str
    read: Callable[[str], Any]
    about: str


@dataclass(frozen=True)
class Config:
    data_dir: Path
    database_url: str
    redis_url: str | None
    host: str
    port: int
    public_url: str
    max_sockets: int
    request_threads: int
    sms_gateway: str
    metrics_token: str | None
    log_level: str
    is_demo: bool


def _port(text: str) -> int:
    return _whole(text, 1, 65_535)


def _whole(text: str, least: int, most: int) -> int:
    if not text.isdigit() or not least <= int(text) <= most:
        raise ValueError(f"a whole number from {least} to {most}")
    return int(text)


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text

    return read


def _url(*schemes: str) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        if text and urlsplit(text).scheme not in schemes:
            raise ValueError(f"an address that begins with {' or '.join(f'{s}:' for s in schemes)}")
        return text or None

    return read


SETTINGS = (
    Setting("DATA_DIR", "homethread-data", lambda text: Path(text).absolute(), "where the embedded database and sockets lie"),
    Setting("DATABASE_URL", "", _url("sqlite", "postgresql", "postgresql+psycopg"),
            "PostgreSQL for several villages; empty: SQLite in DATA_DIR"),
    Setting("REDIS_URL", "", _url("redis", "rediss", "unix"), "doorbell between machines; empty: a Unix socket in DATA_DIR"),
    Setting("HOST", "127.0.0.1", str, "address to listen on"),
    Setting("PORT", "8080", _port, "port to listen on"),
    Setting("PUBLIC_URL", "", _url("http", "https"), "the address people open, also in texts; empty: made of HOST and PORT"),
    Setting("MAX_SOCKETS", "200", lambda text: _whole(text, 1, 1000), "devices connected at once; more get a clear 503"),
    Setting("REQUEST_THREADS", "16", lambda text: _whole(text, 2, 200), "threads kept for requests beside the sockets"),
    Setting("SMS_GATEWAY", "simulated", _one_of("simulated"), "which gateway sends texts"),
    Setting("METRICS_TOKEN", "", lambda text: text or None, "bearer token for /metrics from other machines"),
    Setting("LOG_LEVEL", "info", _one_of("debug", "info", "warning", "error"), "how much is logged"),
    Setting("DEMO", "", bool, "set by `homethread demo` alone: shows the simulated phones to anybody"),
)  # fmt: skip


def load(environment: Mapping[str, str] | None = None) -> Config:
    """Read and check every setting. Raises BadSetting naming the first that can't be used, or an unknown one."""
    given = os.environ if environment is None else environment
    known = {PREFIX + setting.name for setting in SETTINGS}
    for name in given:
        if name.startswith(PREFIX) and name not in known:
            raise BadSetting(f"{name} is not a setting; `homethread settings` lists them")
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        text = given.get(PREFIX + setting.name, setting.default).strip()
        try:
            values[setting.name.lower()] = setting.read(text)
        except ValueError as wanted:
            raise BadSetting(f"{PREFIX}{setting.name} must be {wanted}") from wanted
    return _completed(values)


def inherited() -> dict[str, str]:
    """Give the whole environment, for programs that are started with it."""
    return dict(os.environ)


def _completed(values: dict[str, Any]) -> Config:
    database_url = values["database_url"] or f"sqlite:///{values['data_dir'] / 'homethread.sqlite'}"
    values["database_url"] = database_url.replace("postgresql://", "postgresql+psycopg://")
    values["public_url"] = (values["public_url"] or f"http://{values['host']}:{values['port']}").rstrip("/")
    values["is_demo"] = values.pop("demo")
    return Config(**values)
