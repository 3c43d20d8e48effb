"""A call's life in time: what a call turns into, who is rung when, and the next instant that matters. Pure.

The timetable (start, ring, pause, escalation, missed, lost, end) stands here and nowhere else; browsers get its
results as instants. How the tables change with it is `timetable.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.calls.words import CallState, Side

OPENS_BEFORE = timedelta(minutes=10)
LINE_TRIED_BEFORE = timedelta(hours=1)
RING_FOR = timedelta(seconds=45)
RING_PAUSE = timedelta(seconds=30)
RINGS = 2
ESCALATE_AFTER = timedelta(minutes=3)
MISSED_AFTER = timedelta(minutes=10)
CONFIRMED_LATELY = timedelta(hours=1)
SEAT_KEPT = timedelta(minutes=2)
SEAT_LEASE = timedelta(seconds=20)
EXTEND_BY = timedelta(minutes=5)


class Turn(StrEnum):
    """What a call does at an instant."""

    FORBID = "forbid"
    EXPIRE = "expire"
    RELEASE = "release"
    OPEN = "open"
    RING = "ring"
    GO_LIVE = "go_live"
    ESCALATE = "escalate"
    MISS = "miss"
    CLOSE = "close"
    RUN_OUT = "run_out"


@dataclass(frozen=True)
class SideFacts:
    """`here_at` since when a person is there; `lost_at` since when the device is gone; `left` when it hung up."""

    seated: bool = False
    here_at: datetime | None = None
    lost_at: datetime | None = None
    left: bool = False
    media: bool = False
    confirmed_at: datetime | None = None

    @property
    def is_here(self) -> bool:
        return self.here_at is not None and self.lost_at is None and not self.left


@dataclass(frozen=True)
class CallFacts:
    state: CallState
    starts_at: datetime
    ends_at: datetime
    parent: SideFacts
    village: SideFacts
    expires_at: datetime | None = None
    confirm_by: datetime | None = None
    opened: bool = False
    escalated: bool = False
    was_live: bool = False
    rung_again_at: datetime | None = None
    consent_until: datetime | None = None

    @property
    def rung_at(self) -> datetime:
        """From when its rings, its escalation and its end unanswered are counted."""
        return self.rung_again_at or self.starts_at

    def side(self, side: Side) -> SideFacts:
        return self.parent if side is Side.PARENT else self.village

    @property
    def both_here(self) -> bool:
        return self.parent.is_here and self.village.is_here

    @property
    def is_wanted(self) -> bool:
        """Whether anybody of either side has said that they will be there, or is."""
        return any(side.confirmed_at or side.is_here for side in (self.parent, self.village))


def opens_at(starts_at: datetime) -> datetime:
    """From here on a seat may be taken."""
    return starts_at - OPENS_BEFORE


def missed_at(call: CallFacts) -> datetime:
    return min(call.rung_at + MISSED_AFTER, call.ends_at)


def turn(call: CallFacts, now: datetime) -> Turn | None:
    """What the call must do at `now`, one turn at a time; None while there is nothing."""
    if call.state is not CallState.ENDED and call.consent_until is not None and now >= call.consent_until:
        return Turn.FORBID
    if call.state is CallState.PROPOSED:
        return Turn.EXPIRE if call.expires_at and now >= call.expires_at else None
    if call.state is CallState.BOOKED:
        if now >= call.starts_at:
            return Turn.RING
        if now >= opens_at(call.starts_at):  # too late for anybody else: it stays theirs
            return None if call.opened else Turn.OPEN
        return Turn.RELEASE if call.confirm_by and now >= call.confirm_by and not call.is_wanted else None
    if call.state is CallState.RINGING:
        return _ringing(call, now)
    if call.state is CallState.LIVE:
        return _live(call, now)
    return None


def _ringing(call: CallFacts, now: datetime) -> Turn | None:
    if call.both_here:
        if call.parent.media and call.village.media:
            return Turn.GO_LIVE
        return Turn.MISS if now >= call.ends_at else None
    if now >= missed_at(call):
        return Turn.MISS
    if not call.escalated and now >= call.rung_at + ESCALATE_AFTER:
        return Turn.ESCALATE
    return None


def _live(call: CallFacts, now: datetime) -> Turn | None:
    if now >= call.ends_at:
        return Turn.RUN_OUT
    gone = [_gone(side, now) for side in (call.parent, call.village)]
    if all(gone) or any(side.lost_at and now >= side.lost_at + SEAT_KEPT for side in (call.parent, call.village)):
        return Turn.CLOSE
    return None


def _gone(side: SideFacts, now: datetime) -> bool:
    return side.left or (side.lost_at is not None and now >= side.lost_at + SEAT_KEPT)


def rings(call: CallFacts, side: Side) -> list[tuple[datetime, datetime]]:
    """The intervals in which `side` is rung aloud, as far as they are known now.

    Only the side that is absent is rung, and the village's terminal only for a parent who is there, or who confirmed
    within the hour before the start. The clock of a ring starts again when the other side comes.
    """
    mine, other = call.side(side), call.side(side.other)
    if call.state not in (CallState.BOOKED, CallState.RINGING) or mine.is_here:
        return []
    if other.is_here:
        assert other.here_at is not None
        anchor = max(call.rung_at, other.here_at)
    elif side is Side.PARENT or _confirmed_lately(call):
        anchor = call.rung_at
    else:
        return []
    last = missed_at(call)
    windows = []
    for count in range(RINGS):
        since = anchor + count * (RING_FOR + RING_PAUSE)
        if since < last:
            windows.append((since, min(since + RING_FOR, last)))
    return windows


def _confirmed_lately(call: CallFacts) -> bool:
    at = call.parent.confirmed_at
    return at is not None and call.starts_at - CONFIRMED_LATELY <= at <= call.rung_at


def next_moment(call: CallFacts, now: datetime) -> datetime | None:
    """The next instant after `now` at which `turn` may say something new by time alone."""
    return min((at for at in _moments(call) if at > now), default=None)


def is_moment(call: CallFacts, at: datetime) -> bool:
    """Whether something may be new by time alone at `at`."""
    return at in _moments(call)


def _moments(call: CallFacts) -> Iterator[datetime]:
    if call.state is not CallState.ENDED and call.consent_until is not None:
        yield call.consent_until
    if call.state is CallState.PROPOSED and call.expires_at:
        yield call.expires_at
    if call.state is CallState.BOOKED:
        yield from _moments_of_booked(call)
    if call.state is CallState.RINGING:
        yield from (call.rung_at + ESCALATE_AFTER, missed_at(call), call.ends_at)
    if call.state is CallState.LIVE:
        yield call.ends_at
        for side in (call.parent, call.village):
            if side.lost_at:
                yield side.lost_at + SEAT_KEPT


def _moments_of_booked(call: CallFacts) -> Iterator[datetime]:
    yield from (call.starts_at - LINE_TRIED_BEFORE, opens_at(call.starts_at), call.starts_at)
    if call.confirm_by and not call.is_wanted:
        yield call.confirm_by
