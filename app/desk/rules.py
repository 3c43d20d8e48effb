"""Who is unheard longest, which hours the board shows, whose a due row is, when texts are late. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.kernel.local_time import day_of, start_of_day

TROUBLES_SHOWN = timedelta(days=2)
EVENING_REACHES = timedelta(hours=2)
NEVER = datetime.min.replace(tzinfo=UTC)
TEXTS_LATE = timedelta(minutes=2)
CALLED_BEFORE = timedelta(hours=2)
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


def row_concerns(subject: str | None, payload: Mapping[str, Any]) -> tuple[str, str] | None:
    """("call" | "village", id) that a due row is about; None for a row that is no village's own."""
    kind, _, subject_id = (subject or "").partition(":")
    if kind in ("call", "village"):
        return kind, subject_id
    for kind in ("call", "village"):
        if f"{kind}_id" in payload:
            return kind, str(payload[f"{kind}_id"])
    return None


def is_late(waiting_since: datetime, now: datetime) -> bool:
    """Whether texts have waited for so long that the desk has to know."""
    return now - waiting_since >= TEXTS_LATE


def without_addresses(error: str) -> str:
    """What a gateway said, as any desk may read it."""
    return ADDRESS.sub("…", error)


def in_short(error: str | None) -> str:
    """What a desk is shown of a program's failure: its kind. The rest may quote other people's data."""
    return (error or "").partition(":")[0][:64]
