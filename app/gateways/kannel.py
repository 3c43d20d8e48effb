"""Texts through a Kannel: its smsbox takes them over HTTP, and calls our hook for receipts and for what comes in.

Kannel gives no name to what it takes. Its receipts are asked for at an address with our key in it, and so they are
known by key. Long texts are cut by us and numbered in their headers: Kannel would cut a fox in half, and unless it is
told otherwise it drops all but the first piece. The last piece's receipt speaks for the whole. What is sent stands in
headers and body, never in an address, since addresses are written into logs. Its calls: `kannel_hook.py`.
"""

import http.client
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from app.gateways import kannel_hook
from app.gateways.address import read
from app.kernel.numbers import E164
from app.notices.ports import Accepted, Arrivals, GatewayError, HookRequest, NoAnswer
from app.notices.segments import Encoding, encoding_of, header, split

SENDSMS = "/cgi-bin/sendsms"
CONNECT_SECONDS, ANSWER_SECONDS = 3.0, 14.0
LEAST_SECONDS = 0.5
PROBE_SECONDS = 2.0
CONNECTIONS = 64
LONGEST_ANSWER = 2_000
# Kannel's user's guide, "Delivery report": delivered, failed, buffered, accepted by the SMSC, rejected by it.
DLR_MASK = 1 + 2 + 4 + 8 + 16
CODING = {Encoding.GSM7: "0", Encoding.UCS2: "2"}
TAKEN = ("0:", "3:")
BAD_NUMBER = "Number(s) has/have been denied"
LOGIN_IS_RIGHT = "Missing receiver"

SETTINGS = ("from", "hook", "admin", "status_password")


@dataclass(frozen=True)
class Admin:
    """Where Kannel's bearerbox shows its state, and the password for looking at it."""

    host: str
    port: int
    password: str


class Kannel:
    """An `SmsGateway` that is `Hooked`. Without `hook` in its address no receipts come."""

    name = "kannel"
    can_receive = True
    templates_only = False
    can_query = False
    max_segments = 3
    signature = ""
    signs = False

    def __init__(self, url: str) -> None:
        """Raises ValueError naming what the address has to say."""
        self._address = read(url, known=SETTINGS)
        settings = self._address.settings
        for said in (self._address.user, self._address.password, *settings.values()):
            if not re.fullmatch("[ -~]*", said):
                raise ValueError("an address in which plain letters, digits and signs stand, also once decoded")
        self._sender = settings.get("from", "")
        self._hook = _hook(settings.get("hook", ""))
        self._admin = _admin(settings.get("admin", ""), settings.get("status_password", ""))
        self._pool = urllib3.HTTPConnectionPool(self._address.host, self._address.port, maxsize=CONNECTIONS)

    @property
    def receipts(self) -> bool:
        return bool(self._hook)

    def send(
        self, to: E164, template: str, params: Mapping[str, str], language: str, text: str, key: str
    ) -> Accepted:  # fmt: skip
        encoding, pieces = encoding_of(text), split(text)
        reference, until = sha256(key.encode()).digest()[0], time.monotonic() + ANSWER_SECONDS
        for number, piece in enumerate(pieces, 1):
            head = header(encoding, reference, number, len(pieces))
            headers = self._headers(to, CODING[encoding], head, asks=key if number == len(pieces) else None)
            status, said = self._call(headers, piece.encode(), max(until - time.monotonic(), LEAST_SECONDS))
            if not (status == HTTPStatus.ACCEPTED and said.startswith(TAKEN)):
                raise _refusal(status, said)
        return Accepted(sha256(key.encode()).hexdigest())

    def query(self, key: str) -> Accepted | None:
        raise NotImplementedError

    def probe(self) -> None:
        """Ask to send to nobody: who may send is told that the number is missing. And whether an SMSC is connected."""
        try:
            _status, said = self._call({}, b"", PROBE_SECONDS)
        except NoAnswer as error:
            raise GatewayError("Kannel does not answer", permanent=False) from error
        if not said.startswith(LOGIN_IS_RIGHT):
            raise GatewayError(_words(said), permanent=False)
        if self._admin:
            _look_at(self._admin)

    def hook(self, request: HookRequest, now: datetime) -> Arrivals:
        return kannel_hook.arrivals(request, now)

    def _headers(self, to: E164, coding: str, head: bytes, *, asks: str | None) -> dict[str, str]:
        """Of one piece; the one that `asks` for receipts does so by a key."""
        headers = {"X-Kannel-To": to, "X-Kannel-Coding": coding}
        if self._sender:
            headers["X-Kannel-From"] = self._sender
        if head:
            headers["X-Kannel-UDH"] = head.hex()
        if self._hook and asks is not None:
            headers["X-Kannel-DLR-Mask"] = str(DLR_MASK)
            headers["X-Kannel-DLR-Url"] = f"{self._hook}?{kannel_hook.receipt_query(asks)}"
        return headers

    def _call(self, headers: Mapping[str, str], body: bytes, seconds: float) -> tuple[int, str]:
        """Kannel's status and words. Raises GatewayError where it was not reached, and NoAnswer."""
        who = {"X-Kannel-Username": self._address.user, "X-Kannel-Password": self._address.password}
        what = {"Content-Type": "text/plain; charset=UTF-8"}
        try:
            answer = self._pool.urlopen(
                "POST", SENDSMS, body, {**who, **what, **headers},
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, seconds), read=seconds),
                retries=False, redirect=False, preload_content=False,
            )  # fmt: skip
            said = answer.read(LONGEST_ANSWER)
            answer.close() if len(said) == LONGEST_ANSWER else answer.release_conn()
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise GatewayError("Kannel is not reachable", permanent=False) from error
        except HTTPError as error:
            raise NoAnswer("Kannel did not answer") from error
        return answer.status, said.decode("utf-8", "replace").strip()


