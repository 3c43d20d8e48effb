"""How vendors on the internet are called over HTTP.

What is decided here: TLS always, except to this machine; no call takes longer than it may; numbers and words stand in
bodies, never in an address, since addresses are written into logs; and which answers say that a text was certainly not
taken. A page of an error that isn't the vendor's own may come from a proxy that gave up waiting: then nobody knows.
"""

import ipaddress
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from app.gateways.address import Address
from app.gateways.vendor_words import read_json
from app.notices.ports import BadHook, GatewayError, NoAnswer

CONNECT_SECONDS, ANSWER_SECONDS = 4.0, 14.0
PROBE_SECONDS = 2.0
CONNECTIONS = 64
LONGEST_ANSWER = 200_000
TLS_PORT = 443

Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def said(self) -> dict[str, Any] | None:
        """The JSON object that it is, if it is one."""
        try:
            read = read_json(self.body)
        except BadHook:
            return None
        return read if isinstance(read, dict) else None


class Vendor:
    """The other end, under the name that stands in errors."""

    def __init__(self, name: str, address: Address) -> None:
        self._name = name
        scheme = "http" if is_this_machine(address.host) else "https"
        host = f"[{address.host}]" if ":" in address.host else address.host
        self._pool = urllib3.connection_from_url(f"{scheme}://{host}:{address.port}", maxsize=CONNECTIONS)

    def post(self, path: str, fields: Fields, headers: Mapping[str, str], *, is_probe: bool = False) -> Answer:
        """The answer to a form. Raises GatewayError where nothing was sent, and NoAnswer, but for a probe."""
        form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        body = urlencode(fields).encode()
        if is_probe:
            return self._ask("POST", path, body, form, PROBE_SECONDS)
        return self._call("POST", path, body, form, ANSWER_SECONDS)

    def get(self, path: str, headers: Mapping[str, str], seconds: float = PROBE_SECONDS) -> Answer:
        """The answer to what changes nothing there. Raises GatewayError."""
        return self._ask("GET", path, None, headers, seconds)

    def refusal(self, answer: Answer, code: str, *, permanent: bool = False) -> GatewayError | NoAnswer:
        """What an answer means that does not say that the text was taken; `code` is the vendor's own word, if any."""
        if code:
            return GatewayError(f"{self._name} says {code}", permanent=permanent)
        if answer.status >= HTTPStatus.BAD_REQUEST and not _may_hide_more(answer.status):
            return GatewayError(f"{self._name} answered {answer.status}", permanent=False)
        return NoAnswer(f"{self._name} answered {answer.status} and nothing of its own")

    def _ask(self, *call: Any) -> Answer:
        """A call that nobody needs to doubt."""
        try:
            return self._call(*call)
        except NoAnswer as error:
            raise GatewayError(str(error), permanent=False) from error

    def _call(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], seconds: float) -> Answer:
        try:
            answer = self._pool.urlopen(
                method, path, body, headers, retries=False, redirect=False, preload_content=False,
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, seconds), read=seconds),
            )  # fmt: skip
            return Answer(answer.status, _body(answer, time.monotonic() + seconds))
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise GatewayError(f"{self._name} is not reachable", permanent=False) from error
        except (HTTPError, TimeoutError) as error:
            if _is_bad_certificate(error):
                raise GatewayError(f"{self._name} shows a wrong certificate", permanent=False) from error
            raise NoAnswer(f"{self._name} did not answer: {type(error).__name__}") from error


def is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_yes(address: Address, name: str) -> bool:
    """A setting that is yes or no, which is what it is where it isn't there. Raises ValueError."""
    said = address.settings.get(name, "no")
    if said not in ("yes", "no"):
        raise ValueError(f"an address where {name!r} is yes or no")
    return said == "yes"


def hook_address(text: str) -> str:
    """An address of ours that a vendor calls. Raises ValueError."""
    parts = urlsplit(text)
    is_open = parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(parts.hostname or ""))
    if text and (not is_open or not parts.hostname or parts.query or parts.fragment):
        raise ValueError("an address whose `hook` is as `homethread sms hooks` prints it: https://…/hooks/…")
    return text


def _body(answer: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """All of it, unless it is too long or comes too slowly to wait for."""
    parts, room = [], LONGEST_ANSWER
    while room > 0 and (part := answer.read1(room)):
        if time.monotonic() > deadline:
            answer.close()
            raise TimeoutError("an answer that does not end")
        parts.append(part)
        room -= len(part)
    if room > 0:
        answer.release_conn()
    else:
        answer.close()
    return b"".join(parts)


def _may_hide_more(status: int) -> bool:
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.SERVICE_UNAVAILABLE


def _is_bad_certificate(error: Exception) -> bool:
    return isinstance(error, SSLError) and any(isinstance(arg, ssl.SSLCertVerificationError) for arg in error.args)
