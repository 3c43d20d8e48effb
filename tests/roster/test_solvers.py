"""What both solvers keep: every rule, whatever the week; whose turn it is; the same answer for the same question."""

from dataclasses import replace
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.gateways.highs import Highs
from app.roster.greedy import LongestWaitingFirst
from app.roster.ports import Solver
from app.roster.problem import Placed, Problem, Score, Status
from tests.roster.asking import ask, fixed, open_on, week
from tests.roster.checking import broken
from tests.roster.villages import DAYS, Village, at
from tests.roster.weeks import weeks

SECONDS = 30.0
SHANGHAI = ZoneInfo("Asia/Shanghai")
BOTH = pytest.mark.parametrize("solver", [Highs(), LongestWaitingFirst()], ids=["highs", "greedy"])


def placed(problem: Problem, solver: Solver | None = None) -> list[str]:
    """Each placed request with its terminal and its start by the village's clock, and no rule broken."""
    solution = (solver or Highs()).solve(problem, SECONDS)
    assert broken(problem, solution.placed) == []
    assert solution.placed == tuple(sorted(solution.placed, key=lambda p: (p.starts_at, p.terminal_id, p.request_id)))
    return [_line(one) for one in solution.placed]


def _line(one: Placed) -> str:
    return f"{one.request_id} {one.terminal_id} {one.starts_at.astimezone(SHANGHAI):%a %H:%M}"


def heard(problem: Problem) -> set[str]:
    requests = {request.id: request.family_id for request in problem.requests}
    return {requests[one.request_id] for one in Highs().solve(problem, SECONDS).placed}


@settings(max_examples=200)
@given(weeks())
def test_no_rule_is_broken(problem: Problem) -> None:
    found, greedy = Highs().solve(problem, SECONDS), LongestWaitingFirst().solve(problem, SECONDS)
    assert broken(problem, found.placed) == broken(problem, greedy.placed) == []
    assert greedy.objective <= found.objective == found.bound <= greedy.bound
    assert found.status is Status.OPTIMAL


@settings(max_examples=60)
@given(weeks(), st.integers(0, 1000))
def test_the_order_of_the_rows_does_not_matter(problem: Problem, seed: int) -> None:
    _assert_alike(problem, _shuffled(problem, seed))


def test_villages_get_the_same_roster_however_they_are_told() -> None:
    mixed = Village(20, 2, 3, siblings=0.3, shared_parents=0.1, lengths=(10, 25))
    for village in (Village(30, 2, 5), Village(30, 2, 3, siblings=0.3, shared_parents=0.1), mixed):
        _assert_alike(village.problem, _shuffled(village.problem, 7))


def _assert_alike(problem: Problem, other: Problem) -> None:
    first, second = (Highs().solve(one, SECONDS) for one in (problem, other))
    assert replace(first, seconds=0) == replace(second, seconds=0)


def _shuffled(problem: Problem, seed: int) -> Problem:
    chance = Random(seed)
    return replace(
        problem, terminals=tuple(chance.sample(problem.terminals, len(problem.terminals))),
        requests=tuple(chance.sample(problem.requests, len(problem.requests))),
        fixed=tuple(chance.sample(problem.fixed, len(problem.fixed))),
    )  # fmt: skip


@settings(max_examples=60)
@given(weeks(lengths=(10, 30)))
def test_nobody_can_change_places_with_a_family_that_waited_less(problem: Problem) -> None:
    standing = {call.family_id for call in problem.fixed}
    waiting: dict[str, int] = {}
    for request in problem.requests:
        waiting[request.family_id] = max(request.waiting_days, waiting.get(request.family_id, 0))
    served = heard(problem)
    for left_out in waiting.keys() - served - standing:
        for other in served - standing:
            if waiting[other] < waiting[left_out]:
                asked = served - {other} | {left_out}
                requests = tuple(request for request in problem.requests if request.family_id in asked)
                assert asked - heard(replace(problem, requests=requests))


def test_one_family_more_comes_before_one_that_waited_longer() -> None:
    """However long: here with all the village between them, which never has time."""
    requests = [ask("a", minutes=55, waiting_days=30), ask("b", waiting_days=2), ask("c", waiting_days=1)]
    requests += [ask(f"d{days}", waiting_days=days, free=()) for days in range(3, 30)]
    assert heard(week(requests, open_on([0]))) == {"b", "c"}


def test_of_as_many_families_those_that_waited_longest_are_heard() -> None:
    requests = [ask(name, waiting_days=days) for name, days in (("a", 3), ("b", 9), ("c", 1), ("d", 5))]
    assert heard(week(requests, open_on([0], until=18.6))) == {"b", "d"}


def test_nobody_goes_without_where_changing_places_makes_room() -> None:
    """The longest waiting could have either slot, the other family one alone."""
    early = [at(0, 18, 18.3)]
    problem = week([ask("a", waiting_days=9), ask("b", free=early)], open_on([0], until=18.6))
    assert placed(problem) == ["b t0 Mon 18:00", "a t0 Mon 18:20"]
    assert placed(problem, LongestWaitingFirst()) == ["a t0 Mon 18:00"]


