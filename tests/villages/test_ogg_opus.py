"""What is taken for a recording: one whole Opus voice in Ogg; its length is what its packets are."""

import struct
from random import Random

import pytest

from app.villages.ogg_opus import NotOggOpus, checksum, duration_ms
from tests.villages.spoken import spoken

GRANULE_AT, SERIAL_AT, CHECKSUM_AT = 6, 14, 22


def pages(raw: bytes) -> list[bytes]:
    return [b"OggS" + page for page in raw.split(b"OggS")[1:]]


def resealed(page: bytes, at: int, value: bytes) -> bytes:
    """A page with other bytes at a place, and the checksum that fits them."""
    changed = page[:at] + value + page[at + len(value) :]
    bare = changed[:CHECKSUM_AT] + bytes(4) + changed[CHECKSUM_AT + 4 :]
    return changed[:CHECKSUM_AT] + struct.pack("<I", checksum(bare)) + changed[CHECKSUM_AT + 4 :]


@pytest.mark.parametrize("seconds", [0.5, 2, 14.98])
def test_how_long_it_plays(seconds: float) -> None:
    assert duration_ms(spoken(seconds)) == pytest.approx(seconds * 1000, abs=10)


def test_a_file_that_says_it_is_longer_is_not_believed() -> None:
    *before, last = pages(spoken(2))
    told = resealed(last, GRANULE_AT, struct.pack("<q", 48_000 * 3600))
    assert duration_ms(b"".join([*before, told])) == pytest.approx(2000, abs=10)


def test_what_is_no_recording() -> None:
    whole = spoken(2)
    first, *rest = pages(whole)
    for wrong in (
        b"", b"OggS", b"\x1aE\xdf\xa3" + bytes(500), b"RIFF" + bytes(500), whole[:-1], whole + b"x", whole + whole,
        b"".join(rest), first, b"".join([first, *rest[1:]]),
        b"".join([first.replace(b"OpusHead", b"Speex   "), *rest]), b"".join([first, *rest[:-1], rest[-1][:-9]]),
        b"".join([first, resealed(rest[0], SERIAL_AT, b"abcd"), *rest[1:]]),
        b"".join([resealed(first, 28, b"OpusHeax"), *rest]),
        b"".join([first, resealed(rest[0], 28, b"OpusTagx"), *rest[1:]]),
    ):  # fmt: skip
        with pytest.raises(NotOggOpus):
            duration_ms(wrong)


def test_no_damage_is_overlooked_and_nothing_else_is_raised() -> None:
    whole, chance = spoken(1), Random(3)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        with pytest.raises(NotOggOpus):
            duration_ms(bytes(damaged))
