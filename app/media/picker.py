"""Picks the rung that an end proposes for its call, from what it sees of the link: pure, one look after the other.

Down as soon as trouble lasts, several rungs at once where it is plain what the link carries; up one rung after a while
of good looks, a while that doubles each time a climb fails. Silence of the whole link is waited for on a voice rung, so
that voice is back with the link. The same rules stand in `static/call/picker.js`, held to one table of cases; what the
rungs are is data, and which rung takes effect (the lower of two ends') is not decided here. What is kept from look to
look: `memory.py`.
"""

import math
from dataclasses import replace
from typing import NamedTuple

from app.media.ladder import Ladder, Rung
from app.media.look import Look, number_of
from app.media.memory import FIRST_MS, LONG_RTT_MS, SILENT_MS, Memory, patience_ms, see, settle

TROUBLE_MS, PLAIN_TROUBLE_MS, HOPELESS_MS = 2_500, 1_500, 10_000  # hopeless: voice gives way to clips
SLOW_MS = 7_000  # the next still may come faster: one of them may have lost a piece
DRAINED_MS = 6_000  # what is measured right after a fall is of before
FRESH_MS = 8_000  # the browser's estimate takes its time to grow; a queue that a larger picture makes grows at once
GOOD_MS, DOUBTED_MS, TRIED_MS, LONGEST_GOOD_MS, RETURN_MS = 6_000, 30_000, 60_000, 300_000, 1_000
GONE_MS = 40_000
GROWTH_MS, TRIED_GROWTH_MS, PLAIN_GROWTH_MS, GOOD_GROWTH_MS = 400, 200, 1_000, 120
RTT_MS, PLAIN_RTT_MS, GOOD_RTT_MS, JITTER_MS, GOOD_JITTER_MS = 1_500, 3_000, 1_200, 300, 150
THIN_KBPS = 100
LOSS, VOICE_LOSS, PLAIN_TIMES, GOOD_LOSS = 0.12, 0.25, 2.5, 0.08
HOPELESS_LOSS = 0.35  # for ten seconds: of a packet that holds half a word
CARRIES, STARVES_NEEDS, STARVES_SENDS = 0.8, 0.6, 0.9
TROUBLES = ("link", "delay", "loss")  # reasons of a fall
DRAINS, DRAINS_TWICE = 9, 6.5  # times what stills take: room for a moving picture, for a voice that goes twice


class Picked(NamedTuple):
    memory: Memory
    rung: str
    reason: str
    is_lossy: bool


class Trouble(NamedTuple):
    """How bad each is: 0 not, 1 bad, 2 plainly bad. `slow`: the link carries less than the rung sends."""

    delay: int
    loss: int
    slow: int

    @property
    def worst(self) -> int:
        return max(self)

    @property
    def reason(self) -> str:
        if self.slow or (self.delay and self.loss):
            return "link"
        return "delay" if self.delay else "loss"


def begin(ladder: Ladder, start_rung: str, at_ms: float) -> Memory:
    """A rung that isn't known becomes `voice`."""
    place = ladder.names.index(start_rung) if start_rung in ladder.names else ladder.voice
    return Memory(number_of(at_ms, math.inf) or 0.0, place, (float(GOOD_MS),) * len(ladder.names))


def hold(memory: Memory, rung: str | None) -> Memory:
    """Nothing above this rung until it is let go: a person's wish."""
    return replace(memory, held=rung)


def pick(ladder: Ladder, memory: Memory, look: Look) -> Picked:
    """The rung to propose from now on; its reason is that of the last change."""
    names = ladder.names
    ceiling = names.index(memory.held) if memory.held in names else 0
    m = see(ladder, memory, look)
    in_effect = _place(ladder, look.in_effect)
    if m.in_effect is not None and in_effect > max(m.in_effect, m.rung):
        m = settle(m, DRAINED_MS)  # the other end fell: what is measured now is of before, as after an own fall
    m = replace(m, in_effect=in_effect)
    if m.silent_ms >= patience_ms(ladder, m):
        m = _wait(ladder, m)
    elif m.now_ms >= m.settled_ms:
        m = _judge(ladder, m, look, ceiling)
    if m.rung < ceiling:
        m = _go(m, ceiling, "held")
    return Picked(m, names[m.rung], m.reason, m.wants_redundancy)


