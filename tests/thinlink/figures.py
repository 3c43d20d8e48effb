"""What a call was worth, in numbers: from the link's own count, from both measuring ears, beside what browsers say.

A direction is named by its listener: `far` is what the child hears at the terminal and what crosses the link downwards.
"""

from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median
from typing import Any

from tests.thinlink import voice
from tests.thinlink.calls import Call, Heard
from tests.thinlink.emulator import Seconds
from tests.thinlink.voice import Recording

OTHER = {"near": "far", "far": "near"}
WAYS = {"far": "down", "near": "up"}
NEVER_SECONDS = 60.0  # what stands for a voice that did not come
AFTER_SECONDS = 15.0  # how long after the link is back its voice is looked for


@dataclass(frozen=True)
class Worth:
    """Of one direction over some seconds. None where nothing could be recognised."""

    wire_kbps: float  # all that crossed
    call_kbps: float  # of that the call itself
    packets_per_second: float
    pesq: float | None
    delay_ms: float | None
    unheard_seconds: float
    concealed_percent: float
    frames_per_second: float
    picture_px: float  # the longer side, 0 where none came
    rtt_ms: float | None
    rtt_most_ms: float | None


def worth(call: Call, ends: dict[str, Heard], listener: str, since: float, until: float, *, pesq: bool = True) -> Worth:
    """Between two instants of the wall clock."""
    said, heard = ends[OTHER[listener]].said, ends[listener].heard
    found = voice.delays(said, heard, since, until)
    delay = median(after for _at, after in found) if found else None
    looks = ends[listener].looks
    trips = [look["rtt"] * 1000 for look in looks if look.get("rtt") is not None and since <= look["at"] <= until]
    way = Way.of(call, listener, since, until)
    return Worth(
        way.kbps("ip_bytes"), way.call_kbps(), way.per_second("packets"),
        voice.quality(said, heard, found, ends[listener].said) if pesq else None,
        None if delay is None else delay * 1000,
        voice.unheard_seconds(said, heard, since, until - 2, delay or 0.5),
        concealed_percent(looks, since, until), frames_per_second(looks, since, until),
        picture_px(looks, since, until), mean(trips) if trips else None, max(trips, default=None),
    )  # fmt: skip


@dataclass(frozen=True)
class Way:
    """The link's own count of one direction, whole seconds between two instants."""

    seconds: list[dict[str, int]]

    @classmethod
    def of(cls, call: Call, listener: str, since: float, until: float) -> "Way":
        counted: Seconds = call.link.seconds()
        every: list[dict[str, int]] = getattr(counted, WAYS[listener])
        first, last = round(since - call.began_at), round(until - call.began_at)
        return cls((every + [{}] * (last - len(every)))[first:last])

    def per_second(self, what: str) -> float:
        return sum(second.get(what, 0) for second in self.seconds) / max(1, len(self.seconds))

    def kbps(self, what: str) -> float:
        return self.per_second(what) * 8 / 1000

    def call_kbps(self) -> float:
        """Without page and signals."""
        return self.kbps("ip_bytes") - self.kbps("tcp")

    def kinds(self) -> dict[str, float]:
        """kbit/s of each kind of packet."""
        names = sorted({name for second in self.seconds for name in second} - {"packets", "ip_bytes"})
        return {name: round(self.kbps(name), 1) for name in names}


def concealed_percent(looks: list[dict[str, Any]], since: float, until: float) -> float:
    """Of the samples played, those that were made up; the quiet between words that is never sent is not counted."""
    first, last = _around(looks, since, until)
    made_up = (last["concealed"] - last["silent"]) - (first["concealed"] - first["silent"])
    return float(100 * made_up / max(1, last["samples"] - first["samples"]))


def frames_per_second(looks: list[dict[str, Any]], since: float, until: float) -> float:
    first, last = _around(looks, since, until)
    return float((last["frames"] - first["frames"]) / max(0.5, last["at"] - first["at"]))


def picture_px(looks: list[dict[str, Any]], since: float, until: float) -> float:
    sides = [max(look.get("width") or 0, look.get("height") or 0) for look in looks if since <= look["at"] <= until]
    return float(median(sides)) if sides else 0.0


def _around(looks: list[dict[str, Any]], since: float, until: float) -> tuple[dict[str, Any], dict[str, Any]]:
    inside = [look for look in looks if since <= look["at"] <= until and "concealed" in look]
    assert inside, "the browser gave no figures"
    return inside[0], inside[-1]


@dataclass(frozen=True)
class Answered:
    """Seconds from the touch that answers."""

    waiting_voice: float  # the parent's, at the terminal
    other_voice: float  # the terminal's, at the parent
    let_in: float  # when the terminal's page lets a person hear

    @property
    def both_ways(self) -> float:
        return max(self.waiting_voice, self.other_voice)


def answered(call: Call, ends: dict[str, Heard]) -> Answered:
    far, near = (_first(ends[end], call.answered_at) for end in ("far", "near"))
    return Answered(far, near, (ends["far"].audible_from(call.answered_at) or call.answered_at) - call.answered_at)


def _first(end: Heard, since: float) -> float:
    """When a person hears something: it has come, and the page lets it be heard."""
    audible = end.audible_from(since)
    came = None if audible is None else voice.first_voice(end.heard, audible)
    return NEVER_SECONDS if came is None else came - since


def back_after(heard: Recording, broke_at: float, mended_at: float) -> float:
    """Seconds from when the link is whole again until a voice is heard after the longest silence around it."""
    until = min(heard.until, mended_at + AFTER_SECONDS)
    spoken = [broke_at + place * voice.STEP_SECONDS for place in heard.voiced(broke_at, until).nonzero()[0]]
    if not spoken or spoken[-1] < mended_at:
        return NEVER_SECONDS
    gaps = [(after - before, after) for before, after in pairwise([broke_at, *spoken]) if after > mended_at - 0.2]
    return max(0.0, float(max(gaps)[1]) - mended_at)
