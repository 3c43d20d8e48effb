"""How good a terminal's link is at each hour of the day, from the calls that were measured there. Pure.

Hours are the village's wall time. An hour that nobody measured, or only one call, says nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from app.kernel.local_time import zone as zone_of

FEWEST_CALLS = 2
# A voice is understood at 500 ms and 5 % loss: good keeps well away from both, bad is well beyond one of them.
GOOD_RTT_MS, GOOD_LOSS_PERMILLE = 350, 20
BAD_RTT_MS, BAD_LOSS_PERMILLE = 700, 80


class Measured(NamedTuple):
    """One call: what its village side found, on the mean."""

    starts_at: datetime
    rtt_ms: int | None
    loss_permille: int | None


@dataclass(frozen=True)
class LinkHour:
    """Means over the calls that began in one hour of the day; each call counts alike."""

    calls: int
    rtt_ms: int | None
    loss_permille: int | None

    @property
    def is_good(self) -> bool:
        return self._is_known and (self.rtt_ms or 0) <= GOOD_RTT_MS and (self.loss_permille or 0) <= GOOD_LOSS_PERMILLE

    @property
    def is_bad(self) -> bool:
        return self._is_known and ((self.rtt_ms or 0) > BAD_RTT_MS or (self.loss_permille or 0) > BAD_LOSS_PERMILLE)

    @property
    def _is_known(self) -> bool:
        return self.calls >= FEWEST_CALLS


Passport = Mapping[int, LinkHour]
"""A link by the hour of the village's day; hours without a measured call are left out."""


def passport_of(calls: Iterable[Measured], zone: str) -> Passport:
    by_hour: dict[int, list[Measured]] = {}
    there = zone_of(zone)
    for call in calls:
        by_hour.setdefault(call.starts_at.astimezone(there).hour, []).append(call)
    return {
        hour: LinkHour(len(found), _mean(c.rtt_ms for c in found), _mean(c.loss_permille for c in found))
        for hour, found in sorted(by_hour.items())
    }


def _mean(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known)) if known else None
