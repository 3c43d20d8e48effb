"""Who is unheard longest, which hours the board shows, whose a due row is. Pure: values and `now` in, values out."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.kernel.local_time import day_of, start_of_day

TROUBLES_SHOWN = timedelta(days=2)
EVENING_REACHES = timedelta(hours=2)
NEVER = datetime.min.replace(tzinfo=UTC)


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


def in_short(error: str | None) -> str:
    """What a desk is shown of a program's failure: its kind. The rest may quote other people's data."""
    return (error or "").partition(":")[0][:64]
