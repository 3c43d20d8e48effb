"""A week's roster for 30, 200 and 1,000 families on one core, beside longest waiting first and the cheapest flow.

`plain`: one child and one parent in each family, calls of one length. The flow is exact there: the solver has to find
what it finds. `tangled`: three families in ten have several children who want to come one after the other, and the
parent of one in ten has another family too. Beside wall seconds those of the processor, as other programs may run.
`gap_percent` is the solver's own; `…_below_percent` is how far longest waiting first stays below what the solver found,
tier by tier: less than nothing where a tier before it is worse.
"""

import os
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TypeVar

from app.gateways.highs import Highs
from app.roster.greedy import LongestWaitingFirst
from app.roster.problem import Problem, Score, Solution, Status
from tests.benchmarks.result import Figure, Result
from tests.roster import flow
from tests.roster.villages import Village

SEEDS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Size:
    families: int
    terminals: int
    seconds: float  # that the solver may take

    @property
    def name(self) -> str:
        return f"{self.families}x{self.terminals}"


SIZES = (Size(30, 2, 30.0), Size(200, 6, 60.0), Size(1000, 20, 14.0))
Measured = defaultdict[str, list[float]]
T = TypeVar("T")


def run() -> Result:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    Highs().solve(Village(5, 1).problem, 1.0)  # loads the library
    ours, reference = Measured(list), Measured(list)
    for size in SIZES:
        for seed in SEEDS:
            _measure_plain(size, Village(size.families, size.terminals, seed).problem, ours, reference)
            tangled = Village(size.families, size.terminals, seed, siblings=0.3, shared_parents=0.1)
            _measure(f"{size.name}_tangled", size, tangled.problem, ours, reference)
    return Result("roster", _figures(ours), _figures(reference), "longest waiting first, and the cheapest flow")


def _measure_plain(size: Size, problem: Problem, ours: Measured, reference: Measured) -> None:
    name = f"{size.name}_plain"
    solution = _measure(name, size, problem, ours, reference)
    exact = _timed(lambda: flow.best_score(problem), f"{name}_flow", reference)
    if solution.status is Status.OPTIMAL and solution.objective != exact:
        raise AssertionError(f"the flow finds {exact}, the solver {solution.objective}")


def _measure(name: str, size: Size, problem: Problem, ours: Measured, reference: Measured) -> Solution:
    solution = _timed(lambda: Highs().solve(problem, size.seconds), name, ours)
    greedy = _timed(lambda: LongestWaitingFirst().solve(problem, size.seconds), f"{name}_greedy", reference)
    ours[f"{name}_gap_percent"].append(100 * solution.gap)
    ours[f"{name}_is_optimal"].append(solution.status is Status.OPTIMAL)
    for key, found, values in ((name, solution, ours), (f"{name}_greedy", greedy, reference)):
        values[f"{key}_families"].append(_families(problem, found))
        values[f"{key}_calls"].append(len(found.placed))
    for tier in fields(Score):
        most, reached = getattr(solution.objective, tier.name), getattr(greedy.objective, tier.name)
        reference[f"{name}_greedy_{tier.name}_below_percent"].append(100 * (most - reached) / max(1, most))
    return solution


def _timed(call: Callable[[], T], name: str, values: Measured) -> T:
    began, worked = time.monotonic(), time.process_time()
    found = call()
    values[f"{name}_seconds"].append(time.monotonic() - began)
    values[f"{name}_cpu_seconds"].append(time.process_time() - worked)
    return found


def _families(problem: Problem, solution: Solution) -> int:
    family = {request.id: request.family_id for request in problem.requests}
    return len({family[one.request_id] for one in solution.placed})


def _figures(measured: Measured) -> dict[str, Figure]:
    return {name: Figure.of(values) for name, values in measured.items()}
