"""What notices need from outside: gateways for texts, a sender of pushes, and in the demo the phones that it plays.

A gateway implements `SmsGateway`, and `Hooked` or `Listening` besides if receipts or texts come in by it. It keeps no
record of ours: what was sent, asked and answered is written down by the callers.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from app.kernel.numbers import E164

LONGEST_CALL_SECONDS = 20


@dataclass(frozen=True)
class Accepted:
    """The vendor has the text; `ref` is its name for it, by which receipts come."""

    ref: str


class ReceiptStatus(StrEnum):
    """Our four words; each gateway translates its vendor's codes into them."""

    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Receipt:
    """What became of a text, told by the vendor's `ref` or by the `key` it was sent with; one of them is given.

    `error` is the vendor's word for why it failed, without a number.
    """

    ref: str | None
    key: str | None
    status: ReceiptStatus
    at: datetime
    error: str | None = None


@dataclass(frozen=True)
class Inbound:
    """A text that came in. `ref` is the vendor's name for it, the same if it comes again.

    `sender` is what the network says: mostly E.164, at times without "+", a short code or a name.
    """

    ref: str
    sender: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Arrivals:
    """What one call of a vendor brought; `answer` and `mime` are what the vendor wants to hear back."""

    receipts: Sequence[Receipt] = ()
    texts: Sequence[Inbound] = ()
    answer: str = ""
    mime: str = "text/plain"


class GatewayError(Exception):
    """The vendor certainly did not take the text. No number in the message.

    `permanent` says that this text to this number will never be taken by anybody; what is wrong with the account, the
    credit or the vendor is passing, since another gateway may do better.
    """

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class NoAnswer(Exception):
    """The vendor was called, and nobody knows whether it took the text (a time-out, a broken connection)."""


class SmsGateway(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def can_receive(self) -> bool: ...

    @property
    def templates_only(self) -> bool:
        """Only `template` and `params` count; the vendor holds the words, and `text` is what they come to."""

    @property
    def receipts(self) -> bool: ...

    @property
    def can_query(self) -> bool: ...

    @property
    def max_segments(self) -> int: ...

    @property
    def signature(self) -> str:
        """What the vendor puts before each text, as 【家线】; it counts to the length. Mostly empty."""

    def send(
        self, to: E164, template: str, params: Mapping[str, str], language: str, text: str, key: str
    ) -> Accepted:  # fmt: skip
        """Hand one text over, within LONGEST_CALL_SECONDS. Raises GatewayError; anything else raised means NoAnswer."""

    def query(self, key: str) -> Accepted | None:
        """What was taken under `key`, or None. Only where `can_query`. Raises GatewayError."""

    def probe(self) -> None:
        """Whether the other end is there and would let us in, within 5 s, sending no text. Raises GatewayError."""


@dataclass(frozen=True)
class HookRequest:
    """A vendor's call as it came over the wire; `url` is the whole address that the vendor knows, with its query.

    Header names are in lower case. Nothing is decoded yet: a vendor's charset is the gateway's to know.
    """

    method: str
    url: str
    query: bytes
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class BadHook(Exception):
    """What came is no call of this vendor: no number and nothing of its content in the message."""


class BadSignature(BadHook):
    """What came is not signed as this vendor signs."""


@runtime_checkable
class Hooked(Protocol):
    """A gateway whose vendor calls us."""

    @property
    def signs(self) -> bool:
        """Whether the vendor's calls prove where they come from; where not, only this machine's own are heard."""

    def hook(self, request: HookRequest, now: datetime) -> Arrivals:
        """Read one call of the vendor. Raises BadHook, BadSignature."""


@runtime_checkable
class Listening(Protocol):
    """A gateway that holds a connection, or looks in a place, to hear what comes in; run by each worker."""

    def listen(self, take: Callable[[Arrivals], None], stop: threading.Event) -> None:
        """Give `take` all that comes until `stop` is set, reconnecting by itself.

        What `take` has returned from is kept, and may be acknowledged; when it raises, the same has to come again.
        """


class Urgency(StrEnum):
    """RFC 8030, 5.3."""

    VERY_LOW = "very-low"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True)
class Subscription:
    """A browser's address for pushes: RFC 8030's endpoint, RFC 8291's key and secret, both base64url."""

    endpoint: str
    p256dh: str
    auth: str


class Gone(Exception):
    """The subscription exists no more."""


class PushSender(Protocol):
    @property
    def public_key(self) -> str:
        """VAPID's application server key (RFC 8292), base64url."""

    def accepts(self, endpoint: str) -> bool:
        """Whether this could be a push service's address; calls nobody."""

    def send(
        self, subscription: Subscription, payload: bytes, *, urgency: Urgency, topic: str, ttl_seconds: int
    ) -> str:  # fmt: skip
        """Hand one push over; the push service's name for it, or nothing. `topic`: a later one replaces it unread.

        Raises Gone, GatewayError; anything else raised means that nobody knows.
        """


@dataclass(frozen=True)
class HandsetText:
    """A text on a played phone's screen; `is_own`: its holder typed it."""

    at: datetime
    text: str
    key: str
    template: str
    is_own: bool = False


class Handsets(Protocol):
    """Phones whose screens can be looked at, because they are played."""

    def states(self) -> Mapping[E164, tuple[int, HandsetText]]:
        """The numbers that have texts: how many, and the newest."""

    def texts(self, number: E164) -> Sequence[HandsetText]:
        """What came to a number and was typed there, oldest first."""

    def write(self, number: E164, text: str, key: str) -> None:
        """Type a text there and send it to us. A `key` that was used before means the same text."""
