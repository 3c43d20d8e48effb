"""Texts through Twilio (Programmable Messaging, the REST API of 2010-04-01).

Twilio can't be asked what became of a text by our key: a message keeps nothing of ours, and to look for one by number,
time and words finds the twin of another send, or misses one that its list does not show yet. Both would be a lie at the
moment that matters, and so `can_query` is False. Instead the address that Twilio calls with receipts carries our key: a
text that was taken while its answer got lost says so itself.
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import urllib3

from app.gateways.address import read
from app.gateways.vendor_http import TLS_PORT, Vendor, hook_address
from app.gateways.vendor_words import LONGEST_REF, LONGEST_SENDER, clean, needed, read_form, word
from app.kernel.numbers import E164
from app.notices.ports import (
    Accepted,
    Arrivals,
    BadHook,
    BadSignature,
    GatewayError,
    HookRequest,
    Inbound,
    NoAnswer,
    Receipt,
    ReceiptStatus,
)

# twilio.com/docs/api/errors: no number, opted out, no mobile number, a landline.
PERMANENT = frozenset({"21211", "21610", "21614", "21635"})
STATUSES = {
    "sent": ReceiptStatus.SENT,
    "delivered": ReceiptStatus.DELIVERED,
    "read": ReceiptStatus.DELIVERED,
    "undelivered": ReceiptStatus.FAILED,
    "failed": ReceiptStatus.FAILED,
    "canceled": ReceiptStatus.FAILED,
}
SETTINGS = ("from", "hook")
NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


class Twilio:
    """An `SmsGateway` that is `Hooked`. `from` is a number, a name, or the SID of a messaging service."""

    name = "twilio"
    templates_only = False
    can_query = False
    max_segments = 10
    signature = ""
    signs = True

    def __init__(self, url: str) -> None:
        """Raises ValueError naming what the address has to say."""
        address = read(url, known=SETTINGS, needed=("from",), port=TLS_PORT)
        self._sender = address.settings["from"]
        self._hook = hook_address(address.settings.get("hook", ""))
        self._account, self._token = address.user, address.password
        self._vendor = Vendor("Twilio", address)
        self._headers = urllib3.make_headers(basic_auth=f"{address.user}:{address.password}")

    @property
    def can_receive(self) -> bool:
        """Nobody can answer a name."""
        return self._is_service or self._sender.lstrip("+").isdigit()

    @property
    def receipts(self) -> bool:
        return bool(self._hook)

    def send(
        self, to: E164, template: str, params: Mapping[str, str], language: str, text: str, key: str
    ) -> Accepted:  # fmt: skip
        sender = "MessagingServiceSid" if self._is_service else "From"
        fields = [("To", str(to)), (sender, self._sender), ("Body", clean(text))]
        if self._hook:
            fields.append(("StatusCallback", f"{self._hook}?{urlencode({'key': key})}"))
        answer = self._vendor.post(f"{self._path}/Messages.json", fields, self._headers)
        said = answer.said or {}
        if answer.status >= 300:
            code = word(said.get("code") or "")
            raise self._vendor.refusal(answer, code, permanent=code in PERMANENT)
        return _accepted(said)

    def query(self, key: str) -> Accepted | None:
        raise NotImplementedError

    def probe(self) -> None:
        answer = self._vendor.get(f"{self._path}.json", self._headers)
        state = (answer.said or {}).get("status")
        if answer.status != 200 or state != "active":
            raise GatewayError(f"Twilio answered {answer.status}, account {word(state) or 'unknown'}", permanent=False)

    def hook(self, request: HookRequest, now: datetime) -> Arrivals:
        """A number may be set up to call by GET: then there is no form, and all of it stands in the address."""
        pairs = read_form(request.body)
        self._check(request, pairs)
        fields = dict(pairs or read_form(request.query))
        if "MessageStatus" in fields:
            status = STATUSES.get(fields["MessageStatus"])
            return Arrivals(receipts=[_receipt(fields, status, request, now)] if status else [])
        ref, sender = needed(fields, "MessageSid", LONGEST_REF), needed(fields, "From", LONGEST_SENDER)
        inbound = Inbound(ref, sender, clean(fields.get("Body", "")), now)
        return Arrivals(texts=[inbound], answer=NO_ANSWER, mime="text/xml")

    @property
    def _is_service(self) -> bool:
        return self._sender.startswith("MG")

    @property
    def _path(self) -> str:
        return f"/2010-04-01/Accounts/{self._account}"

    def _check(self, request: HookRequest, pairs: list[tuple[str, str]]) -> None:
        """Twilio may write the port into the address that it signs where everybody else leaves it out."""
        given = request.headers.get("x-twilio-signature", "").encode()
        made = [signature(self._token, url, pairs).encode() for url in _spellings(request.url)]
        if not any(hmac.compare_digest(given, each) for each in made):
            raise BadSignature("not signed by Twilio")


def signature(token: str, url: str, pairs: list[tuple[str, str]]) -> str:
    """twilio.com/docs/usage/security: HMAC-SHA1 of the address and the sorted fields, each name with its value."""
    signed = url + "".join(name + value for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(errors="replace"), "sha1")).decode()


def _spellings(url: str) -> set[str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return {url}
    usual = TLS_PORT if parts.scheme == "https" else 80
    host = parts.netloc.removesuffix(f":{usual}")
    with_port = host if ":" in host.rpartition("]")[2] else f"{host}:{usual}"
    return {url, *(parts._replace(netloc=netloc).geturl() for netloc in (host, with_port))}


def _accepted(said: Mapping[str, Any]) -> Accepted:
    ref = said.get("sid")
    if not isinstance(ref, str) or not 0 < len(ref) <= LONGEST_REF:
        raise NoAnswer("Twilio took something and does not say what")
    if said.get("status") in ("failed", "undelivered", "canceled"):
        code = word(said.get("error_code") or "")
        raise GatewayError(f"Twilio says {code or 'failed'}", permanent=code in PERMANENT)
    return Accepted(ref)


def _receipt(fields: Mapping[str, str], status: ReceiptStatus, request: HookRequest, now: datetime) -> Receipt:
    key = parse_qs(request.query.decode("ascii", "replace")).get("key", [""])[0]
    if len(key) > LONGEST_REF:
        raise BadHook("a key that is none of ours")
    error = word(fields.get("ErrorCode") or "") if status is ReceiptStatus.FAILED else ""
    if key:
        return Receipt(None, clean(key), status, now, error or None)
    return Receipt(needed(fields, "MessageSid", LONGEST_REF), None, status, now, error or None)
