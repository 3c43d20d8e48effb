"""Takes Opus packets apart into frames and puts frames together into longer packets, without decoding. Pure."""

from collections.abc import Sequence

from app.media.opus_packets import FRAME_MS, LONGEST_MS, OpusError, packet_ms

SILK_OR_HYBRID = 16  # configurations below begin with SILK's bits
MOST_FRAMES = 48


def frames(packet: bytes) -> list[bytes]:
    """One to 48 of them, some maybe empty (RFC 6716, 3.2). Raise OpusError for what is malformed."""
    count = round(packet_ms(packet) / FRAME_MS[packet[0] >> 3])
    code = packet[0] & 3
    if code < 2:
        size = (len(packet) - 1) // count
        return [packet[place * size + 1 : (place + 1) * size + 1] for place in range(count)]
    if code == 2:
        first, at = _size(packet, 1)
        return _cut(packet, at, [first])
    at, end = (2, len(packet)) if not packet[1] & 0x40 else _unpadded(packet)
    if not packet[1] & 0x80:
        size = (end - at) // count
        return _cut(packet[:end], at, [size] * (count - 1))
    sizes = []
    for _ in range(count - 1):
        size, at = _size(packet, at)
        sizes.append(size)
    return _cut(packet[:end], at, sizes)


def joined(packets: Sequence[bytes]) -> bytes:
    """One packet of all their frames, each with its size (code 3). Raise OpusError where they can't be one packet."""
    parts = [part for packet in packets for part in frames(packet)]
    if len({packet[0] >> 2 for packet in packets}) != 1 or sum(map(packet_ms, packets)) > LONGEST_MS:
        raise OpusError("packets of different kinds, or more than 120 ms of them")
    sizes = b"".join(_sized(len(part)) for part in parts[:-1])
    return bytes([packets[0][0] | 3, 0x80 | len(parts)]) + sizes + b"".join(parts)


def voiced_share(packet: bytes) -> float | None:
    """How much of it has voice in it, 0 to 1, by the bit that SILK gives each 20 ms; None where there are no such bits.

    They are the first that the range coder wrote, each as likely as not, so they stand as they are (RFC 6716, 4.2.3).
    """
    if packet[0] >> 3 >= SILK_OR_HYBRID:
        return None
    bits = max(1, round(FRAME_MS[packet[0] >> 3] / 20))
    parts = [packet[1:]] if not packet[0] & 3 else frames(packet)
    voiced = sum((part[0] >> (8 - bits)).bit_count() for part in parts if len(part) > 1)
    return voiced / (bits * len(parts))


def _size(packet: bytes, at: int) -> tuple[int, int]:
    first = packet[at]
    return (first, at + 1) if first < 252 else (packet[at + 1] * 4 + first, at + 2)


def _sized(size: int) -> bytes:
    if size < 252:
        return bytes([size])
    low = 252 + (size & 3)
    return bytes([low, (size - low) >> 2])


def _unpadded(packet: bytes) -> tuple[int, int]:
    at, padding = 2, 0
    while packet[at] == 255:
        at, padding = at + 1, padding + 254
    return at + 1, len(packet) - padding - packet[at]


def _cut(packet: bytes, at: int, sizes: list[int]) -> list[bytes]:
    found = []
    for size in sizes:
        found.append(packet[at : at + size])
        at += size
    return [*found, packet[at:]]
