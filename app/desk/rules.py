"""Who is unheard longest, which hours the board shows, whose a due row is, when texts are late. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.kernel.local_time import day_of, start_of_day
from app.notices.words import Channel, DeliveryState

TROUBLES_SHOWN = timedelta(days=2)
EVENING_REACHES = timedelta(hours=2)
NEVER = datetime.min.replace(tzinfo=UTC)
TEXTS_LATE = timedelta(minutes=2)
CALLED_BEFORE = timedelta(hours=2)
# What a family's page at the terminal shows of its calls, so that who gets no text learns of it there.
SEEN_AT_TERMINAL = frozenset({
    "reminder_day", "reminder_hour", "reminder_ten", "booked", "confirmed_by_other", "moved", "cancelled",
    "ring_village", "unanswered_caregiver", "proposed", "countered", "slot_offered", "chase", "rostered",
    "rostered_several", "series_booked", "series_changed", "voice_for_child",
})  # fmt: skip
Concern = tuple[str, str]
# By what a payload names it. Who is told together comes before the notice of that, which may not be there yet.
CONCERNS = {
    "call_id": "call", "village_id": "village", "family_id": "family", "series_id": "series", "roster_id": "roster",
    "person_id": "person", "text_id": "text", "notice": "notice", "notice_id": "notice",
}  # fmt: skip
# An address or a setting, by which a vendor's account might be told.
ADDRESS = re.compile(r"\S*(?:://|@|=)\S*")


def longest_unheard(last_heard_at: datetime | None) -> datetime:
    """A key that sorts children: who was never heard comes first."""
    return last_heard_at or NEVER


def board(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """The hours that the board shows: the village's day, and late in the evening a little of the next."""
    today = day_of(now, zone)
    midnight = start_of_day(today + timedelta(days=1), zone)
    return start_of_day(today, zone), max(midnight, now + EVENING_REACHES)


def row_concerns(subject: str | None, payload: Mapping[str, Any]) -> Concern | None:
    """The kind and id of what a due row is about; None for a row that is no village's own."""
    kind, _, subject_id = (subject or "").partition(":")
    if kind in ("call", "village"):
        return kind, subject_id
    return next(((kind, str(payload[name])) for name, kind in CONCERNS.items() if name in payload), None)


def became_of(template: str, channel: str | None, state: str) -> str:
    """What is said to have become of a notice: nobody is to think that there was a text where there was none."""
    if state == DeliveryState.SENT and channel == Channel.TERMINAL:
        return "at_terminal" if template in SEEN_AT_TERMINAL else "untold"
    return "pushed" if state == DeliveryState.SENT and channel == Channel.PUSH else state


def is_late(waiting_since: datetime, now: datetime) -> bool:
    """Whether texts have waited for so long that the desk has to know."""
    return now - waiting_since >= TEXTS_LATE


def without_addresses(error: str) -> str:
    """What a gateway said, as any desk may read it."""
    return ADDRESS.sub("…", error)


def in_short(error: str | None) -> str:
    """What a desk is shown of a program's failure: its kind. The rest may quote other people's data."""
    return (error or "").partition(":")[0][:64]
