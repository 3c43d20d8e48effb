"""Opus packets written into Ogg as they are (RFC 3533, RFC 7845). Pure.

Where nothing was sent or something was lost stand packets that hold no sound and say for how long (RFC 7845, 4.1).
"""

import struct
from collections.abc import Iterable, Iterator
from functools import cache

from app.media.recording import RATE_HZ, Packet

SERIAL = 1
PRE_SKIP = 312  # samples that a decoder needs to find its voice (RFC 7845, 4.2)
HEAD = struct.pack("<8sBBHIhB", b"OpusHead", 1, 1, PRE_SKIP, RATE_HZ, 0, 0)
VENDOR = b"homethread"
TAGS = struct.pack("<8sI", b"OpusTags", len(VENDOR)) + VENDOR + struct.pack("<I", 0)
PAGE = struct.Struct("<4sBBqIIIB")
BEGINS, ENDS = 2, 4
PAGE_SECONDS, MOST_SEGMENTS = 1.0, 200
# An Opus packet of one frame without a byte, wide band (RFC 6716, 3.1): for how many ms, and its only byte.
NOTHING_MS = ((60, 0x58), (20, 0x48), (10, 0x40))


def written(packets: Iterable[Packet]) -> bytes:
    """A whole file. The packets are in order; one that begins before the last has ended follows it."""
    pages = _Pages()
    pages.add(HEAD, 0)
    pages.add(TAGS, 0)
    for payload, duration_ms in _without_gaps(packets):
        pages.take(payload, duration_ms)
    return pages.ended()


def _without_gaps(packets: Iterable[Packet]) -> Iterator[tuple[bytes, float]]:
    heard_ms = 0.0
    for packet in packets:
        for lasts_ms, toc in NOTHING_MS:
            while packet.at_ms - heard_ms >= lasts_ms:
                yield bytes([toc]), lasts_ms
                heard_ms += lasts_ms
        yield packet.payload, packet.duration_ms
        heard_ms += packet.duration_ms


class _Pages:
    def __init__(self) -> None:
        self._done: list[bytes] = []
        self._waiting: list[bytes] = []
        self._segments = 0
        self._granule = self._since = 0

    def add(self, packet: bytes, granule: int) -> None:
        """A page of its own."""
        self._waiting.append(packet)
        self._close(granule, 0)

    def take(self, packet: bytes, duration_ms: float) -> None:
        segments = len(packet) // 255 + 1
        if self._waiting and self._segments + segments > MOST_SEGMENTS:
            self._close(self._granule, 0)
        self._waiting.append(packet)
        self._segments += segments
        self._granule += round(duration_ms * RATE_HZ / 1_000)
        if self._granule - self._since >= PAGE_SECONDS * RATE_HZ:
            self._close(self._granule, 0)

    def ended(self) -> bytes:
        self._close(self._granule, ENDS)
        return b"".join(self._done)

    def _close(self, granule: int, flags: int) -> None:
        table = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in self._waiting)
        body, number = b"".join(self._waiting), len(self._done)
        head = (b"OggS", 0, flags if number else BEGINS, granule, SERIAL, number)
        blank = PAGE.pack(*head, 0, len(table)) + table + body
        self._done.append(PAGE.pack(*head, _crc(blank), len(table)) + table + body)
        self._waiting, self._segments, self._since = [], 0, granule


def _crc(page: bytes) -> int:
    table, crc = _crc_table(), 0
    for byte in page:
        crc = (crc << 8 & 0xFFFFFFFF) ^ table[crc >> 24 ^ byte]
    return crc


@cache
def _crc_table() -> tuple[int, ...]:
    """Of the polynomial 0x04C11DB7, unreflected (RFC 3533, 6)."""

    def entry(byte: int) -> int:
        crc = byte << 24
        for _ in range(8):
            crc = crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)
        return crc & 0xFFFFFFFF

    return tuple(entry(byte) for byte in range(256))
