"""What the outside is called with, and what comes of it; the words between the database's half and the calls."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.kernel.numbers import E164
from app.notices import rules
from app.notices.ports import GatewayError, PushSender, SmsGateway
from app.notices.pushes import Outcome, Target
from app.notices.templates import Rendered
from app.notices.wording import Wording


@dataclass(frozen=True)
class Outside:
    """Where notices leave by; `gateways` in order of fail-over."""

    gateways: Sequence[SmsGateway]
    push: PushSender | None
    wording: Wording


@dataclass(frozen=True)
class Send:
    """One text that is written down as under way; `tried` are the gateways that refused it just before."""

    attempt_id: str
    gateway: SmsGateway
    key: str
    to: E164
    says: Rendered
    tried: frozenset[str]


@dataclass(frozen=True)
class PushOut:
    """One push that is written down as under way, to all browsers of its reader."""

    attempt_id: str
    sender: PushSender
    targets: Sequence[Target]


@dataclass(frozen=True)
class Question:
    """Whether the vendor has what was sent in this attempt."""

    attempt_id: str
    gateway: SmsGateway
    key: str


@dataclass(frozen=True)
class Took:
    """The vendor has it: it said so, or said so when it was asked."""

    ref: str


@dataclass(frozen=True)
class Refusal:
    error: str
    is_permanent: bool


@dataclass(frozen=True)
class NoWord:
    """The vendor did not answer, or what it answered is not understood."""

    error: str


@dataclass(frozen=True)
class Missing:
    """The vendor was asked, and does not have it."""


Under = Send | PushOut | Question
Came = Took | Refusal | NoWord | Missing | Outcome


def came_of(error: Exception) -> Refusal | NoWord:
    """What a vendor's failure means, in its own words as far as tables and logs may have them."""
    said = rules.without_digits(error)
    if isinstance(error, GatewayError):
        return Refusal(said, error.permanent)
    return NoWord(f"{type(error).__name__}: {said}")


def came_of_push(outcome: Outcome) -> Took | Refusal | NoWord:
    """One browser's push service that took it is enough."""
    if outcome.ref is not None:
        return Took(outcome.ref)
    return came_of(outcome.error) if outcome.error else Refusal("no browser", is_permanent=True)
