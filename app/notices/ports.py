"""What notices need from outside: a gateway for texts, and, in the demo only, a look at the phones that it plays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

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
    ref: str
    status: ReceiptStatus
    at: datetime


class GatewayError(Exception):
    """The vendor certainly did not take the text; `permanent` if trying again can't help. No number in the message."""

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

    def send(
        self, to: E164, template: str, params: Mapping[str, str], language: str, text: str, key: str
    ) -> Accepted:  # fmt: skip
        """Hand one text over, within LONGEST_CALL_SECONDS. Raises GatewayError; anything else raised means NoAnswer."""

    def query(self, key: str) -> Accepted | None:
        """What was taken under `key`, or None. Only where `can_query`. Raises GatewayError."""


@dataclass(frozen=True)
class HandsetText:
    at: datetime
    text: str
    key: str
    template: str


class Handsets(Protocol):
    """Phones whose screens can be looked at, because they are played."""

    def numbers(self) -> Sequence[E164]:
        """The numbers that were ever sent a text."""

    def texts(self, number: E164) -> Sequence[HandsetText]:
        """What came to a number, oldest first."""
