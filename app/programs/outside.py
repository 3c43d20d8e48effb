"""What a machine somewhere else finds: the page, the sockets behind it, and every relay, up to a packet through it.

The installation makes a code (`homethread check --for-outside`), which any machine with this program takes. It holds a
credential of the relay that ends within minutes, and no secret.
"""

import base64
import json
import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

import urllib3

from app.config import BadSetting, Config
from app.gateways import coturn, stun
from app.kernel.clock import SystemClock
from app.programs.check import Finding, looked_at, relay_says

LASTS = timedelta(minutes=10)
SECONDS = 10.0
SOCKETS = "/socket.io/?EIO=4&transport=websocket"


@dataclass(frozen=True)
class Code:
    """Where the installation is, and what opens its relays for a few minutes."""

    public_url: str
    turn_urls: tuple[str, ...]
    username: str
    credential: str

    def written(self) -> str:
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()


def code_of(config: Config) -> Code:
    username, credential = coturn.sign(config.turn_secret or "", "outside", SystemClock().now() + LASTS)
    return Code(config.public_url, config.turn_urls, username, credential)


def read(written: str) -> Code:
    """Raise BadSetting for what is no code."""
    try:
        data = json.loads(base64.urlsafe_b64decode(written.encode()))
        urls = tuple(str(url) for url in data["turn_urls"])
        return Code(str(data["public_url"]), urls, str(data["username"]), str(data["credential"]))
    except (ValueError, KeyError, TypeError) as wrong:
        raise BadSetting("this is no code of `homethread check --for-outside`: copy all of its line") from wrong


def findings(code: Code) -> Iterator[Finding]:
    parts = {"page": partial(_page, code), "sockets": partial(_sockets, code)}
    return looked_at(parts | {url: partial(_relay, code, url) for url in code.turn_urls})


def _page(code: Code) -> str:
    url = f"{code.public_url}/healthz"
    answer = urllib3.request("GET", url, timeout=SECONDS, retries=False, redirect=False)
    if answer.status != 200:
        raise RuntimeError(f"{url} answers {answer.status}: does the proxy lead to HOMETHREAD_HOST and _PORT?")
    return f"{url} answers"


def _sockets(code: Code) -> str:
    """Whether a WebSocket comes through (RFC 6455, 4.1): a proxy that knows none lets pages through, and no call."""
    parts = urlsplit(code.public_url)
    host, is_secure = parts.hostname or "", parts.scheme == "https"
    key = base64.b64encode(os.urandom(16)).decode()
    with socket.create_connection((host, parts.port or (443 if is_secure else 80)), SECONDS) as plain:
        line = ssl.create_default_context().wrap_socket(plain, server_hostname=host) if is_secure else plain
        line.sendall(
            f"GET {SOCKETS} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        status = line.recv(4096).partition(b"\r\n")[0].decode(errors="replace")
    if " 101" not in status:
        raise RuntimeError(f"no WebSocket comes through ({status}): the proxy has to pass `Upgrade` on")
    return "WebSockets come through"


def _relay(code: Code, url: str) -> str:
    server = stun.server_of(url)
    if url.startswith("stun:"):
        relay_says(server, lambda: stun.bind(server))
        return "answers"
    address = relay_says(server, lambda: stun.relay(server, code.username, code.credential))
    return f"relays at {address}, and what is sent there comes through"
