"""Made-up weeks: as large, as crowded and as entangled as a test or a benchmark wants, the same for the same seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from app.kernel.intervals import Interval, clipped, without
from app.roster.problem import Problem, Request, Terminal

MONDAY = datetime(2026, 11, 29, 16, tzinfo=UTC)  # the first instant of the 30th in Shanghai
DAYS = tuple((MONDAY + timedelta(days=n), MONDAY + timedelta(days=n + 1)) for n in range(7))
WEEK = (DAYS[0][0], DAYS[-1][1])
ALWAYS = (WEEK,)


@dataclass(frozen=True)
class Village:
    """`lengths`: what the calls last. `calls`: how many a pair wishes. A share of the families has several children."""

    families: int
    terminals: int
    seed: int = 1
    lengths: Sequence[int] = (15,)
    calls: int = 2
    siblings: float = 0.0
    shared_parents: float = 0.0
    usual: float = 0.3

    @property
    def problem(self) -> Problem:
        chance = Random(self.seed)
        requests = [request for n in range(self.families) for request in self._family(n, chance)]
        return Problem(DAYS, tuple(self._terminal(n, chance) for n in range(self.terminals)), tuple(requests))

    def _terminal(self, n: int, chance: Random) -> Terminal:
        good = tuple(at(day, 18 + (n % 2), 20 + (n % 2)) for day in range(7) if chance.random() < 0.8)
        return Terminal(f"t{n:02}", tuple(at(day, 18, 21) for day in range(7)), good)

    def _family(self, n: int, chance: Random) -> list[Request]:
        children = 1 + (chance.random() < self.siblings) + (chance.random() < self.siblings / 3)
        parent = f"p{chance.randrange(n) if n and chance.random() < self.shared_parents else n:04}"
        parent_free, caregiver_free = _parent(chance), _caregiver(chance)
        waiting, minutes = chance.randrange(31), chance.choice(self.lengths)
        found = []
        for child in range(children):
            child_free = _child(chance)
            usual = (at(chance.randrange(7), 18 + chance.randrange(3), 21)[0],) if chance.random() < self.usual else ()
            found += [
                Request(
                    f"r{n:04}{child}{call}", f"f{n:04}", f"c{n:04}{child}", parent, minutes, waiting,
                    parent_free, child_free, caregiver_free, ALWAYS,
                    usual=usual, siblings=f"f{n:04}" if children > 1 else None,
                )
                for call in range(self.calls)
            ]  # fmt: skip
        return found


def at(day: int, from_hour: float, until_hour: float) -> Interval:
    """Hours of a day's wall clock in Shanghai; past 24 they lie in the next day."""
    return MONDAY + timedelta(days=day, hours=from_hour), MONDAY + timedelta(days=day, hours=until_hour)


def _free(busy: Sequence[Interval]) -> tuple[Interval, ...]:
    return tuple(clipped(without(ALWAYS, busy), *WEEK))


def _parent(chance: Random) -> tuple[Interval, ...]:
    """A day shift, a rotation of four days and two off with nights, or hours that leave the evenings."""
    kind = chance.random()
    if kind < 0.4:
        off = chance.randrange(7)
        return _free([at(day, 8, 19 + chance.randrange(3) / 2) for day in range(7) if day != off])
    if kind < 0.75:
        phase = chance.randrange(12)
        hours = {0: (8, 20), 1: (20, 32)}
        turns = [(day, (day + phase) % 12) for day in range(-1, 7)]
        return _free([at(day, *hours[turn // 6]) for day, turn in turns if turn % 6 < 4])
    return _free([at(day, 9, 17) for day in range(7)])


def _child(chance: Random) -> tuple[Interval, ...]:
    bedtime = chance.choice([20, 20.5, 21])
    home = range(4, 7) if chance.random() < 0.25 else range(7)
    return tuple(at(day, 17, bedtime) for day in home)


def _caregiver(chance: Random) -> tuple[Interval, ...]:
    market = chance.randrange(7)
    return tuple(at(day, 17, 21) for day in range(7) if day != market or chance.random() < 0.5)
