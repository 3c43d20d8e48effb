"""How good a terminal's link is at each hour of the day, from the calls that were measured there. Pure.

Hours are the village's wall time. An hour that nobody measured, or only one call, says nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from app.kernel.local_time import zone as zone_of
from app.kernel.rungs import RungName

FEWEST_CALLS = 2
# A voice is understood at 500 ms and 5 % loss: good keeps well away from both, bad is well beyond one of them.
GOOD_RTT_MS, GOOD_LOSS_PERMILLE = 350, 20
BAD_RTT_MS, BAD_LOSS_PERMILLE = 700, 80
MOST_LIFT = 2
UNKNOWN_STARTS, BAD_STARTS = RungName.MICRO_VIDEO, RungName.STILLS


class Measured(NamedTuple):
    """One call: what its village side found, on the mean."""

    starts_at: datetime
    rtt_ms: int | None
    loss_permille: int | None
    rung: RungName | None = None


@dataclass(frozen=True)
class LinkHour:
    """Means over the calls that began in one hour of the day; each call counts alike.

    `rung` is what half of them had or better, and `latest` what the last one had.
    """

    calls: int
    rtt_ms: int | None
    loss_permille: int | None
    rung: RungName | None = None
    latest: RungName | None = None

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
        hour: LinkHour(
            len(found), _mean(c.rtt_ms for c in found), _mean(c.loss_permille for c in found), *_rungs(found)
        )
        for hour, found in sorted(by_hour.items())
    }  # fmt: skip


def start_rung(passport: Passport, hour: int) -> RungName:
    """The rung to begin a call with: what this hour had, else the lower of the hours beside it, else `UNKNOWN_STARTS`.

    Never above what the last call there had. A single call is no promise of much; and every call begins with voice.
    """
    beside = [passport[each] for each in ((hour - 1) % 24, (hour + 1) % 24) if each in passport]
    here = [passport[hour]] if hour in passport else []
    known = [found for found in here if found.rung] or [found for found in beside if found.rung]
    if not known:
        return BAD_STARTS if any(found.is_bad for found in here or beside) else UNKNOWN_STARTS
    start = UNKNOWN_STARTS if sum(found.calls for found in known) < FEWEST_CALLS else RungName.VIDEO
    for found in known:
        for rung in (found.rung, found.latest):
            start = start.at_most(rung) if rung else start
    return RungName.THIN_VOICE if start is RungName.CLIPS else start


def start_after_checks(start: RungName, terminal: RungName | None, phone: RungName | None) -> RungName:
    """The rung to begin with where the lines of its two ends were tried lately.

    A terminal's check is newer than what this hour had, but lasts seconds: it lifts the beginning by two rungs at most.
    Of a phone's line nothing else is known, so its check lets a call begin lower, and never higher.
    """
    if terminal is not None:
        highest = list(RungName)[max(0, start.depth - MOST_LIFT)]
        start = terminal.at_most(highest)
    if phone is not None:
        start = start.at_most(phone)
    return RungName.THIN_VOICE if start is RungName.CLIPS else start


def _rungs(calls: list[Measured]) -> tuple[RungName | None, RungName | None]:
    had = [call.rung for call in sorted(calls, key=lambda call: call.starts_at) if call.rung]
    if not had:
        return None, None
    return sorted(had, key=lambda rung: rung.depth)[len(had) // 2], had[-1]


def _mean(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known)) if known else None
