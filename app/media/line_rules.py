"""What a line that was tried is good for, and how a microphone was heard. Pure: how it is tried is `line_check.py`.

The verdict is the best rung that the slower direction gives room for, held down where loss, delay or jitter would spoil
it. Few packets say little of loss, so that only what is plain counts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median
from typing import NamedTuple

from app.kernel.levels import VoiceLevel
from app.kernel.rungs import RungName
from app.media.ladder import Ladder

MOST_KBPS = 5_000  # a train that is over within the ticks of a clock says no more
CLOSE = 0.95  # a measured rate is never quite the line's
TELLS = 10  # so few packets, with one lost among them, say nothing of loss
# (from this on, at most): what a rung can't bear.
LOSS_CEILINGS = ((0.06, RungName.THIN_VIDEO), (0.12, RungName.VOICE), (0.35, RungName.CLIPS))
RTT_CEILINGS = ((800.0, RungName.MICRO_VIDEO), (1_500.0, RungName.VOICE), (3_000.0, RungName.CLIPS))
JITTER_CEILINGS = ((150.0, RungName.THIN_VIDEO), (300.0, RungName.STILLS), (800.0, RungName.CLIPS))
FRAME_SAMPLES = 960  # 20 ms
SPEECH_DB, ABOVE_ROOM_DB, QUIET_DB = -50.0, 9.0, -36.0
FEWEST_SPOKEN = 10
FULL, CLIPPED = 32_000, 0.01  # so many of the samples in which somebody speaks


class Train(NamedTuple):
    """Packets sent as fast as the line takes them; how far apart they arrive tells its rate."""

    packets: int
    payload_bytes: int


class Arrival(NamedTuple):
    """One packet of a train, by its place in it."""

    place: int
    at_ms: float


TRAINS = (Train(4, 400), Train(4, 1_000), Train(5, 1_100))
WORTH_KBPS = (0.0, 40.0, 110.0)
"""What the line gave so far, for each next train to be worth its bytes: what a short one says of a thin line is enough,
and a long one would stand in its queue."""


@dataclass(frozen=True)
class Measured:
    """Of a line; `loss` is a share from 0 to 1. None where nothing could be measured."""

    rtt_ms: float | None = None
    jitter_ms: float | None = None
    loss: float | None = None
    up_kbps: float | None = None
    down_kbps: float | None = None


class Loudness(NamedTuple):
    """Of 20 ms, against the loudest that there is; `clipped` is the share of samples that are as loud as can be."""

    rms_db: float
    clipped: float


def rung_of(ladder: Ladder, measured: Measured) -> RungName:
    """The rung that a call over this line begins with. A line of which a rate is missing carries the last voice."""
    known = [kbps for kbps in (measured.up_kbps, measured.down_kbps) if kbps is not None]
    slower = min(known) / CLOSE if len(known) == 2 else ladder[RungName.THIN_VOICE].needs_kbps
    rung = next((each.name for each in ladder.rungs if each.needs_kbps <= slower), RungName.CLIPS)
    for value, ceilings in (
        (measured.loss, LOSS_CEILINGS), (measured.rtt_ms, RTT_CEILINGS), (measured.jitter_ms, JITTER_CEILINGS),
    ):  # fmt: skip
        for least, ceiling in ceilings:
            if value is not None and value >= least:
                rung = rung.at_most(ceiling)
    return rung


def next_train(done: int, kbps: float | None) -> Train | None:
    """The train to send after so many, of which the last gave a rate or none; None where it is enough."""
    if done >= len(TRAINS) or (done and (kbps is None or kbps < WORTH_KBPS[done])):
        return None
    return TRAINS[done]


def rate_kbps(arrivals: Sequence[Arrival], packet_bytes: int, rtt_ms: float) -> float | None:
    """The rate at which a train came through; None where fewer than two of it arrived.

    What was lost on the way took its time too. A pause of about a round trip is the sender's, who waited for an
    acknowledgement: it says nothing of the line.
    """
    ordered = sorted(arrivals)
    if len(ordered) < 2:
        return None
    steps = [(after.place - before.place, max(0.0, after.at_ms - before.at_ms)) for before, after in pairwise(ordered)]
    usual_ms = median(gap_ms / places for places, gap_ms in steps)
    counted = [step for step in steps if not _is_pause(*step, usual_ms, rtt_ms)] or steps
    packets, took_ms = sum(places for places, _ in counted), sum(gap_ms for _, gap_ms in counted)
    kbps = packets * packet_bytes * 8 / took_ms if took_ms else math.inf
    return min(MOST_KBPS, kbps)


def _is_pause(places: int, gap_ms: float, usual_ms: float, rtt_ms: float) -> bool:
    return usual_ms >= 5 and gap_ms > 2.5 * usual_ms * places and gap_ms >= 0.7 * rtt_ms


def loss_of(sent: int, lost: int) -> float | None:
    """The share that was lost; None where so few were sent that one of them says nothing."""
    if sent < TELLS:
        return None
    return max(0, lost - (1 if sent < 4 * TELLS else 0)) / sent


def jitter_of(rtts_ms: Sequence[float]) -> float | None:
    """How much one round trip differs from the next, on the mean."""
    return fmean(abs(after - before) for before, after in pairwise(rtts_ms)) if len(rtts_ms) > 1 else None


def loudness_of(samples: Sequence[int]) -> list[Loudness]:
    """Of each whole 20 ms of 16-bit samples at 48 kHz, one channel."""
    frames = (samples[at : at + FRAME_SAMPLES] for at in range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES))
    return [_loudness(frame) for frame in frames]


def _loudness(frame: Sequence[int]) -> Loudness:
    power = sum(sample * sample for sample in frame) / len(frame) / 32_768**2
    clipped = sum(abs(sample) >= FULL for sample in frame) / len(frame)
    return Loudness(10 * math.log10(power) if power > 1e-12 else -120.0, clipped)


def level_of(heard: Sequence[Loudness]) -> VoiceLevel:
    """How a microphone was heard: whether anybody spoke, and whether it was too quiet or cut off."""
    if not heard:
        return VoiceLevel.SILENT
    levels = sorted(each.rms_db for each in heard)
    room_db, loudest_db = levels[len(levels) // 10], levels[-1]
    least_db = max(SPEECH_DB, min(room_db + ABOVE_ROOM_DB, loudest_db - ABOVE_ROOM_DB))
    spoken = [each for each in heard if each.rms_db > least_db]
    if len(spoken) < FEWEST_SPOKEN:
        return VoiceLevel.SILENT
    if fmean(each.clipped for each in spoken) > CLIPPED:
        return VoiceLevel.CLIPPING
    speech_db = 10 * math.log10(fmean(10 ** (each.rms_db / 10) for each in spoken))
    return VoiceLevel.QUIET if speech_db < QUIET_DB else VoiceLevel.GOOD
