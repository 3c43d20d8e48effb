"""Voices in the exchange while it goes from forwarding to mixing and back: what becomes of each packet.

Instead of a codec's, the sound is a number that says whose packet it is, so that it is known again in a sum. The clock
is moved by hand.
"""

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pytest

from app.media.exchange import Exchange
from app.media.frames import EncodedFrame
from app.media.ladder import Audio
from app.media.mixing import MOST_MS, TICK_MS

PACKET_MS, SAMPLES_PER_MS, STEP_MS = 60, 48, 1
FORWARDED_MS, MIXED_MS = 100.0, 180.0
RUNG = Audio(PACKET_MS, 12, dtx=True, redundancy=None, feedback=False)
THIN = Audio(PACKET_MS, 8, dtx=True, redundancy=None, feedback=False)  # never forwarded what is said here
HEAD = bytes([0x18, 0xE0])  # SILK, 60 ms of voice
SIZE, QUIET_SIZE, QUIET_EVERY = 90, 40, 8
BASE = 28  # of the digits that a sum is made of: below the limiter's knee for three voices
PHASES = {"a": 0, "b": 23, "c": 41}
Told = tuple[str, int]
Turn = tuple[int, str]  # for how many packets who speaks


def digit(number: int) -> int:
    return number % (BASE - 1) + 1


class Marking:
    """Decodes a packet to its number's digit at its speaker's place."""

    def decode(self, packet: bytes) -> bytes:
        value = digit(int.from_bytes(packet[3:7], "big")) * BASE ** "abc".index(chr(packet[2]))
        return np.full(PACKET_MS * SAMPLES_PER_MS, value, np.int16).tobytes()

    def conceal(self, ms: float) -> bytes:
        return bytes(round(ms * SAMPLES_PER_MS) * 2)

    def recover(self, next_packet: bytes) -> bytes:
        return self.conceal(PACKET_MS)


class Unchanged:
    def encode(self, pcm: bytes) -> bytes:
        return pcm


@dataclass
class Heard:
    """Of one packet at one end: how much, how long after it had come, and whether in a mix."""

    ms: float = 0.0
    took_ms: float | None = None
    is_mixed: bool = False


