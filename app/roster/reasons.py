"""Why each request of a roster has its slot, or why it has none, as codes with few parameters.

What is said is true of the roster as it is, and asks no solver. Of a slot: what speaks for it, and whether it comes
before all who could have had it and have none. Of a request without one: the first thing that stands in the way of all
its slots, from the people's hours to who holds those that fit. The sentences are made elsewhere.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from app.kernel.intervals import Interval, common
from app.roster.cells import cell_at, cell_from, held_cells, touched
from app.roster.problem import Fixed, Placed, Problem, Request
from app.roster.siblings import Spot
from app.roster.starts import Wish, offered
from app.roster.worth import Worth

MOST_FAMILIES = 5


class Why(StrEnum):
    """Why this slot; then why none."""

    KEPT = "kept"
    SECOND_CALL = "second_call"
    LONGEST_WAITING = "longest_waiting"
    ONLY_TIME_FREE = "only_time_free"
    USUAL_TIME = "usual_time"
    BESIDE_SIBLING = "beside_sibling"
    GOOD_LINK = "good_link"
    EVERYBODY_FREE = "everybody_free"

    VILLAGE_CLOSED = "village_closed"
    NO_CONSENT = "no_consent"
    PARENT_NEVER_FREE = "parent_never_free_when_open"
    CHILD_NEVER_FREE = "child_never_free_when_open"
    CAREGIVER_NEVER_FREE = "caregiver_never_free_when_open"
    NEVER_FREE_TOGETHER = "never_free_together"
    PERSON_TAKEN = "person_taken"
    ONE_A_DAY = "one_a_day"
    TERMINALS_FULL = "terminals_full"
    OTHERS_GO_WITHOUT = "others_go_without"


@dataclass(frozen=True)
class Reason:
    """A code, and what it speaks of: ids of families, longest waiting first, a person's id, a family's k-th call."""

    why: Why
    families: tuple[str, ...] = ()
    person: str | None = None
    turn: int | None = None

    def as_json(self) -> dict[str, Any]:
        params = {"families": list(self.families), "person": self.person, "turn": self.turn}
        return {"code": self.why.value, **{name: value for name, value in params.items() if value}}


def explained(problem: Problem, placed: Sequence[Placed]) -> dict[str, list[Reason]]:
    """By the id of each request and of each call that stands; the most telling reason comes first.

    There is one at least, but for a request that nothing keeps from a slot: where calls were taken out by hand.
    """
    roster = _Roster(problem, placed)
    found = {call.id: [Reason(Why.KEPT)] for call in problem.fixed}
    for request in problem.requests:
        call = roster.calls.get(request.id)
        if call is None:
            found[request.id] = list(_why_none(roster, request))
        else:
            found[request.id] = list(_why(roster, call)) or [Reason(Why.EVERYBODY_FREE)]
    return found


@dataclass(frozen=True)
class _Call:
    """In cells. The least `rank` comes first: its turn in the family, then how long that waited."""

    call: Request | Fixed
    terminal_id: str
    cells: range
    hold: range
    rank: tuple[int, int]

    @property
    def turn(self) -> int:
        return self.rank[0]


class _Roster:
    """Who holds what, and who would come first."""

    def __init__(self, problem: Problem, placed: Sequence[Placed]) -> None:
        self.problem = problem
        self.offer = offered(problem)
        self.worth = Worth(self.offer)
        self.hours = {tuple(common(terminal.open, problem.days)) for terminal in problem.terminals}
        self.wish_of = {name: place for place, wish in enumerate(self.offer.wishes) for name in wish.request_ids}
        self._turns: Counter[str] = Counter()  # calls by family
        self.calls = {one.call.id: one for one in self._calls(placed)}
        self.held: dict[str, set[int]] = defaultdict(set, {who: set(held) for who, held in held_cells(problem).items()})
        self.on_terminal: dict[tuple[str, int], _Call] = {}
        self.days: dict[tuple[str, str], set[int]] = defaultdict(set)
        for one in self.calls.values():
            self.on_terminal.update({(one.terminal_id, cell): one for cell in one.hold})
            self.days[one.call.pair].add(self.offer.day(one.cells.start))
            for person in one.call.pair:
                self.held[f"person:{person}"].update(one.cells)

    def rank(self, request: Request) -> tuple[int, int]:
        """Where the next call of a family comes."""
        return self._turns[request.family_id] + 1, -self.worth.waiting[request.family_id]

    @cached_property
    def without(self) -> Mapping[int, list[Request]]:
        """The requests that have no slot, by the cells at which one was offered to them."""
        found: dict[int, list[Request]] = defaultdict(list)
        for request in self.problem.requests:
            if request.id not in self.calls:
                for start in {option.start for option in self.offer.wishes[self.wish_of[request.id]].options}:
                    found[start].append(request)
        return found

    @cached_property
    def spots(self) -> Mapping[Spot, str]:
        """The child of each call that a sibling's may follow or go before."""
        fixed = {spot: self.worth.siblings.call(spot.place).child_id for spot in self.worth.siblings.fixed}
        new = (one for one in self.calls.values() if one.call.id in self.wish_of)
        return fixed | {Spot(self.wish_of[one.call.id], one.cells.start): one.call.child_id for one in new}

    def _calls(self, placed: Sequence[Placed]) -> Iterator[_Call]:
        requests = {request.id: request for request in self.problem.requests}
        for call in self.problem.fixed:
            yield self._call(call, call.terminal_id, call.starts_at)
        for one in sorted(placed, key=lambda one: (one.starts_at, one.request_id)):
            yield self._call(requests[one.request_id], one.terminal_id, one.starts_at)

    def _call(self, call: Request | Fixed, terminal_id: str, starts_at: datetime) -> _Call:
        self._turns[call.family_id] += 1
        rank = self._turns[call.family_id], -self.worth.waiting.get(call.family_id, 0)
        hold = touched(starts_at, call.minutes + self.problem.buffer_minutes)
        return _Call(call, terminal_id, touched(starts_at, call.minutes), hold, rank)


