"""What a family's call, a child's and a start add to a roster's `Score`: the weights of its three tiers.

All weights are whole numbers, so that a bound less than one away proves the optimum.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from app.kernel.intervals import merged
from app.roster.cells import cell_at, cell_from
from app.roster.problem import Score
from app.roster.siblings import Siblings, Spot
from app.roster.starts import Offer, Option, Wish

AFTER_SIBLING, USUAL, GOOD_LINK, EARLY = 80, 30, 20, 9
EARLY_CELLS = 4  # a start is worth one less with every so many cells after its opening
USUAL_CELLS = 6  # as near as this to the usual time
SHARED_OUT = 120  # a family's k-th call weighs 120 // k, from the second on


class Chosen(NamedTuple):
    """A wish, as its place in `Offer.wishes`, and the start that one of its calls gets."""

    wish: int
    option: Option

    @property
    def spot(self) -> Spot:
        return Spot(self.wish, self.option.start)


class Worth:
    """The weights of one offer. Calls that stand already count as had; they are worth nothing themselves."""

    def __init__(self, offer: Offer) -> None:
        self.offer = offer
        self.siblings = Siblings(offer)
        fixed = offer.problem.fixed
        self.calls_before = Counter(call.family_id for call in fixed)
        self.heard_before = {call.child_id for call in fixed}

    @cached_property
    def families(self) -> Mapping[str, list[int]]:
        """The wishes of each family."""
        return _places((wish.request.family_id, place) for place, wish in enumerate(self.offer.wishes))

    @cached_property
    def children(self) -> Mapping[str, list[int]]:
        return _places((wish.request.child_id, place) for place, wish in enumerate(self.offer.wishes))

    @cached_property
    def waiting(self) -> Mapping[str, int]:
        """How many days each family's longest waiting child waits."""
        return self._waiting(self.families)

    @cached_property
    def longest_first(self) -> list[str]:
        """The families, by how long their longest waiting child waits."""
        return sorted(self._ranks, key=lambda family: -self._ranks[family])

    @cached_property
    def first(self) -> Mapping[str, int]:
        """What it is worth that a family has a call at all, where none stands: one family more outweighs all ranks."""
        ranks = _ranks(self.waiting, self.calls_before)
        ordered = sorted(ranks.values())
        least, most = [0, *accumulate(ordered)], [0, *accumulate(reversed(ordered))]
        one_more = max((most[n] - least[n + 1] for n in range(len(ordered))), default=0)
        return {family: max(0, one_more) + 1 + rank for family, rank in ranks.items()}

    @cached_property
    def child(self) -> Mapping[str, int]:
        """What it is worth, among further calls, that a child is heard, where no call of it stands: more than whose."""
        ranks = _ranks(self._waiting(self.children), self.heard_before)
        return {child: len(self._ranks) + rank for child, rank in ranks.items()}

    def further(self, family: str, turn: int) -> int:
        """The worth of a family's call by its turn, from 2 on. A lower turn outweighs whose child and family it is."""
        return (len(self._ranks) * 2 + len(self.child) + 1) * (SHARED_OUT // turn) + self._ranks[family]

    def wish(self, chosen: Chosen) -> int:
        """The worth of a start by itself: at a usual time, over a good link, early after the opening."""
        wish, (start, pool) = self.offer.wishes[chosen.wish], chosen.option
        opened = self._openings[bisect_right(self._openings, start) - 1]
        return (
            USUAL * self.is_usual(wish, start)
            + GOOD_LINK * (start in self.offer.pools[pool].frame.good)
            + max(0, EARLY - (start - opened) // EARLY_CELLS)
        )

    def is_usual(self, wish: Wish, start: int) -> bool:
        return any(abs(start - cell_at(usual)) <= USUAL_CELLS for usual in wish.request.usual)

    def score(self, chosen: Sequence[Chosen]) -> Score:
        requests = [self.offer.wishes[place].request for place, _ in chosen]
        calls = Counter(request.family_id for request in requests)
        links = self.siblings.links(one.spot for one in chosen)
        return Score(
            sum(self.first.get(family, 0) for family in calls),
            sum(self.further(family, turn) for family, n in calls.items() for turn in self.turns(family, n) if turn > 1)
            + sum(self.child.get(child, 0) for child in {request.child_id for request in requests}),
            sum(self.wish(one) for one in chosen) + AFTER_SIBLING * links,
        )

    def turns(self, family: str, calls: int) -> range:
        """Which calls of a family so many new ones are, counted from 1."""
        before = self.calls_before[family]
        return range(before + 1, before + calls + 1)

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        return _ranks(self.waiting, ())

    def _waiting(self, places: Mapping[str, list[int]]) -> dict[str, int]:
        """The longest of each."""
        wishes = self.offer.wishes
        return {name: max(wishes[place].request.waiting_days for place in those) for name, those in places.items()}

    @cached_property
    def _openings(self) -> list[int]:
        hours = merged(interval for terminal in self.offer.problem.terminals for interval in terminal.open)
        return [cell_from(opens) for opens, _ in hours]


def _places(named: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for name, place in named:
        found[name].append(place)
    return dict(found)


def _ranks(waiting: Mapping[str, int], but: Container[str]) -> dict[str, int]:
    """From 1 for who waited shortest. Of two who waited equally long the first by id comes first, in every roster."""
    left = [name for name in waiting if name not in but]
    ordered = sorted(left, key=lambda name: (-waiting[name], name), reverse=True)
    return {name: rank for rank, name in enumerate(ordered, 1)}
