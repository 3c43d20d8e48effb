"""Who wishes for which calls, from facts alone: usual times, two parents, two families, odd weeks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.desk import wishes
from app.desk.wishes import Picked, Standing, WeekFacts
from app.families.pairs import Pair
from app.kernel.intervals import Interval
from app.roster.history import Slot
from app.roster.problem import Request, Terminal

MONDAY = date(2026, 11, 30)
SHANGHAI = "Asia/Shanghai"
DAYS = wishes.days_of(MONDAY, SHANGHAI)
WEEK: Interval = (DAYS[0][0], DAYS[-1][1])
NOW = WEEK[0] - timedelta(days=1)
OPEN = tuple((start + timedelta(hours=18), start + timedelta(hours=21)) for start, _end in DAYS)
MOTHER, FATHER = Pair("f", "c", "mother"), Pair("f", "c", "father")


def facts(*pairs: Pair, free: dict[str, Sequence[Interval]] | None = None) -> WeekFacts:
    """Everybody is always free who is not said to be otherwise."""
    people = {who: [WEEK] for pair in pairs for who in pair[1:]}
    return WeekFacts(
        days=DAYS, within=WEEK, zone=SHANGHAI, minutes=15, buffer_minutes=5, terminals=[Terminal("t", OPEN)],
        pairs=dict.fromkeys(pairs), caregivers={}, free=people | (free or {}), standing=[], picked=[], heard_at={},
        spoken_at={}, claims=frozenset(),
    )  # fmt: skip


def requests(known: WeekFacts) -> Sequence[Request]:
    return wishes.wished(known, NOW).problem.requests


def parents(known: WeekFacts) -> list[str]:
    return [request.parent_id for request in requests(known)]


def wall(hour: int, minute: int = 0, days_ago: int = 7) -> datetime:
    return DAYS[0][0] + timedelta(days=-days_ago, hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("starts", "usual"),
    [
        ([], []),
        ([wall(19)], []),
        ([wall(19), wall(19, 20, 14)], [19 * 60]),
        ([wall(19), wall(19, 31, 14)], []),
        ([wall(19), wall(19, 0, 14), wall(20), wall(20, 0, 14), wall(20, 10, 21)], [20 * 60, 19 * 60]),
        ([wall(23, 50), wall(0, 10, 14)], [10]),
        ([wall(19), wall(19, 0, 9), *(wall(6 + n, 0, n) for n in range(8))], []),
    ],
)
def test_usual_times(starts: list[datetime], usual: list[int]) -> None:
    """Twice at least, within half an hour, and in a quarter of all calls; also across midnight."""
    assert wishes.usual_minutes(starts, SHANGHAI) == usual


def test_usual_times_are_wished_on_every_day() -> None:
    known = replace(facts(MOTHER), spoken_at={("c", "mother"): [wall(19), wall(19, 0, 14)]})
    assert requests(known)[0].usual == tuple(start + timedelta(hours=19) for start, _end in DAYS)


def test_days_of_a_week() -> None:
    assert len(DAYS) == 7
    skipped = wishes.days_of(date(2011, 12, 26), "Pacific/Apia")
    assert len(skipped) == 6, "Samoa had no Friday, 30 December 2011"
    spring = wishes.days_of(date(2027, 3, 22), "Europe/Bucharest")
    assert [end - start for start, end in spring] == [timedelta(hours=24)] * 6 + [timedelta(hours=23)]


class TestWithWhom:
    def test_one_parent_twice_and_two_once_each(self) -> None:
        assert parents(facts(MOTHER)) == ["mother", "mother"]
        assert sorted(parents(facts(MOTHER, FATHER))) == ["father", "mother"]

    def test_who_was_spoken_to_longest_ago_comes_first(self) -> None:
        known = facts(MOTHER, FATHER, Pair("f", "c", "stepfather"))
        spoken = {
            ("c", "mother"): [wall(19)],
            ("c", "father"): [wall(19, 0, 14)],
            ("c", "stepfather"): [wall(19, 0, 9)],
        }
        assert parents(replace(known, spoken_at=spoken)) == ["father", "stepfather"]

    def test_who_has_time_when_a_terminal_is_open(self) -> None:
        """The father's break is a minute too short."""
        opens = OPEN[3][0]
        known = facts(MOTHER, FATHER, free={"father": [(opens, opens + timedelta(minutes=14))]})
        assert parents(known) == ["mother", "mother"]
        known = facts(MOTHER, FATHER, free={"father": [(opens, opens + timedelta(minutes=15))]})
        assert sorted(parents(known)) == ["father", "mother"]

    def test_somebody_where_nobody_has_time(self) -> None:
        assert len(parents(facts(MOTHER, FATHER, free={"c": []}))) == 2

    def test_less_where_calls_stand_or_rows_were_picked(self) -> None:
        call = Standing("call", MOTHER, Slot("t", OPEN[0][0]), 15)
        row = Picked("row", FATHER, None, 15)
        assert parents(replace(facts(MOTHER, FATHER), standing=[call])) == ["father"]
        assert parents(replace(facts(MOTHER, FATHER), picked=[row])) == ["mother"]
        assert parents(replace(facts(MOTHER, FATHER), standing=[call], picked=[row])) == []

    def test_a_parent_of_two_families_of_one_child_comes_once(self) -> None:
        again = Pair("g", "c", "mother")
        assert parents(facts(MOTHER, again)) == ["mother", "mother"]
        assert {request.family_id for request in requests(facts(MOTHER, again))} == {"f"}


