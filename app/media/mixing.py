"""Mixes the voices of those who speak at once: each is decoded once, each receiver hears all but themselves (N-1).

Receivers of one rung who hear the same share one encoding. Ticks come from outside, a packet of 60 ms at a time; who is
mixed for whom is decided by `exchange`. Sums are limited softly: the quiet parts stay as they are, peaks are rounded.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from app.media.frames import EncodedFrame
from app.media.jitter import JitterBuffer, Lost
from app.media.opus import RATE_HZ, OpusError

TICK_MS = 60
SAMPLES = RATE_HZ * TICK_MS // 1000
KNEE = 0.7  # of full scale: below, nothing is changed
FULL = 32_768
SILENT_TICKS = 8  # for which the encoder is told of silence, so that it ends softly
TARGET_MS, MOST_MS = 40, 240  # how long a packet waits for its turn

Samples = NDArray[np.int16]


class Encodes(Protocol):
    def encode(self, pcm: bytes) -> bytes: ...


class Decodes(Protocol):
    def decode(self, packet: bytes) -> bytes: ...
    def conceal(self, ms: float) -> bytes: ...
    def recover(self, next_packet: bytes) -> bytes: ...


class TapKey(NamedTuple):
    """One encoding: of what packets and rate, and whose voices are left out of it: none for mere listeners."""

    packet_ms: int
    max_kbps: float
    without: frozenset[str]


def limited(total: NDArray[np.int32]) -> Samples:
    """As it is below the knee; above, ever closer to full scale and never over it."""
    if not total.size or max(int(total.max()), -int(total.min())) <= KNEE * FULL:
        return total.astype(np.int16)
    level = np.abs(total).astype(np.float32) / FULL
    room = np.float32(1 - KNEE)
    rounded = np.where(level > KNEE, KNEE + room * np.tanh((level - KNEE) / room), level)
    return np.asarray(np.sign(total) * np.minimum(rounded * FULL, FULL - 1)).astype(np.int16)


class Line:
    """One voice on its way into the mix. `before` are the packets right before it: by them the decoder knows it.

    `begins_with_ms`: when the packet came that the last tick's sound begins with; None while nothing is there.
    """

    def __init__(self, decoder: Decodes, before: Iterable[bytes] = ()) -> None:
        self.begins_with_ms: float | None = None
        self._came_ms: float | None = None
        self._decoder = decoder
        self._buffer = JitterBuffer(TARGET_MS, MOST_MS, TICK_MS)
        self._pcm = bytearray()
        self._goes_on = False
        for packet in before:
            self._decoded(packet)

    def put(self, frame: EncodedFrame, now: float) -> None:
        self._buffer.put(frame._replace(arrived_ms=now), now)

    def held_up(self, since: float, until: float) -> None:
        self._buffer.held_up(since, until)

    def waiting(self) -> list[EncodedFrame]:
        """What was not mixed yet."""
        return self._buffer.waiting()

    def pull(self, now: float) -> Samples | None:
        """One tick's samples; None where the voice is silent. A voice begins once it fills a tick."""
        self.begins_with_ms = self._came_ms if self._pcm else None
        while len(self._pcm) < SAMPLES * 2 and (found := self._buffer.get(now)) is not None:
            self._pcm += self._sound(found)
        if not self._pcm or (len(self._pcm) < SAMPLES * 2 and not self._goes_on):
            self._goes_on = False
            return None
        self._goes_on = True
        pcm = bytes(self._pcm[: SAMPLES * 2])
        del self._pcm[: SAMPLES * 2]
        return np.frombuffer(pcm.ljust(SAMPLES * 2, b"\0"), "<i2")

    def _sound(self, found: EncodedFrame | Lost) -> bytes:
        if isinstance(found, Lost):
            return self._lost(found)
        self._came_ms = found.arrived_ms
        if self.begins_with_ms is None:
            self.begins_with_ms = found.arrived_ms
        return self._decoded(found.payload)

    def _decoded(self, packet: bytes) -> bytes:
        try:
            return self._decoder.decode(packet)
        except OpusError:
            return b""

    def _lost(self, lost: Lost) -> bytes:
        if lost.next is not None and lost.next.duration_ms == lost.ms:
            return self._decoder.recover(lost.next.payload)
        return self._decoder.conceal(lost.ms)


class Tap:
    """One encoding and what it still needs for a packet. Of a long silence nothing is encoded."""

    def __init__(self, key: TapKey, encoder: Encodes) -> None:
        self.key, self._encoder = key, encoder
        self._held: list[bytes] = []
        self._silent_ticks = 0

    def put(self, samples: Samples, *, is_silent: bool) -> bytes | None:
        """A packet, empty where it is silence; None while it isn't complete."""
        self._silent_ticks = self._silent_ticks + 1 if is_silent else 0
        if self._silent_ticks > SILENT_TICKS and not self._held:
            return None
        self._held.append(samples.tobytes())
        if len(self._held) * TICK_MS < self.key.packet_ms:
            return None
        pcm, self._held = b"".join(self._held), []
        return self._encoder.encode(pcm)


class Mixer:
    """The lines and taps of one bridge."""

    def __init__(self, new_encoder: Callable[[int, float], Encodes], new_decoder: Callable[[], Decodes]) -> None:
        self._new_encoder, self._new_decoder = new_encoder, new_decoder
        self.lines: dict[str, Line] = {}
        self._taps: dict[TapKey, Tap] = {}
        self._voices: dict[str, Samples] = {}

    def open(self, name: str, before: Sequence[bytes]) -> None:
        if name not in self.lines:
            self.lines[name] = Line(self._new_decoder(), before)

    def keep(self, names: Iterable[str], keys: Iterable[TapKey]) -> None:
        """Let go of all other lines and taps."""
        kept_names, kept_keys = set(names), set(keys)
        self.lines = {name: line for name, line in self.lines.items() if name in kept_names}
        self._taps = {key: tap for key, tap in self._taps.items() if key in kept_keys}

    def held_up(self, since: float, until: float) -> None:
        """The program stood still, and read no packets."""
        for line in self.lines.values():
            line.held_up(since, until)

    def pull(self, now: float) -> None:
        """Have the next tick's sound of every voice."""
        self._voices = {name: found for name, line in self.lines.items() if (found := line.pull(now)) is not None}

    def mix(self, keys: Iterable[TapKey]) -> list[tuple[TapKey, bytes]]:
        """The packets that are complete with what was pulled; none of silence."""
        voices, total = self._voices, _sum(self._voices.values())
        everybody: Samples | None = None
        made = []
        for key in keys:
            if left_out := key.without & voices.keys():
                samples = limited(total - _sum(voices[name] for name in left_out))
            else:
                samples = everybody = limited(total) if everybody is None else everybody
            tap = self._taps.get(key) or self._tap(key)
            if packet := tap.put(samples, is_silent=not voices.keys() - key.without):
                made.append((key, packet))
        return made

    def _tap(self, key: TapKey) -> Tap:
        self._taps[key] = Tap(key, self._new_encoder(key.packet_ms, key.max_kbps))
        return self._taps[key]


def _sum(voices: Iterable[Samples]) -> NDArray[np.int32]:
    total = np.zeros(SAMPLES, np.int32)
    for samples in voices:
        total += samples
    return total
