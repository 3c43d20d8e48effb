"""What may be booked: cells, slots, and reasons to refuse. Pure: values and `now` in, values out.

Who is open when is the villages' business, who may speak to whom the families'; what time does to a call is `life.py`.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.calls.words import CallState, Outcome, Side
from app.kernel.errors import Refused
from app.kernel.intervals import Interval, covers

CELL = timedelta(minutes=5)
CALL_MINUTES = 15
SHORTEST_MINUTES, LONGEST_MINUTES = 5, 60
BOOK_AHEAD = timedelta(days=60)
LONGEST_SEARCH = timedelta(days=14)
PROPOSAL_LIVES = timedelta(hours=24)
PROPOSAL_NOTICE = timedelta(hours=1)
CONFIRMED_BEFORE = timedelta(hours=6)
CALL_NOW_MINUTES = (CALL_MINUTES, 10, SHORTEST_MINUTES)  # as long as there is room for
MOST_RUNG_AGAIN = 3
CANCEL_REASONS = ("shift_changed", "sick", "no_time", "terminal_broken", "weather", "other")

Action = Literal["confirm", "decline", "counter", "move", "cancel", "join", "wrong_person"]


@dataclass(frozen=True)
class Slot:
    """An interval that is offered on one terminal."""

    starts_at: datetime
    ends_at: datetime
    terminal_id: str


def cells(starts_at: datetime, ends_at: datetime) -> list[datetime]:
    """The start of every five-minute cell of UTC that [starts_at, ends_at) touches."""
    epoch = datetime.fromtimestamp(0, tz=starts_at.tzinfo)
    first = starts_at - (starts_at - epoch) % CELL
    found = []
    while first < ends_at:
        found.append(first)
        first += CELL
    return found


def claims_of(
    terminal: str, persons: Iterable[str], starts_at: datetime, ends_at: datetime, buffer_minutes: int
) -> list[tuple[str, datetime]]:
    """(resource, cell) of a call in one global order, so that two bookings never wait for each other in a circle.

    The terminal's claim includes the change-over buffer, the people's don't.
    """
    held = [(f"terminal:{terminal}", c) for c in cells(starts_at, ends_at + timedelta(minutes=buffer_minutes))]
    held += [(f"person:{person}", cell) for person in persons for cell in cells(starts_at, ends_at)]
    return sorted(set(held))


def check_length(minutes: int) -> None:
    if not SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES:
        raise Refused("bad_length", shortest=SHORTEST_MINUTES, longest=LONGEST_MINUTES)


def check_start(starts_at: datetime, now: datetime) -> None:
    """A call starts at a whole minute, not in the past, and not further ahead than is booked."""
    if starts_at.second or starts_at.microsecond:
        raise Refused("not_a_slot")
    if starts_at < now - timedelta(minutes=1):
        raise Refused("in_the_past")
    if starts_at > now + BOOK_AHEAD:
        raise Refused("too_far_ahead", days=BOOK_AHEAD.days)


def check_offered(starts_at: datetime, grid: Collection[datetime]) -> None:
    if starts_at not in grid:
        raise Refused("not_a_slot")


def check_open(starts_at: datetime, ends_at: datetime, intervals: Sequence[Interval]) -> None:
    """A call lies within one open interval of the village, wholly."""
    if not covers(intervals, starts_at, ends_at):
        raise Refused("outside_hours")


def check_search(from_: datetime, until: datetime, longest: timedelta = LONGEST_SEARCH) -> None:
    if until <= from_:
        raise Refused("ends_before_start")
    if until - from_ > longest:
        raise Refused("search_too_long", days=longest.days)


def proposal_expires(starts_at: datetime, now: datetime) -> datetime:
    """After 24 hours or an hour before its start, whichever is first. Refused where that has passed already."""
    expires = min(now + PROPOSAL_LIVES, starts_at - PROPOSAL_NOTICE)
    if expires <= now:
        raise Refused("too_late_to_propose")
    return expires


def confirm_by(starts_at: datetime) -> datetime:
    """Until when a call that has to be confirmed can be, so that others can still come if nobody does."""
    return starts_at - CONFIRMED_BEFORE


def free_slots(
    grids: Iterable[tuple[str, Iterable[datetime]]],
    taken: Collection[tuple[str, datetime]],
    persons: Collection[str],
    minutes: int,
    buffer_minutes: int,
    now: datetime,
) -> list[Slot]:
    """Slots of (terminal, starts) that collide with no claim; at each start the first terminal that is free."""
    found: dict[datetime, Slot] = {}
    for terminal, starts in grids:
        for start in starts:
            end = start + timedelta(minutes=minutes)
            if start <= now or start in found:
                continue
            if not any(claim in taken for claim in claims_of(terminal, persons, start, end, buffer_minutes)):
                found[start] = Slot(start, end, terminal)
    return [found[start] for start in sorted(found)]


def check_change(state: CallState, what: str) -> None:
    """Whether a call in `state` can still be confirmed, declined, moved or cancelled."""
    allowed = {
        "confirm": (CallState.PROPOSED, CallState.BOOKED),
        "decline": (CallState.PROPOSED, CallState.BOOKED),
        "move": (CallState.PROPOSED, CallState.BOOKED),
        "cancel": (CallState.PROPOSED, CallState.BOOKED, CallState.RINGING),
    }[what]
    if state not in allowed:
        raise Refused("too_late", state=state.value)


def check_confirms(state: CallState, proposed_by: Side | None, side: Side) -> None:
    """A proposal is accepted by the other side, not by the one that made it."""
    check_change(state, "confirm")
    if state is CallState.PROPOSED and proposed_by is side:
        raise Refused("own_proposal")


def check_counters(state: CallState, proposed_by: Side | None, side: Side) -> None:
    """A proposal is answered by another one; one's own is moved, and so is what was agreed."""
    if state is not CallState.PROPOSED:
        raise Refused("too_late", state=state.value)
    if proposed_by is side:
        raise Refused("own_proposal")


