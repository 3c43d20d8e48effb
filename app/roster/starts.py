"""Which starts are offered to whom in a problem, in cells.

Opening hours are rounded inwards to cells. Where all calls hold a terminal equally long, the starts lie one call and
its change-over apart, from each opening and from the end of each call that stands: nothing packs better. With several
lengths they lie as far apart as divides all of them, mostly one cell. Who misses all of these starts (a short break in
a shift) gets every cell of the windows that fit, on as many terminals as there are such people.

Terminals are no part of a start: a `Pool` is a window that several of them have alike, and takes as many calls at a
time as they are. Which of them a call gets, and that it always gets one, stands in `terminals.py`.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from math import gcd
from typing import NamedTuple

from app.kernel.intervals import common
from app.roster.cells import cell_at, cell_from, cells_in, held_cells
from app.roster.problem import Problem, Request, Terminal


class Option(NamedTuple):
    """A start in a pool: the cell, and the place in `Offer.pools`."""

    start: int
    pool: int


class Frame(NamedTuple):
    """A window in cells: a call begins at `opens` or later, ends by `closes`, and its change-over by `until`."""

    opens: int
    closes: int
    until: int
    good: tuple[int, ...]  # the cells of it at which the link has been good

    def starts(self, length: int, hold: int, step: int = 1) -> range:
        return range(self.opens, min(self.closes - length, self.until - hold) + 1, step)


class Pool(NamedTuple):
    """A frame that several terminals have alike. `step`: how many cells its starts lie apart."""

    frame: Frame
    step: int
    terminal_ids: tuple[str, ...]


@dataclass(frozen=True)
class Wish:
    """Requests that are alike but for their ids: so many calls of a pair. `hold` is the length with its change-over."""

    request: Request
    request_ids: tuple[str, ...]
    length: int
    hold: int
    options: tuple[Option, ...] = ()

    @property
    def persons(self) -> tuple[str, str]:
        return self.request.pair


@dataclass(frozen=True)
class Offer:
    """A problem with all its starts. Pools and wishes are sorted, so that the order of the rows does not matter."""

    problem: Problem
    pools: tuple[Pool, ...]
    wishes: tuple[Wish, ...]

    @cached_property
    def _midnights(self) -> list[int]:
        return [cell_from(start) for start, _ in self.problem.days]

    def day(self, cell: int) -> int:
        """The place of the civil day that a cell begins in."""
        return bisect_right(self._midnights, cell) - 1

    def coarser(self) -> "Offer":
        """The same with fewer starts: in each pool those that the shortest calls would have, one after the other."""
        step = min((wish.hold for wish in self.wishes), default=1)
        return replace(self, wishes=tuple(replace(wish, options=self._every(step, wish)) for wish in self.wishes))

    def _every(self, step: int, wish: Wish) -> tuple[Option, ...]:
        return tuple(o for o in wish.options if (o.start - self.pools[o.pool].frame.opens) % step == 0)


def offered(problem: Problem) -> Offer:
    """Every start of every wish that breaks no rule by itself; what two calls may not do together is not asked here."""
    wishes, taken = _wishes(problem), _Taken(problem)
    frames = _frames(problem, taken.cells)
    sizes = {(wish.length, wish.hold) for wish in wishes}
    step = gcd(*(hold for _, hold in sizes)) or 1
    slot = sizes.pop() if len(sizes) == 1 else None
    offer = _with_options(Offer(problem, _pools(frames, step, slot, Counter()), wishes), taken)
    stranded = [wish for wish in offer.wishes if not wish.options]
    fine = _fitting(Offer(problem, _pools(frames, 1, None, Counter()), ()), stranded, taken)
    if not fine:
        return offer
    return _with_options(Offer(problem, _pools(frames, step, slot, fine), wishes), taken)


class _Taken:
    """What claims and fixed calls leave no room for: cells of resources, and a pair's days."""

    def __init__(self, problem: Problem) -> None:
        self.cells: Mapping[str, Collection[int]] = held_cells(problem)
        self.days: dict[tuple[str, str], set[int]] = defaultdict(set)
        midnights = Offer(problem, (), ())
        for call in problem.fixed:
            self.days[call.pair].add(midnights.day(cell_at(call.starts_at)))


