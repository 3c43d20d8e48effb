"""What no village's week can be, and how a gap is told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from app.roster.problem import Problem, Score
from tests.roster.asking import ask, fixed, open_on, week
from tests.roster.villages import DAYS, at


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: week([], buffer_minutes=-1), "buffer"),
        (lambda: week([ask("a"), ask("a")]), "a comes twice"),
        (lambda: week([ask("a")], fixed=(fixed("a", "b", 0, 18),)), "a comes twice"),
        (lambda: week([], open_on(), open_on()), "t0 comes twice"),
        (lambda: week([ask("a", minutes=0)]), "no time"),
        (lambda: week([], replace(open_on(), open=(at(1, 18, 19), at(0, 18, 19)))), "not sorted"),
        (lambda: week([], replace(open_on(), good_link=(at(0, 18, 20), at(0, 19, 21)))), "overlap"),
        (lambda: week([ask("a", free=[at(0, 19, 18)])]), "empty"),
        (lambda: week([ask("a", consented=((datetime(2026, 12, 1), datetime(2026, 12, 2)),))]), "zone"),
        (lambda: Problem((DAYS[1], DAYS[0]), (), ()), "days"),
    ],
)
def test_what_can_be_no_week_is_refused(make: Callable[[], Problem], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        make()


def test_the_gap_is_the_largest_of_the_tiers() -> None:
    assert Score(100, 50, 10).gap_to(Score(100, 50, 10)) == 0
    assert Score(99, 50, 10).gap_to(Score(100, 50, 20)) == 0.5
    assert Score(0, 0, 0).gap_to(Score(0, 0, 0)) == 0


def test_an_earlier_tier_outweighs_all_later_ones() -> None:
    assert Score(2, 0, 0) > Score(1, 99, 99)
    assert Score(2, 1, 0) > Score(2, 0, 99)
