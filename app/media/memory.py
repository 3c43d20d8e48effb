"""What a picker keeps of its link from look to look: figures that one look can't tell, silence, and its own climbs.

What follows from it is not decided here: `picker.py`. Time is that of the looks; what goes back or leaps is cut, so
that a clock that is set does no harm.
"""

from dataclasses import dataclass, replace

from app.media.ladder import Ladder
from app.media.look import Look

LONGEST_STEP_MS = 2_000
SMOOTH_MS, LONGEST_REPORT_MS = 4_000, 5_000  # the other end's reports come seldom, and each stands for its time
SETTLE_MS = 3_000  # what is measured right after silence is of before
SILENT_MS, FIRST_SILENT_MS, LIFELESS_MS = 3_000, 10_000, 5_000  # lifeless: where no voice is due
LEAST_RTT_FORGOTTEN_MS, DRAIN_FORGOTTEN_MS = 120_000, 30_000
FIRST_MS, LONG_RTT_MS = 4_000, 400  # so long a round trip says at once that the link may be thin
LOSSY, CLEAN, CLEAN_MS = 0.025, 0.01, 15_000
FULL_KBPS = 10  # the loss of a trickle says less than that of a voice


@dataclass(frozen=True)
class Memory:
    """What is kept from look to look. `now_ms` counts from the beginning; `rung` and `before` are places in the ladder.

    `before`: the rung that silence met, or that a person gave up. `waits_ms`: for how long looks must be good for each.
    `left_rtt_ms`: of a path that was left, until another is measured; less than nothing where none was known.
    """

    at_ms: float
    rung: int
    waits_ms: tuple[float, ...]
    reason: str = "start"
    held: str | None = None
    now_ms: float = 0
    step_ms: float = 0
    since_ms: float = 0
    settled_ms: float = 0
    has_climbed: bool = False
    good_ms: float = 0
    bad_ms: float = 0
    silent_ms: float = 0
    unheard_ms: float = 0
    has_heard: bool = False
    before: int | None = None
    in_effect: int | None = None
    least_rtt_ms: float | None = None
    left_rtt_ms: float | None = None
    loss_in: float | None = None
    loss_out: float | None = None
    reported_ms: float = 0
    drain_kbps: float | None = None
    drained_ms: float = 0
    is_lossy: bool = False
    clean_ms: float = 0

    @property
    def loss(self) -> float:
        return max(self.loss_in or 0.0, self.loss_out or 0.0)

    @property
    def wants_redundancy(self) -> bool:
        """Worth its bytes. A long link loses until it was clean for a while: ten seconds tell too little."""
        if (self.least_rtt_ms or 0.0) <= LONG_RTT_MS:
            return self.is_lossy
        return self.now_ms >= FIRST_MS and self.clean_ms < CLEAN_MS

    def growth_ms(self, look: Look) -> float:
        """Of the round trip over the smallest that was seen."""
        return 0.0 if look.rtt_ms is None or self.least_rtt_ms is None else look.rtt_ms - self.least_rtt_ms


def see(ladder: Ladder, m: Memory, look: Look) -> Memory:
    """Take a look in: time, silence, and the figures that are judged by more than one look."""
    step = min(max(look.at_ms - m.at_ms, 0.0), LONGEST_STEP_MS)
    m = replace(m, at_ms=look.at_ms, now_ms=m.now_ms + step, step_ms=step)
    m = replace(m, unheard_ms=m.unheard_ms + step if look.heard is False else 0.0)
    if look.heard is False and not (look.received_kbps or 0) > 0:
        return replace(m, silent_ms=m.silent_ms + step)
    if m.silent_ms >= patience_ms(ladder, m):
        m = move(settle(m, SETTLE_MS), look.rtt_ms)
    m = replace(m, silent_ms=0.0, has_heard=m.has_heard or look.heard is True)
    if m.now_ms < m.settled_ms:
        return m
    is_mute = look.heard is False and ladder.rungs[m.rung].audio is None  # nothing is there to be lost any more
    is_elsewhere = m.left_rtt_ms is not None and look.rtt_ms not in (None, m.left_rtt_ms)
    reported = min(m.now_ms - m.reported_ms, LONGEST_REPORT_MS)
    m = replace(
        m,
        least_rtt_ms=look.rtt_ms if is_elsewhere else _least(m.least_rtt_ms, look.rtt_ms, step),
        left_rtt_ms=None if is_elsewhere else m.left_rtt_ms,
        loss_in=None if is_mute else _smooth(m.loss_in, look.missed, step * _weight(look.received_kbps)),
        loss_out=None if is_mute else _smooth(m.loss_out, look.loss_out, reported * _weight(look.sent_kbps)),
        reported_ms=m.reported_ms if look.loss_out is None else m.now_ms,
        drain_kbps=_drain(m, look),
        drained_ms=m.drained_ms if look.drain_kbps is None else m.now_ms,
    )
    loss = m.loss_out if m.loss_out is not None else m.loss_in or 0.0
    clean = m.clean_ms + step if loss < CLEAN else 0.0
    return replace(m, clean_ms=clean, is_lossy=loss >= LOSSY or (m.is_lossy and clean < CLEAN_MS))


def patience_ms(ladder: Ladder, m: Memory) -> float:
    """For how long nothing may come."""
    if ladder.rungs[m.rung].audio is None:
        return LIFELESS_MS
    return SILENT_MS if m.has_heard else FIRST_SILENT_MS


def settle(m: Memory, for_ms: float) -> Memory:
    """Forget what was measured so far, and what comes in a moment; what a climb does is looked at without delay."""
    forgotten = replace(m, loss_in=None, loss_out=None, drain_kbps=None)
    return replace(forgotten, settled_ms=m.now_ms + for_ms, good_ms=0.0, bad_ms=0.0)


def move(m: Memory, rtt_ms: float | None = None) -> Memory:
    """Perhaps over another path from now on; what is told of the round trip until the next measurement is of before."""
    return replace(m, left_rtt_ms=-1.0 if rtt_ms is None else rtt_ms)


def _drain(m: Memory, look: Look) -> float | None:
    """Forgotten where no photo is taken any more."""
    if look.drain_kbps is not None:
        return look.drain_kbps
    return m.drain_kbps if m.now_ms - m.drained_ms < DRAIN_FORGOTTEN_MS else None


def _least(least: float | None, rtt: float | None, step: float) -> float | None:
    """The smallest round trip; an old one is slowly forgotten, since the way may be another now."""
    if rtt is None or least is None:
        return least if rtt is None else rtt
    return min(rtt, least + (rtt - least) * step / LEAST_RTT_FORGOTTEN_MS)


def _smooth(before: float | None, value: float | None, step: float) -> float | None:
    return before if value is None else (before or 0.0) + (value - (before or 0.0)) * step / (step + SMOOTH_MS)


def _weight(kbps: float | None) -> float:
    return 1.0 if kbps is None else min(1.0, kbps / FULL_KBPS)