def _wait(ladder: Ladder, m: Memory) -> Memory:
    """Nothing comes: wait for it on a voice rung, at last with clips."""
    m = replace(m, good_ms=0.0, bad_ms=0.0)
    if m.silent_ms >= GONE_MS and m.rung < (last := len(ladder.rungs) - 1):
        return replace(_go(m, last, "nothing"), before=m.before)
    return replace(_go(m, ladder.voice, "nothing"), before=m.rung) if m.rung < ladder.voice else m


def _judge(ladder: Ladder, m: Memory, look: Look, ceiling: int) -> Memory:
    in_effect = _place(ladder, look.in_effect)
    rung = ladder.rungs[at := max(m.rung, in_effect)]
    if m.reason == "start" and m.now_ms < FIRST_MS and _is_too_much(rung, look):
        return replace(_go(m, ladder.still, "link"), settled_ms=m.now_ms)
    if m.has_climbed and m.now_ms - m.since_ms >= TRIED_MS:
        m = replace(m, has_climbed=False, waits_ms=_with(m.waits_ms, m.rung, GOOD_MS))
    is_last_voice = at == len(ladder.rungs) - 2
    trouble = _trouble(rung, m, look, is_last_voice) if rung.audio else Trouble(0, 0, 0)
    if trouble.worst > is_last_voice:
        m = replace(m, bad_ms=m.bad_ms + m.step_ms, good_ms=0)
        is_soon = trouble.worst > 1 or _is_tried(rung, m)
        lasts = HOPELESS_MS if is_last_voice else PLAIN_TROUBLE_MS if is_soon else TROUBLE_MS
        if rung.stills and trouble.slow and not (trouble.delay or trouble.loss):
            lasts = SLOW_MS
        return _down(ladder, at, m, look, trouble) if m.bad_ms >= lasts else m
    m = replace(m, bad_ms=max(0.0, m.bad_ms - m.step_ms))
    if trouble.worst or in_effect > m.rung or not _is_good(rung, m, look):
        return replace(m, good_ms=max(0.0, m.good_ms - m.step_ms))
    return _climb(ladder, rung, replace(m, good_ms=m.good_ms + m.step_ms), look, ceiling)


def _down(ladder: Ladder, at: int, m: Memory, look: Look, trouble: Trouble) -> Memory:
    """What was lost where the packets of a picture queued says nothing of the link when they don't."""
    if ladder.rungs[at].video and trouble.reason != "loss":
        m = replace(m, is_lossy=False)
    return _go(m, _below(ladder, at, trouble, look), trouble.reason)


def _is_too_much(rung: Rung, look: Look) -> bool:
    """To begin with: what a moving picture floods takes long to drain. A rung that was held here before is believed."""
    return rung.video is not None and rung.needs_kbps < THIN_KBPS and (look.rtt_ms or 0.0) > LONG_RTT_MS


def _climb(ladder: Ladder, rung: Rung, m: Memory, look: Look, ceiling: int) -> Memory:
    """One rung up, or back to where silence or a hold was met, if the looks were good for long enough."""
    is_back = m.before is not None and rung.audio is not None
    to = max(m.before if is_back and m.before is not None else m.rung - 1, ceiling)
    if to >= m.rung:
        return m
    wait, needs_kbps = m.waits_ms[to], ladder.rungs[to].needs_kbps
    estimate = look.available_kbps if rung.audio and rung.audio.feedback and needs_kbps <= THIN_KBPS else None
    is_doubted = estimate is not None and estimate < CARRIES * needs_kbps  # by the browser's own probes
    is_heavy = m.wants_redundancy and ladder.rungs[to].stills
    is_untried = rung.stills and m.drain_kbps is None  # no still has told yet what the link carries
    is_long = (look.rtt_ms or 0.0) > LONG_RTT_MS
    if (is_long and (is_doubted or is_heavy)) or (is_untried and (is_long or m.reason in TROUBLES)):
        wait = max(wait, DOUBTED_MS)
    if m.good_ms < (RETURN_MS if is_back and wait <= GOOD_MS else wait):
        return m
    return replace(_go(m, to, "better"), before=None if rung.audio else m.before)  # a voice first, then what was before


