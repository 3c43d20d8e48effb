"""The only reader of the environment. Every setting has a name, a default, a check and a line that explains it."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
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
    sms_gateways: tuple[str, ...]
    message_store: str | None
    message_keys: tuple[bytes, ...]
    push_key: Path | None
    push_contact: str | None
    metrics_token: str | None
    secret_key: bytes | None
    proxies: int
    tls_certificate: Path | None
    tls_key: Path | None
    turn_urls: tuple[str, ...]
    turn_secret: str | None
    ice_policy: Literal["all", "relay"]
    media_programs: int
    media_port: int
    media_web_url: str
    media_host: str | None
    log_level: str
    is_demo: bool


def _port(text: str) -> int:
    return _whole(text, 1, 65_535)


def _whole(text: str, least: int, most: int) -> int:
    if not text.isdigit() or not least <= int(text) <= most:
        raise ValueError(f"a whole number from {least} to {most}")
    return int(text)


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text)) if text else None
    except ValueError as wrong:
        raise ValueError("an address of this machine, as 203.0.113.7") from wrong


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


def _secret(text: str) -> bytes | None:
    if not text:
        return None
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise ValueError("64 hex digits (make them with: openssl rand -hex 32)")
    return bytes.fromhex(text)


def _path(text: str) -> Path | None:
    return Path(text).absolute() if text else None


def _keys(text: str) -> tuple[bytes, ...]:
    keys = [one.strip() for one in text.split(",") if one.strip()]
    if not all(re.fullmatch("[0-9a-fA-F]{64}", key) for key in keys):
        raise ValueError("64 hex digits each, with commas, the newest first (make one with: openssl rand -hex 32)")
    return tuple(bytes.fromhex(key) for key in keys)


def _gateway_urls(text: str) -> tuple[str, ...]:
    urls = tuple(text.split())
    if not urls or not all(re.match(r"[a-z][a-z0-9-]*:", url) for url in urls):
        raise ValueError(
            "addresses of gateways with spaces between, as simulated: or kannel://user:password@127.0.0.1:13013"
        )
    if len({urlsplit(url).scheme for url in urls}) < len(urls):
        raise ValueError("addresses of gateways, each of another kind")
    return urls


def _turn_urls(text: str) -> tuple[str, ...]:
    urls = tuple(url.strip() for url in text.split(",") if url.strip())
    if not all(url.startswith(("turn:", "turns:", "stun:")) for url in urls):
        raise ValueError("addresses that begin with turn:, turns: or stun:")
    return urls


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
    Setting("SMS_GATEWAYS", "simulated:", _gateway_urls, "which gateways send texts, the one to try first in front; see the README"),
    Setting("MESSAGE_STORE", "", _url("s3", "s3+http"),
            "where recordings lie: s3://key:secret@host/bucket?region=…&prefix=…; empty: a folder in DATA_DIR"),
    Setting("MESSAGE_KEYS", "", _keys, "master keys of recordings, 64 hex digits each, the newest first; empty: a file in DATA_DIR"),
    Setting("PUSH_KEY", "", _path, "private key for Web Push (PEM; made by `homethread push key`); empty: no pushes"),
    Setting("PUSH_CONTACT", "", _url("mailto", "https"), "whom push services write to when pushes make trouble: mailto:…"),
    Setting("METRICS_TOKEN", "", lambda text: text or None, "bearer token for /metrics from other machines"),
    Setting("SECRET_KEY", "", _secret, "seals one-time codes and second factors: 32 bytes as 64 hex digits; empty: a file in DATA_DIR"),
    Setting("PROXIES", "0", lambda text: _whole(text, 0, 3), "how many proxies of your own stand in front and tell the caller's address"),
    Setting("TLS_CERTIFICATE", "", _path, "certificate chain (PEM) for HTTPS without a proxy"),
    Setting("TLS_KEY", "", _path, "its private key (PEM)"),
    Setting("TURN_URLS", "", _turn_urls, "addresses of the relay, with commas: turn:relay.example:3478?transport=udp,turns:…; empty: direct only"),
    Setting("TURN_SECRET", "", lambda text: text or None, "the relay's shared secret (coturn: static-auth-secret)"),
    Setting("ICE_POLICY", "all", _one_of("all", "relay"), "relay: voice goes through the relay alone, and no end learns the other's address"),
    Setting("MEDIA_PROGRAMS", "1", lambda text: _whole(text, 0, 32), "how many media programs `serve` keeps running; 0: none"),
    Setting("MEDIA_PORT", "8090", lambda text: _whole(text, 0, 65_535),
            "port of a media program's health page, on this machine alone; each further one takes the next; 0: none"),
    Setting("MEDIA_WEB_URL", "", _url("http", "https"), "where a media program finds the web program; empty: made of HOST and PORT"),
    Setting("MEDIA_HOST", "", _address, "address of this machine that calls reach a media program at; empty: all it has"),
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
    _check_together(values)
    return _completed(values)


def _check_together(values: Mapping[str, Any]) -> None:
    """Refuse settings that are right alone and wrong together."""
    if values["redis_url"] and not values["secret_key"]:
        raise BadSetting(f"{PREFIX}SECRET_KEY must be set, the same on every machine, where {PREFIX}REDIS_URL is")
    if bool(values["tls_certificate"]) != bool(values["tls_key"]):
        raise BadSetting(f"{PREFIX}TLS_CERTIFICATE and {PREFIX}TLS_KEY go together")
    if values["redis_url"] and not values["message_keys"]:
        raise BadSetting(f"{PREFIX}MESSAGE_KEYS must be set, the same on every machine, where {PREFIX}REDIS_URL is")
    if bool(values["push_key"]) != bool(values["push_contact"]):
        raise BadSetting(f"{PREFIX}PUSH_KEY and {PREFIX}PUSH_CONTACT go together")
    relays = [url for url in values["turn_urls"] if url.startswith("turn")]
    if bool(relays) != bool(values["turn_secret"]):
        raise BadSetting(f"{PREFIX}TURN_URLS with a relay and {PREFIX}TURN_SECRET go together")
    if values["ice_policy"] == "relay" and not relays:
        raise BadSetting(f"{PREFIX}ICE_POLICY can be relay only with a relay in {PREFIX}TURN_URLS")


def inherited() -> dict[str, str]:
    """Give the whole environment, for programs that are started with it."""
    return dict(os.environ)


def _completed(values: dict[str, Any]) -> Config:
    database_url = values["database_url"] or f"sqlite:///{values['data_dir'] / 'homethread.sqlite'}"
    values["database_url"] = database_url.replace("postgresql://", "postgresql+psycopg://")
    values["public_url"] = (
        values["public_url"] or f"{'https' if values['tls_key'] else 'http'}://{values['host']}:{values['port']}"
    ).rstrip("/")
    values["media_web_url"] = (values["media_web_url"] or _own_url(values)).rstrip("/")
    values["is_demo"] = values.pop("demo")
    return Config(**values)


def _own_url(values: Mapping[str, Any]) -> str:
    """Where the web program of this machine is asked; what listens everywhere, by the loopback."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(values["host"], values["host"])  # noqa: S104
    scheme = "https" if values["tls_key"] else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{values['port']}"
