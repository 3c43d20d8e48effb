"""The timetable as tables: what a call does at each instant, and who is rung."""

from datetime import datetime, timedelta

import pytest

from app.calls import life
from app.calls.life import CallFacts, SideFacts, Turn
from app.calls.words import CallState, Side
from tests.scene import NOW

START = NOW
END = NOW + timedelta(minutes=15)
GONE = SideFacts()
SEATED = SideFacts(seated=True)
HERE = SideFacts(seated=True, here_at=START - timedelta(minutes=2))
TALKS = SideFacts(seated=True, here_at=START - timedelta(minutes=2), media=True)
LEFT = SideFacts(here_at=START, left=True)


def call(state: CallState, parent: SideFacts = GONE, village: SideFacts = GONE, **more: object) -> CallFacts:
    return CallFacts(state, START, END, parent, village, **more)  # type: ignore[arg-type]


def after(**amount: float) -> datetime:
    return START + timedelta(**amount)


def lost(**amount: float) -> SideFacts:
    return SideFacts(here_at=START, lost_at=after(**amount))


PROPOSED, BOOKED, RINGING, LIVE = CallState.PROPOSED, CallState.BOOKED, CallState.RINGING, CallState.LIVE


@pytest.mark.parametrize(
    ("facts", "now", "turn"),
    [
        (call(PROPOSED, expires_at=after(hours=-1)), after(hours=-1.01), None),
        (call(PROPOSED, expires_at=after(hours=-1)), after(hours=-1), Turn.EXPIRE),
        (call(BOOKED), after(minutes=-10, seconds=-1), None),
        (call(BOOKED), after(minutes=-10), Turn.OPEN),
        (call(BOOKED, opened=True), after(seconds=-1), None),
        (call(BOOKED, opened=True), after(), Turn.RING),
        (call(BOOKED, TALKS, TALKS, opened=True), after(seconds=-1), None),
        (call(RINGING, HERE), after(minutes=2, seconds=59), None),
        (call(RINGING, HERE), after(minutes=3), Turn.ESCALATE),
        (call(RINGING, HERE, escalated=True), after(minutes=9, seconds=59), None),
        (call(RINGING, HERE, escalated=True), after(minutes=10), Turn.MISS),
        (call(RINGING), after(minutes=10), Turn.MISS),
        (call(RINGING, HERE, SEATED), after(minutes=10), Turn.MISS),
        (call(RINGING, TALKS, HERE), after(minutes=1), None),
        (call(RINGING, TALKS, TALKS), after(minutes=1), Turn.GO_LIVE),
        (call(RINGING, TALKS, HERE), after(minutes=11), None),
        (call(RINGING, TALKS, HERE), END, Turn.MISS),
        (call(LIVE, TALKS, TALKS), after(minutes=14), None),
        (call(LIVE, TALKS, TALKS), END, Turn.RUN_OUT),
        (call(LIVE, TALKS, lost(minutes=5)), after(minutes=6, seconds=59), None),
        (call(LIVE, TALKS, lost(minutes=5)), after(minutes=7), Turn.CLOSE),
        (call(LIVE, LEFT, TALKS), after(minutes=6), None),
        (call(LIVE, LEFT, LEFT), after(minutes=6), Turn.CLOSE),
        (call(LIVE, LEFT, lost(minutes=5)), after(minutes=7), Turn.CLOSE),
        (call(CallState.ENDED, LEFT, LEFT), after(hours=1), None),
        (call(RINGING, HERE, rung_again_at=after(minutes=4), escalated=True), after(minutes=13), None),
        (call(RINGING, HERE, rung_again_at=after(minutes=4)), after(minutes=6, seconds=59), None),
        (call(RINGING, HERE, rung_again_at=after(minutes=4)), after(minutes=7), Turn.ESCALATE),
        (call(RINGING, HERE, rung_again_at=after(minutes=4), escalated=True), after(minutes=14), Turn.MISS),
        (call(RINGING, HERE, rung_again_at=after(minutes=9), escalated=True), END, Turn.MISS),
        (call(LIVE, TALKS, TALKS, consent_until=after(minutes=1)), after(seconds=59), None),
        *(
            (call(s, TALKS, TALKS, consent_until=after()), after(), Turn.FORBID)
            for s in (PROPOSED, BOOKED, RINGING, LIVE)
        ),
        (call(CallState.ENDED, LEFT, LEFT, consent_until=after()), after(hours=1), None),
    ],
)
def test_turn(facts: CallFacts, now: datetime, turn: Turn | None) -> None:
    assert life.turn(facts, now) is turn


