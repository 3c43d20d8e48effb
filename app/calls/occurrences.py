"""What has to be done so that a series has the calls that its rule wants. Pure; how it is done is `making.py`.

A day belongs to whoever acted last on it alone: one whose call was cancelled or moved by itself, let go, held or missed
is left as it is. A call that has begun, or whose new time has passed already, is left too.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True)
class Occurrence:
    """A call of a series that settles its day. `can_change`: it has not begun; `is_homeless`: its terminal is gone."""

    call_id: str
    occurs_on: date
    starts_at: datetime
    ends_at: datetime
    can_change: bool
    is_homeless: bool = False


@dataclass(frozen=True)
class Plan:
    """Calls to cancel, calls to be moved to an instant, days to make a call for at an instant."""

    cancel: list[str]
    move: dict[str, datetime]
    make: dict[date, datetime]


def plan(
    wanted: Mapping[date, datetime], minutes: int, calls: Iterable[Occurrence], exceptions: Collection[date],
    now: datetime,
) -> Plan:  # fmt: skip
    """Compare the instants that a rule wants from today on with the calls that there are."""
    todo, settled = Plan([], {}, {}), set(exceptions)
    for call in calls:
        settled.add(call.occurs_on)
        if not call.can_change or call.occurs_on in exceptions:
            continue
        starts_at = wanted.get(call.occurs_on)
        if starts_at is None:
            todo.cancel.append(call.call_id)
        elif starts_at > now and not _stands(call, starts_at, minutes):
            todo.move[call.call_id] = starts_at
    todo.make.update({day: at for day, at in sorted(wanted.items()) if day not in settled and at > now})
    return todo


def _stands(call: Occurrence, starts_at: datetime, minutes: int) -> bool:
    length = call.ends_at - call.starts_at
    return not call.is_homeless and call.starts_at == starts_at and length == timedelta(minutes=minutes)
