"""How long texts are and where they are cut, held against a second count that works on octets, and published ones."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.notices.segments import Encoding, encoding_of, header, octets, segments, split, well_formed

# TS 23.038, 6.2.1: the default alphabet column by column, as the table stands there.
COLUMNS = (
    "@£$¥èéùìòÇ\nØø\rÅå", "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ", " !\"#¤%&'()*+,-./", "0123456789:;<=>?",
    "¡ABCDEFGHIJKLMNO", "PQRSTUVWXYZÄÖÑÜ§", "¿abcdefghijklmno", "pqrstuvwxyzäöñüà",
)  # fmt: skip
EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
SEPTETS = {c: bytes([16 * i + j]) for i, column in enumerate(COLUMNS) for j, c in enumerate(column) if c != "\x1b"}
SEPTETS |= {c: bytes([0x1B, code]) for c, code in EXTENSION.items()}
HEADER_OCTETS = 6  # of one part of several: length, 00 03, reference, parts, number


def counted(text: str) -> int:
    """The same count from the other end: the octets on the air, each cut moved back where a pair would break."""
    if all(c in SEPTETS for c in text):
        return _pieces(b"".join(SEPTETS[c] for c in text), 160, 160 - 7, 1, (b"\x1b",))
    return _pieces(text.encode("utf-16-be"), 140, 140 - HEADER_OCTETS, 2, (b"\xd8", b"\xd9", b"\xda", b"\xdb"))


def _pieces(stream: bytes, alone: int, each: int, step: int, leads: tuple[bytes, ...]) -> int:
    if len(stream) <= alone:
        return 1
    pieces = 0
    while stream:
        taken = min(each, len(stream))
        while stream[taken - step : taken].startswith(leads):
            taken -= step
        stream, pieces = stream[taken:], pieces + 1
    return pieces


GSM_TEXTS = st.text(st.sampled_from(sorted(SEPTETS)), max_size=700)
# One code point is one grapheme here, so that both counts may cut at the same places.
SINGLE = st.text(st.sampled_from("a€约会🦊🚀é~{Ω1 ，字"), max_size=400)


@given(GSM_TEXTS | SINGLE)
def test_the_count_is_that_of_the_octets_on_the_air(text: str) -> None:
    assert segments(text) == counted(text)


@given(st.text(max_size=400), st.booleans())
def test_the_parts_are_the_text_and_each_fits_with_its_header(text: str, may_shift: bool) -> None:
    parts = split(text, may_shift=may_shift)
    encoding = encoding_of(text, may_shift=may_shift)
    assert "".join(parts) == text
    assert len(parts) == segments(text, may_shift=may_shift)
    for number, part in enumerate(parts, 1):
        before, body = header(encoding, 7, number, len(parts)), octets(part, encoding)
        assert part or not text
        if encoding is Encoding.UCS2:
            assert len(before) + len(body) <= 140
        else:
            assert -(-len(before) * 8 // 7) + len(body) <= 160


@given(st.text(st.sampled_from("a🦊👩\u200d❤️\u0301约🇨🇭🏽"), min_size=150, max_size=400))
def test_no_part_begins_with_what_belongs_to_the_character_before(text: str) -> None:
    """Unless the whole grapheme is longer than a segment, which takes more marks than are drawn here in a row."""
    for part in split(text)[1:]:
        first = part[0]
        is_mark = first in "\u200d\ufe0f\u0301🏽"
        assert not is_mark or _run_of_marks(text) > 20, part


def _run_of_marks(text: str) -> int:
    longest = run = 0
    for c in text:
        run = run + 1 if c in "\u200d\ufe0f\u0301🏽❤👩" else 0
        longest = max(longest, run)
    return longest


@pytest.mark.parametrize(
    "whole",
    ["👨‍👩‍👧‍👦", "🧑🏽‍🌾", "🇨🇳", "é", "❤️‍🔥", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "각", "நி", "🙂‍↔️"],
)
@pytest.mark.parametrize("before", range(55, 70))
def test_a_grapheme_is_whole_in_one_part(whole: str, before: int) -> None:
    whole = unicodedata.normalize("NFD", whole)
    parts = split("约" * before + whole + "会" * 60)
    assert sum(part.count(whole) for part in parts) == 1
    assert not any(part.startswith(whole[1:]) for part in parts)


def test_two_flags_are_two_and_a_third_half_stands_alone() -> None:
    flags = "🇨🇳" * 40
    assert all(len(part) % 2 == 0 for part in split(flags))
    assert "".join(split("约" + flags + "🇨")) == "约" + flags + "🇨"


def test_a_grapheme_that_no_segment_holds_is_cut_between_its_marks() -> None:
    towering = "约" + "\u0301" * 200
    assert [len(part) for part in split(towering)] == [67, 67, 67]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 459, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 153, 3),  # the euro sign is not cut in half
        ("约" * 70, 1),
        ("约" * 71, 2),
        ("约" * 134, 2),
        ("约" * 135, 3),
        ("🦊" * 35, 1),
        ("🦊" * 36, 2),
        ("约" * 66 + "🦊" + "约" * 66, 3),  # nor is the fox
        ("a" * 70 + "ł", 2),
        ("a" * 70 + "`", 2),  # GSM has no grave accent by itself
        ("约" * 10_000, 150),
        ("\x00" + "a" * 69, 1),  # no control character but line feed, carriage return and form feed
        ("\x1b" + "a" * 70, 2),  # an escape by itself is no character
        ("\u202e" + "a" * 70, 2),
        ("\ud83e" + "a" * 69, 1),
        ("\ud83e\udd8a" * 35, 1),  # halves that came apart are one fox
    ],
)
def test_published_and_edge_counts(text: str, count: int) -> None:
    assert segments(text) == count


@pytest.mark.parametrize(
    ("text", "packed"),
    [("How are you?", "C8F71D14969741F977FD07"), ("hellohello", "E8329BFD4697D9EC37")],
)
def test_septets_pack_to_the_octets_that_are_published(text: str, packed: str) -> None:
    assert _packed(octets(text, Encoding.GSM7)).hex().upper() == packed


def _packed(septets: bytes) -> bytes:
    """TS 23.038, 6.1.2.1.1."""
    bits = sum(septet << 7 * place for place, septet in enumerate(septets))
    return bits.to_bytes(-(-len(septets) * 7 // 8), "little")


@pytest.mark.parametrize(
    ("letters", "encoding", "codes"),
    [
        ("ĞİŞçğış€", Encoding.TURKISH, "1b471b491b531b631b671b691b731b65"),
        ("ÁÍÓÚáíóúç", Encoding.SPANISH, "1b411b491b4f1b551b611b691b6f1b751b09"),
        ("êçÔôÁáÊÀÃÕÂãõâ", Encoding.PORTUGUESE, "1b051b091b0b1b0c1b0e1b0f1b1f1b411b5b1b5c1b611b7b1b7c1b7f"),
    ],
)
def test_national_letters_stand_where_annex_a_has_them(letters: str, encoding: Encoding, codes: str) -> None:
    assert octets(letters, encoding).hex() == codes
    assert encoding_of(letters + "s" * 100, may_shift=True) is encoding


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("ş" * 70, Encoding.UCS2, 1),  # saves nothing, and every phone reads UCS-2
        ("ş" + "s" * 69, Encoding.UCS2, 1),
        ("ş" + "s" * 153, Encoding.TURKISH, 1),  # 155 septets beside the header
        ("ş" + "s" * 154, Encoding.TURKISH, 2),
        ("ş" + "s" * 296, Encoding.TURKISH, 2),  # 149 in each of several
        ("ş" + "s" * 297, Encoding.TURKISH, 3),
        ("ş" * 134, Encoding.UCS2, 2),  # two septets a letter: no better
        ("ş" * 148, Encoding.TURKISH, 2),
        ("não" + "s" * 100, Encoding.PORTUGUESE, 1),
        ("está" + "s" * 100, Encoding.SPANISH, 1),
        ("ş não" + "s" * 100, Encoding.UCS2, 2),  # no one table has both
        ("约" + "s" * 100, Encoding.UCS2, 2),
        ("s" * 160, Encoding.GSM7, 1),
    ],
)
def test_a_national_table_where_it_saves_a_segment(text: str, encoding: Encoding, count: int) -> None:
    assert encoding_of(text, may_shift=True) is encoding
    assert segments(text, may_shift=True) == count
    assert encoding_of(text) in (Encoding.GSM7, Encoding.UCS2)


def test_headers_are_those_of_the_specification() -> None:
    assert header(Encoding.GSM7, 0xAB, 1, 1) == b""
    assert header(Encoding.UCS2, 0xAB, 2, 3).hex() == "050003ab0302"
    assert header(Encoding.TURKISH, 0xAB, 1, 1).hex() == "03240101"
    assert header(Encoding.PORTUGUESE, 0x1AB, 2, 2).hex() == "080003ab0202240103"
    for number, parts in ((0, 1), (3, 2), (1, 256)):
        with pytest.raises(ValueError, match=f"segment {number} of {parts}"):
            header(Encoding.UCS2, 1, number, parts)


@pytest.mark.parametrize(
    ("text", "kept"), [("\ud83e\udd8a", "🦊"), ("a\ud83e", "a�"), ("\udd8a\ud83e", "��"), ("约🦊", "约🦊")]
)
def test_halves_of_surrogates_are_joined_or_replaced(text: str, kept: str) -> None:
    assert well_formed(text) == kept
    assert "".join(split(text)) == kept
    assert octets(text, Encoding.UCS2) == kept.encode("utf-16-be")
