"""Whether bytes are one Opus voice in an Ogg file, and how long it plays: RFC 3533, RFC 7845, RFC 6716 section 3.

Every page's checksum is looked at and every packet's length is counted; nothing is decoded. Pure.
"""

import struct
import zlib
from collections.abc import Iterator

from app.kernel.errors import Invalid, TooLarge

TICKS_PER_MS = 48
MOST_PACKET_MS = 120.0
_HEAD = struct.Struct("<4sBBqIIIB")
_CHECKSUM_AT, _CONTINUED, _FIRST, _LAST = 22, 1, 2, 4
_FRAME_MS = (10, 20, 40, 60) * 3 + (10, 20) * 2 + (2.5, 5, 10, 20) * 4  # by configuration
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class NotOggOpus(ValueError):
    """It is something else, or damaged."""


def checked_ms(raw: bytes, most_bytes: int, shortest_ms: int, longest_ms: int) -> int:
    """How long a recording that somebody hands in plays. Raises Invalid, TooLarge."""
    if len(raw) > most_bytes:
        raise TooLarge("recording_too_large")
    try:
        lasts_ms = duration_ms(raw)
    except NotOggOpus as unfit:
        raise Invalid("not_audio") from unfit
    if lasts_ms > longest_ms:
        raise TooLarge("recording_too_large")
    if lasts_ms < shortest_ms:
        raise Invalid("recording_too_short")
    return lasts_ms


def duration_ms(raw: bytes) -> int:
    """How long it plays. Raises NotOggOpus."""
    packets: list[bytes] = []
    unfinished, end_ticks = b"", 0
    for granule, body, lacing, continues in _pages(raw):
        if continues != bool(unfinished):
            raise NotOggOpus("a packet is cut")
        if granule >= 0:
            end_ticks = granule
        place = 0
        for length in lacing:
            unfinished += body[place : place + length]
            place += length
            if length < 255:
                packets.append(unfinished)
                unfinished = b""
    if len(packets) < 3 or unfinished:
        raise NotOggOpus("too few packets")
    skipped = _pre_skip(packets[0])
    if not packets[1].startswith(b"OpusTags"):
        raise NotOggOpus("no tags")
    held = sum(map(_packet_ms, packets[2:]))  # the clock of a file may say anything
    return round(max(0.0, min(held, end_ticks / TICKS_PER_MS) - skipped / TICKS_PER_MS))


def checksum(page: bytes) -> int:
    """Ogg's CRC of a page whose checksum is zero: the usual one, with the bits of each byte the other way round."""
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def _pages(raw: bytes) -> Iterator[tuple[int, bytes, bytes, bool]]:
    """Granule, body, lacing, and whether its first packet began before; one stream, whole and in order."""
    at, sequence, stream, flags = 0, 0, None, 0
    while at < len(raw):
        if len(raw) - at < _HEAD.size or flags & _LAST:
            raise NotOggOpus("something follows")
        capture, version, flags, granule, serial, number, told, segments = _HEAD.unpack_from(raw, at)
        lacing = raw[at + _HEAD.size : at + _HEAD.size + segments]
        end = at + _HEAD.size + segments + sum(lacing)
        if capture != b"OggS" or version or len(lacing) < segments or end > len(raw):
            raise NotOggOpus("no page")
        page = raw[at : at + _CHECKSUM_AT] + bytes(4) + raw[at + _CHECKSUM_AT + 4 : end]
        if checksum(page) != told:
            raise NotOggOpus("damaged")
        if number != sequence or stream not in (None, serial) or bool(flags & _FIRST) != (sequence == 0):
            raise NotOggOpus("more than one stream")
        yield granule, raw[end - sum(lacing) : end], lacing, bool(flags & _CONTINUED)
        at, sequence, stream = end, sequence + 1, serial


def _pre_skip(head: bytes) -> int:
    if len(head) < 19 or not head.startswith(b"OpusHead") or head[8] >> 4 or head[9] not in (1, 2) or head[18]:
        raise NotOggOpus("not Opus, or more than two channels")
    return int.from_bytes(head[10:12], "little")


def _packet_ms(packet: bytes) -> float:
    if not packet or (packet[0] & 3 == 3 and len(packet) < 2):
        raise NotOggOpus("an empty packet")
    frames = (1, 2, 2, packet[1] & 63 if packet[0] & 3 == 3 else 0)[packet[0] & 3]
    lasts = frames * _FRAME_MS[packet[0] >> 3]
    if not 0 < lasts <= MOST_PACKET_MS:
        raise NotOggOpus("a packet of no length")
    return lasts
