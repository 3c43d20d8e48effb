"""Opus packets into Ogg as they are (RFC 7845 in RFC 3533), without encoding anything again.

A page holds a second at most and stands for itself, so a file that was cut is played to its last page. Every packet
stands at its time: what silence or a link left out is filled up, a short hole by asking the decoder to conceal it
(RFC 7845, 4.1), a long one by silence. Where the file is kept is decided by who writes.
"""

import struct
from collections.abc import Callable, Iterable
from typing import Protocol

from app.media.opus_packets import FRAME_MS, LONGEST_MS, RATE_HZ, packet_ms

TICKS_PER_MS = RATE_HZ // 1000
PRE_SKIP = 312  # samples that libopus's encoder is behind what it hears
PAGE_MS = 1_000
MOST_SEGMENTS = 255
CONCEALED_MS = 120  # of a hole; a longer one is silence
LONGEST_HOLE_MS = 60_000
VENDOR = b"homethread"
SILENCE, SILENCE_MS = b"\xf8\xff\xfe", 20  # what an encoder makes of silence: fullband CELT, mono
SHORTEST, SHORTEST_MS = b"\xe0\xff\xfe", 2.5  # the same for the least that a packet can last
_BEGINS, _ENDS = 2, 4
_HEAD = struct.Struct("<4sBBqIIIB")
_CHECKSUM_AT = 22


class Timed(Protocol):
    """A packet and its place, counted from the beginning."""

    @property
    def at_ms(self) -> float: ...
    @property
    def payload(self) -> bytes: ...


class Writer:
    """`write` gets whole pages. What isn't on one yet, a second at most, is lost with the program."""

    def __init__(self, write: Callable[[bytes], object], serial: int) -> None:
        self._write, self._serial = write, serial
        self._sequence = 0
        self._filled_ms = 0.0
        self._page: list[bytes] = []
        self._page_ms = 0.0
        self._segments = 0
        self._last: bytes | None = None
        head = struct.pack("<8sBBHIhB", b"OpusHead", 1, 1, PRE_SKIP, RATE_HZ, 0, 0)
        tags = struct.pack("<8sI", b"OpusTags", len(VENDOR)) + VENDOR + bytes(4)
        self._put_page([head], 0, _BEGINS)
        self._put_page([tags], 0)

    @property
    def seconds(self) -> float:
        return self._filled_ms / 1_000

    def add(self, at_ms: float, packet: bytes) -> None:
        """In order; what belongs before what stands already is left out. Raise OpusError for what is malformed."""
        lasts_ms = packet_ms(packet)
        hole_ms = at_ms - self._filled_ms
        if hole_ms < -1:
            return
        if hole_ms <= LONGEST_HOLE_MS:  # else a clock began anew, and this follows at once
            for each in fillers(hole_ms, self._last):
                self._put(each, packet_ms(each))
        self._put(packet, lasts_ms)
        self._last = packet

    def close(self) -> None:
        self._flush(_ENDS)

    def _put(self, packet: bytes, lasts_ms: float) -> None:
        segments = len(packet) // 255 + 1
        if self._page and (self._page_ms + lasts_ms > PAGE_MS or self._segments + segments > MOST_SEGMENTS):
            self._flush()
        self._page.append(packet)
        self._page_ms += lasts_ms
        self._segments += segments
        self._filled_ms += lasts_ms

    def _flush(self, flags: int = 0) -> None:
        self._put_page(self._page, round(self._filled_ms * TICKS_PER_MS) if self._page else -1, flags)
        self._page, self._page_ms, self._segments = [], 0.0, 0

    def _put_page(self, packets: list[bytes], granule: int, flags: int = 0) -> None:
        lacing = b"".join(b"\xff" * (len(each) // 255) + bytes((len(each) % 255,)) for each in packets)
        head = _HEAD.pack(b"OggS", 0, flags, granule, self._serial, self._sequence, 0, len(lacing))
        page = b"".join((head, lacing, *packets))
        self._sequence += 1
        self._write(page[:_CHECKSUM_AT] + struct.pack("<I", checksum(page)) + page[_CHECKSUM_AT + 4 :])


def written(packets: Iterable[Timed], serial: int = 1) -> bytes:
    """A whole file. Raise OpusError for what is malformed."""
    pages: list[bytes] = []
    writer = Writer(pages.append, serial)
    for packet in packets:
        writer.add(packet.at_ms, packet.payload)
    writer.close()
    return b"".join(pages)


def fillers(hole_ms: float, last: bytes | None) -> list[bytes]:
    """Packets that last as long as the hole, to 2.5 ms. A short one after a packet is concealed by what that was."""
    found: list[bytes] = []
    left = round(hole_ms / SHORTEST_MS) * SHORTEST_MS
    if last is not None and left <= CONCEALED_MS:
        found = _concealing(left, last)
        left -= sum(map(packet_ms, found))
    found += [SILENCE] * int(left // SILENCE_MS)
    return found + [SHORTEST] * round(left % SILENCE_MS / SHORTEST_MS)


def _concealing(hole_ms: float, last: bytes) -> list[bytes]:
    """Frames of nothing, of the kind that was there: decoders conceal them."""
    frames = int(min(hole_ms, LONGEST_MS) // FRAME_MS[last[0] >> 3])
    if frames == 1:
        return [bytes((last[0] & 0xFC,))]
    return [bytes((last[0] | 3, frames))] if frames else []


def _table() -> tuple[int, ...]:
    found = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)
        found.append(value & 0xFFFFFFFF)
    return tuple(found)


_REMAINDERS = _table()


def checksum(page: bytes) -> int:
    """Of a page whose own is 0 (RFC 3533, 6)."""
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ _REMAINDERS[value >> 24 ^ byte]
    return value