def check_reason(reason: str) -> None:
    if reason not in CANCEL_REASONS:
        raise Refused("unknown_reason", reasons=list(CANCEL_REASONS))


def not_rung_again(side: Side | None, state: CallState, *, village_is_here: bool, times_before: int) -> str | None:
    """Why a call is not rung again for the right person. The parent alone can ask, while somebody is there."""
    if side is not Side.PARENT:
        return "not_your_side"
    if state not in (CallState.RINGING, CallState.LIVE) or not village_is_here:
        return "nobody_answered"
    return "rung_often" if times_before >= MOST_RUNG_AGAIN else None


def actions(
    state: CallState, side: Side | None, proposed_by: Side | None, confirmed: bool, may_ring_again: bool,
    opens_at: datetime, now: datetime,
) -> list[Action]:  # fmt: skip
    """What a side (or the desk: None) can do with a call now, as words for its buttons."""
    can = _settling(state, side, proposed_by, confirmed)
    if side and state in (CallState.BOOKED, CallState.RINGING, CallState.LIVE) and now >= opens_at:
        can += ["join"]
    if side is None and state in (CallState.RINGING, CallState.LIVE):
        can += ["join"]
    if may_ring_again:
        can += ["wrong_person"]
    return can


def _settling(state: CallState, side: Side | None, proposed_by: Side | None, confirmed: bool) -> list[Action]:
    """What can be said to the time of a call: an answer to the other side's proposal, or a change of one's own mind."""
    if side and state is CallState.PROPOSED and proposed_by is not side:
        return ["confirm", "decline", "counter"]
    if side and state is CallState.BOOKED and not confirmed:
        return ["confirm", "move", "cancel"]
    if state in (CallState.PROPOSED, CallState.BOOKED):
        return ["move", "cancel"]
    return ["cancel"] if state is CallState.RINGING else []


def wants_offers(state: CallState, outcome: Outcome | None, ended_at: datetime | None, now: datetime) -> bool:
    """Whether new times stand beside this call: it came to nothing within the last two days."""
    if state is not CallState.ENDED or ended_at is None:
        return False
    return outcome in (Outcome.MISSED, Outcome.CANCELLED) and now - ended_at < timedelta(days=2)
