"""What an SMSC's PDUs say, also where they are nonsense: reading them never fails in a way of its own."""

import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateways.smpp_reading import Piece, SmscReceipt, Unreadable, joined, message_id, read
from app.notices.ports import ReceiptStatus
from app.notices.segments import Encoding, octets

DELIVER_SM, DATA_SM = 0x05, 0x103


def pdu(body: bytes, command: int = DELIVER_SM) -> bytes:
    return struct.pack(">LLLL", 16 + len(body), command, 0, 1) + body


def deliver(
    said: bytes, *, tail: bytes = b"", esm_class: int = 0, coding: int = 0, sender: bytes = b"8613800138000"
) -> bytes:  # fmt: skip
    head = b"\0\x01\x01" + sender + b"\0\x03\x00" + b"12345\0" + bytes([esm_class, 0, 0]) + b"\0\0"
    return pdu(head + bytes([0, 0, coding, 0, len(said)]) + said + tail)


def tlv(tag: int, value: bytes) -> bytes:
    return struct.pack(">HH", tag, len(value)) + value


def piece_of(said: bytes) -> Piece:
    read_ = read(said)
    assert isinstance(read_, Piece)
    return read_


@pytest.mark.parametrize(
    "tail",
    [
        tlv(0x1400, b"of a vendor"),
        tlv(0x0005, b"\0"),
        tlv(0x0201, b""),
        tlv(0x0427, b"\x01\x02\x03"),
        tlv(0x0424, b"") + b"\x04",
        b"\x02\x0c",
        struct.pack(">HH", 0x020C, 9) + b"\x01",
    ],
)
def test_an_optional_field_of_whatever_kind_loses_no_text(tail: bytes) -> None:
    """smpplib alone refuses the whole of most of these."""
    said = piece_of(deliver(b"2", tail=tail))
    assert (said.sender, said.recipient, joined([said]), said.of) == ("+8613800138000", "12345", "2", 1)


def test_a_data_sm_carries_a_text_too() -> None:
    body = b"\0\x01\x018613800138000\0\x03\x0012345\0\0\0\0" + tlv(0x0424, b"hello")
    said = piece_of(pdu(body, DATA_SM))
    assert (said.sender, joined([said])) == ("+8613800138000", "hello")


def every_letter() -> Iterator[tuple[Encoding, str]]:
    for encoding in Encoding:
        if encoding is not Encoding.UCS2:
            yield encoding, "".join(c for c in map(chr, range(0x2100)) if encoding.holds(c))


@pytest.mark.parametrize(("encoding", "letters"), list(every_letter()))
def test_every_letter_of_the_alphabets_is_read_as_it_was_written(encoding: Encoding, letters: str) -> None:
    assert len(letters) > 130
    assert joined([Piece("", "", "gsm", octets(letters, encoding), shift=encoding.shift)]) == letters


@pytest.mark.parametrize("cut", range(1, 8))
def test_pieces_may_be_cut_anywhere(cut: int) -> None:
    said = octets("€[1]", Encoding.GSM7)
    assert joined([Piece("", "", "gsm", said[:cut]), Piece("", "", "gsm", said[cut:])]) == "€[1]"
    fox = "🦊好".encode("utf-16-be")
    assert joined([Piece("", "", "utf-16-be", fox[:cut]), Piece("", "", "utf-16-be", fox[cut:])]) == "🦊好"


def test_pieces_of_two_codings_are_read_each_by_its_own() -> None:
    assert joined([Piece("", "", "gsm", b"1 "), Piece("", "", "utf-16-be", "好".encode("utf-16-be"))]) == "1 好"
    assert joined([Piece("", "", "gsm", b"1 "), Piece("", "", None, b"\x01")]) is None


@pytest.mark.parametrize(
    ("said", "tail", "receipt"),
    [
        (b"id:4001 sub:001 stat:DELIVRD err:000 text:secret", b"", ("4001", "delivered", None)),
        (b"ID: ab-12 STAT:undeliv ERR:04B", b"", ("ab-12", "failed", "UNDELIV 04B")),
        (b"", tlv(0x001E, b"9f\0") + tlv(0x0427, b"\x08"), ("9f", "failed", "REJECTD")),
        (b"id:1 stat:DELIVRD", tlv(0x001E, b"2\0"), ("2", "delivered", None)),
        (b"id:1 stat:DELIVRD", tlv(0x0427, b"\x63"), ("1", "delivered", None)),
    ],
)
def test_a_receipt_in_words_and_in_fields(said: bytes, tail: bytes, receipt: tuple[str, str, str | None]) -> None:
    message, status, error = receipt
    assert read(deliver(said, tail=tail, esm_class=4)) == SmscReceipt(message, ReceiptStatus(status), error)


def test_a_phone_that_writes_like_a_receipt_writes_a_text() -> None:
    said = piece_of(deliver(b"id:4001 stat:DELIVRD err:000"))
    assert joined([said]) == "id:4001 stat:DELIVRD err:000"


@pytest.mark.parametrize("said", [b"", b"id:1", b"stat:DELIVRD", b"id:1 stat:SOMETHING", b"\xff" * 100])
def test_a_receipt_that_says_too_little_is_unreadable(said: bytes) -> None:
    with pytest.raises(Unreadable):
        read(deliver(said, esm_class=4))


@given(st.binary(max_size=400), st.sampled_from([DELIVER_SM, DATA_SM]))
def test_any_octets_are_read_or_unreadable(body: bytes, command: int) -> None:
    try:
        said = read(pdu(body, command))
    except Unreadable:
        return
    if isinstance(said, Piece):
        assert 1 <= said.number <= said.of <= 255
        (joined([said]) or "").encode()


@given(st.binary(max_size=140), st.integers(0, 255), st.integers(0, 255))
def test_any_text_is_read(said: bytes, esm_class: int, coding: int) -> None:
    try:
        came = read(deliver(said, esm_class=esm_class, coding=coding))
    except Unreadable:
        assert esm_class & 0x3C in (0x04, 0x20)
        return
    if isinstance(came, Piece):
        text = joined([came])
        assert text is None or "\0" not in text


@pytest.mark.parametrize(("body", "name"), [(b"4001\0", "4001"), (b"", ""), (b"\0", ""), (b"no end", "no end")])
def test_the_name_that_an_answer_gives(body: bytes, name: str) -> None:
    assert message_id(pdu(body, 0x80000004)) == name