def _trouble(rung: Rung, m: Memory, look: Look, is_last_voice: bool) -> Trouble:
    """A delay alone gives no voice up that is heard within two seconds."""
    assert rung.audio
    least_kbps = rung.stills.kbps * (DRAINS_TWICE if m.wants_redundancy else 1) if rung.stills else 0
    is_slow = m.drain_kbps is not None and m.drain_kbps < least_kbps
    if rung.audio.feedback and look.available_kbps is not None and m.now_ms - m.since_ms >= FRESH_MS:
        sends = rung.audio.max_kbps + (rung.video.max_kbps if rung.video else 0)
        is_slow = is_slow or look.available_kbps < min(STARVES_NEEDS * rung.needs_kbps, STARVES_SENDS * sends)
    growth_ms = TRIED_GROWTH_MS if _is_tried(rung, m) else GROWTH_MS
    delay = max(
        _level(m.growth_ms(look), growth_ms, math.inf if is_last_voice else PLAIN_GROWTH_MS),
        _level(look.behind_ms if rung.video else None, GROWTH_MS, PLAIN_GROWTH_MS),  # else perhaps held back
        _level(look.rtt_ms, RTT_MS, PLAIN_RTT_MS), _level(look.shaken_ms, JITTER_MS, math.inf),
    )  # fmt: skip
    bearable = LOSS if rung.video else VOICE_LOSS
    times = 1 if rung.video and delay else PLAIN_TIMES  # late and lost at once: a queue that is full
    loss = _level(m.loss, bearable, HOPELESS_LOSS if is_last_voice else bearable * times)
    if is_last_voice and m.has_heard and m.unheard_ms >= SILENT_MS:
        loss = 2  # the way stands, but none of the voice comes: the other end has given it up, and the news is late
    return Trouble(delay, loss, int(is_slow))


def _is_tried(rung: Rung, m: Memory) -> bool:
    """Whether a larger picture has just been climbed to: a queue is of its making."""
    return m.has_climbed and rung.needs_kbps >= THIN_KBPS and m.now_ms - m.since_ms < FRESH_MS


def _level(value: float | None, bad: float, plain: float) -> int:
    return 0 if value is None else 2 if value > plain else int(value > bad)


def _is_good(rung: Rung, m: Memory, look: Look) -> bool:
    """Whether the link may carry more. Without a round trip nothing is known of it."""
    drains = rung.stills is None or m.drain_kbps is None or m.drain_kbps >= DRAINS * rung.stills.kbps
    return (
        look.rtt_ms is not None and look.rtt_ms <= GOOD_RTT_MS and m.growth_ms(look) <= GOOD_GROWTH_MS
        and (look.shaken_ms or 0) <= GOOD_JITTER_MS and m.loss <= GOOD_LOSS and drains
        and (look.heard is not False or rung.audio is None)
    )  # fmt: skip


def _below(ladder: Ladder, at: int, trouble: Trouble, look: Look) -> int:
    """One rung down; from a moving picture at once to what the link carries, where that is plain."""
    rung, last_voice = ladder.rungs[at], len(ladder.rungs) - 2
    if rung.video is None or trouble.worst == 1:
        return at + 1
    arrives = None if look.sent_kbps is None else look.sent_kbps * (1 - (look.loss_out or 0))
    available = look.available_kbps if rung.audio and rung.audio.feedback else None
    known = [kbps for kbps in (look.received_kbps, arrives, available) if kbps is not None]
    if not known:
        return min(last_voice, at + 2)
    carried = (below for below in range(at + 1, last_voice) if CARRIES * ladder.rungs[below].needs_kbps <= min(known))
    return next(carried, last_voice)


def _go(m: Memory, to: int, reason: str) -> Memory:
    """Change the rung. A climb that was soon taken back makes the next one wait twice as long."""
    waits = m.waits_ms
    if m.has_climbed and reason != "held" and to > m.rung and m.now_ms - m.since_ms < TRIED_MS:
        waits = _with(waits, m.rung, min(LONGEST_GOOD_MS, 2 * waits[m.rung]))
    return replace(
        settle(m, DRAINED_MS if to > m.rung else 0), rung=to, reason=reason, since_ms=m.now_ms,
        has_climbed=to < m.rung, before=m.rung if reason == "held" else None, waits_ms=waits,
    )  # fmt: skip


def _with(waits: tuple[float, ...], place: int, wait: float) -> tuple[float, ...]:
    return (*waits[:place], float(wait), *waits[place + 1 :])


def _place(ladder: Ladder, name: str | None) -> int:
    """Of what isn't known: the top, which stands in nobody's way."""
    return ladder.names.index(name) if name in ladder.names else 0
