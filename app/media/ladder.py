"""Reads the ladder, the data that browsers and the media program send by. Which rung is picked is not decided here."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.kernel.rungs import RungName

MOST_KBPS, MOST_FPS, MOST_SCALE = 10_000, 60, 16
PACKETS_MS = (20, 40, 60, 120)  # what Opus makes of a second, and browsers honour


class LadderError(ValueError):
    """The file is no ladder; says where it isn't."""


@dataclass(frozen=True)
class Redundancy:
    """What the packets are that carry the one before them again (RFC 2198).

    On the wire while somebody speaks 12 kbit/s in packets of 60 ms would be 34, more than a link of 32 drains; in
    packets of 120 ms they are 29.
    """

    packet_ms: int
    max_kbps: float


@dataclass(frozen=True)
class Audio:
    """`dtx`: silence is not sent; `redundancy`: for a link that loses much; None: never.

    `feedback`: transport-wide congestion control and its header extensions, without which no rate is estimated.
    """

    packet_ms: int
    max_kbps: float
    dtx: bool
    redundancy: Redundancy | None
    feedback: bool

    @property
    def doubled(self) -> "Audio | None":
        """As it is sent with redundancy; None where it never is."""
        twice = self.redundancy
        return replace(self, packet_ms=twice.packet_ms, max_kbps=twice.max_kbps) if twice else None


@dataclass(frozen=True)
class Video:
    max_kbps: float
    scale_down_by: float
    max_fps: float


@dataclass(frozen=True)
class Stills:
    """A photo in so many seconds, of so many bytes and so long a side at most."""

    every_seconds: float
    max_bytes: int
    max_px: int

    @property
    def kbps(self) -> float:
        return self.max_bytes * 8 / self.every_seconds / 1_000


@dataclass(frozen=True)
class Rung:
    """`needs_kbps` is what the slower direction of the link should give, on the wire."""

    name: RungName
    needs_kbps: float
    audio: Audio | None
    video: Video | None
    stills: Stills | None


@dataclass(frozen=True)
class Ladder:
    """Best first."""

    rungs: tuple[Rung, ...]

    @property
    def names(self) -> list[str]:
        return [rung.name.value for rung in self.rungs]

    @property
    def still(self) -> int:
        """The place of the best rung without a moving picture."""
        return next(n for n, rung in enumerate(self.rungs) if not rung.video)

    @property
    def voice(self) -> int:
        """The place of the best rung that sends voice alone."""
        return next(n for n, rung in enumerate(self.rungs) if not rung.video and not rung.stills)

    def __getitem__(self, name: str) -> Rung:
        return self.rungs[RungName(name).depth]


def read(path: Path) -> Ladder:
    """Raise LadderError, or OSError where there is no such file."""
    try:
        return ladder_of(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise LadderError(f"{path.name}: {error}") from error


def ladder_of(data: Any) -> Ladder:
    """Check all of it: a rung that can't be sent would be found out in the middle of a call."""
    rungs = tuple(_rung(each) for each in _list(data, "rungs"))
    if [rung.name for rung in rungs] != list(RungName):
        raise LadderError(f"the rungs are {', '.join(RungName)}, in this order")
    if any(above.needs_kbps <= below.needs_kbps for above, below in itertools.pairwise(rungs)):
        raise LadderError("each rung needs less than the one above")
    if any((rung.audio is None) != (rung.name is RungName.CLIPS) for rung in rungs):
        raise LadderError("every rung but clips carries voice")
    return Ladder(rungs)


def _rung(data: Any) -> Rung:
    name = data.get("name") if isinstance(data, Mapping) else None
    if name not in list(RungName):
        raise LadderError(f"no such rung: {name!r}")
    part: Mapping[str, Any] = data
    try:
        return Rung(
            RungName(name), _number(part, "needs_kbps", 0, MOST_KBPS),
            _audio(part["audio"]) if part["audio"] is not None else None,
            _video(part["video"]) if part["video"] is not None else None,
            _stills(part["stills"]) if part["stills"] is not None else None,
        )  # fmt: skip
    except LadderError as error:
        raise LadderError(f"{name}: {error}") from error
    except (KeyError, TypeError) as error:
        raise LadderError(f"{name}: lacks {error}") from error


def _audio(data: Mapping[str, Any]) -> Audio:
    twice = data["redundancy"]
    if twice is not None and not isinstance(twice, Mapping):
        raise LadderError("redundancy says what its packets are, or is null")
    return Audio(
        *_packets(data),
        _flag(data, "dtx"),
        None if twice is None else Redundancy(*_packets(twice)),
        _flag(data, "feedback"),
    )


def _packets(data: Mapping[str, Any]) -> tuple[int, float]:
    if data["packet_ms"] not in PACKETS_MS:
        raise LadderError(f"packet_ms is one of {PACKETS_MS}")
    return data["packet_ms"], _number(data, "max_kbps", 6, 128)


def _video(data: Mapping[str, Any]) -> Video:
    return Video(
        _number(data, "max_kbps", 1, MOST_KBPS), _number(data, "scale_down_by", 1, MOST_SCALE),
        _number(data, "max_fps", 1, MOST_FPS),
    )  # fmt: skip


def _stills(data: Mapping[str, Any]) -> Stills:
    return Stills(
        _number(data, "every_seconds", 1, 60), int(_number(data, "max_bytes", 500, 16_000)),
        int(_number(data, "max_px", 32, 1_024)),
    )  # fmt: skip


def _list(data: Any, name: str) -> list[Any]:
    found = data.get(name) if isinstance(data, Mapping) else None
    if not isinstance(found, list):
        raise LadderError(f"lacks {name}")
    return found


def _number(data: Mapping[str, Any], name: str, least: float, most: float) -> float:
    value = data[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise LadderError(f"{name} is a number from {least} to {most}, not {value!r}")
    return value


def _flag(data: Mapping[str, Any], name: str) -> bool:
    value = data[name]
    if not isinstance(value, bool):
        raise LadderError(f"{name} is true or false, not {value!r}")
    return value