def _why(roster: _Roster, one: _Call) -> Iterator[Reason]:
    place, start = roster.wish_of[one.call.id], one.cells.start
    wish = roster.offer.wishes[place]
    if one.turn > 1:
        yield Reason(Why.SECOND_CALL, turn=one.turn)
    others = [request for request in roster.without.get(start, ()) if request.family_id != one.call.family_id]
    if others and all(one.rank <= roster.rank(other) for other in others):
        yield Reason(Why.LONGEST_WAITING)
    starts = [option.start for option in wish.options]
    if starts and max(starts) - min(starts) < wish.hold:
        yield Reason(Why.ONLY_TIME_FREE)
    if roster.worth.is_usual(wish, start):
        yield Reason(Why.USUAL_TIME)
    for near in roster.worth.siblings.near(Spot(place, start)):
        if near in roster.spots:
            yield Reason(Why.BESIDE_SIBLING, person=roster.spots[near])
    terminal = next(terminal for terminal in roster.problem.terminals if terminal.id == one.terminal_id)
    if any(cell_from(good) <= start < cell_at(end) for good, end in terminal.good_link):
        yield Reason(Why.GOOD_LINK)


def _why_none(roster: _Roster, request: Request) -> Iterator[Reason]:
    length = timedelta(minutes=request.minutes)

    def never(intervals: Sequence[Interval]) -> bool:
        return not any(end - start >= length for hours in roster.hours for start, end in common(hours, intervals))

    people = {
        Why.PARENT_NEVER_FREE: request.parent_free, Why.CHILD_NEVER_FREE: request.child_free,
        Why.CAREGIVER_NEVER_FREE: request.caregiver_free,
    }  # fmt: skip
    if never(roster.problem.days):
        yield Reason(Why.VILLAGE_CLOSED)
    elif never(request.consented):
        yield Reason(Why.NO_CONSENT)
    elif any(never(free) for free in people.values()):
        yield from (Reason(why) for why, free in people.items() if never(free))
    elif never(request.allowed()):
        yield Reason(Why.NEVER_FREE_TOGETHER)
    else:
        yield from _what_is_taken(roster, request)


def _what_is_taken(roster: _Roster, request: Request) -> Iterator[Reason]:
    """Their hours fit: so it is room that they lack; or else one of them has another call at all these times."""
    wish = roster.offer.wishes[roster.wish_of[request.id]]
    starts = sorted({option.start for option in wish.options} or _all_starts(roster, wish))
    other_days = [start for start in starts if roster.offer.day(start) not in roster.days[request.pair]]
    persons: Counter[str] = Counter()
    with_people: list[int] = []
    for start in other_days:
        cells = range(start, start + wish.length)
        busy = [person for person in wish.persons if not roster.held[f"person:{person}"].isdisjoint(cells)]
        persons.update(busy)
        if not busy:
            with_people.append(start)
    if with_people:
        yield from _who_is_there(roster, request, wish, with_people)
    elif persons:
        yield Reason(Why.PERSON_TAKEN, person=max(sorted(persons), key=persons.__getitem__))
    else:
        yield Reason(Why.ONE_A_DAY if starts else Why.NEVER_FREE_TOGETHER)


def _who_is_there(roster: _Roster, request: Request, wish: Wish, starts: Sequence[int]) -> Iterator[Reason]:
    """Who holds the terminals at these starts. Nothing is said if one is free."""
    everywhere = [terminal.id for terminal in roster.problem.terminals]
    offered_on: dict[int, list[str]] = defaultdict(list)
    for start, pool in wish.options:
        offered_on[start] += roster.offer.pools[pool].terminal_ids
    there: dict[str, _Call] = {}
    for start in starts:
        for terminal in offered_on.get(start, everywhere):
            held = [roster.on_terminal.get((terminal, cell)) for cell in range(start, start + wish.hold)]
            if start in offered_on and not any(held):
                return
            there.update({one.call.id: one for one in held if one})
    first = [one for one in there.values() if isinstance(one.call, Fixed) or one.rank <= roster.rank(request)]
    waiting = roster.worth.waiting
    families = {one.call.family_id for one in first} - {request.family_id}
    named = sorted(families, key=lambda family: (-waiting.get(family, 0), family))[:MOST_FAMILIES]
    if first or not there:
        yield Reason(Why.TERMINALS_FULL, families=tuple(named))
    else:
        yield Reason(Why.OTHERS_GO_WITHOUT)


def _all_starts(roster: _Roster, wish: Wish) -> Iterator[int]:
    """Every cell at which their hours and those of a terminal would let them begin."""
    length = timedelta(minutes=wish.request.minutes)
    for hours in roster.hours:
        for start, end in common(hours, wish.request.allowed()):
            yield from range(cell_from(start), cell_at(end - length) + 1)
