"""Sets of minutes as the bits of one integer, so that weeks of hours and claims are compared in a few operations.

Bit n stands for the minute that begins n minutes after the origin. What the minutes mean is not decided here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from app.kernel.intervals import Interval

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Timeline:
    """From `origin`, a whole minute, on; `length` in minutes."""

    origin: datetime
    length: int

    def instant(self, minute: int) -> datetime:
        return self.origin + minute * MINUTE

    def minute(self, instant: datetime) -> int:
        """The minute in which an instant lies, also before the origin or after the end."""
        return (instant - self.origin) // MINUTE

    def within(self, intervals: Iterable[Interval]) -> int:
        """The minutes that lie wholly in one of the intervals."""
        return self._marked((-((self.origin - start) // MINUTE), self.minute(end)) for start, end in intervals)

    def touched(self, intervals: Iterable[Interval]) -> int:
        """The minutes of which any part lies in one of the intervals."""
        return self._marked(
            (self.minute(start), -((self.origin - end) // MINUTE)) for start, end in intervals if start < end
        )

    def cells(self, minutes: int, cell: int) -> int:
        """The minutes of every cell, counted from the origin, that has any minute in the set."""
        firsts = ((1 << -(-self.length // cell) * cell) - 1) // ((1 << cell) - 1)
        reached = reduce(or_, (minutes >> later for later in range(cell))) & firsts
        return reached * ((1 << cell) - 1)

    def rest(self, minutes: int) -> int:
        """The other minutes of the timeline."""
        return ~minutes & ((1 << self.length) - 1)

    def _marked(self, spans: Iterable[tuple[int, int]]) -> int:
        """Written as digits first: thousands of spans would each copy the whole integer."""
        digits = bytearray(b"0") * self.length
        for first, end in spans:
            first, end = max(first, 0), min(end, self.length)
            if first < end:
                digits[self.length - end : self.length - first] = b"1" * (end - first)
        return int(digits or b"0", 2)


def runs(minutes: int, length: int) -> int:
    """The minutes at which `length` minutes begin that are all in the set."""
    reach = 1
    while reach < length:
        step = min(reach, length - reach)
        minutes &= minutes >> step
        reach += step
    return minutes


def members(minutes: int) -> list[int]:
    """The minutes of a set, in order."""
    digits = f"{minutes:b}"[::-1]
    found, at = [], digits.find("1")
    while at >= 0:
        found.append(at)
        at = digits.find("1", at + 1)
    return found
