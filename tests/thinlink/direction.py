"""One direction of a thin link: what becomes of a packet that enters it, and what entered so far.

A packet waits for the bottleneck, is sent at its rate, may be lost behind it, and arrives after a fixed delay. Instants
are seconds of any steady clock.
"""

import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

QUEUE_SECONDS = 1.5
TCP, SYN = 6, 2
SEQUENCES = 2**32


@dataclass
class Direction:
    """`loss` is a share, independent for each packet; within `blackouts` all is lost that leaves the bottleneck."""

    kbps: float
    delay_seconds: float
    loss: float
    random: Random
    blackouts: Sequence[tuple[float, float]] = ()
    counts: Counter[str] = field(default_factory=Counter)
    _free_at: float = 0
    _streams: dict[bytes, tuple[int, int]] = field(default_factory=dict)

    def arrival(self, packet: bytes, now: float) -> float | None:
        """When an IPv4 packet that enters now is at the other end; None if it never is."""
        size = len(packet)
        self.counts["packets"] += 1
        self.counts["ip_bytes"] += size
        self._follow(packet)
        starts = max(now, self._free_at)
        if starts - now > QUEUE_SECONDS:
            self.counts["dropped_packets"] += 1
            return None
        self._free_at = starts + size * 8 / (self.kbps * 1000)
        is_out = any(since <= self._free_at < until for since, until in self.blackouts)
        if is_out or self.random.random() < self.loss:
            self.counts["lost_packets"] += 1
            return None
        return self._free_at + self.delay_seconds

    def all_counts(self) -> dict[str, int]:
        """`stream_bytes` is what programs gave to TCP, each byte once."""
        return {**self.counts, "stream_bytes": sum(reached for _first, reached in self._streams.values())}

    def _follow(self, packet: bytes) -> None:
        """How far each TCP connection is: RFC 791 and 9293 say where it stands in a packet."""
        if packet[9] != TCP:
            return
        segment = packet[(packet[0] & 15) * 4 :]
        sequence, flags = struct.unpack_from("!4xI5xB", segment)
        name = packet[12:20] + segment[:4]
        first, reached = self._streams.setdefault(name, ((sequence + bool(flags & SYN)) % SEQUENCES, 0))
        length = len(segment) - (segment[12] >> 4) * 4
        ahead = (sequence - first) % SEQUENCES
        if length and ahead < SEQUENCES // 2:  # else it repeats what was before we counted
            self._streams[name] = (first, max(reached, ahead + length))
