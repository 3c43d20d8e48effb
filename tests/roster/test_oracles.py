"""The solver against exact answers that are found another way: a cheapest flow, and trying everything."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import assume, given, settings

from app.gateways.highs import Highs
from app.roster.board import Board
from app.roster.problem import Problem, Status
from app.roster.starts import Option, offered
from app.roster.worth import Chosen, Worth
from tests.roster import flow
from tests.roster.villages import Village
from tests.roster.weeks import weeks

SECONDS = 30.0
MOST_STARTS = 14


@settings(max_examples=150)
@given(weeks(lengths=(15,), requests=8, is_plain=True))
def test_plain_weeks_equal_the_cheapest_flow(problem: Problem) -> None:
    assume(flow.is_plain(offered(problem)))
    solution = Highs().solve(problem, SECONDS)
    assert solution.objective == solution.bound == flow.best_score(problem)


@pytest.mark.parametrize(("families", "terminals", "seed"), [(12, 1, 1), (30, 2, 2), (60, 2, 3), (90, 3, 4)])
def test_villages_equal_the_cheapest_flow(families: int, terminals: int, seed: int) -> None:
    problem = Village(families, terminals, seed).problem
    solution = Highs().solve(problem, SECONDS)
    assert solution.objective == solution.bound == flow.best_score(problem)


@settings(max_examples=150)
@given(weeks(lengths=(20, 30)))
def test_small_weeks_equal_the_best_of_all_rosters(problem: Problem) -> None:
    """In each tier the best of those that settle the tiers before in the same way."""
    problem = _shortened(problem)
    offer, solution = offered(problem), Highs().solve(problem, SECONDS)
    assert solution.status is Status.OPTIMAL
    found = _outcome(problem, [one.request_id for one in solution.placed])
    worth = Worth(offer)
    rosters = [
        (_outcome(problem, [offer.wishes[one.wish].request.id for one in roster]), worth.score(roster))
        for roster in _rosters(Board(offer), 0)
    ]
    assert solution.objective.first == max(score.first for _, score in rosters)
    rosters = [(outcome, score) for outcome, score in rosters if outcome.families == found.families]
    assert solution.objective.further == max(score.further for _, score in rosters)
    assert solution.objective.wishes == max(score.wishes for outcome, score in rosters if outcome == found)


@dataclass(frozen=True)
class Outcome:
    """What the tiers before the last one settle."""

    calls: Counter[str]
    children: frozenset[str]

    @property
    def families(self) -> set[str]:
        return set(self.calls)


def _outcome(problem: Problem, placed: list[str]) -> Outcome:
    requests = {request.id: request for request in problem.requests}
    calls = Counter(requests[name].family_id for name in placed)
    return Outcome(calls, frozenset(requests[name].child_id for name in placed))


def _shortened(problem: Problem) -> Problem:
    """With so few requests that everything can be tried."""
    while sum(len(wish.options) for wish in offered(problem).wishes) > MOST_STARTS:
        problem = replace(problem, requests=problem.requests[:-1])
    return problem


def _rosters(board: Board, place: int, after: Option | None = None) -> Iterator[list[Chosen]]:
    """Every roster that adds to a board calls of a wish, from a start on, and of the wishes after it."""
    if place == len(board.offer.wishes):
        yield board.chosen
        return
    yield from _rosters(board, place + 1)
    for option in board.starts_left(place):
        if after is None or option > after:
            yield from _rosters(Board(board.offer, [*board.chosen, Chosen(place, option)]), place, option)
