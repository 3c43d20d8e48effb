"""Tests every outside part and says what is wrong and how to mend it."""

import ipaddress
import shutil
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from urllib3.exceptions import HTTPError

from app import bootstrap
from app.config import BadSetting, Config
from app.gateways import blob_stores, coturn, stun
from app.gateways import texting as texting_gateways
from app.kernel.clock import SystemClock
from app.media import aiortc_fit
from app.messages.ports import NoRoom
from app.notices.ports import GatewayError
from app.notices.rules import without_digits
from app.storage import migrate
from app.storage.database import Database
from app.web import media_programs
from app.web.health import LEAST_FREE_BYTES
from app.web.models import MediaProgram

Answer = TypeVar("Answer")

NO_TLS = "TLS is not answered: set cert, pkey and tls-listening-port in turnserver.conf, and leave no-tls out"
WORDS_OF_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")  # what came was none


class Unproved(IntEnum):
    """What OpenSSL finds wrong with a certificate (x509_vfy.h)."""

    BEGINS_LATER = 9
    ENDED = 10
    OTHER_NAME = 62
    OTHER_ADDRESS = 64


@dataclass(frozen=True)
class Finding:
    """One outside part: fine, or what is wrong and how to mend it."""

    part: str
    is_fine: bool
    says: str


def findings(config: Config) -> Iterator[Finding]:
    parts: dict[str, Callable[[Config], str]] = {"disk": _disk, "database": _database, "migrations": _migrations}
    parts["recordings"] = _recordings
    parts["media"] = _media
    if config.redis_url:
        parts["redis"] = _redis
    if config.push_key:
        parts["push"] = _push
    for place, url in enumerate(config.sms_gateways, start=1):
        parts[f"texts {place} ({urlsplit(url).scheme})"] = partial(_gateway, url=url)
    for url in config.turn_urls:
        parts[url] = partial(_relay, url=url)
    yield from looked_at({part: partial(look, config) for part, look in parts.items()})


def looked_at(parts: Mapping[str, Callable[[], str]]) -> Iterator[Finding]:
    """What each part says of itself, one after the other; what is wrong is its error's first line."""
    for part, look in parts.items():
        try:
            yield Finding(part, True, look())
        except (OSError, SQLAlchemyError, HTTPError, ValueError, RuntimeError) as wrong:
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


def _recordings(config: Config) -> str:
    """The address is never shown, for it holds the secret."""
    try:
        blob_stores.opened(config.message_store, config.data_dir).probe()
    except BadSetting as wrong:
        raise ValueError(str(wrong)) from wrong
    except NoRoom as full:
        raise RuntimeError(f"no room ({full}): make some; no recording is taken meanwhile") from full
    except OSError as wrong:
        mends = f"may we write to {config.data_dir / blob_stores.FOLDER}?"
        if config.message_store:
            mends = (
                "can this machine reach it, does the bucket exist, may the key read, write, list and delete there, and "
                "are host, region and secret (percent-encoded) of HOMETHREAD_MESSAGE_STORE right?"
            )
        raise RuntimeError(f"{wrong}: {mends} No recording is taken meanwhile") from wrong
    return "can be kept, read and deleted " + ("in the bucket" if config.message_store else "in a folder")


def _media(config: Config) -> str:
    """By the table that web keeps of them; one that was never there is missed by nobody yet."""
    aiortc_fit.fit()  # its own text says what to install
    now = SystemClock().now()
    with Database(config.database_url).read() as session:
        known = session.scalars(select(MediaProgram)).all()
    connected = sum(media_programs.is_heard(each, now) for each in known)
    if connected:
        return f"{connected} connected"
    if not config.media_programs or not known:
        return "no program was ever connected; `homethread serve` and `homethread media` start them"
    raise RuntimeError(
        "no program is connected: does `homethread serve` or `homethread media` run, with web's data folder or "
        "HOMETHREAD_SECRET_KEY, and does HOMETHREAD_MEDIA_WEB_URL lead to web? No line is tried meanwhile, no message "
        "left over a call, no call of three"
    )


