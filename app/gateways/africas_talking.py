"""Texts through Africa's Talking (version1/messaging).

It does not sign its calls, and so they are only heard from this machine, where a forwarder of the operator's may stand
that lets nobody else through: `hook=yes` says that there is one. Without it there are no receipts, and what people
write to a short code is fetched. It can't be asked what became of a text by our key: it keeps nothing of ours.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from app.gateways.address import read
from app.gateways.one_listener import turn
from app.gateways.vendor_http import ANSWER_SECONDS, TLS_PORT, Answer, Vendor, is_yes
from app.gateways.vendor_words import LONGEST_REF, LONGEST_SENDER, clean, instant, needed, read_form, word
from app.kernel.clock import Clock
from app.kernel.numbers import E164
from app.notices.ports import (
    Accepted,
    Arrivals,
    BadHook,
    GatewayError,
    HookRequest,
    Inbound,
    NoAnswer,
    Receipt,
    ReceiptStatus,
)

log = logging.getLogger(__name__)

MESSAGING, USER = "/version1/messaging", "/version1/user"
LOOK_SECONDS = 10.0
OLD = timedelta(days=1)  # what was written before we listened for the first time means nothing any more
TAKEN = frozenset({100, 101, 102})  # processed, sent, queued
# No number, no number that gets texts, on the list of those who want none. 409, "do not disturb", passes by morning.
PERMANENT = frozenset({403, 404, 406})
STATUSES = {
    "Sent": ReceiptStatus.SENT,
    "Submitted": ReceiptStatus.SENT,
    "Buffered": ReceiptStatus.SENT,
    "Success": ReceiptStatus.DELIVERED,
    "Rejected": ReceiptStatus.FAILED,
    "Failed": ReceiptStatus.FAILED,
    "AbsentSubscriber": ReceiptStatus.FAILED,
    "Expired": ReceiptStatus.FAILED,
}
DATES = ("%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S")
SETTINGS = ("from", "hook")


class AfricasTalking:
    """An `SmsGateway` that is `Hooked` and `Listening`; `from` is a short code or a registered name."""

    name = "africastalking"
    templates_only = False
    can_query = False
    max_segments = 6
    signature = ""
    signs = False

    def __init__(self, url: str, data_dir: Path, clock: Clock) -> None:
        """Raises ValueError naming what the address has to say."""
        address = read(url, known=SETTINGS, port=TLS_PORT)
        self._username, self._sender = address.user, address.settings.get("from", "")
        self._is_called = is_yes(address, "hook")
        self._headers = {"apiKey": address.password, "Accept": "application/json"}
        self._vendor = Vendor("Africa's Talking", address)
        self._place, self._clock = data_dir / "africastalking-last", clock
        self._ahead: set[int] = set()  # what was taken behind something that was not

    @property
    def can_receive(self) -> bool:
        """Nobody can answer a name."""
        return self._sender.lstrip("+").isdigit()

    @property
    def receipts(self) -> bool:
        return self._is_called

    def send(
        self, to: E164, template: str, params: Mapping[str, str], language: str, text: str, key: str
    ) -> Accepted:  # fmt: skip
        fields = [("username", self._username), ("to", str(to)), ("message", clean(text))]
        fields += [("from", self._sender)] if self._sender else []
        answer = self._vendor.post(MESSAGING, fields, self._headers)
        recipient = _recipient(answer)
        if recipient is None:
            raise self._vendor.refusal(answer, _general_word(answer))
        code = recipient.get("statusCode")
        if code not in TAKEN:
            raise self._vendor.refusal(answer, word(code), permanent=code in PERMANENT)
        ref = str(recipient.get("messageId") or "")
        if not 0 < len(ref) <= LONGEST_REF or ref == "None":
            raise NoAnswer("Africa's Talking took something and does not say what")
        return Accepted(ref)

    def query(self, key: str) -> Accepted | None:
        raise NotImplementedError

    def probe(self) -> None:
        answer = self._vendor.get(f"{USER}?username={quote(self._username, safe='')}", self._headers)
        if answer.status != 200 or not isinstance((answer.said or {}).get("UserData"), dict):
            raise GatewayError(f"Africa's Talking answered {answer.status}", permanent=False)

    def hook(self, request: HookRequest, now: datetime) -> Arrivals:
        if not self._is_called:
            raise BadHook("nobody was asked to call")
        fields = dict(read_form(request.body))
        if "status" in fields:
            return _reported(fields, now)
        if "text" in fields:
            return Arrivals(texts=[_inbound(fields, now)])
        return Arrivals() if "phoneNumber" in fields else _nothing()  # somebody took or left a subscription

    def listen(self, take: Callable[[Arrivals], None], stop: threading.Event) -> None:
        """Fetch what was written to the short code. Of all workers on this machine one does."""
        if self._is_called or not self.can_receive:
            stop.wait()
            return
        was_there = True
        with turn(self._place.with_suffix(".listener"), stop):
            while not stop.is_set():
                was_there = self._is_fetched(take, was_there)
                stop.wait(LOOK_SECONDS)

    def _is_fetched(self, take: Callable[[Arrivals], None], was_there: bool) -> bool:
        """Whether the vendor answered; it is said once that it stopped to."""
        try:
            self._fetch(take)
        except GatewayError as error:
            if was_there:
                log.warning("what came in can't be fetched: %s", error)
            return False
        return True

    def _fetch(self, take: Callable[[Arrivals], None]) -> None:
        """All that is new. What is not taken is fetched again, and holds nothing else back."""
        query = f"username={quote(self._username, safe='')}&lastReceivedId={self._last()}"
        answer = self._vendor.get(f"{MESSAGING}?{query}", self._headers, ANSWER_SECONDS)
        now, is_whole = self._clock.now(), True
        for fields in _messages(answer):
            number = int(fields["id"])
            if number in self._ahead or self._taken(take, fields, now):
                self._ahead.add(number)
            else:
                is_whole = False
            if is_whole:
                self._keep(number)
                self._ahead.discard(number)

    def _taken(self, take: Callable[[Arrivals], None], fields: Mapping[str, Any], now: datetime) -> bool:
        try:
            inbound = _inbound(fields, now)
        except BadHook:
            log.warning("Africa's Talking has a text that can't be read")
            return True
        if now - _written_at(fields, now) > OLD or fields.get("to") not in (None, self._sender):
            return True
        try:
            take(Arrivals(texts=[inbound]))
        except Exception as error:
            log.warning("what came in was not taken, and comes again: %s", type(error).__name__)
            return False
        return True

    def _last(self) -> int:
        try:
            return int(self._place.read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def _keep(self, last: int) -> None:
        draft = self._place.with_suffix(".draft")
        draft.write_text(str(last))
        draft.replace(self._place)


def _recipient(answer: Answer) -> Mapping[str, Any] | None:
    """What became of the one number that we gave."""
    recipients = _data(answer).get("Recipients")
    return recipients[0] if isinstance(recipients, list) and recipients and isinstance(recipients[0], dict) else None


def _general_word(answer: Answer) -> str:
    """Why nobody was written to, as InvalidSenderId; other sentences may quote a number."""
    return word(_data(answer).get("Message") or "")


def _messages(answer: Answer) -> list[Mapping[str, Any]]:
    messages = _data(answer).get("Messages")
    if answer.status != 200 or not isinstance(messages, list):
        raise GatewayError(f"Africa's Talking answered {answer.status}", permanent=False)
    known = [each for each in messages if isinstance(each, dict) and str(each.get("id", "")).isdecimal()]
    return sorted(known, key=lambda each: int(each["id"]))


def _data(answer: Answer) -> Mapping[str, Any]:
    data = (answer.said or {}).get("SMSMessageData")
    return data if isinstance(data, dict) else {}


def _reported(fields: Mapping[str, str], now: datetime) -> Arrivals:
    status = STATUSES.get(fields["status"])
    if status is None:
        return Arrivals()
    error = word(fields.get("failureReason") or "") if status is ReceiptStatus.FAILED else ""
    return Arrivals(receipts=[Receipt(needed(fields, "id", LONGEST_REF), None, status, now, error or None)])


def _inbound(fields: Mapping[str, Any], now: datetime) -> Inbound:
    sender, ref = needed(fields, "from", LONGEST_SENDER), needed(fields, "id", LONGEST_REF)
    return Inbound(ref, sender, clean(str(fields.get("text") or "")), _written_at(fields, now))


def _written_at(fields: Mapping[str, Any], now: datetime) -> datetime:
    said = (instant(str(fields.get("date", "")), form, now) for form in DATES)
    return next((at for at in said if at != now), now)


def _nothing() -> Arrivals:
    raise BadHook("nothing that we know")
