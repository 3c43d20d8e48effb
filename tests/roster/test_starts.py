"""Which starts are offered: packed where calls are alike, every cell where not, and what leaves no room."""

from datetime import timedelta

from app.roster.cells import cell_at, start_of
from app.roster.problem import Problem, Terminal
from app.roster.starts import Offer, offered
from tests.roster.asking import ask, fixed, open_on, week
from tests.roster.villages import at

MINUTE = timedelta(minutes=1)


def times(problem: Problem, request: str) -> list[str]:
    """The starts of a request by the village's clock, each with how many terminals take it."""
    offer = offered(problem)
    wish = next(wish for wish in offer.wishes if request in wish.request_ids)
    return [f"{start_of(start) + timedelta(hours=8):%a %H:%M} {room(offer, pool)}" for start, pool in wish.options]


def room(offer: Offer, pool: int) -> int:
    return len(offer.pools[pool].terminal_ids)


def test_calls_of_one_length_are_packed_from_the_opening() -> None:
    problem = week([ask("a")], open_on([0]), open_on([0], name="t1"))
    assert times(problem, "a") == ["Mon 18:00 2", "Mon 18:20 2", "Mon 18:40 2"]
    assert times(week([ask("a")], open_on([0], 18.25, 18.75)), "a") == ["Mon 18:15 1"]


def test_the_last_call_may_end_at_closing_with_its_changeover_after_it() -> None:
    assert times(week([ask("a")], open_on([0], 18, 18.25)), "a") == ["Mon 18:00 1"]
    assert times(week([ask("a")], open_on([0], 18, 18.24)), "a") == []


def test_a_changeover_ends_before_what_is_claimed() -> None:
    claims = frozenset({("terminal:t0", at(0, 18.25, 20)[0])})
    assert times(week([ask("a")], open_on([0], 18, 18.5), claims=claims), "a") == []
    assert times(week([ask("a")], open_on([0], 18, 18.5), claims=claims, buffer_minutes=0), "a") == ["Mon 18:00 1"]


def test_after_a_call_that_stands_packing_begins_anew() -> None:
    problem = week([ask("a")], open_on([0]), fixed=(fixed("x", "b", 0, 18.05),))  # 18:03 to 18:18, and 5 minutes
    assert times(problem, "a") == ["Mon 18:25 1", "Mon 18:45 1"]


def test_hours_are_rounded_inwards_to_cells() -> None:
    opens, closes = at(0, 18, 19)
    terminal = Terminal("t0", ((opens + 2 * MINUTE, closes - 18 * MINUTE),))
    assert times(week([ask("a")], terminal), "a") == ["Mon 18:05 1", "Mon 18:25 1"]


def test_terminals_with_other_hours_share_the_starts_that_they_have_alike() -> None:
    problem = week([ask("a")], open_on([0]), open_on([0], 18 + 1 / 3, 19.5, "t1"))
    assert times(problem, "a") == ["Mon 18:00 1", "Mon 18:20 2", "Mon 18:40 2", "Mon 19:00 1"]


def test_links_tell_starts_apart() -> None:
    good = Terminal("t1", open_on([0]).open, (at(0, 18.25, 19),))
    assert times(week([ask("a")], open_on([0]), good), "a") == [
        "Mon 18:00 2", "Mon 18:20 1", "Mon 18:20 1", "Mon 18:40 1", "Mon 18:40 1",
    ]  # fmt: skip


def test_lengths_that_differ_start_as_far_apart_as_divides_them() -> None:
    problem = week([ask("a", minutes=10), ask("b", minutes=25)], open_on([0]))
    assert times(problem, "b") == ["Mon 18:00 1", "Mon 18:15 1", "Mon 18:30 1"]
    problem = week([ask("a", minutes=15), ask("b", minutes=30)], open_on([0], 18, 18.75))
    assert times(problem, "b") == ["Mon 18:00 1", "Mon 18:05 1", "Mon 18:10 1", "Mon 18:15 1"]


def test_who_misses_all_packed_starts_gets_every_cell_on_one_terminal() -> None:
    pause = ask("a", free=[at(0, 18 + 7 / 60, 18.5)])
    problem = week([pause, ask("b")], open_on([0]), open_on([0], name="t1"))
    assert times(problem, "a") == ["Mon 18:10 1", "Mon 18:15 1"]
    assert times(problem, "b")[:3] == ["Mon 18:00 1", "Mon 18:00 1", "Mon 18:05 1"]


def test_the_whole_call_lies_in_everybodys_time() -> None:
    free = [at(0, 18, 18 + 14 / 60), at(0, 18.5, 19)]
    for whose in ("parent_free", "child_free", "caregiver_free", "consented"):
        request = ask("a", **({"free": free} if whose == "parent_free" else {whose: tuple(free)}))
        assert times(week([request], open_on([0])), "a") == ["Mon 18:40 1"]


def test_a_person_who_is_claimed_is_not_asked() -> None:
    for person in ("person:ca", "person:pa"):
        claims = frozenset({(person, at(0, 18.5, 20)[0])})
        assert times(week([ask("a")], open_on([0]), claims=claims), "a") == ["Mon 18:00 1", "Mon 18:40 1"]


def test_a_person_in_a_call_that_stands_is_not_asked() -> None:
    for person in ({"child_id": "ca", "parent_id": "other"}, {"child_id": "other", "parent_id": "pa"}):
        stands = fixed("x", "b", 0, 18 + 1 / 3, "t1", **person)
        assert times(week([ask("a")], open_on([0]), fixed=(stands,)), "a") == ["Mon 18:00 1", "Mon 18:40 1"]


def test_a_pair_with_a_call_that_stands_has_had_its_day() -> None:
    problem = week([ask("a")], open_on([0, 1], until=18.25), fixed=(fixed("x", "a", 0, 20),))
    assert times(problem, "a") == ["Tue 18:00 1"]
    assert times(week([ask("a")], open_on([0]), fixed=(fixed("x", "b", 0, 20),)), "a")[0] == "Mon 18:00 1"


def test_a_call_over_midnight_is_of_the_day_that_it_begins_in() -> None:
    problem = week([ask("a"), ask("b", "a")], open_on([0], 23 + 5 / 6, 24.5), buffer_minutes=0)
    offer = offered(problem)
    assert [offer.day(start) for start, _ in offer.wishes[0].options] == [0, 1]


def test_outside_of_the_week_nothing_is_offered() -> None:
    sunday = Terminal("t0", (at(6, 23.5, 25),))
    assert times(week([ask("a")], sunday, buffer_minutes=0), "a") == ["Sun 23:30 1", "Sun 23:45 1"]


def test_requests_that_are_alike_are_one_wish() -> None:
    offer = offered(week([ask("b", "f"), ask("a", "f"), ask("c", "f", minutes=20)]))
    assert [wish.request_ids for wish in offer.wishes] == [("a", "b"), ("c",)]
    assert offer.wishes[0].request.id == "a"


def test_cells_go_with_the_clock() -> None:
    start = at(0, 18, 19)[0]
    assert start_of(cell_at(start + 4 * MINUTE)) == start