def _gateway(config: Config, url: str) -> str:
    """The address is never shown, for it holds the password."""
    kind = urlsplit(url).scheme
    try:
        (gateway,) = texting_gateways.opened([url], config.data_dir, SystemClock())
        gateway.probe()
    except BadSetting as wrong:
        raise ValueError(str(wrong)) from wrong
    except GatewayError as silent:
        raise RuntimeError(
            f"{without_digits(silent)}: does it run, can this machine reach it, and are host, user and password of "
            f"the {kind}: address in HOMETHREAD_SMS_GATEWAYS right? No text leaves by it meanwhile"
        ) from silent
    return f"{gateway.name} answers, {'texts can be answered' if gateway.can_receive else 'it brings no answers'}"


def _push(config: Config) -> str:
    assert config.push_key
    try:
        assert bootstrap.pusher(config, SystemClock())
    except BadSetting as wrong:
        raise ValueError(str(wrong)) from wrong
    if config.push_key.stat().st_mode & 0o077:
        raise ValueError(f"others may read the key: chmod 600 {config.push_key}")
    return "the key and whom to write to can be used; whether services take pushes shows a trial on a phone"


def _relay(config: Config, url: str) -> str:
    server = stun.server_of(url)
    if url.startswith("stun:"):
        relay_says(server, lambda: stun.bind(server))
        return "answers"
    username, password = coturn.sign(config.turn_secret or "", "check", SystemClock().now() + timedelta(minutes=1))
    relayed = relay_says(server, lambda: stun.allocate(server, username, password))
    if relayed.is_private and _is_public(server.host):
        raise RuntimeError(f"relays at {relayed}, which nobody outside reaches: set external-ip in turnserver.conf")
    return f"relays at {relayed}"


def relay_says(server: stun.Server, ask: Callable[[], Answer]) -> Answer:
    """Ask a relay; what is wrong becomes a RuntimeError that says how to mend it."""
    try:
        return ask()
    except stun.Refusal as refusal:
        raise RuntimeError(_what_mends(refusal)) from refusal
    except socket.gaierror as unknown:
        raise RuntimeError(f"{server.host} has no address: mend the name in HOMETHREAD_TURN_URLS") from unknown
    except ssl.SSLError as unproved:
        raise RuntimeError(_what_mends_tls(server, unproved)) from unproved
    except stun.NotRelayed as lost:
        raise RuntimeError(
            f"{lost}: are its UDP ports (49152-65535, or min-port to max-port) open, and is external-ip right?"
        ) from lost
    except OSError as silent:
        if server.transport == "tls" and "handshake" in str(silent):
            raise RuntimeError(NO_TLS) from silent
        way = "UDP" if server.transport == "udp" else "TCP"
        also = ", is no-tls left out of turnserver.conf" if server.transport == "tls" else ""
        raise RuntimeError(
            f"nobody answers there by {way} ({silent}): does turnserver run{also}, is {way} port {server.port} open?"
        ) from silent


def _is_public(host: str) -> bool:
    found = socket.getaddrinfo(host, None)
    return any(ipaddress.ip_address(str(where[0]).partition("%")[0]).is_global for *_, where in found)


def _what_mends_tls(server: stun.Server, failed: ssl.SSLError) -> str:
    """Phones refuse the certificates that are refused here, and find no way by TLS then."""
    if not isinstance(failed, ssl.SSLCertVerificationError):
        is_other = isinstance(failed, ssl.SSLEOFError) or failed.reason in WORDS_OF_NO_TLS
        return NO_TLS if is_other else f"TLS fails ({failed.reason}): mend cert and pkey in turnserver.conf"
    match failed.verify_code:
        case Unproved.BEGINS_LATER:
            lacks, mends = "is not valid yet", "are both clocks right?"
        case Unproved.ENDED:
            lacks, mends = "has ended", "renew it, and restart turnserver, which reads it only then"
        case Unproved.OTHER_NAME | Unproved.OTHER_ADDRESS:
            lacks, mends = "holds for other names", f"get one for {server.host}, or mend HOMETHREAD_TURN_URLS"
        case _:
            lacks = "is vouched for by nobody whom this machine knows"
            mends = "cert in turnserver.conf needs the whole chain, from an authority that browsers know"
    return f"its certificate {lacks} ({failed.verify_message}): {mends}"


def _what_mends(refusal: stun.Refusal) -> str:
    if refusal.code == stun.UNAUTHORIZED:
        return (
            f"refuses our credential ({refusal}): HOMETHREAD_TURN_SECRET must be the static-auth-secret of "
            "turnserver.conf, with use-auth-secret, and both clocks must be right"
        )
    return f"refuses to relay ({refusal}): see its log"