@dataclass
class Table:
    """Ends a, b, c, who speak, and listeners; each packet comes up to `jitter_ms` late."""

    jitter_ms: float = 40.0
    seed: int = 1
    listeners: dict[str, Audio] = field(default_factory=lambda: {"d": RUNG})
    now: float = 1_000.0
    came: dict[Told, float] = field(default_factory=dict)
    heard: dict[str, dict[Told, Heard]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.exchange = Exchange(lambda ms, kbps: Unchanged(), Marking)
        for name, rung in {**dict.fromkeys("abc", RUNG), **self.listeners}.items():
            self.heard[name] = defaultdict(Heard)
            self.exchange.come(name, rung, partial(self._sent, name))

    def talk(
        self, turns: Iterable[Turn], stalls: Sequence[tuple[float, float]] = (), c_goes_at: float = math.inf
    ) -> None:
        """`stalls`: from when for how long nothing is done."""
        coming, began = self._said(turns), self.now
        until = coming[-1][0] + 1_000
        while self.now < until:
            self.now += STEP_MS
            passed = self.now - began
            if any(since <= passed < since + lasts for since, lasts in stalls):
                continue
            if passed >= c_goes_at:
                self.exchange.go("c")
                coming = [each for each in coming if each[1] != "c"]
            self._work(coming)

    def _said(self, turns: Iterable[Turn]) -> list[tuple[float, str, int]]:
        """When each packet comes, whose it is and its number."""
        rng, first = random.Random(self.seed), 0
        coming: list[tuple[float, str, int]] = []
        for count, names in turns:
            for name in names:
                said_at = [self.now + PHASES[name] + (first + place + 1) * PACKET_MS for place in range(count)]
                coming += [(at + rng.uniform(0, self.jitter_ms), name, first + n) for n, at in enumerate(said_at)]
            first += count
        return sorted(coming)

    def _work(self, coming: list[tuple[float, str, int]]) -> None:
        while self.exchange.due is not None and self.exchange.due <= self.now:
            self.exchange.tick(self.now)
        while coming and coming[0][0] <= self.now:
            self._come(*coming.pop(0)[1:])
            self.now += 0.01
        if round(self.now) % 200 == 0:
            self.exchange.look(self.now)

    def _come(self, name: str, number: int) -> None:
        size = SIZE if number % QUIET_EVERY else QUIET_SIZE
        payload = (HEAD + name.encode() + number.to_bytes(4, "big")).ljust(size, b"\1")
        stamp = ord(name) * 1_000_003 + number * PACKET_MS * SAMPLES_PER_MS
        self.came[name, number] = self.now
        self.exchange.hear(
            name, EncodedFrame(payload, stamp, number, self.now, "audio", duration_ms=PACKET_MS), self.now
        )

    def _sent(self, end: str, packet: bytes, stamp: int, length_ms: float) -> None:
        if len(packet) <= SIZE:
            self._note(end, chr(packet[2]), int.from_bytes(packet[3:7], "big"), PACKET_MS, 0.0, is_mixed=False)
            return
        samples = np.frombuffer(packet, "<i2").astype(int)
        for place, name in enumerate("abc"):
            digits = samples // BASE**place % BASE
            for value in np.unique(digits[digits > 0]):
                latest = max((number for who, number in self.came if who == name), default=0)
                number = latest - (digit(latest) - int(value)) % (BASE - 1)
                ms = np.count_nonzero(digits == value) / SAMPLES_PER_MS
                self._note(end, name, number, ms, int(np.argmax(digits == value)) / SAMPLES_PER_MS, is_mixed=True)

    def _note(self, end: str, name: str, number: int, ms: float, offset_ms: float, *, is_mixed: bool) -> None:
        heard = self.heard[end][name, number]
        heard.ms += ms
        if heard.took_ms is None:
            heard.took_ms, heard.is_mixed = self.now + offset_ms - self.came[name, number], is_mixed

    def took(self, *, is_mixed: bool) -> list[float]:
        return [
            each.took_ms
            for heard in self.heard.values()
            for each in heard.values()
            if each.took_ms is not None and each.is_mixed is is_mixed
        ]

    def twice(self) -> list[tuple[str, Told]]:
        """Which end heard which packet for longer than it lasts."""
        return [
            (end, told) for end, heard in self.heard.items() for told, each in heard.items() if each.ms > PACKET_MS + 1
        ]

    def lost_ms(self, end: str) -> float:
        return sum(PACKET_MS - min(PACKET_MS, self.heard[end][told].ms) for told in self.came if told[0] != end)

    def gap_ms(self, end: str, name: str) -> float:
        """The most that was lost in a row of what one said to another."""
        gap = longest = 0.0
        for told in sorted(each for each in self.came if each[0] == name):
            missing = PACKET_MS - self.heard[end][told].ms
            gap = gap + missing if missing > 1 else 0.0
            longest = max(longest, gap)
        return longest


TURNS: list[Turn] = [(40, "a"), (30, "ab"), (30, "abc"), (30, "ab"), (40, "a")]
SHORT_TURNS: list[Turn] = [(40, "a"), (12, "ab"), (4, "abc"), (12, "ab"), (4, "abc"), (12, "ab"), (40, "a")]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("turns", [TURNS, SHORT_TURNS])
@pytest.mark.parametrize("listeners", [{"d": RUNG}, {"d": RUNG, "e": THIN}])
def test_nothing_is_heard_twice_or_late_and_hardly_anything_lost(
    listeners: dict[str, Audio], turns: list[Turn], seed: int
) -> None:
    """One speaks, then two, three, two, one. To a thin end it is all mixed, so that voices are in the mix already."""
    table = Table(seed=seed, listeners=listeners)
    table.talk(turns)
    assert not table.twice()
    assert max(table.gap_ms(end, name) for end in table.heard for name in "abc" if name != end) <= PACKET_MS
    forwarded, mixed = table.took(is_mixed=False), table.took(is_mixed=True)
    assert np.percentile(forwarded, 95) <= FORWARDED_MS
    assert np.percentile(mixed, 95) <= MIXED_MS
    assert max(forwarded) <= MIXED_MS, "what is caught up with"


@pytest.mark.parametrize("seed", [0, 2])
def test_who_is_mixed_for_but_a_moment_is_not_sent_again_what_was_forwarded_before(seed: int) -> None:
    table = Table(seed=seed)
    table.talk([(40, "ab"), (20, "abc")], c_goes_at=41 * PACKET_MS + PHASES["c"] + 40)
    assert not table.twice()
    assert max(table.gap_ms("a", "b"), table.gap_ms("b", "a")) <= PACKET_MS


LONG_TURNS: list[Turn] = [(10, "a"), (20, "ab"), (200, "abc"), (20, "ab"), (40, "a")]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_program_that_was_held_up_does_not_stay_behind(seed: int) -> None:
    """Ticks are left out then; what should have been mixed in them must not make all that follows late."""
    table = Table(jitter_ms=20.0, seed=seed)
    table.talk(LONG_TURNS, [(2_500 + 500 * number, 250) for number in range(5)])
    assert not table.twice()
    later = [
        each.took_ms for (_, number), each in table.heard["d"].items() if number > 150 and each.took_ms is not None
    ]
    assert len(later) > 200
    assert max(later) <= MOST_MS + 2 * TICK_MS


def test_ticks_that_come_late_but_come_lose_little() -> None:
    table = Table(jitter_ms=20.0)
    table.talk(LONG_TURNS, [(2_500 + 1_500 * number, 200) for number in range(5)])
    assert not table.twice()
    assert table.lost_ms("d") <= 5 * len("abc") * 2 * PACKET_MS