def _wishes(problem: Problem) -> tuple[Wish, ...]:
    alike: dict[Request, list[Request]] = defaultdict(list)
    for request in sorted(problem.requests, key=lambda request: request.id):
        alike[replace(request, id="")].append(request)
    return tuple(
        Wish(
            first, tuple(request.id for request in (first, *others)),
            cells_in(first.minutes), cells_in(first.minutes + problem.buffer_minutes),
        )
        for first, *others in alike.values()
    )  # fmt: skip


def _frames(problem: Problem, held: Mapping[str, Collection[int]]) -> dict[Frame, list[str]]:
    """The free windows of all terminals, with those that have them alike."""
    alike: dict[Frame, list[str]] = defaultdict(list)
    for terminal in sorted(problem.terminals, key=lambda terminal: terminal.id):
        for frame in _frames_of(terminal, problem, held.get(f"terminal:{terminal.id}", ())):
            alike[frame].append(terminal.id)
    return dict(sorted(alike.items()))


def _frames_of(terminal: Terminal, problem: Problem, held: Collection[int]) -> Iterator[Frame]:
    """Where two openings lie closer than the change-over, the earlier one gives way."""
    hours = [(cell_from(start), cell_at(end)) for start, end in common(terminal.open, problem.days)]
    good = {cell for start, end in terminal.good_link for cell in range(cell_from(start), cell_at(end))}
    walls = sorted({*held, *(opens for opens, _ in hours)})
    changeover = cells_in(problem.buffer_minutes)
    for opens, closes in hours:
        start = opens
        for end in [*(cell for cell in sorted(held) if opens <= cell < closes), closes]:
            if start < end:
                next_wall = bisect_left(walls, end)
                until = min([end + changeover, *walls[next_wall : next_wall + 1]])
                yield Frame(start, end, until, tuple(cell for cell in range(start, end) if cell in good))
            start = end + 1


def _pools(
    frames: Mapping[Frame, Sequence[str]], step: int, slot: tuple[int, int] | None, fine: Counter[Frame]
) -> tuple[Pool, ...]:
    """`slot`: the one length and hold of all calls, if so, by which windows fall apart into slots, alike everywhere."""
    alike: dict[tuple[Frame, int], list[str]] = defaultdict(list)
    for frame, terminal_ids in frames.items():
        cut = min(len(terminal_ids), fine[frame])
        alike[frame, 1] += terminal_ids[:cut]
        for part in _slots(frame, *slot) if slot else [frame]:
            alike[part, step] += terminal_ids[cut:]
    return tuple(Pool(frame, step, tuple(sorted(ids))) for (frame, step), ids in sorted(alike.items()) if ids)


def _slots(frame: Frame, length: int, hold: int) -> Iterator[Frame]:
    for start in frame.starts(length, hold, hold):
        yield Frame(start, start + length, start + hold, (start,) if start in frame.good else ())


def _with_options(offer: Offer, taken: _Taken) -> Offer:
    starts = {size: _all_starts(offer.pools, *size) for size in {(wish.length, wish.hold) for wish in offer.wishes}}
    found = [
        replace(wish, options=tuple(_options(offer, wish, starts[wish.length, wish.hold], taken)))
        for wish in offer.wishes
    ]
    return replace(offer, wishes=tuple(found))


def _fitting(offer: Offer, wishes: Sequence[Wish], taken: _Taken) -> Counter[Frame]:
    """How many of the wishes fit into each window at some cell."""
    found: Counter[Frame] = Counter()
    for wish in wishes:
        options = _options(offer, wish, _all_starts(offer.pools, wish.length, wish.hold), taken)
        found.update({offer.pools[option.pool].frame for option in options})
    return found


def _all_starts(pools: Sequence[Pool], length: int, hold: int) -> list[Option]:
    return sorted(
        Option(start, place) for place, pool in enumerate(pools) for start in pool.frame.starts(length, hold, pool.step)
    )


def _options(offer: Offer, wish: Wish, starts: Sequence[Option], taken: _Taken) -> Iterator[Option]:
    busy = {cell for person in wish.persons for cell in taken.cells.get(f"person:{person}", ())}
    days = taken.days.get(wish.request.pair, ())
    length = timedelta(minutes=wish.request.minutes)
    for opens, closes in wish.request.allowed():
        first = bisect_left(starts, (cell_from(opens),))
        last = bisect_left(starts, (cell_at(closes - length) + 1,))
        for option in starts[first:last]:
            if busy.isdisjoint(range(option.start, option.start + wish.length)) and offer.day(option.start) not in days:
                yield option
