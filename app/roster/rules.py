"""Whose turn it is for a slot that got free, and for how long it is theirs. Pure: values and `now` in, values out.

Longest unheard first, then who has waited longest. What quiet hours are is the notices' business, who is free the
families'.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.villages.rules import is_unheard

TOO_CLOSE = timedelta(minutes=20)
OFFER_LASTS = timedelta(minutes=30)
OFFER_LASTS_AT_LEAST = timedelta(minutes=5)
OFFERS_A_DAY = 2
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Waiting:
    """A child and a parent in line for a freed slot: they asked (`wait_id`, `since`), or were unheard too long.

    `last_heard_at` and `next_call_at` are the child's; `allowed_until` is when their consent ends, if that is known.
    """

    family_id: str
    child_id: str
    parent_id: str
    last_heard_at: datetime | None = None
    next_call_at: datetime | None = None
    wait_id: str | None = None
    since: datetime | None = None
    allowed_until: datetime | None = None

    @property
    def is_asked(self) -> bool:
        return self.wait_id is not None

    def may_speak_until(self, ends_at: datetime) -> bool:
        return self.allowed_until is None or ends_at <= self.allowed_until


def waits(one: Waiting, promise_days: int, now: datetime) -> bool:
    """Whether somebody asked for a slot, or the village's promise is broken and no call is ahead that would mend it."""
    if one.is_asked:
        return True
    return one.next_call_at is None and is_unheard(one.last_heard_at, promise_days, now)


def in_order(waiting: Iterable[Waiting], now: datetime) -> list[Waiting]:
    return sorted(waiting, key=lambda w: (w.last_heard_at or NEVER, w.since or now, w.child_id, w.parent_id))


def is_too_close(starts_at: datetime, now: datetime) -> bool:
    """Whether nobody could be asked about a slot, and come, any more."""
    return starts_at - now < TOO_CLOSE


def offer_expires(starts_at: datetime, now: datetime) -> datetime:
    """Half of what is left until the start is for the next in line."""
    return now + max(OFFER_LASTS_AT_LEAST, min(OFFER_LASTS, (starts_at - now) / 2))


def pieces(
    starts_at: datetime, ends_at: datetime, call_minutes: int, buffer_minutes: int
) -> list[tuple[datetime, datetime]]:  # fmt: skip
    """The slots that a freed interval makes: as many as find room with a change-over between them, or itself."""
    buffer, length = timedelta(minutes=buffer_minutes), timedelta(minutes=call_minutes)
    count = (ends_at - starts_at + buffer) // (length + buffer)
    if count < 2:
        return [(starts_at, ends_at)]
    starts = [starts_at + n * (length + buffer) for n in range(count)]
    return [(start, start + length) for start in starts]
