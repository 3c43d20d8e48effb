"""RFC 2198, packed and unpacked, and what nobody would send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.media.redundancy import MOST_BLOCK, MOST_BLOCKS, MOST_OFFSET, RedundancyError, pack, unpack

EARLIER = st.lists(st.tuples(st.integers(1, MOST_OFFSET), st.binary(min_size=1, max_size=300)), max_size=MOST_BLOCKS)


@given(own=st.binary(max_size=1_200), payload_type=st.integers(0, 127), earlier=EARLIER)
def test_what_is_packed_is_unpacked(own: bytes, payload_type: int, earlier: list[tuple[int, bytes]]) -> None:
    blocks = unpack(pack(own, payload_type, earlier))
    assert blocks == [*((offset, payload_type, carried) for offset, carried in earlier), (0, payload_type, own)]


@given(st.binary(max_size=1_500))
def test_no_bytes_break_it(payload: bytes) -> None:
    try:
        blocks = unpack(payload)
    except RedundancyError:
        return
    assert sum(len(block) for _, _, block in blocks) < len(payload)


def test_the_example_of_the_rfc() -> None:
    """Section 4: a block of DVI4 (5) with one of LPC (7) before it."""
    payload = bytes([0x87, 0x50, 0x00 | 160 * 0, 14]) + bytes([5]) + b"l" * 14 + b"d" * 84
    assert unpack(payload) == [(0x1400, 7, b"l" * 14), (0, 5, b"d" * 84)]


def test_what_does_not_fit_is_left_out() -> None:
    assert unpack(pack(b"own", 111, [(MOST_OFFSET + 1, b"old"), (10, bytes(MOST_BLOCK + 1)), (9, b"")])) == [
        (0, 111, b"own")
    ]


@pytest.mark.parametrize(
    "payload", [b"", b"\x80", b"\xef\x00\x00\x05\x6f", b"\x80\x00\x00\x01" * 9 + b"\x00" + bytes(9)]
)
def test_what_is_cut_is_refused(payload: bytes) -> None:
    with pytest.raises(RedundancyError):
        unpack(payload)
