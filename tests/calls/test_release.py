"""When a call that has to be confirmed is let go, and when it is looked at again."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.calls import life, rules
from app.calls.life import CallFacts, SideFacts, Turn
from app.calls.words import CallState
from tests.scene import at

CALL = CallFacts(
    CallState.BOOKED, at(19), at(19, 15), parent=SideFacts(), village=SideFacts(), confirm_by=at(13)
)  # fmt: skip
SAID, HERE = SideFacts(confirmed_at=at(12)), SideFacts(seated=True, here_at=at(18, 55))


@pytest.mark.parametrize(
    ("call", "now", "turn"),
    [
        (CALL, at(12, 59), None),
        (CALL, at(13), Turn.RELEASE),
        (CALL, at(18, 49), Turn.RELEASE),  # a worker that comes late
        (CALL, at(18, 50), Turn.OPEN),  # too late for anybody else
        (replace(CALL, opened=True), at(18, 55), None),
        (CALL, at(19), Turn.RING),
        (replace(CALL, parent=SAID), at(13), None),
        (replace(CALL, village=SAID), at(13), None),
        (replace(CALL, confirm_by=None), at(13), None),
        (replace(CALL, confirm_by=at(18, 55), opened=True, parent=HERE), at(18, 56), None),
        (replace(CALL, state=CallState.RINGING), at(19, 1), None),
        (replace(CALL, state=CallState.ENDED), at(13), None),
    ],
)
def test_what_nobody_confirms_in_time_is_let_go_while_others_can_still_come(
    call: CallFacts, now: datetime, turn: Turn | None
) -> None:
    assert life.turn(call, now) is turn


@pytest.mark.parametrize(
    ("call", "moments"),
    [
        (CALL, [at(13)]),
        (replace(CALL, parent=SAID), [at(18), at(18, 50)]),
        (replace(CALL, confirm_by=None), [at(18), at(18, 50)]),
    ],
)
def test_it_is_looked_at_when_its_time_is_over_unless_somebody_has_spoken(
    call: CallFacts, moments: list[datetime]
) -> None:
    """Else when the terminal tries its line, and when both may come."""
    now = at(12)
    for moment in moments:
        assert life.next_moment(call, now) == moment
        now = moment


def test_others_have_time_to_come() -> None:
    assert at(19) - rules.confirm_by(at(19)) == timedelta(hours=6)
