"""A roster as an integer programme: columns between 0 and 1, rows, and what each tier of the score makes of them.

The first columns are the starts of all wishes, whole numbers. From them follows, with no need to say that it is whole:
whether a family has a call, its further calls in their turns, whether a child is heard, and whether a call follows one
of a sibling. An empty roster keeps all rows, so that there always is a solution. Who solves it is not known here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from app.roster.siblings import Spot
from app.roster.starts import Offer
from app.roster.worth import AFTER_SIBLING, Chosen, Worth


class Tier(StrEnum):
    """The fields of a Score, in their order."""

    FIRST = "first"
    FURTHER = "further"
    WISHES = "wishes"


class Row(NamedTuple):
    """The sum of some columns less that of others is `most` at most; or just that, if `is_equal`."""

    plus: Sequence[int]
    minus: Sequence[int] = ()
    most: int = 0
    is_equal: bool = False


class Programme:
    """The columns of `starts` come first. `worth`: by tier, of each column that is worth anything."""

    def __init__(self, offer: Offer, worth: Worth) -> None:
        self._offer, self._worth = offer, worth
        self.starts = [Chosen(place, option) for place, wish in enumerate(offer.wishes) for option in wish.options]
        self.columns = 0
        self.worth: dict[Tier, dict[int, int]] = {tier: {} for tier in Tier}
        self.rows: list[Row] = []
        self._calls: dict[tuple[str, int], int] = {}  # columns by family and turn
        self._heard: dict[str, int] = {}  # columns by child
        self._of_wish: dict[int, list[int]] = defaultdict(list)
        for one in self.starts:
            self._of_wish[one.wish].append(self._column(Tier.WISHES, worth.wish(one)))
        self._add_families()
        self._add_children()
        self._add_pairs()
        self._add_room()
        self._add_people()
        self._add_siblings()

    def settled(self, tier: Tier, chosen: Iterable[Chosen]) -> Mapping[int, int]:
        """The columns that decide on the tiers before this one, with the values that they have in a roster."""
        if tier is Tier.FIRST:
            return {}
        requests = [self._offer.wishes[one.wish].request for one in chosen]
        calls, heard = Counter(request.family_id for request in requests), {request.child_id for request in requests}
        calls.update(self._worth.calls_before)
        turns = {column: int(turn <= calls[family]) for (family, turn), column in self._calls.items()}
        if tier is Tier.WISHES:
            return turns | {column: int(child in heard) for child, column in self._heard.items()}
        return {column: turns[column] for (_family, turn), column in self._calls.items() if turn == 1}

    def _column(self, tier: Tier, worth: int) -> int:
        self.worth[tier][self.columns] = worth
        self.columns += 1
        return self.columns - 1

    def _add_families(self) -> None:
        """A family's calls are its first one and the further ones, which are worth less with every turn."""
        for family, places in self._worth.families.items():
            turns = self._worth.turns(family, sum(self._most_calls(place) for place in places))
            for turn in turns:
                tier = Tier.FIRST if turn == 1 else Tier.FURTHER
                worth = self._worth.first[family] if turn == 1 else self._worth.further(family, turn)
                self._calls[family, turn] = self._column(tier, worth)
            self._row(self._columns_of(places), [self._calls[family, turn] for turn in turns], is_equal=True)

    def _add_children(self) -> None:
        for child, worth in self._worth.child.items():
            self._heard[child] = self._column(Tier.FURTHER, worth)
            self._row([self._heard[child]], self._columns_of(self._worth.children[child]))

    def _add_pairs(self) -> None:
        """As many calls as are wished for, and one a day at most for the same two."""
        pairs: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, wish in enumerate(self._offer.wishes):
            pairs[wish.request.pair].append(place)
            self._row(self._of_wish[place], most=len(wish.request_ids))
        for places in pairs.values():
            days: dict[int, list[int]] = defaultdict(list)
            for column in self._columns_of(places):
                days[self._offer.day(self.starts[column].option.start)].append(column)
            for columns in days.values():
                self._row(columns, most=1)

    def _add_room(self) -> None:
        """At every cell a pool holds no more calls than it has terminals."""
        spans: dict[int, list[Span]] = defaultdict(list)
        for column, (place, (start, pool)) in enumerate(self.starts):
            spans[pool].append(Span(start, start + self._offer.wishes[place].hold, column))
        for pool, its in spans.items():
            for columns in together(its):
                self._row(columns, most=len(self._offer.pools[pool].terminal_ids))

    def _add_people(self) -> None:
        """Nobody is in two calls at once; of the same two a day is enough."""
        spans: dict[str, list[Span]] = defaultdict(list)
        pairs: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for place, wish in enumerate(self._offer.wishes):
            for person in wish.persons:
                pairs[person].add(wish.request.pair)
                for column in self._of_wish[place]:
                    start = self.starts[column].option.start
                    spans[person].append(Span(start, start + wish.length, column))
        for person, its in spans.items():
            if len(pairs[person]) > 1:
                for columns in together(its):
                    self._row(columns, most=1)

    def _add_siblings(self) -> None:
        """A call follows one at most, is followed by one at most, and has the same pair on one side of it at most."""
        of_spot: dict[Spot, list[int]] = defaultdict(list)
        for column, one in enumerate(self.starts):
            of_spot[one.spot].append(column)
        follows: dict[Spot, list[tuple[int, Spot]]] = defaultdict(list)
        is_followed: dict[Spot, list[tuple[int, Spot]]] = defaultdict(list)
        for spot, others in self._worth.siblings.following.items():
            for other in others:
                link = self._column(Tier.WISHES, AFTER_SIBLING)
                is_followed[spot].append((link, other))
                follows[other].append((link, spot))
        for spot in sorted({*follows, *is_followed}):
            sides = [follows[spot], is_followed[spot]]
            by_pair: dict[tuple[str, str], list[int]] = defaultdict(list)
            for link, other in chain(*sides):
                by_pair[self._worth.siblings.call(other.place).pair].append(link)
            for links in _largest([[link for link, _ in side] for side in sides] + list(by_pair.values())):
                self._row(links, of_spot[spot], most=int(spot.is_fixed))

    def _row(self, plus: Sequence[int], minus: Sequence[int] = (), most: int = 0, is_equal: bool = False) -> None:
        """Rows that nothing can break are left out."""
        if is_equal or len(plus) > most:
            self.rows.append(Row(plus, minus, most, is_equal))

    def _columns_of(self, places: Iterable[int]) -> list[int]:
        return [column for place in places for column in self._of_wish[place]]

    def _most_calls(self, place: int) -> int:
        wish = self._offer.wishes[place]
        return min(len(wish.request_ids), len({self._offer.day(option.start) for option in wish.options}))


class Span(NamedTuple):
    """Cells that a column would hold."""

    start: int
    stop: int
    column: int


def together(spans: Iterable[Span]) -> Iterator[list[int]]:
    """The largest sets of columns that hold a cell at once."""
    edges = sorted(edge for span in spans for edge in ((span.start, 1, span.column), (span.stop, 0, span.column)))
    active: dict[int, None] = {}
    has_grown = False
    for _cell, is_start, column in edges:
        if is_start:
            active[column] = None
        else:
            if has_grown:
                yield list(active)
            del active[column]
        has_grown = bool(is_start)


def _largest(sets: Iterable[Sequence[int]]) -> list[list[int]]:
    """Those that lie in no other."""
    found = {tuple(sorted(one)) for one in sets if one}
    return [list(one) for one in sorted(found) if not any(set(one) < set(other) for other in found)]
