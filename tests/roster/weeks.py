"""Small weeks of any shape, for Hypothesis: odd hours, claims, calls that stand, shared people, several lengths."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from app.kernel.intervals import Interval, merged
from app.roster.problem import Claim, Fixed, Problem, Request, Terminal
from tests.roster.villages import DAYS, MONDAY

PEOPLE = 4


def minute(day: int, after: int) -> datetime:
    """So many minutes after six in the evening."""
    return MONDAY + timedelta(days=day, hours=18, minutes=after)


@st.composite
def intervals(draw: st.DrawFn, days: int, at_least: int = 5) -> tuple[Interval, ...]:
    """Up to three, some of which begin or end within a cell."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        day, first, length = draw(st.integers(0, days - 1)), draw(st.integers(0, 12)), draw(st.integers(1, 8))
        odd = draw(st.sampled_from((0, 0, 0, 2)))
        found.append((minute(day, 5 * first + odd), minute(day, 5 * first + at_least + 5 * length)))
    return tuple(merged(found))


@st.composite
def weeks(
    draw: st.DrawFn, lengths: Sequence[int] = (10, 15, 25), requests: int = 6, days: int = 2, is_plain: bool = False
) -> Problem:
    """`is_plain`: one pair in each family, nobody shared."""
    terminals = tuple(
        Terminal(f"t{n}", draw(intervals(days, 40)), draw(intervals(days)))
        for n in range(draw(st.sampled_from((1, 2, 2, 1, 0))))
    )
    asked = [draw(_request(n, lengths, days, is_plain)) for n in range(draw(st.integers(1, requests)))]
    asked += [replace(one, id=f"{one.id}b") for one in asked if draw(st.booleans())]
    fixed = [draw(_fixed(n, days)) for n in range(draw(st.integers(0, 2)))]
    claims = draw(st.frozensets(_claim(days), max_size=6))
    return Problem(DAYS[:days], terminals, tuple(asked), tuple(fixed), claims, draw(st.sampled_from((0, 3, 5))))


@st.composite
def _time(draw: st.DrawFn, days: int) -> tuple[Interval, ...]:
    """Mostly always."""
    return draw(intervals(days, 30)) if draw(st.integers(0, 3)) == 3 else ((DAYS[0][0], DAYS[days - 1][1]),)


@st.composite
def _request(draw: st.DrawFn, n: int, lengths: Sequence[int], days: int, is_plain: bool) -> Request:
    family = n if is_plain else draw(st.integers(0, PEOPLE - 1))
    child = n if is_plain else draw(st.integers(0, 1)) + 2 * family
    parent = n if is_plain else draw(st.sampled_from((family, family, draw(st.integers(0, PEOPLE - 1)))))
    parents, childs, caregivers, consented = (draw(_time(days)) for _ in range(4))
    usual = draw(st.lists(intervals(days).map(lambda drawn: drawn[0][0]), max_size=1))
    return Request(
        f"r{n}", f"f{family}", f"c{child}", f"p{parent}", draw(st.sampled_from(lengths)), draw(st.integers(0, 5)),
        parents, childs, caregivers, consented, usual=tuple(usual), siblings=None if is_plain else f"f{family}",
    )  # fmt: skip


@st.composite
def _fixed(draw: st.DrawFn, n: int, days: int) -> Fixed:
    family = draw(st.integers(0, PEOPLE - 1))
    starts_at = minute(draw(st.integers(0, days - 1)), draw(st.integers(0, 100)))
    terminal, child = draw(st.integers(0, 1)), 2 * family + draw(st.integers(0, 1))
    return Fixed(f"x{n}", f"f{family}", f"c{child}", f"p{family}", f"t{terminal}", starts_at, 15, f"f{family}")


def _claim(days: int) -> st.SearchStrategy[Claim]:
    resources = [f"terminal:t{n}" for n in range(2)] + [f"person:{kind}{n}" for kind in "cp" for n in range(PEOPLE)]
    cells = st.tuples(st.integers(0, days - 1), st.integers(0, 20)).map(lambda drawn: minute(drawn[0], 5 * drawn[1]))
    return st.tuples(st.sampled_from(resources), cells)
