"""How a voice came through: delay, what of it was never heard, and its quality, from recordings with a wall clock.

Quality is PESQ (ITU-T P.862.2, wide band) of all that was listened to, beside what the microphone gave to the call.
Instants are seconds of one wall clock; delays are those from a mouth to an ear.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pesq import pesq

RATE_HZ = 16_000
Samples = NDArray[np.float32]
STEP_SECONDS = 0.02
VOICED_DBFS = -45.0  # a word is louder; a quiet room, comfort noise and what is left of a tone are not
PIECE_SECONDS, QUALITY_SECONDS = 2.0, 8.0
LONGEST_DELAY_SECONDS = 6.0
HOLE_SECONDS = 0.02
LIKE_ENOUGH = 0.3  # of a correlation, 0..1
TOLERANCE_SECONDS = 0.4  # how far one moment's delay may be from the usual one


@dataclass(frozen=True)
class Recording:
    """Samples of -1..1 at 16 kHz; the first was made at `at`."""

    at: float
    samples: Samples

    @classmethod
    def of(cls, ends_ms: list[float], frames: list[int], packed: bytes) -> "Recording":
        """Of blocks of equal length, each with the wall clock at its end and the count of samples until then.

        A busy machine may leave samples out, and is never early: what the clock says of a block holds for all before.
        """
        if not frames:
            return cls(0, np.zeros(0, np.float32))
        blocks = np.frombuffer(packed, "<i2").astype(np.float32).reshape(len(frames), -1) / np.float32(32768)
        counted_ms = np.array(frames) * 1000 / RATE_HZ
        late_ms = np.minimum.accumulate((np.array(ends_ms) - counted_ms)[::-1])[::-1]
        at_ms = counted_ms + late_ms - blocks.shape[1] * 1000 / RATE_HZ
        places = np.round((at_ms - at_ms[0]) * RATE_HZ / 1000).astype(int)
        samples = np.zeros(places[-1] + blocks.shape[1], np.float32)
        for place, block in zip(places, blocks, strict=True):
            samples[place : place + len(block)] = block
        return cls(float(at_ms[0]) / 1000, samples)

    @property
    def until(self) -> float:
        return self.at + len(self.samples) / RATE_HZ

    def part(self, since: float, until: float) -> Samples:
        """Silence where nothing was recorded."""
        first, last = round((since - self.at) * RATE_HZ), round((until - self.at) * RATE_HZ)
        cut = self.samples[max(0, first) : max(0, last)]
        before = min(max(0, -first), last - first)
        return np.pad(cut, (before, max(0, last - first - before - len(cut))))

    def holes(self, since: float, until: float) -> list[tuple[float, float]]:
        """Where a microphone's samples are missing: even a quiet room isn't silent for so long."""
        silent = np.concatenate(([False], self.part(since, until) == 0, [False]))
        begins, ends = np.flatnonzero(~silent[:-1] & silent[1:]), np.flatnonzero(silent[:-1] & ~silent[1:])
        long = ends - begins >= HOLE_SECONDS * RATE_HZ
        at = zip(begins[long] / RATE_HZ, ends[long] / RATE_HZ, strict=True)
        return [(since + float(first), since + float(last)) for first, last in at]

    def voiced(self, since: float, until: float) -> NDArray[np.bool_]:
        """Whether there is voice, in steps of 20 ms."""
        step = round(STEP_SECONDS * RATE_HZ)
        samples = self.part(since, until)
        steps = samples[: len(samples) // step * step].reshape(-1, step)
        return np.asarray(10 * np.log10(np.mean(steps**2, axis=1) + 1e-12) > VOICED_DBFS)


def first_voice(heard: Recording, since: float, lasts: float = 0.1) -> float | None:
    """When a voice is heard first, for so long as a syllable takes (four fifths of it)."""
    voiced = heard.voiced(since, heard.until)
    width = round(lasts / STEP_SECONDS)
    if len(voiced) < width:
        return None
    dense = np.convolve(voiced, np.ones(width), "valid") >= 0.8 * width
    found = np.flatnonzero(dense & voiced[: len(dense)])
    return since + float(found[0]) * STEP_SECONDS if len(found) else None


def delays(said: Recording, heard: Recording, since: float, until: float) -> list[tuple[float, float]]:
    """(when it was said, after how long it was heard), every second, of pieces that are recognised."""
    found = []
    at = since
    while at + PIECE_SECONDS <= until:
        piece = said.part(at, at + PIECE_SECONDS)
        delay, likeness = _best(piece, heard.part(at, at + PIECE_SECONDS + LONGEST_DELAY_SECONDS))
        if said.voiced(at, at + PIECE_SECONDS).mean() > 0.3 and likeness > LIKE_ENOUGH:
            found.append((at, delay))
        at += PIECE_SECONDS / 2
    return found


def _best(piece: Samples, where: Samples) -> tuple[float, float]:
    """The delay at which `where` is most like the piece, and how like it is there."""
    size = 1 << (len(where) + len(piece)).bit_length()
    product = np.fft.irfft(np.fft.rfft(where, size) * np.conj(np.fft.rfft(piece, size)), size)
    product = product[: len(where) - len(piece) + 1]
    energy = np.cumsum(np.concatenate(([0.0], where.astype(np.float64) ** 2)))
    around = energy[len(piece) :] - energy[: -len(piece)]
    likeness = np.abs(product) / np.sqrt(np.maximum(around, 1e-3) * max(float(np.sum(piece**2)), 1e-3))
    place = int(np.argmax(likeness))
    return place / RATE_HZ, float(likeness[place])


def unheard_seconds(
    said: Recording,
    heard: Recording,
    since: float,
    until: float,
    delay: float,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> float:
    """The longest stretch of what was said of which nothing was heard at about its time."""
    spoken = said.voiced(since, until)
    came = heard.voiced(since + delay - tolerance_seconds, until + delay + tolerance_seconds)
    width = round(2 * tolerance_seconds / STEP_SECONDS) + 1
    near = np.convolve(came, np.ones(width), "valid")[: len(spoken)] > 0
    longest, began = 0.0, None
    for place in np.flatnonzero(spoken):
        if near[place]:
            began = None
        else:
            began = place if began is None else began
            longest = max(longest, float(place - began + 1) * STEP_SECONDS)
    return longest


def quality(said: Recording, heard: Recording, found: list[tuple[float, float]], beside: Recording) -> float | None:
    """PESQ, put beside each other by the delay that was found; None of less than eight seconds.

    In one piece, as the measure wants it: where sentences are cut it takes the cut for something lost. Not of what a
    machine was too busy to record, which says nothing of the call: `beside` is the microphone where it was heard, by
    which it is known there.
    """
    if not found:
        return None
    since, until = found[0][0], found[-1][0] + PIECE_SECONDS
    delay = float(np.median([late for _at, late in found]))
    missing = [(first - delay, last - delay) for first, last in beside.holes(since + delay, until + delay)]
    since, until = _longest_between(since, until, [*said.holes(since, until), *missing])
    if until - since < QUALITY_SECONDS:
        return None
    return float(pesq(RATE_HZ, said.part(since, until), heard.part(since + delay, until + delay), "wb"))


def _longest_between(since: float, until: float, holes: list[tuple[float, float]]) -> tuple[float, float]:
    longest, at = (since, since), since
    for first, last in [*sorted(holes), (until, until)]:
        longest = max(longest, (at, first), key=lambda stretch: stretch[1] - stretch[0])
        at = max(at, last)
    return longest
