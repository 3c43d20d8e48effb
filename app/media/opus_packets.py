"""What an Opus packet says of itself (RFC 6716 sections 3.1 and 3.2), without decoding it. Pure.

A packet that breaks one of the rules R1 to R7 is refused: it would be passed on to others' decoders.
"""

from typing import Literal, NamedTuple

RATE_HZ = 48_000
LONGEST_MS = 120
LONGEST_FRAME_BYTES = 1275
WIDE_BAND_KBPS = 16  # up to so many a voice of 8 kHz sounds better than a wider one, which takes a fifth more of them

Bandwidth = Literal["narrow", "medium", "wide", "superwide", "full"]

_SILK: tuple[Bandwidth, ...] = ("narrow", "medium", "wide")
_CELT: tuple[Bandwidth, ...] = ("narrow", "wide", "superwide", "full")
# By the five bits of the configuration, table 2 of RFC 6716.
FRAME_MS: tuple[float, ...] = (10, 20, 40, 60) * 3 + (10, 20) * 2 + (2.5, 5, 10, 20) * 4
BANDWIDTH: tuple[Bandwidth, ...] = (
    *(each for each in _SILK for _ in range(4)),
    *("superwide", "superwide", "full", "full"),
    *(each for each in _CELT for _ in range(4)),
)


class OpusError(ValueError):
    """No Opus packet, or something that can't be made one."""


class Toc(NamedTuple):
    frame_ms: float
    frames: int
    mono: bool
    bandwidth: Bandwidth

    @property
    def ms(self) -> float:
        return self.frame_ms * self.frames


def toc(packet: bytes) -> Toc:
    """Raise OpusError for what is malformed."""
    frames = _checked(packet)
    config = packet[0] >> 3
    return Toc(FRAME_MS[config], frames, not packet[0] & 4, BANDWIDTH[config])


def packet_ms(packet: bytes) -> float:
    """How long it lasts. Raise OpusError for what is malformed."""
    return FRAME_MS[packet[0] >> 3] * _checked(packet) if packet else _refuse("an empty packet")


def _checked(packet: bytes) -> int:
    """The count of frames."""
    if not packet:
        return _refuse("an empty packet")  # R1
    code, rest = packet[0] & 3, len(packet) - 1
    if code == 0:
        return 1 if rest <= LONGEST_FRAME_BYTES else _refuse("a frame longer than 1275 bytes")
    if code == 1:
        if rest % 2 or rest // 2 > LONGEST_FRAME_BYTES:
            return _refuse("two frames that aren't equally long")  # R3
        return 2
    return _two(packet) if code == 2 else _many(packet)


def _two(packet: bytes) -> int:
    first, place = _length(packet, 1, len(packet))
    if len(packet) - place - first > LONGEST_FRAME_BYTES or place + first > len(packet):
        return _refuse("two frames that don't fit")  # R4
    return 2


def _many(packet: bytes) -> int:
    if len(packet) < 2:
        return _refuse("a packet that ends before its count of frames")  # R6, R7
    is_vbr, is_padded, count = packet[1] & 0x80, packet[1] & 0x40, packet[1] & 0x3F
    if not count or FRAME_MS[packet[0] >> 3] * count > LONGEST_MS:
        return _refuse("no frames, or more than 120 ms of them")  # R5
    place, end = _unpadded(packet) if is_padded else (2, len(packet))
    if is_vbr:
        place, known = _lengths(packet, place, end, count - 1)
        last = end - place - known
    else:
        last, uneven = divmod(end - place, count)
        if uneven:
            return _refuse("frames that aren't equally long")  # R6
    if not 0 <= last <= LONGEST_FRAME_BYTES:
        return _refuse("frames that don't fit")  # R7
    return count


def _unpadded(packet: bytes) -> tuple[int, int]:
    """Where the frames begin, and where the padding does."""
    place, padding = 2, 0
    while True:
        if place >= len(packet):
            _refuse("padding without an end")
        part = packet[place]
        place += 1
        padding += min(part, 254)
        if part != 255:
            break
    end = len(packet) - padding
    if end < place:
        _refuse("more padding than packet")
    return place, end


def _lengths(packet: bytes, place: int, end: int, count: int) -> tuple[int, int]:
    """Where the lengths of all frames but the last end, and their sum."""
    known = 0
    for _ in range(count):
        length, place = _length(packet, place, end)
        known += length
    return place, known


def _length(packet: bytes, place: int, end: int) -> tuple[int, int]:
    """One coded length (section 3.2.1), and where what follows begins."""
    if place >= end:
        _refuse("a packet that ends before a frame's length")
    first = packet[place]
    if first < 252:
        return first, place + 1
    if place + 1 >= end:
        _refuse("a packet that ends within a frame's length")
    return first + 4 * packet[place + 1], place + 2


def _refuse(what: str) -> int:
    raise OpusError(what)
