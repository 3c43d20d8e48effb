"""A thin link on paper: what an end sees of it, second by second, while it sends by the rung that it picks.

It is a model and proves nothing about browsers; what it is for is to close the loop, since a rung changes what is seen.
Rates on the wire are those that were measured of each rung.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.media import picker
from app.media.ladder import Ladder
from app.media.look import Look

SENDS_KBPS = {"thin_video": 100, "micro_video": 54, "stills": 24, "voice": 15, "thin_voice": 9, "clips": 1}
REDUNDANT_KBPS = 10
QUEUE_MS = 1_500


@dataclass(frozen=True)
class Stretch:
    """So many seconds of one link; a rate of 0 is a blackout."""

    seconds: int
    kbps: float
    rtt_ms: float = 200
    loss: float = 0.0
    queued_ms: float = 0.0  # by somebody else's traffic


@dataclass
class Link:
    random: random.Random
    queue_ms: float = 0.0
    video_kbps: float = 300.0
    seconds: int = 0
    looks: list[dict[str, Any]] = field(default_factory=list)

    def look(self, stretch: Stretch, rung: str, is_lossy: bool) -> dict[str, Any]:
        self.seconds += 1
        seen = self._dead() if stretch.kbps == 0 else self._seen(stretch, rung, is_lossy)
        self.looks.append(seen)
        return seen

    def _seen(self, stretch: Stretch, rung: str, is_lossy: bool) -> dict[str, Any]:
        sends = self._sends(stretch, rung) + (REDUNDANT_KBPS if is_lossy and rung in ("stills", "voice") else 0)
        self.queue_ms = max(0.0, self.queue_ms + 1_000 * (sends - stretch.kbps) / stretch.kbps)
        overflow = max(0.0, self.queue_ms - QUEUE_MS) * stretch.kbps / 1_000
        self.queue_ms = min(self.queue_ms, QUEUE_MS)
        dropped = overflow / max(sends, 1)
        packets = 8 if rung == "thin_voice" else 17
        lost = sum(self.random.random() < stretch.loss for _ in range(packets)) / packets
        loss = min(1.0, dropped + lost)
        arrives = min(sends, stretch.kbps) * (1 - lost)
        feeds = rung in ("video", "thin_video", "micro_video")
        return {
            "at_ms": self.seconds * 1_000, "rtt_ms": round(stretch.rtt_ms + 2 * (self.queue_ms + stretch.queued_ms)),
            "loss_in": round(loss, 3), "loss_out": round(loss, 3), "jitter_ms": round(20 + self.queue_ms / 20),
            "concealed": round(loss / (4 if is_lossy else 1), 3), "received_kbps": round(arrives),
            "sent_kbps": round(sends), "heard": rung != "clips",
            "available_kbps": round(min(stretch.kbps * 0.9, 1.5 * sends + 10)) if feeds else None,
            "drain_kbps": round(max(1.0, 0.92 * stretch.kbps)) if rung == "stills" and self.seconds % 5 == 0 else None,
        }  # fmt: skip

    def _sends(self, stretch: Stretch, rung: str) -> float:
        """The browser's own judgement takes some seconds to find the rate of the link."""
        if rung != "video":
            self.video_kbps = 300.0
            return SENDS_KBPS[rung]
        self.video_kbps = min(620.0, self.video_kbps + 0.3 * (0.85 * stretch.kbps - self.video_kbps))
        return self.video_kbps

    def _dead(self) -> dict[str, Any]:
        last = self.looks[-1] if self.looks else {"rtt_ms": None}
        self.queue_ms = 0.0
        return {
            "at_ms": self.seconds * 1_000, "rtt_ms": last["rtt_ms"], "loss_in": None, "loss_out": None,
            "jitter_ms": None, "concealed": 1.0, "received_kbps": 0, "sent_kbps": 15, "heard": False,
        }  # fmt: skip


def lived(ladder: Ladder, start: str, stretches: list[Stretch], seed: int = 1) -> Iterator[tuple[dict[str, Any], str]]:
    """Each look with the rung that was picked after it."""
    link, memory, rung, is_lossy = Link(random.Random(seed)), picker.begin(ladder, start, 0), start, False
    for stretch in stretches:
        for _ in range(stretch.seconds):
            seen = link.look(stretch, rung, is_lossy)
            memory, rung, _reason, is_lossy = picker.pick(ladder, memory, Look.of(seen))
            yield seen, rung