@BOTH
def test_all_first_calls_come_before_second_ones(solver: Solver) -> None:
    requests = [ask("a", waiting_days=9), ask("a2", "a", waiting_days=9), ask("b"), ask("c")]
    assert {line[0] for line in placed(week(requests, open_on([0, 1, 2], until=18.25)), solver)} == {"a", "b", "c"}
    assert len(placed(week(requests, open_on([0, 1], until=18.6)), solver)) == 4


@BOTH
def test_a_child_that_was_not_heard_comes_before_one_that_was(solver: Solver) -> None:
    requests = [
        ask("a1", "a", waiting_days=9, child_id="older"), ask("a2", "a", waiting_days=9, child_id="older"),
        ask("a3", "a", waiting_days=1, child_id="younger"),
    ]  # fmt: skip
    lines = placed(week(requests, open_on([0, 1], until=18.25)), solver)
    assert sorted(line.split()[0] for line in lines) == ["a1", "a3"]


@BOTH
def test_a_call_that_stands_counts_as_the_first(solver: Solver) -> None:
    problem = week(
        [ask("a", waiting_days=9), ask("b")], open_on([0], until=18.25), fixed=(fixed("x", "a", 3, 20),)
    )  # fmt: skip
    assert placed(problem, solver) == ["b t0 Mon 18:00"]


@BOTH
def test_calls_that_stand_are_left_room(solver: Solver) -> None:
    problem = week([ask("a"), ask("b")], open_on([0]), fixed=(fixed("x", "c", 0, 18 + 1 / 3),))
    assert placed(problem, solver) == ["a t0 Mon 18:00", "b t0 Mon 18:40"]


@BOTH
def test_a_parent_of_two_families_is_in_one_call_at_a_time(solver: Solver) -> None:
    requests = [ask(name, parent_id="mother", free=[at(0, 18, 18.6)]) for name in "ab"]
    lines = placed(week(requests, open_on([0]), open_on([0], name="t1")), solver)
    assert [line[-5:] for line in lines] == ["18:00", "18:20"]


@BOTH
def test_a_child_with_two_parents_is_in_one_call_at_a_time(solver: Solver) -> None:
    requests = [ask(f"a{n}", "a", parent_id=f"p{n}", free=[at(0, 18, 18.6)]) for n in range(2)]
    lines = placed(week(requests, open_on([0]), open_on([0], name="t1")), solver)
    assert [line[-5:] for line in lines] == ["18:00", "18:20"]


@BOTH
def test_several_lengths_are_packed_without_loss(solver: Solver) -> None:
    requests = [ask("a", minutes=30, waiting_days=3), ask("b", minutes=10, waiting_days=2), ask("c", minutes=15)]
    problem = week(requests, open_on([0], until=18 + 65 / 60))
    assert len(placed(problem, solver)) == 3


@BOTH
def test_a_terminal_closed_for_half_of_the_week_takes_calls_in_the_other(solver: Solver) -> None:
    requests = [ask(f"{family}{n}", family) for family in "abcd" for n in range(7)]
    lines = placed(week(requests, open_on(until=18.25), open_on([4, 5, 6], until=18.25, name="t1")), solver)
    assert len(lines) == 10
    assert {line[-9:-6] for line in lines if " t1 " in line} == {"Fri", "Sat", "Sun"}


@BOTH
def test_nothing_to_place_is_an_answer(solver: Solver) -> None:
    nobody_free = week([ask("a", free=())], open_on([0]))
    for problem in (Problem(DAYS, (), ()), week([]), Problem(DAYS, (), (ask("a"),)), nobody_free):
        solution = solver.solve(problem, SECONDS)
        assert (solution.placed, solution.objective, solution.status) == ((), Score(0, 0, 0), Status.OPTIMAL)


@BOTH
def test_usual_times_and_good_links_are_preferred(solver: Solver) -> None:
    usual = ask("a", usual=(at(2, 18 + 2 / 3, 19)[0],))
    assert placed(week([usual]), solver) == ["a t0 Wed 18:20"]  # within half an hour is usual, and earlier is better
    link = replace(open_on(), good_link=(at(4, 18.5, 19),))
    assert placed(week([ask("a")], link), solver) == ["a t0 Fri 18:40"]
    assert placed(week([ask("a")]), solver) == ["a t0 Mon 18:00"]


def test_siblings_come_one_after_the_other_on_the_same_terminal() -> None:
    """Three families of two and one of three children, two terminals alike: nobody changes terminals or waits."""
    requests = [
        ask(f"{family}{n}", family, child_id=f"{family}{n}", siblings=family, waiting_days=n)
        for family, children in (("a", 2), ("b", 3), ("c", 2), ("d", 2)) for n in range(children)
    ]  # fmt: skip
    lines = placed(week(requests, open_on([0, 1]), open_on([0, 1], name="t1")))
    assert len(lines) == 9
    for family in "abcd":
        mine = [line.split(maxsplit=1)[1] for line in lines if line.startswith(family)]
        assert len({line[:6] for line in mine}) == 1, mine  # one terminal, one evening
        minutes = [int(line[-2:]) for line in mine]
        assert {after - before for before, after in pairwise(minutes)} == {20}


def test_a_sibling_follows_a_call_that_stands() -> None:
    stands = fixed("x", "a", 3, 18 + 1 / 3, "t1", child_id="older", siblings="a")
    problem = week([ask("a", child_id="younger", siblings="a")], open_on(), open_on(name="t1"), fixed=(stands,))
    assert placed(problem) == ["a t1 Thu 18:00"]
