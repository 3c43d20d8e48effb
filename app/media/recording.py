"""A message while it is said: Opus packets as they came, put in order, to be written into Ogg as they are. Pure.

Where silence was not sent, or packets were lost, the time stamps leave room: it is heard for as long as it was said.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

RATE_HZ = 48_000
TICKS = 1 << 32
HEAD = struct.Struct(">QHH")  # ticks since the first packet, duration in tenths of a millisecond, bytes
LONGEST_GAP_MS = 10_000  # a stamp that leaps further is of another stream


@dataclass(frozen=True)
class Packet:
    """`at_ms` since the recording began."""

    at_ms: float
    duration_ms: float
    payload: bytes


class Recording:
    """Takes packets by their RTP time stamps, in any order; one that comes twice counts once."""

    def __init__(self) -> None:
        self._packets: dict[int, Packet] = {}
        self._newest: tuple[int, int] | None = None  # time stamp, and ticks since the first

    def __len__(self) -> int:
        return len(self._packets)

    @property
    def seconds(self) -> float:
        return seconds_of(self._packets.values())

    def add(self, rtp_timestamp: int, duration_ms: float, payload: bytes) -> Packet | None:
        """The packet, where it is new."""
        ticks = self._unwrapped(rtp_timestamp)
        if ticks < 0 or ticks in self._packets:
            return None
        packet = Packet(ticks * 1_000 / RATE_HZ, duration_ms, payload)
        self._packets[ticks] = packet
        return packet

    def packets(self) -> list[Packet]:
        return [self._packets[ticks] for ticks in sorted(self._packets)]

    def _unwrapped(self, rtp_timestamp: int) -> int:
        """Ticks since the first packet; where its source began anew, what comes follows what was there."""
        stamp, ticks = self._newest or (rtp_timestamp, 0)
        step = (rtp_timestamp - stamp + TICKS // 2) % TICKS - TICKS // 2
        if abs(step) > LONGEST_GAP_MS * RATE_HZ // 1_000:
            step = max(1, round(self._packets[ticks].duration_ms * RATE_HZ / 1_000))
        if self._newest is None or step > 0:
            self._newest = rtp_timestamp, ticks + step
        return ticks + step


def seconds_of(packets: Iterable[Packet]) -> float:
    return max((packet.at_ms + packet.duration_ms for packet in packets), default=0.0) / 1_000


def packed(packets: Iterable[Packet]) -> bytes:
    """For the spool."""
    heads = ((round(each.at_ms * RATE_HZ / 1_000), round(each.duration_ms * 10), each.payload) for each in packets)
    return b"".join(HEAD.pack(ticks, tenths, len(payload)) + payload for ticks, tenths, payload in heads)


def unpacked(parts: Iterable[bytes]) -> list[Packet]:
    found = {}
    for part in parts:
        at = 0
        while at + HEAD.size <= len(part):
            ticks, tenths, length = HEAD.unpack_from(part, at)
            at += HEAD.size
            found[ticks] = Packet(ticks * 1_000 / RATE_HZ, tenths / 10, part[at : at + length])
            at += length
    return [found[ticks] for ticks in sorted(found)]
