"""A push service of the tests' own (RFC 8030): verifies who sends (RFC 8292), decrypts (RFC 8291), keeps what it took.

It answers as it is told to, per browser: takes, is gone, refuses, is overloaded, hangs, drips.
"""

import base64
import json
import re
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import http_ece  # type: ignore[import-untyped]
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from app.notices.ports import Subscription

TAKES = 201
HANGS, DRIPS = "hangs", "drips"
LARGEST_BODY_BYTES = 4096
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True)
class Pushed:
    said: dict[str, Any]
    urgency: str
    topic: str
    ttl_seconds: int


@dataclass
class PushedTo:
    """A browser with its keys, as the push service and the browser together know it."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"sixteen secrets!"
    answers: int | str = TAKES
    taken: list[Pushed] = field(default_factory=list)

    @property
    def subscription(self) -> Subscription:
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return Subscription(self.endpoint, unpadded(point), unpadded(self.auth))

    @property
    def waiting(self) -> list[Pushed]:
        """What is shown to whoever looks now: of each topic the newest alone."""
        return list({push.topic: push for push in self.taken}.values())


class PushService:
    """On a port of the loopback, over http or with a certificate. `complaints` is what was wrong with what came."""

    def __init__(self, now: Callable[[], datetime], certificate: Path | None = None) -> None:
        self._now = now
        self.browsers: dict[str, PushedTo] = {}
        self.complaints: list[str] = []
        self.senders: set[str] = set()
        self._numbers = count(1)
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                service.answer(self)

            def log_message(self, *_said: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        if certificate is not None:
            self.origin = f"https://localhost:{self._server.server_port}"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def browser(self, answers: int | str = TAKES) -> PushedTo:
        path = f"/push/{next(self._numbers)}?v=1"
        self.browsers[path] = PushedTo(self.origin + path, answers=answers)
        return self.browsers[path]

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, call: BaseHTTPRequestHandler) -> None:
        body = call.rfile.read(int(call.headers.get("Content-Length", 0)))
        browser = self.browsers.get(call.path)
        status = browser.answers if browser else 404
        if browser and status == TAKES:
            try:
                browser.taken.append(self._read(browser, call, body))
            except (AssertionError, ValueError, InvalidSignature) as wrong:
                self.complaints.append(f"{type(wrong).__name__}: {wrong}")
                status = 403
        if isinstance(status, str):
            _misbehave(call, status)
            return
        call.send_response(status)
        if status in (301, 307):
            call.send_header("Location", self.origin + "/elsewhere")
        if status == TAKES:
            call.send_header("Location", f"{self.origin}/message/{len(browser.taken) if browser else 0}")
        call.send_header("Content-Length", "0")
        call.end_headers()

    def _read(self, browser: PushedTo, call: BaseHTTPRequestHandler, body: bytes) -> Pushed:
        sent = call.headers
        self._verify(sent["Authorization"])
        assert sent["Content-Encoding"] == "aes128gcm", "another encoding"
        assert len(body) <= LARGEST_BODY_BYTES, "too long"
        assert sent["Urgency"] in ("very-low", "low", "normal", "high"), "no urgency"
        assert TOPIC.fullmatch(sent["Topic"]), "no topic"
        plain = http_ece.decrypt(body, private_key=browser.key, auth_secret=browser.auth, version="aes128gcm")
        return Pushed(json.loads(plain), sent["Urgency"], sent["Topic"], int(sent["TTL"]))

    def _verify(self, authorization: str) -> None:
        """RFC 8292, 4: signed by the key it names, for this service, not for ever."""
        said = re.fullmatch(r"vapid t=([\w.-]+),\s?k=([\w-]+)", authorization)
        assert said, "no VAPID"
        token, key = said.groups()
        signed, _, signature = token.rpartition(".")
        header, claims = (json.loads(padded(part)) for part in signed.split("."))
        sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), padded(key))
        raw = padded(signature)
        numbers = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        sender.verify(utils.encode_dss_signature(*numbers), signed.encode(), ec.ECDSA(hashes.SHA256()))
        assert header == {"typ": "JWT", "alg": "ES256"}, header
        assert claims["aud"] == self.origin, claims["aud"]
        assert claims["sub"].startswith(("mailto:", "https:")), claims["sub"]
        until = datetime.fromtimestamp(claims["exp"], self._now().tzinfo)
        assert self._now() < until <= self._now() + timedelta(hours=24), "expired, or good for too long"
        self.senders.add(key)


def unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def padded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _misbehave(call: BaseHTTPRequestHandler, how: str) -> None:
    if how == HANGS:
        time.sleep(1)
        call.close_connection = True
        return
    call.wfile.write(b"HTTP/1.1 ")
    try:
        for _ in range(200):
            call.wfile.write(b"x")
            call.wfile.flush()
            time.sleep(0.05)
    except OSError:
        call.close_connection = True