CONFIRMED = SideFacts(confirmed_at=START - timedelta(minutes=50))
CONFIRMED_LONG_AGO = SideFacts(confirmed_at=START - timedelta(minutes=61))
JUST_CONFIRMED = SideFacts(confirmed_at=after(seconds=50))  # by calling now, within the minute
CAME_LATE = SideFacts(seated=True, here_at=after(minutes=4))


def seconds(windows: list[tuple[datetime, datetime]]) -> list[tuple[int, int]]:
    return [(round((a - START).total_seconds()), round((b - START).total_seconds())) for a, b in windows]


@pytest.mark.parametrize(
    ("facts", "side", "windows"),
    [
        (call(RINGING, HERE), Side.VILLAGE, [(0, 45), (75, 120)]),
        (call(RINGING, HERE), Side.PARENT, []),
        (call(RINGING), Side.VILLAGE, []),
        (call(RINGING), Side.PARENT, [(0, 45), (75, 120)]),
        (call(RINGING, CONFIRMED), Side.VILLAGE, [(0, 45), (75, 120)]),
        (call(RINGING, CONFIRMED_LONG_AGO), Side.VILLAGE, []),
        (call(RINGING, CAME_LATE), Side.VILLAGE, [(240, 285), (315, 360)]),
        (call(RINGING, GONE, CAME_LATE), Side.PARENT, [(240, 285), (315, 360)]),
        (call(RINGING, SideFacts(here_at=after(minutes=9, seconds=40))), Side.VILLAGE, [(580, 600)]),
        (call(RINGING, lost(minutes=1)), Side.VILLAGE, []),
        (call(BOOKED, HERE), Side.VILLAGE, [(0, 45), (75, 120)]),
        (call(RINGING, HERE, LEFT, rung_again_at=after(minutes=4)), Side.VILLAGE, [(240, 285), (315, 360)]),
        (call(RINGING, HERE, LEFT, rung_again_at=after(minutes=14)), Side.VILLAGE, [(840, 885)]),
        (call(RINGING, HERE, LEFT, rung_again_at=after(minutes=4)), Side.PARENT, []),
        (call(RINGING, JUST_CONFIRMED, rung_again_at=after(seconds=50)), Side.VILLAGE, [(50, 95), (125, 170)]),
        (call(RINGING, rung_again_at=after(seconds=50)), Side.PARENT, [(50, 95), (125, 170)]),
        (call(LIVE, TALKS, lost(minutes=1)), Side.VILLAGE, []),
    ],
)
def test_rings(facts: CallFacts, side: Side, windows: list[tuple[int, int]]) -> None:
    assert seconds(life.rings(facts, side)) == windows


@pytest.mark.parametrize("state", list(CallState))
@pytest.mark.parametrize("parent", [GONE, HERE, TALKS, LEFT, lost(minutes=1)])
@pytest.mark.parametrize("village", [GONE, HERE, TALKS, LEFT, lost(minutes=1)])
@pytest.mark.parametrize("rung_again_at", [None, after(minutes=5)])
@pytest.mark.parametrize("consent_until", [None, after(minutes=-30), after(minutes=6)])
def test_nothing_happens_between_two_moments(
    state: CallState, parent: SideFacts, village: SideFacts, rung_again_at: datetime | None,
    consent_until: datetime | None,
) -> None:  # fmt: skip
    """A worker that only wakes at `next_moment` misses nothing: between two moments no turn begins."""
    more = {"rung_again_at": rung_again_at, "consent_until": consent_until}
    facts = call(state, parent, village, expires_at=after(hours=-1), opened=False, **more)
    now = after(hours=-2)
    while (moment := life.next_moment(facts, now)) is not None:
        before = life.turn(facts, now)
        for step in (0.25, 0.5, 0.999):
            assert life.turn(facts, now + (moment - now) * step) == before
        now = moment
    assert life.turn(facts, now) == life.turn(facts, now + timedelta(days=1))