def _hook(url: str) -> str:
    """Our own address as Kannel calls it; a % in it would mean something to Kannel."""
    if url and not re.fullmatch(r"https?://[^/%?#]+/[^%?#]+", url):
        raise ValueError("an address whose hook=… is what `homethread sms hooks` prints for Kannel")
    return url


def _admin(place: str, password: str) -> Admin | None:
    """The status page's place, as 127.0.0.1:13000."""
    if not place:
        return None
    parts = urlsplit(f"//{place}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not (host and port and password):
        raise ValueError("an address with admin=host:port and status_password=… together")
    return Admin(host, port, password)


def _refusal(status: int, said: str) -> GatewayError | NoAnswer:
    """What Kannel means that did not say that it took a text. Its own words come with the statuses that it uses."""
    if status == HTTPStatus.BAD_REQUEST and said.startswith(BAD_NUMBER):
        return GatewayError("Kannel sends nothing to this number", permanent=True)
    if 400 <= status < 500 or status == HTTPStatus.SERVICE_UNAVAILABLE:
        return GatewayError(_words(said), permanent=False)
    return NoAnswer(f"Kannel answered {status}")


def _words(said: str) -> str:
    return f"Kannel said: {re.sub(r'[0-9+]+', '…', said)[:80]}"


def _look_at(admin: Admin) -> None:
    """Raises GatewayError unless the status page shows an SMSC that is connected."""
    line = http.client.HTTPConnection(admin.host, admin.port, timeout=PROBE_SECONDS)
    try:
        line.request("GET", "/status.txt?" + urlencode({"password": admin.password}))
        page = line.getresponse().read(100 * LONGEST_ANSWER).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise GatewayError("Kannel's status page is not reachable", permanent=False) from error
    finally:
        line.close()
    if not re.search(r"^Status: running", page, re.MULTILINE):
        raise GatewayError("Kannel's status page does not say that it runs", permanent=False)
    if not re.search(r"\(online \d", page.partition("SMSC connections:")[2]):
        raise GatewayError("no SMSC is connected to Kannel", permanent=False)
