"""How long a notice is of use, whether it lets people sleep, what becomes of a doubtful one, how long a text is."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.kernel.local_time import moment_of_day, wall_of

# An attempt is over by then: longer than a gateway may take, shorter than a worker's lease.
IN_FLIGHT = timedelta(seconds=25)
RECEIPT_DEADLINE = timedelta(minutes=10)
# While it is of use, a notice outlives a gateway that is down for longer than a due row is retried.
OUTAGE_PAUSE = timedelta(minutes=5)
QUIET_FROM_MINUTE, QUIET_UNTIL_MINUTE = 21 * 60 + 30, 7 * 60  # of the reader's wall clock
CHASED_BEFORE = timedelta(hours=3)


@dataclass(frozen=True)
class Policy:
    """`repeat_after`: when a send that may have reached the vendor is tried once more; None is never.

    What is `gentle` wakes nobody: in the reader's quiet hours it waits for the morning.
    """

    useful_for: timedelta
    repeat_after: timedelta | None = RECEIPT_DEADLINE
    gentle: bool = False


POLICIES = {
    "reminder_day": Policy(timedelta(hours=3)),
    "reminder_hour": Policy(timedelta(minutes=30)),
    "reminder_ten": Policy(timedelta(minutes=8), repeat_after=None),
    "booked": Policy(timedelta(hours=12)),
    "confirmed_by_other": Policy(timedelta(hours=12)),
    "moved": Policy(timedelta(hours=12)),
    "cancelled": Policy(timedelta(hours=12)),
    "ring_parent": Policy(timedelta(minutes=5), repeat_after=None),
    "ring_village": Policy(timedelta(minutes=5), repeat_after=None),
    "unanswered_caregiver": Policy(timedelta(minutes=6), repeat_after=None),
    "missed_parent": Policy(timedelta(hours=12)),
    "missed_village": Policy(timedelta(hours=12)),
    "proposed": Policy(timedelta(hours=12)),
    "proposal_expired": Policy(timedelta(hours=12)),
    "countered": Policy(timedelta(hours=12)),
    "slot_offered": Policy(timedelta(minutes=25), repeat_after=None, gentle=True),
    "chase": Policy(timedelta(hours=3)),
    "released": Policy(timedelta(hours=12), gentle=True),
    "series_booked": Policy(timedelta(hours=12)),
    "series_changed": Policy(timedelta(hours=12)),
    "series_ended": Policy(timedelta(hours=12)),
    "series_gap": Policy(timedelta(hours=12), gentle=True),
    "rostered": Policy(timedelta(hours=12), gentle=True),
    "rostered_several": Policy(timedelta(hours=12), gentle=True),
    "sign_in_code": Policy(timedelta(minutes=10), repeat_after=None),
    "number_code": Policy(timedelta(minutes=10), repeat_after=None),
    "invitation": Policy(timedelta(hours=12), repeat_after=None),
}


# However they are grouped or escaped: 482109, 4821 0937 5526, 4821%200937%205526
DIGITS = re.compile(r"\d(?:\W{0,3}\d){3,}")


def without_digits(said: object) -> str:
    """A vendor's own words, for tables and logs: they may quote the number, and the text with its code."""
    return DIGITS.sub("…", str(said))


def is_useful(template: str, due_at: datetime, at: datetime) -> bool:
    return at <= due_at + POLICIES[template].useful_for


def awake_at(at: datetime, zone: str) -> datetime:
    """The instant itself, or the end of the quiet hours that it falls in by a reader's wall clock."""
    wall = wall_of(at, zone)
    minute = wall.hour * 60 + wall.minute
    if QUIET_UNTIL_MINUTE <= minute < QUIET_FROM_MINUTE:
        return at
    morning = wall.date() + timedelta(days=1 if minute >= QUIET_FROM_MINUTE else 0)
    return moment_of_day(morning, QUIET_UNTIL_MINUTE, zone)


def chase_at(confirm_by: datetime, zone: str, now: datetime) -> datetime:
    """When somebody is reminded to confirm: well before it is too late, and if that is at night, on the evening before.

    Where that has passed: in the morning, or at once where the morning comes too late.
    """
    at = confirm_by - CHASED_BEFORE
    if awake_at(at, zone) != at:
        wall = wall_of(at, zone)
        evening = wall.date() - timedelta(days=1 if wall.hour * 60 + wall.minute < QUIET_UNTIL_MINUTE else 0)
        at = moment_of_day(evening, QUIET_FROM_MINUTE - 1, zone)
    if at >= now:
        return at
    morning = awake_at(now, zone)
    return morning if morning < confirm_by else now


def is_in_flight(attempted_at: datetime, now: datetime) -> bool:
    """Whether an attempt without an answer may still be under way in another worker, or at the vendor."""
    return now < attempted_at + IN_FLIGHT


def pause_after_doubt(doubts: int) -> timedelta:
    """How long after a send without an answer it is looked at again."""
    return IN_FLIGHT if doubts <= 3 else OUTAGE_PAUSE


def repeat_at(template: str, due_at: datetime, attempted_at: datetime, doubts: int) -> datetime | None:
    """When a doubtful send that nobody can be asked about is repeated; None if it is left as unknown."""
    after = POLICIES[template].repeat_after
    if after is None or doubts > 1:
        return None
    at = attempted_at + after
    return at if is_useful(template, due_at, at) else None


GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("^{}\\[~]|€\f")


def segments(text: str) -> int:
    """How many texts a phone bill counts: GSM-7 in 160 or parts of 153, anything else UCS-2 in 70 or parts of 67."""
    if GSM_BASIC.issuperset(set(text) - GSM_EXTENSION):
        return _parts([2 if c in GSM_EXTENSION else 1 for c in text], 160, 153)
    return _parts([2 if ord(c) > 0xFFFF else 1 for c in text], 70, 67)


def _parts(widths: list[int], alone: int, each: int) -> int:
    """Count parts; no character of two units is cut in half."""
    if sum(widths) <= alone:
        return 1
    parts, used = 1, 0
    for width in widths:
        if used + width > each:
            parts, used = parts + 1, 0
        used += width
    return parts
