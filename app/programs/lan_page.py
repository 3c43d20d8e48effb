"""The page from which a phone on the same Wi-Fi gets this machine's certificate authority, and what the terminal shows.

Plain HTTP, since the phone doesn't trust us yet; the fingerprint on the computer's screen is what tells it the truth.
It also keeps the certificate: every minute it looks whether addresses have changed or the end is near.
"""

import io
import socket
import time
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
import segno
from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from app.config import BadSetting, Config
from app.kernel.clock import SystemClock
from app.programs.lan import page_port, page_url, reached_at
from app.programs.local_tls import LocalAuthority
from app.web import texts

LOOK_SECONDS = 60
TEMPLATES = Path(__file__).parent.parent / "templates"
POLICY = "default-src 'none'; img-src data:; style-src 'self'; frame-ancestors 'none'"


@dataclass(frozen=True)
class Door:
    """The certificate in its place, and what leads a phone to it."""

    config: Config
    certificate: bytes  # of the authority, DER

    @property
    def fingerprint(self) -> str:
        return sha256(self.certificate).digest().hex(":").upper()

    def announcement(self) -> str:
        """What the terminal shows."""
        drawn = io.StringIO()
        _qr(page_url(self.config)).terminal(drawn, compact=True)
        return (
            f"{drawn.getvalue()}\nA phone on the same Wi-Fi opens {page_url(self.config)} and installs the certificate "
            f"(SHA-256 {self.fingerprint}),\nthen {self.config.public_url}/phone"
        )

    @cached_property
    def qr(self) -> str:
        drawn: str = _qr(page_url(self.config)).svg_data_uri(scale=6, border=2)
        return drawn

    def page(self, language: str) -> bytes:
        loader = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)
        filled = loader.get_template("lan.html").render(
            text=texts.texts_for_face("lan", language), language=language, qr=self.qr, page=page_url(self.config),
            phone=f"{self.config.public_url}/phone", fingerprint=self.fingerprint,
        )  # fmt: skip
        return filled.encode()


def open_door(config: Config) -> Door:
    """Make or renew the certificates of this machine's present addresses."""
    authority = LocalAuthority(config.data_dir / "tls")
    certificate = authority.certify(
        reached_at(config.host), socket.gethostname().partition(".")[0], SystemClock().now()
    )
    return Door(config, certificate.public_bytes(Encoding.DER))


def run(config: Config) -> None:
    """Serve the page, and look every minute whether the certificate has to be made anew."""
    Page(config).serve_forever(poll_interval=LOOK_SECONDS)


class Page(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, config: Config) -> None:
        self.address_family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
        self.door, self._looked_at = open_door(config), time.monotonic()
        super().__init__((config.host, page_port(config)), Answer)

    def service_actions(self) -> None:
        """Look at the addresses again; the web program reads its certificate anew for each connection."""
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = time.monotonic()
        try:
            self.door = open_door(self.door.config)
        except BadSetting:
            return  # out of the Wi-Fi for a while


class Answer(BaseHTTPRequestHandler):
    server: Page
    server_version, sys_version = "homethread", ""
    timeout = 10

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/":
            self._say(self.server.door.page(self._language()), "text/html; charset=utf-8")
        elif path == "/ca.crt":
            self._say(self.server.door.certificate, "application/x-x509-ca-cert")
        elif path == "/lan.css":
            self._say((TEMPLATES / "lan.css").read_bytes(), "text/css")
        else:
            self.send_error(404)

    def _say(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Cache-Control": "no-store",
                   "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}  # fmt: skip
        if kind == "application/x-x509-ca-cert":
            headers["Content-Disposition"] = 'attachment; filename="homethread.crt"'
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _language(self) -> str:
        wanted = parse_accept_header(self.headers.get("Accept-Language", ""), LanguageAccept)
        return texts.best_language(list(wanted.values()))

    def log_message(self, *_about: Any) -> None:
        """Say nothing: who looks at this page is nobody's business."""


def _qr(address: str) -> Any:
    return segno.make(address, micro=False)
