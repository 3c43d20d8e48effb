"""What the roster needs from outside."""

from typing import Protocol

from app.roster.problem import Problem, Solution


class Solver(Protocol):
    def solve(self, problem: Problem, seconds: float) -> Solution:
        """Give the best roster, or after about `seconds` the best one found and a bound on what could be better.

        The same problem, its rows in any order, gets the same roster as long as the time does not run out.
        """
