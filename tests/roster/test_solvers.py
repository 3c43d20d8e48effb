"""What both solvers keep: every rule, whatever the week; and what the better one owes to the simpler."""

from hypothesis import given, settings

from app.gateways.highs import Highs
from app.roster.greedy import LongestWaitingFirst
from app.roster.problem import Problem, Status
from tests.roster.checking import broken
from tests.roster.weeks import weeks

SECONDS = 20.0


@settings(max_examples=300)
@given(weeks())
def test_no_rule_is_broken(problem: Problem) -> None:
    for solver in (LongestWaitingFirst(), Highs()):
        solution = solver.solve(problem, SECONDS)
        assert broken(problem, solution.placed) == []
        assert solution.objective <= solution.bound


@settings(max_examples=200)
@given(weeks())
def test_it_is_never_worse_than_longest_waiting_first(problem: Problem) -> None:
    found = Highs().solve(problem, SECONDS)
    assert found.objective >= LongestWaitingFirst().solve(problem, SECONDS).objective
    assert found.status is Status.OPTIMAL
