"""A village's week as the solver sees it: terminals, requests, what stands already; and what a roster of it is worth.

Pure: values in, values out. A request is one call that a child and a parent would have in this week; two requests of
the same two mean two calls, on different days. What counts, in this order (`Score`):

1. `first`: families that have a call at all, a call that stands included. As many as can be; among as many, those that
   waited longest.
2. `further`: the families' second, third, … calls, each worth less than the one before, and children who were not
   heard yet before those who were.
3. `wishes`: siblings one right after the other, usual times, hours of a good link, few gaps.

A tier is never traded for a lower one. Inside `first` and `further` waiting counts by rank, so what is promised is the
exchange of one for one: a family without a call could not take the place of one that waited less while all others who
have a call keep having one. (Several against one is decided by the number first, then by the sum of the ranks.)

Which starts are offered stands in `starts.py`; why a request has its slot, or none, in `reasons.py`.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.kernel.intervals import Interval, common

Claim = tuple[str, datetime]  # "terminal:ID" or "person:ID", and the start of a five-minute cell of UTC


@dataclass(frozen=True)
class Terminal:
    """`open`: when calls may lie on it; `good_link`: the hours at which its link has been good. Both sorted, apart."""

    id: str
    open: tuple[Interval, ...]
    good_link: tuple[Interval, ...] = ()


@dataclass(frozen=True)
class Request:
    """One call that is wished for. The four `…free` and `consented` are sorted intervals, apart from each other.

    Of `waiting_days` only the order counts. `caregiver_free`: one of the caregivers at least, always if none is needed.
    `usual`: the instants of this week at which the two have spoken before. `siblings`: a name that all requests of one
    group of brothers and sisters share.
    """

    id: str
    family_id: str
    child_id: str
    parent_id: str
    minutes: int
    waiting_days: int
    parent_free: tuple[Interval, ...]
    child_free: tuple[Interval, ...]
    caregiver_free: tuple[Interval, ...]
    consented: tuple[Interval, ...]
    usual: tuple[datetime, ...] = ()
    siblings: str | None = None

    @property
    def pair(self) -> tuple[str, str]:
        return self.child_id, self.parent_id

    def allowed(self) -> list[Interval]:
        """When all of them have time and consent covers it: the call lies in one of these wholly."""
        together = common(self.parent_free, self.child_free)
        return common(common(together, self.caregiver_free), self.consented)


@dataclass(frozen=True)
class Fixed:
    """A call that stays where it is: booked, confirmed, or picked by hand. Its claims need not be among the claims."""

    id: str
    family_id: str
    child_id: str
    parent_id: str
    terminal_id: str
    starts_at: datetime
    minutes: int
    siblings: str | None = None

    @property
    def pair(self) -> tuple[str, str]:
        return self.child_id, self.parent_id


@dataclass(frozen=True)
class Problem:
    """The whole question. Raises ValueError for what no village's week can be.

    `days`: the civil days of the week in the village's zone, as intervals. `claims`: the rows of the week's claims, of
    terminals (their change-over buffer included) and of persons; those of fixed calls may be among them.
    """

    days: tuple[Interval, ...]
    terminals: tuple[Terminal, ...]
    requests: tuple[Request, ...]
    fixed: tuple[Fixed, ...] = ()
    claims: frozenset[Claim] = frozenset()
    buffer_minutes: int = 5

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True)
class Placed:
    """A request and its slot."""

    request_id: str
    terminal_id: str
    starts_at: datetime


@dataclass(frozen=True, order=True)
class Score:
    """What a roster is worth; a better one is greater. The numbers compare within one problem alone."""

    first: int
    further: int
    wishes: int

    def gap_to(self, bound: "Score") -> float:
        """The largest share that a tier may lie below its bound."""
        pairs = ((self.first, bound.first), (self.further, bound.further), (self.wishes, bound.wishes))
        return max((most - value) / most if most > value else 0.0 for value, most in pairs)


class Status(StrEnum):
    """`optimal`: nothing better exists. `gap`: the time ran out; `bound` says how much better it could be at most."""

    OPTIMAL = "optimal"
    GAP = "gap"


@dataclass(frozen=True)
class Solution:
    """`placed` is sorted by start, terminal, request.

    `bound`: in no tier is any roster better that settles the tiers before it in the same way: the same families have a
    call; each has as many, and the same children are heard.
    """

    placed: tuple[Placed, ...]
    objective: Score
    bound: Score
    status: Status
    seconds: float

    @property
    def gap(self) -> float:
        return self.objective.gap_to(self.bound)


def _check(problem: Problem) -> None:
    if problem.buffer_minutes < 0:
        raise ValueError("a negative buffer")
    _check_apart("the days", problem.days)
    for terminal in problem.terminals:
        _check_apart(f"terminal {terminal.id}", terminal.open)
        _check_apart(f"terminal {terminal.id}", terminal.good_link)
    for request in problem.requests:
        for intervals in (request.parent_free, request.child_free, request.caregiver_free, request.consented):
            _check_apart(f"request {request.id}", intervals)
    _check_lengths(call.minutes for call in problem.requests)
    _check_lengths(call.minutes for call in problem.fixed)
    _check_once("terminal", [terminal.id for terminal in problem.terminals])
    _check_once("request", [call.id for call in problem.requests] + [call.id for call in problem.fixed])


def _check_apart(whose: str, intervals: Iterable[Interval]) -> None:
    before: datetime | None = None
    for start, end in intervals:
        if start.tzinfo is None or end.tzinfo is None:
            raise ValueError(f"{whose}: an instant without a zone")
        if not start < end or (before is not None and start < before):
            raise ValueError(f"{whose}: intervals that are empty, overlap or are not sorted")
        before = end


def _check_lengths(minutes: Iterable[int]) -> None:
    if any(length <= 0 for length in minutes):
        raise ValueError("a call that takes no time")


def _check_once(what: str, ids: Iterable[str]) -> None:
    twice = [id_ for id_, times in Counter(ids).items() if times > 1]
    if twice:
        raise ValueError(f"{what} {twice[0]} comes twice")
