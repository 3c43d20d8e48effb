"""Which terminal each chosen start gets, and which of several alike requests each is.

It always finds one. Calls are taken in the order of their starts, and a pool holds at no cell more calls than it has
terminals; so when a call begins, one of them holds none: the colouring of intervals. Among those that are free it can
therefore prefer the one that a brother or sister just leaves, one that a brother or sister can go on with, and then
the one in use a moment ago.
"""

from collections.abc import Sequence

from app.roster.cells import start_of
from app.roster.problem import Placed
from app.roster.siblings import Spot
from app.roster.starts import Offer
from app.roster.worth import Chosen, Worth


def given(offer: Offer, worth: Worth, chosen: Sequence[Chosen]) -> tuple[Placed, ...]:
    """Sorted by start, terminal and request. What is chosen keeps the rules of `Board`."""
    handing = _Handing(offer, worth, chosen)
    requests = [iter(wish.request_ids) for wish in offer.wishes]
    found = [
        Placed(next(requests[one.wish]), handing.terminal_for(one), start_of(one.option.start))
        for one in sorted(chosen, key=handing.turn)
    ]
    return tuple(sorted(found, key=lambda placed: (placed.starts_at, placed.terminal_id, placed.request_id)))


class _Handing:
    """Hands out terminals along the time."""

    def __init__(self, offer: Offer, worth: Worth, chosen: Sequence[Chosen]) -> None:
        self._offer, self._siblings = offer, worth.siblings
        self._pool_of = {one.spot: one.option.pool for one in chosen}
        self._terminal_of = {spot: offer.problem.fixed[-1 - spot.place].terminal_id for spot in worth.siblings.fixed}
        self._held_until: dict[str, int] = {}

    def turn(self, one: Chosen) -> tuple[int, int, Chosen]:
        """Along the time; at one start those first who follow a sibling, then those whom one follows."""
        if any(self._has(spot) for spot in self._siblings.preceding.get(one.spot, ())):
            return one.option.start, 0, one
        is_followed = any(self._has(spot) for spot in self._siblings.following.get(one.spot, ()))
        return one.option.start, 1 if is_followed else 2, one

    def terminal_for(self, one: Chosen) -> str:
        start, pool = one.option
        left = {self._terminal_of.get(spot) for spot in self._siblings.preceding.get(one.spot, ())}
        after = [spot for spot in self._siblings.following.get(one.spot, ()) if self._has(spot)]
        goes_on = {terminal for spot in after for terminal in self._terminals(spot)}

        def preference(terminal: str) -> tuple[bool, bool, int, str]:
            return terminal not in left, terminal not in goes_on, start - self._held_until.get(terminal, 0), terminal

        terminals = self._offer.pools[pool].terminal_ids
        terminal = min((t for t in terminals if self._held_until.get(t, start) <= start), key=preference)
        self._held_until[terminal] = start + self._offer.wishes[one.wish].hold
        self._terminal_of[one.spot] = terminal
        return terminal

    def _has(self, spot: Spot) -> bool:
        return spot.is_fixed or spot in self._pool_of

    def _terminals(self, spot: Spot) -> Sequence[str]:
        """Those that a call could get, or the one that it has."""
        return [self._terminal_of[spot]] if spot.is_fixed else self._offer.pools[self._pool_of[spot]].terminal_ids
