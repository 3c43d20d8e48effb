"""Redundancy as a payload of its own (RFC 2198): a packet that carries earlier ones again. Pure.

How much is repeated, and when, is decided by whoever packs. Blocks stand oldest first, the packet's own one last.
"""

from collections.abc import Sequence

MOST_OFFSET = (1 << 14) - 1  # of the clock: 341 ms of Opus
MOST_BLOCK = (1 << 10) - 1  # bytes
MOST_BLOCKS = 8  # nobody repeats more; a flood of empty ones is refused

Block = tuple[int, int, bytes]  # offset before the packet's time, payload type, what it carries


class RedundancyError(ValueError):
    """No such payload."""


def unpack(payload: bytes) -> list[Block]:
    """Raise RedundancyError for what is malformed."""
    heads: list[tuple[int, int, int]] = []
    place = 0
    while True:
        if place >= len(payload):
            raise RedundancyError("ends within its headers")
        if not payload[place] & 0x80:
            break
        if place + 4 > len(payload) or len(heads) == MOST_BLOCKS:
            raise RedundancyError("a header that is cut, or too many of them")
        head = int.from_bytes(payload[place : place + 4], "big")
        heads.append((head >> 10 & MOST_OFFSET, head >> 24 & 0x7F, head & MOST_BLOCK))
        place += 4
    own, place = payload[place], place + 1
    blocks = []
    for offset, payload_type, length in heads:
        if place + length > len(payload):
            raise RedundancyError("a block longer than the payload")
        blocks.append((offset, payload_type, payload[place : place + length]))
        place += length
    return [*blocks, (0, own, payload[place:])]


def pack(own: bytes, payload_type: int, earlier: Sequence[tuple[int, bytes]] = ()) -> bytes:
    """`earlier`: (offset, what it carried), oldest first. One that is too long, or too long ago, is left out."""
    kept = [each for each in earlier if 0 < each[0] <= MOST_OFFSET and 0 < len(each[1]) <= MOST_BLOCK][-MOST_BLOCKS:]
    heads = [(0x80 | payload_type) << 24 | offset << 10 | len(carried) for offset, carried in kept]
    return b"".join(
        (
            *(head.to_bytes(4, "big") for head in heads),
            bytes((payload_type,)),
            *(carried for _, carried in kept),
            own,
        )
    )
