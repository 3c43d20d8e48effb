"""Longest waiting first: each family in turn gets the best start that is left, then each a second one, and so on.

The reference that the solver has to beat, its first guess, and what fills up a roster whose time ran out. It never goes
back: who comes early may take the one start that somebody later could have had.
"""

from collections import Counter
from collections.abc import Iterable
from time import monotonic

from app.roster.board import Board
from app.roster.problem import Problem, Score, Solution, Status
from app.roster.starts import Offer, offered
from app.roster.terminals import given
from app.roster.worth import AFTER_SIBLING, Chosen, Worth


class LongestWaitingFirst:
    """A Solver. Its bound is that every wish which has a start at all gets the best one."""

    def solve(self, problem: Problem, seconds: float) -> Solution:
        began = monotonic()
        offer = offered(problem)
        worth = Worth(offer)
        chosen = filled(offer, worth)
        objective, bound = worth.score(chosen), most(offer, worth)
        status = Status.OPTIMAL if objective == bound else Status.GAP
        return Solution(given(offer, worth, chosen), objective, bound, status, monotonic() - began)


def filled(offer: Offer, worth: Worth, chosen: Iterable[Chosen] = ()) -> list[Chosen]:
    """What is chosen already, and all that can be added to it."""
    filling = _Filling(offer, worth, chosen)
    turn, left = 1, worth.longest_first
    while left:
        left = [family for family in left if filling.calls[family] >= turn or filling.has_added(family)]
        turn += 1
    return filling.board.chosen


class _Filling:
    def __init__(self, offer: Offer, worth: Worth, chosen: Iterable[Chosen]) -> None:
        self._worth = worth
        self.board = Board(offer, chosen)
        requests = [offer.wishes[one.wish].request for one in self.board.chosen]
        self.calls = Counter(worth.calls_before) + Counter(request.family_id for request in requests)
        self._heard = {*worth.heard_before, *(request.child_id for request in requests)}

    def has_added(self, family: str) -> bool:
        """Give the family one call more, if there is a start for any of its wishes."""
        for place in sorted(self._worth.families[family], key=self._urgency):
            starts = [Chosen(place, option) for option in self.board.starts_left(place)]
            if starts:
                self.board.put(min(starts, key=lambda one: (-self._worth_of(one), one)))
                self.calls[family] += 1
                self._heard.add(self.board.offer.wishes[place].request.child_id)
                return True
        return False

    def _urgency(self, place: int) -> tuple[bool, int, int]:
        request = self.board.offer.wishes[place].request
        return request.child_id in self._heard, -request.waiting_days, place

    def _worth_of(self, one: Chosen) -> int:
        near = self._worth.siblings.near(one.spot)
        return self._worth.wish(one) + AFTER_SIBLING * any(self.board.has(spot) for spot in near)


def most(offer: Offer, worth: Worth) -> Score:
    """What no roster is better than: every wish gets as many calls as its days allow, each at its best start."""
    calls: Counter[str] = Counter()
    wishes = 0
    for place, wish in enumerate(offer.wishes):
        times = min(len(wish.request_ids), len({offer.day(option.start) for option in wish.options}))
        calls[wish.request.family_id] += times
        after = AFTER_SIBLING if wish.request.siblings is not None else 0
        best = max((worth.wish(Chosen(place, option)) for option in wish.options), default=0)
        wishes += times * (best + after)
    served = {family: times for family, times in calls.items() if times}
    further = sum(
        worth.further(family, turn) for family, n in served.items() for turn in worth.turns(family, n) if turn > 1
    )
    heard = {wish.request.child_id for wish in offer.wishes if wish.options}
    return Score(
        sum(worth.first.get(family, 0) for family in served),
        further + sum(worth.child.get(child, 0) for child in heard),
        wishes,
    )
