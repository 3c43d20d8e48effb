"""One direction of a thin link: what becomes of a packet that enters it, and what entered so far.

A packet waits for the bottleneck, is sent at its rate, may be lost behind it, and arrives after a fixed delay. Instants
are seconds of any steady clock. What a packet carries is told by RFC 7983, so that the parts of a call can be counted
apart.
"""

import struct
from collections import Counter
from dataclasses import dataclass, field
from random import Random

QUEUE_SECONDS = 1.5
TCP, UDP, SYN = 6, 17, 2
SEQUENCES = 2**32
APPLICATION_DATA, CIPHERTEXTS = 23, range(32, 64)  # RFC 6347; RFC 9147, which hides what is inside


@dataclass
class Direction:
    """`loss` is a share, independent for each packet; within `blackouts` all is lost that leaves the bottleneck."""

    kbps: float
    delay_seconds: float
    loss: float
    random: Random
    blackouts: list[tuple[float, float]] = field(default_factory=list)
    began_at: float = 0
    counts: Counter[str] = field(default_factory=Counter)
    seconds: list[Counter[str]] = field(default_factory=list)
    _free_at: float = 0
    _streams: dict[bytes, tuple[int, int]] = field(default_factory=dict)

    def arrival(self, packet: bytes, now: float) -> float | None:
        """When an IPv4 packet that enters now is at the other end; None if it never is."""
        size = len(packet)
        self.counts["packets"] += 1
        self.counts["ip_bytes"] += size
        self._note(packet, now)
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

    def _note(self, packet: bytes, now: float) -> None:
        """In the second in which it came: packets, all bytes, and the bytes of its kind."""
        second = int(now - self.began_at)
        self.seconds.extend(Counter() for _ in range(second + 1 - len(self.seconds)))
        self.seconds[second].update({"packets": 1, "ip_bytes": len(packet), kind(packet): len(packet)})

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


def kind(packet: bytes) -> str:
    """What an IPv4 packet carries: `tcp`, `stun`, `dtls` (a handshake), `data` (what is said in it), `rtcp`,
    `rtp_<payload type>`, or `other`."""
    if packet[9] != UDP:
        return "tcp" if packet[9] == TCP else "other"
    payload = packet[(packet[0] & 15) * 4 + 8 :]
    if len(payload) < 2:
        return "other"
    first, second = payload[0], payload[1]
    if 128 <= first < 192:
        return "rtcp" if 192 <= second < 224 else f"rtp_{second & 127}"
    if 20 <= first < 64:
        return "data" if first == APPLICATION_DATA or first in CIPHERTEXTS else "dtls"
    return "stun" if first < 4 else "other"