def test_what_is_fixed() -> None:
    """A call that stands, and a row with a slot; one that was taken out holds nothing."""
    call = Standing("call", MOTHER, Slot("t", OPEN[0][0]), 15)
    row, out = Picked("row", FATHER, Slot("t", OPEN[1][0]), 30), Picked("out", FATHER, None, 15)
    fixed = wishes.wished(replace(facts(MOTHER, FATHER), standing=[call], picked=[row, out]), NOW).problem.fixed
    assert [(one.id, one.starts_at, one.minutes) for one in fixed] == [
        ("call", OPEN[0][0], 15),
        ("row", OPEN[1][0], 30),
    ]


def test_whoever_brings_the_child_has_to_be_free() -> None:
    evening = (OPEN[2][0], OPEN[2][1])
    known = replace(facts(MOTHER, free={"granny": [evening], "grandpa": []}), caregivers={"f": ["granny", "grandpa"]})
    assert requests(known)[0].caregiver_free == (evening,)
    assert requests(replace(known, caregivers={"f": ["mother"]}))[0].caregiver_free == (WEEK,), "herself"


def test_siblings_are_named_and_turns_are_by_the_last_call() -> None:
    sister = Pair("f", "sister", "mother")
    known = replace(
        facts(MOTHER, sister, Pair("g", "other", "father")), heard_at={"c": wall(19), "other": wall(19, 0, 30)}
    )
    wished = wishes.wished(known, NOW)
    assert wished.turns == {"sister": 0, "other": 1, "c": 2}
    assert {request.child_id: request.siblings for request in wished.problem.requests} == {
        "c": "f", "sister": "f", "other": None,
    }  # fmt: skip
    waiting = {request.child_id: request.waiting_days for request in wished.problem.requests}
    assert waiting["sister"] > waiting["other"] == 28 > waiting["c"] == 5


def test_the_same_facts_make_the_same_problem() -> None:
    """Whatever order the database gave them in."""
    pairs = [MOTHER, FATHER, Pair("g", "other", "mother")]
    one, other = facts(*pairs), facts(*reversed(pairs))
    assert wishes.wished(one, NOW).problem == wishes.wished(other, NOW).problem


def test_consent_ends() -> None:
    until = datetime(2026, 12, 2, tzinfo=UTC)
    known = replace(facts(MOTHER), pairs={MOTHER: until})
    assert requests(known)[0].consented == ((WEEK[0], until),)
