"""What can happen, as ids and instants only. Who cares is said in `app/flows.py`."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Event:
    at: datetime


@dataclass(frozen=True)
class CallProposed(Event):
    call_id: str
    by: str


@dataclass(frozen=True)
class CallBooked(Event):
    call_id: str
    by: str


@dataclass(frozen=True)
class CallConfirmed(Event):
    call_id: str
    by: str


@dataclass(frozen=True)
class CallMoved(Event):
    call_id: str
    to_call_id: str
    by: str


@dataclass(frozen=True)
class CallCountered(Event):
    """A proposal was answered by another one."""

    call_id: str
    to_call_id: str
    by: str


@dataclass(frozen=True)
class CallCancelled(Event):
    call_id: str
    by: str


@dataclass(frozen=True)
class CallReleased(Event):
    """Nobody confirmed the call in time."""

    call_id: str


@dataclass(frozen=True)
class SeriesBooked(Event):
    series_id: str
    by: str


@dataclass(frozen=True)
class SeriesChanged(Event):
    series_id: str
    by: str


@dataclass(frozen=True)
class SeriesEnded(Event):
    series_id: str
    by: str


@dataclass(frozen=True)
class SeriesGap(Event):
    """The series could not make its call of this day (an ISO date)."""

    series_id: str
    occurs_on: str


@dataclass(frozen=True)
class TerminalRetired(Event):
    terminal_id: str


@dataclass(frozen=True)
class RosterPublished(Event):
    roster_id: str
    by: str


@dataclass(frozen=True)
class CallStarting(Event):
    call_id: str


@dataclass(frozen=True)
class CallRinging(Event):
    call_id: str


@dataclass(frozen=True)
class CallUnanswered(Event):
    """Three minutes of ringing brought nobody: another caregiver, another channel."""

    call_id: str


@dataclass(frozen=True)
class CallAnswered(Event):
    call_id: str
    side: str


@dataclass(frozen=True)
class CallJoinedByDesk(Event):
    call_id: str
    by: str


@dataclass(frozen=True)
class CallLeftByDesk(Event):
    call_id: str
    by: str
    since: datetime


@dataclass(frozen=True)
class GuestAsked(Event):
    """A further parent is asked to come into a call that is on."""

    call_id: str
    person_id: str


@dataclass(frozen=True)
class GuestJoined(Event):
    call_id: str
    person_id: str


@dataclass(frozen=True)
class CallLive(Event):
    call_id: str


@dataclass(frozen=True)
class CallEnded(Event):
    call_id: str
    outcome: str


@dataclass(frozen=True)
class SlotFreed(Event):
    village_id: str
    terminal_id: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class MessageStored(Event):
    """It was looked at and can be heard, now or at its hour."""

    message_id: str


@dataclass(frozen=True)
class MessageUnsealed(Event):
    """It is due for the other end to hear, for the first time or again."""

    message_id: str


@dataclass(frozen=True)
class MessageHeard(Event):
    message_id: str


@dataclass(frozen=True)
class MessageWithdrawn(Event):
    message_id: str


@dataclass(frozen=True)
class NoticeFailed(Event):
    notice_id: str


@dataclass(frozen=True)
class NoticeUnanswered(Event):
    """A notice that wants an answer has none in time: somebody else is asked."""

    notice_id: str


@dataclass(frozen=True)
class NoticesGathered(Event):
    """Several notices to a person are to be told in one, which gets this id."""

    notice_id: str
    person_id: str


@dataclass(frozen=True)
class TextReceived(Event):
    text_id: str


@dataclass(frozen=True)
class GatewaySilent(Event):
    gateway: str


@dataclass(frozen=True)
class GatewayBack(Event):
    gateway: str
    since: datetime


@dataclass(frozen=True)
class ConsentEnded(Event):
    """In either way; as an event it is one of the two below."""

    consent_id: str
    child_id: str
    contact_id: str


@dataclass(frozen=True)
class ConsentRevoked(ConsentEnded):
    pass


@dataclass(frozen=True)
class ConsentRanOut(ConsentEnded):
    """It ended at the instant until which it was given."""


@dataclass(frozen=True)
class GraceOver(Event):
    """So long ago a consent for this person ended, or they left, that what was kept for another one may go."""

    person_id: str


@dataclass(frozen=True)
class MemberJoined(Event):
    family_id: str
    person_id: str


@dataclass(frozen=True)
class MemberLeft(Event):
    family_id: str
    person_id: str


@dataclass(frozen=True)
class ParentRequestAnswered(Event):
    """The desk accepted or declined what a parent asked for."""

    request_id: str


@dataclass(frozen=True)
class ParentRequestReopened(Event):
    """The desk undid what it had answered."""

    request_id: str


@dataclass(frozen=True)
class PhotoTaken(Event):
    family_id: str
    person_id: str
    by: str


@dataclass(frozen=True)
class HoursChanged(Event):
    """Something else is said of when a person has time; `village_id` is the one of a desk that said it, or empty."""

    person_id: str
    change: str
    by: str
    village_id: str


EVENT_KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        CallProposed, CallBooked, CallConfirmed, CallMoved, CallCountered, CallCancelled, CallReleased, SeriesBooked,
        SeriesChanged, SeriesEnded, SeriesGap, TerminalRetired, RosterPublished, CallStarting, CallRinging,
        CallUnanswered, CallAnswered, CallJoinedByDesk, CallLeftByDesk, GuestAsked, GuestJoined, CallLive, CallEnded,
        SlotFreed, MessageStored, MessageUnsealed, MessageHeard, MessageWithdrawn, NoticeFailed, NoticeUnanswered,
        NoticesGathered, TextReceived, GatewaySilent, GatewayBack, ConsentRevoked, ConsentRanOut, GraceOver,
        MemberJoined, MemberLeft, ParentRequestAnswered, ParentRequestReopened, PhotoTaken, HoursChanged,
    )
}  # fmt: skip


def to_payload(event: Event) -> dict[str, str]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else str(value) for name, value in asdict(event).items()
    }


def from_payload(kind: str, payload: dict[str, Any]) -> Event:
    event = EVENT_KINDS[kind]
    instants = {field.name for field in fields(event) if field.type is datetime}
    return event(**{k: datetime.fromisoformat(v) if k in instants else v for k, v in payload.items()})
