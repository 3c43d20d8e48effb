"""A roster while it is being filled: what two calls may not do together. What one may not do alone: `starts.py`."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from app.roster.siblings import Spot
from app.roster.starts import Offer, Option, Wish
from app.roster.worth import Chosen


class Board:
    """Takes a call only where its pool has a terminal left, nobody is in two calls, and no pair speaks twice a day."""

    def __init__(self, offer: Offer, chosen: Iterable[Chosen] = ()) -> None:
        self.offer = offer
        self.chosen: list[Chosen] = []
        self._held: Counter[Option] = Counter()  # calls by pool and cell
        self._busy: dict[str, set[int]] = defaultdict(set)  # cells by person
        self._days: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._spots: set[Spot] = set()
        self._left = [len(wish.request_ids) for wish in offer.wishes]
        for one in chosen:
            self.put(one)

    def starts_left(self, place: int) -> Iterator[Option]:
        """The starts that a wish could have now."""
        wish = self.offer.wishes[place]
        if self._left[place]:
            for option in wish.options:
                if self.has_room(wish, option) and self.has_people(wish, option):
                    yield option

    def has_room(self, wish: Wish, option: Option) -> bool:
        """Whether a terminal of the pool is free for it."""
        start, pool = option
        terminals = len(self.offer.pools[pool].terminal_ids)
        return all(self._held[Option(cell, pool)] < terminals for cell in range(start, start + wish.hold))

    def has_people(self, wish: Wish, option: Option) -> bool:
        """Whether neither of the two is in another call then, nor both in one of their own on that day."""
        cells = range(option.start, option.start + wish.length)
        return all(self._busy[person].isdisjoint(cells) for person in wish.persons) and self.has_day(wish, option)

    def has_day(self, wish: Wish, option: Option) -> bool:
        return self.offer.day(option.start) not in self._days[wish.request.pair]

    def has(self, spot: Spot) -> bool:
        """Whether this call stands, or a wish got this start."""
        return spot.is_fixed or spot in self._spots

    def put(self, one: Chosen) -> None:
        wish, (start, pool) = self.offer.wishes[one.wish], one.option
        self._held.update(Option(cell, pool) for cell in range(start, start + wish.hold))
        for person in wish.persons:
            self._busy[person].update(range(start, start + wish.length))
        self._days[wish.request.pair].add(self.offer.day(start))
        self._left[one.wish] -= 1
        self._spots.add(one.spot)
        self.chosen.append(one)
