"""What the program counts while it runs, for its metrics page. Nothing is decided by it."""

from collections import Counter, deque

KEPT_SAMPLES = 2_000


class Tally:
    """Packets by kind (`audio`, `video`), dropped ones by why, and how late the mixers were of late."""

    def __init__(self) -> None:
        self.packets_in: Counter[str] = Counter()
        self.packets_out: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self._late_ms: deque[float] = deque(maxlen=KEPT_SAMPLES)

    def late(self, ms: float) -> None:
        """A tick of a mixer came so much after its time."""
        self._late_ms.append(ms)

    def lateness(self, share: float) -> float | None:
        """The lateness that this share of the newest ticks stayed under, in ms; None before the first."""
        if not self._late_ms:
            return None
        ordered = sorted(self._late_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
