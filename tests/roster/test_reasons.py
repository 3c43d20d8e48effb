"""What is said of a slot, and of having none."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings

from app.gateways.highs import Highs
from app.roster.greedy import LongestWaitingFirst
from app.roster.problem import Placed, Problem, Terminal
from app.roster.reasons import Reason, Why, explained
from tests.roster.asking import ask, fixed, open_on, week
from tests.roster.villages import Village, at
from tests.roster.weeks import weeks

SECONDS = 20.0
NEVER: tuple[Any, ...] = ()
NOT_NONE = set(Why) - {
    Why.KEPT, Why.SECOND_CALL, Why.LONGEST_WAITING, Why.ONLY_TIME_FREE, Why.USUAL_TIME, Why.BESIDE_SIBLING,
    Why.GOOD_LINK, Why.EVERYBODY_FREE,
}  # fmt: skip


def told(problem: Problem, placed: tuple[Placed, ...] | None = None) -> dict[str, list[dict[str, Any]]]:
    placed = LongestWaitingFirst().solve(problem, SECONDS).placed if placed is None else placed
    return {name: [reason.as_json() for reason in reasons] for name, reasons in explained(problem, placed).items()}


def codes(problem: Problem, name: str) -> list[str]:
    return [reason["code"] for reason in told(problem)[name]]


def test_who_waited_longest_is_told_so_where_others_have_none() -> None:
    requests = [ask("a", waiting_days=9), ask("b", waiting_days=2), ask("c", waiting_days=3)]
    found = told(week(requests, open_on([0], until=18.6)))
    assert found["a"] == [{"code": "longest_waiting"}]
    assert found["c"] == [{"code": "longest_waiting"}]
    assert found["b"] == [{"code": "terminals_full", "families": ["a", "c"]}]


def test_where_all_have_a_slot_waiting_is_no_reason() -> None:
    assert told(week([ask("a"), ask("b")])) == {"a": [{"code": "everybody_free"}], "b": [{"code": "everybody_free"}]}


def test_what_speaks_for_a_slot() -> None:
    assert codes(week([ask("a", free=[at(0, 18, 18.5)])]), "a") == ["only_time_free"]
    assert codes(week([ask("a", usual=(at(3, 18, 19)[0],))]), "a") == ["usual_time"]
    link = open_on([0])
    assert codes(week([ask("a")], type(link)("t0", link.open, link.open)), "a") == ["good_link"]


def test_a_second_call_says_which_it_is() -> None:
    found = told(week([ask("a", "f"), ask("b", "f"), ask("c", "f")]))
    assert [found[name][0] for name in "abc"] == [
        {"code": "everybody_free"}, {"code": "second_call", "turn": 2}, {"code": "second_call", "turn": 3},
    ]  # fmt: skip


def test_a_call_that_stands_is_kept_and_counts() -> None:
    found = told(week([ask("a", "f")], fixed=(fixed("x", "f", 6, 20),)))
    assert found["x"] == [{"code": "kept"}]
    assert found["a"][0] == {"code": "second_call", "turn": 2}


def test_siblings_name_each_other() -> None:
    requests = [ask(name, "f", child_id=name, siblings="f") for name in ("older", "younger")]
    found = told(week(requests, open_on([0])))
    assert {"code": "beside_sibling", "person": "younger"} in found["older"]
    assert {"code": "beside_sibling", "person": "older"} in found["younger"]


def test_hours_that_never_fit_say_whose_they_are() -> None:
    noon = (at(0, 12, 13),)
    assert codes(week([ask("a")], open_on([])), "a") == ["village_closed"]
    assert codes(week([ask("a", minutes=90)]), "a") == ["village_closed"]
    assert codes(week([ask("a", consented=noon)]), "a") == ["no_consent"]
    assert codes(week([ask("a", consented=NEVER, free=noon)]), "a") == ["no_consent"]
    assert codes(week([ask("a", free=noon)]), "a") == ["parent_never_free_when_open"]
    assert codes(week([ask("a", child_free=noon, caregiver_free=NEVER)]), "a") == [
        "child_never_free_when_open", "caregiver_never_free_when_open",
    ]  # fmt: skip
    two_past = Terminal("t0", ((at(0, 18, 19)[0] + timedelta(minutes=2), at(0, 18, 18.25)[1] + timedelta(minutes=2)),))
    assert codes(week([ask("a")], two_past), "a") == ["never_free_together"]
    apart = ask("a", free=[at(0, 18, 18.5)], child_free=(at(0, 18.5, 19),))
    assert codes(week([apart]), "a") == ["never_free_together"]


def test_a_person_in_another_call_is_named() -> None:
    free = [at(0, 18, 18.3)]
    claims = frozenset({("person:pa", at(0, 18.25 - n / 12, 19)[0]) for n in range(1, 4)})
    assert told(week([ask("a", free=free)], claims=claims))["a"] == [{"code": "person_taken", "person": "pa"}]
    both = [ask("a", free=free, parent_id="mother", waiting_days=3), ask("b", free=free, parent_id="mother")]
    problem = week(both, open_on([0]), open_on([0], name="t1"))
    assert told(problem)["b"] == [{"code": "person_taken", "person": "mother"}]


def test_a_pair_that_has_its_call_of_the_day_is_told_so() -> None:
    assert codes(week([ask("a", "f"), ask("b", "f")], open_on([0])), "b") == ["one_a_day"]
    stands = week([ask("a", "f")], open_on([0]), fixed=(fixed("x", "f", 0, 20),))
    assert codes(stands, "a") == ["one_a_day"]


def test_full_terminals_name_those_who_come_first() -> None:
    """First calls come before second ones, calls that stand before all; the own family is not named."""
    requests = [ask("a", "f", waiting_days=9), ask("b", "f", waiting_days=9), ask("c", "g", waiting_days=1)]
    found = told(week(requests, open_on([0, 1], until=18.25)))
    assert found["b"] == [{"code": "terminals_full", "families": ["g"]}]
    stands = week([ask("a", waiting_days=9)], open_on([0], until=18.25), fixed=(fixed("x", "h", 0, 18),))
    assert told(stands)["a"] == [{"code": "terminals_full", "families": ["h"]}]
    siblings = [ask(name, "f", child_id=name, parent_id=name, waiting_days=9) for name in ("older", "younger")]
    assert told(week(siblings, open_on([0], until=18.25)))["younger"] == [{"code": "terminals_full"}]
    claimed = frozenset({("terminal:t0", at(0, 18, 19)[0])})
    assert told(week([ask("a")], open_on([0], until=18.25), claims=claimed))["a"] == [{"code": "terminals_full"}]


def test_a_long_call_for_which_two_would_go_without_is_told_so() -> None:
    requests = [ask("a", minutes=55, waiting_days=30), ask("b", waiting_days=2), ask("c", waiting_days=1)]
    problem = week(requests, open_on([0]))
    assert told(problem, Highs().solve(problem, SECONDS).placed)["a"] == [{"code": "others_go_without"}]


def test_nothing_is_said_where_a_slot_was_left_free_by_hand() -> None:
    assert told(week([ask("a")]), ())["a"] == []


@settings(max_examples=100)
@given(weeks())
def test_everybody_is_told_something(problem: Problem) -> None:
    _assert_told(problem)


def test_everybody_in_a_crowded_village_is_told_something() -> None:
    _assert_told(Village(60, 2, siblings=0.3, shared_parents=0.2).problem)


def _assert_told(problem: Problem) -> None:
    placed = LongestWaitingFirst().solve(problem, SECONDS).placed
    found, with_slot = explained(problem, placed), {one.request_id for one in placed}
    requests, standing = {one.id for one in problem.requests}, {one.id for one in problem.fixed}
    assert found.keys() == requests | standing
    for name, reasons in found.items():
        assert reasons, name
        is_none = name not in with_slot | standing
        assert all((reason.why in NOT_NONE) == is_none for reason in reasons), (name, reasons)


def test_reasons_carry_no_more_than_they_have() -> None:
    assert Reason(Why.KEPT).as_json() == {"code": "kept"}
