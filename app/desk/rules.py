"""What the ledger says of a child, and which hours the board shows. Pure: values and `now` in, values out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.kernel.local_time import day_of, start_of_day

OVERDUE_AFTER = timedelta(days=7)
LEDGER_REACHES = timedelta(days=30)
TROUBLES_SHOWN = timedelta(days=2)
EVENING_REACHES = timedelta(hours=2)
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Ended:
    """A call that is over; `was_held` when the two heard each other."""

    ended_at: datetime
    talked_seconds: int
    was_held: bool = False
    was_missed: bool = False


@dataclass(frozen=True)
class Since:
    """Where the periods of the ledger begin: the village's own week (from Monday) and month, and thirty days."""

    week: datetime
    month: datetime
    ledger: datetime

    @property
    def earliest(self) -> datetime:
        return min(self.week, self.month, self.ledger)


@dataclass(frozen=True)
class Tally:
    """One child's line: how much in this week and month, how often in thirty days."""

    last_heard_at: datetime | None
    minutes_week: int
    minutes_month: int
    held: int
    missed: int
    is_overdue: bool


def since(now: datetime, zone: str) -> Since:
    today = day_of(now, zone)
    monday = today - timedelta(days=today.weekday())
    return Since(start_of_day(monday, zone), start_of_day(today.replace(day=1), zone), now - LEDGER_REACHES)


def tally(calls: Iterable[Ended], last_heard_at: datetime | None, begins: Since, now: datetime) -> Tally:
    """Sum up the calls of one child. A call belongs to the period in which it ended."""
    calls = list(calls)
    lately = [call for call in calls if call.ended_at >= begins.ledger]
    return Tally(
        last_heard_at=last_heard_at,
        minutes_week=minutes(call.talked_seconds for call in calls if call.ended_at >= begins.week),
        minutes_month=minutes(call.talked_seconds for call in calls if call.ended_at >= begins.month),
        held=sum(call.was_held for call in lately),
        missed=sum(call.was_missed for call in lately),
        is_overdue=is_overdue(last_heard_at, now),
    )


def minutes(seconds: Iterable[int]) -> int:
    """Whole minutes, to the nearest; a half counts."""
    return (sum(seconds) + 30) // 60


def is_overdue(last_heard_at: datetime | None, now: datetime) -> bool:
    return last_heard_at is None or now - last_heard_at >= OVERDUE_AFTER


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
