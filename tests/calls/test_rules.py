"""What a side may do with a call, as tables."""

from datetime import timedelta

import pytest

from app.calls import rules
from app.calls.words import CallState, Side
from tests.scene import NOW

PROPOSED, BOOKED, RINGING, LIVE, ENDED = CallState


@pytest.mark.parametrize(
    ("side", "state", "is_here", "times_before", "code"),
    [
        (Side.PARENT, RINGING, True, 0, None),
        (Side.PARENT, LIVE, True, 2, None),
        (Side.PARENT, LIVE, True, 3, "rung_often"),
        (Side.PARENT, LIVE, False, 0, "nobody_answered"),
        (Side.PARENT, BOOKED, True, 0, "nobody_answered"),
        (Side.PARENT, ENDED, True, 0, "nobody_answered"),
        (Side.VILLAGE, LIVE, True, 0, "not_your_side"),
        (None, LIVE, True, 0, "not_your_side"),
    ],
)
def test_who_may_let_it_ring_again(
    side: Side | None, state: CallState, is_here: bool, times_before: int, code: str | None
) -> None:
    assert rules.not_rung_again(side, state, village_is_here=is_here, times_before=times_before) == code


@pytest.mark.parametrize(
    ("state", "side", "proposed_by", "confirmed", "can"),
    [
        (PROPOSED, Side.PARENT, Side.VILLAGE, False, ["confirm", "decline", "counter"]),
        (PROPOSED, Side.PARENT, None, False, ["confirm", "decline", "counter"]),
        (PROPOSED, Side.VILLAGE, Side.VILLAGE, True, ["move", "cancel"]),
        (PROPOSED, None, Side.VILLAGE, False, ["move", "cancel"]),
        (BOOKED, Side.VILLAGE, Side.PARENT, False, ["confirm", "move", "cancel", "join"]),
        (BOOKED, Side.PARENT, Side.PARENT, True, ["move", "cancel", "join"]),
        (RINGING, Side.VILLAGE, Side.PARENT, False, ["cancel", "join"]),
        (RINGING, None, Side.PARENT, False, ["cancel", "join"]),
        (LIVE, Side.PARENT, Side.PARENT, True, ["join"]),
        (ENDED, Side.PARENT, Side.PARENT, True, []),
    ],
)
def test_what_each_side_can_do(
    state: CallState, side: Side | None, proposed_by: Side | None, confirmed: bool, can: list[rules.Action]
) -> None:
    opened = NOW - timedelta(minutes=1)
    assert rules.actions(state, side, proposed_by, confirmed, False, opened, NOW) == can
    assert rules.actions(state, side, proposed_by, confirmed, True, opened, NOW) == [*can, "wrong_person"]
