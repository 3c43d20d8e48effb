"""Which calls of brothers and sisters would stand one right after the other, and how often that is so in a roster.

One follows another where its start is the end of the other's change-over, and the child another one. Each call follows
one at most, and is followed by one at most. Calls that stand take part, but two of them are no merit of a roster.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from app.roster.cells import touched
from app.roster.problem import Fixed, Request
from app.roster.starts import Offer


class Spot(NamedTuple):
    """A call and its start: of a wish, by its place in `Offer.wishes`; one that stands: -1 for the first, and so on."""

    place: int
    start: int

    @property
    def is_fixed(self) -> bool:
        return self.place < 0


class Siblings:
    def __init__(self, offer: Offer) -> None:
        self._offer = offer

    def near(self, spot: Spot) -> Iterator[Spot]:
        """What would stand right before it or after it."""
        yield from self.preceding.get(spot, ())
        yield from self.following.get(spot, ())

    def links(self, spots: Iterable[Spot]) -> int:
        """How many of the calls of a roster follow one of a sibling, each its own one, calls that stand included."""
        there = {*spots, *self.fixed}
        leader: dict[Spot, Spot] = {}

        def finds_follower(spot: Spot, asked: set[Spot]) -> bool:
            for after in self.following.get(spot, ()):
                if after in there and after not in asked:
                    asked.add(after)
                    if after not in leader or finds_follower(leader[after], asked):
                        leader[after] = spot
                        return True
            return False

        return sum(finds_follower(spot, set()) for spot in sorted(there))

    @cached_property
    def following(self) -> Mapping[Spot, Sequence[Spot]]:
        """For each call and start those that would follow it."""
        found: dict[Spot, list[Spot]] = defaultdict(list)
        for places in self._groups.values():
            starts = {place: self._starts(place) for place in places}
            for place in places:
                others = [other for other in places if self._may_follow(place, other)]
                hold = self._hold(place)
                for start in sorted(starts[place]):
                    after = [Spot(other, start + hold) for other in others if start + hold in starts[other]]
                    if after:
                        found[Spot(place, start)] = after
        return found

    @cached_property
    def preceding(self) -> Mapping[Spot, Sequence[Spot]]:
        found: dict[Spot, list[Spot]] = defaultdict(list)
        for spot, after in self.following.items():
            for other in after:
                found[other].append(spot)
        return found

    @cached_property
    def fixed(self) -> list[Spot]:
        return [Spot(place, self._held(place).start) for place in range(-len(self._offer.problem.fixed), 0)]

    @cached_property
    def _groups(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for place in range(-len(self._offer.problem.fixed), len(self._offer.wishes)):
            name = self.call(place).siblings
            if name is not None:
                found[name].append(place)
        return found

    def call(self, place: int) -> Request | Fixed:
        return self._offer.problem.fixed[-1 - place] if place < 0 else self._offer.wishes[place].request

    def _may_follow(self, place: int, other: int) -> bool:
        return self.call(place).child_id != self.call(other).child_id and (place >= 0 or other >= 0)

    def _held(self, place: int) -> range:
        call = self._offer.problem.fixed[-1 - place]
        return touched(call.starts_at, call.minutes + self._offer.problem.buffer_minutes)

    def _starts(self, place: int) -> Collection[int]:
        return (
            {self._held(place).start} if place < 0 else {option.start for option in self._offer.wishes[place].options}
        )

    def _hold(self, place: int) -> int:
        return len(self._held(place)) if place < 0 else self._offer.wishes[place].hold
