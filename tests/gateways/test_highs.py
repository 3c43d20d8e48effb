"""What is the library's and the adapter's own: the time, the gap, when it is loaded, what it refuses."""

import os
import subprocess
import sys

import pytest

from app.gateways import highs
from app.gateways.highs import Highs
from app.roster.greedy import LongestWaitingFirst
from app.roster.problem import Status
from app.roster.programme import Programme, Row
from app.roster.starts import offered
from app.roster.worth import Worth
from tests.roster.asking import ask, week
from tests.roster.checking import broken
from tests.roster.villages import Village

LARGE = Village(200, 6, lengths=(15, 30))


@pytest.mark.parametrize("seconds", [0.0, 0.7])
def test_when_the_time_runs_out_the_gap_is_stated(seconds: float) -> None:
    """What is given back is a roster by all rules, no worse than longest waiting first, with an honest bound."""
    problem = LARGE.problem
    solution, greedy = Highs().solve(problem, seconds), LongestWaitingFirst().solve(problem, seconds)
    assert solution.status is Status.GAP
    assert 0 < solution.gap < 1
    assert greedy.objective <= solution.objective < solution.bound <= greedy.bound
    assert broken(problem, solution.placed) == []


def test_the_time_is_kept() -> None:
    """With a good deal of grace: the machine may be busy with other things, and the frame takes its time too."""
    assert Highs().solve(LARGE.problem, 2.0).seconds < 12


def test_the_optimum_is_proven() -> None:
    solution = Highs().solve(Village(30, 2).problem, 30.0)
    assert (solution.status, solution.gap, solution.objective) == (Status.OPTIMAL, 0.0, solution.bound)


def test_where_little_is_not_whole_that_is_decided_by_branching(monkeypatch: pytest.MonkeyPatch) -> None:
    """The relaxed programme of this village comes out in halves; its optimum is found all the same."""
    kinds = []
    run = highs._Run.__init__

    def noted(self: highs._Run, programme: Programme, *, is_whole: bool) -> None:
        kinds.append(is_whole)
        run(self, programme, is_whole=is_whole)

    monkeypatch.setattr(highs._Run, "__init__", noted)
    assert Highs().solve(Village(30, 2, 6, siblings=0.3, shared_parents=0.1).problem, 60.0).status is Status.OPTIMAL
    assert kinds[0] is False
    assert True in kinds


def test_the_same_answer_in_another_process() -> None:
    """Also where text is hashed in another way."""
    program = (
        "from app.gateways.highs import Highs\n"
        "from tests.roster.villages import Village\n"
        "print(Highs().solve(Village(30, 2, 3, siblings=0.3, shared_parents=0.1).problem, 60.0).placed)"
    )
    answers = {_run(program, hash_seed) for hash_seed in ("1", "2")}
    assert len(answers) == 1
    assert "Placed" in answers.pop()


def test_the_library_is_loaded_by_whoever_solves_alone() -> None:
    program = (
        "import sys, app.factory, app.bootstrap, app.programs.web, app.gateways.highs, app.roster.reasons\n"
        "print({'highspy', 'numpy'} & set(sys.modules))"
    )
    assert _run(program, "1") == "set()\n"


def test_what_is_no_programme_is_refused() -> None:
    offer = offered(week([ask("a")]))
    programme = Programme(offer, Worth(offer))
    programme.rows.append(Row([programme.columns + 1]))
    with pytest.raises(RuntimeError, match="refuses"):
        highs._Run(programme, is_whole=False)


@pytest.mark.parametrize(("bound", "whole"), [(7.0, 7), (6.9999999, 7), (7.4, 7), (248000511.99999, 248000512)])
def test_bounds_are_whole(bound: float, whole: int) -> None:
    assert highs._floor(bound) == whole


def _run(program: str, hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env=environment
    ).stdout  # fmt: skip
