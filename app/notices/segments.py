"""How a text goes over the air: in which alphabet, in how many segments, and where it is cut.

3GPP TS 23.038 (the default alphabet, its extension, the national single shift tables of annex A.2) and TS 23.040, 9.2.3
(140 octets a segment, of which a header takes some). What is decided here:

* A national table only where the sender can write its header (`may_shift`) and only if it saves a segment over UCS-2.
  Single shifts only: a phone that does not know the table shows the plain letter (s for ş). With a locking shift it
  would show nonsense.
* Nothing that is read as one is cut in half: no escaped pair, no surrogate pair, no grapheme (a letter with its marks,
  emoji with joiners, a flag), except a grapheme that no segment holds.
* What is no Unicode (half of a surrogate pair) is counted and sent as U+FFFD.

How a gateway hands it over is the gateway's business; one that cuts texts itself may cut elsewhere.
"""

import unicodedata
from collections.abc import Iterator
from enum import Enum

SEGMENT_OCTETS = 140
CONCATENATION_OCTETS, SHIFT_OCTETS, LENGTH_OCTETS = 5, 3, 1  # of a header: TS 23.040, 9.2.3.24
MOST_PARTS = 255

_DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE = 0x1B
GSM_BASIC = frozenset(_DEFAULT) - {"\x1b"}
_CODES = {character: code for code, character in enumerate(_DEFAULT) if code != _ESCAPE}
_EXTENSION = dict(zip("\f^{}\\[~]|€", b"\x0a\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65", strict=True))
_TURKISH = _EXTENSION | dict(zip("ĞİŞçğış", b"GIScgis", strict=True))
_SPANISH = _EXTENSION | dict(zip("çÁÍÓÚáíóú", b"\x09AIOUaiou", strict=True))
_PORTUGUESE = _EXTENSION | dict(
    zip(
        "êçÔôÁáΦΓΩΠΨΣΘÊÀÍÓÚÃÕÂíóúãõâ",
        b"\x05\x09\x0b\x0c\x0e\x0f\x12\x13\x15\x16\x17\x18\x19\x1fAIOU[\\aiou{|\x7f",
        strict=True,
    )
)


class Encoding(Enum):
    """How the characters of a text are written. The value is for people to read."""

    GSM7 = "GSM-7"
    TURKISH = "GSM-7, Turkish"
    SPANISH = "GSM-7, Spanish"
    PORTUGUESE = "GSM-7, Portuguese"
    UCS2 = "UCS-2"

    @property
    def shift(self) -> int | None:
        """The national language identifier of TS 23.038, 6.2.1.2.4."""
        return {Encoding.TURKISH: 1, Encoding.SPANISH: 2, Encoding.PORTUGUESE: 3}.get(self)

    def room(self, *, is_alone: bool) -> int:
        """Septets (of UCS-2: pairs of octets) that one segment holds beside its header."""
        header = (0 if is_alone else CONCATENATION_OCTETS) + (SHIFT_OCTETS if self.shift else 0)
        octets = SEGMENT_OCTETS - (header + LENGTH_OCTETS if header else 0)
        return octets // 2 if self is Encoding.UCS2 else octets * 8 // 7

    def width(self, text: str) -> int:
        """Septets (of UCS-2: pairs of octets) that these characters take."""
        if self is Encoding.UCS2:
            return len(text) + sum(c > "\uffff" for c in text)
        return len(text) + sum(c not in GSM_BASIC for c in text)

    def holds(self, text: str) -> bool:
        return self is Encoding.UCS2 or all(c in GSM_BASIC or c in _ESCAPED[self] for c in text)


_ESCAPED = {
    Encoding.GSM7: _EXTENSION, Encoding.TURKISH: _TURKISH, Encoding.SPANISH: _SPANISH,
    Encoding.PORTUGUESE: _PORTUGUESE,
}  # fmt: skip


def well_formed(text: str) -> str:
    """Surrogates that belong together joined, others replaced by U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def encoding_of(text: str, *, may_shift: bool = False) -> Encoding:
    """The encoding that takes the fewest segments, the plainer one where two take as many."""
    if Encoding.GSM7.holds(text):
        return Encoding.GSM7
    national = [each for each in _ESCAPED if each.shift and may_shift and each.holds(text)]
    if not national:
        return Encoding.UCS2
    return min((Encoding.UCS2, *national), key=lambda each: len(_cut(text, each)))


def segments(text: str, *, may_shift: bool = False) -> int:
    """How many texts a phone bill counts; an empty one counts too."""
    return len(split(text, may_shift=may_shift))


def split(text: str, *, may_shift: bool = False) -> list[str]:
    """The segments' texts in their order, in the encoding of the whole; together they are the well-formed text."""
    return _cut(well_formed(text), encoding_of(text, may_shift=may_shift))


def octets(part: str, encoding: Encoding) -> bytes:
    """A segment's characters: one septet an octet, not packed, or UTF-16BE. Raises KeyError for what is not in it."""
    if encoding is Encoding.UCS2:
        return well_formed(part).encode("utf-16-be")
    escaped = _ESCAPED[encoding]
    return b"".join(bytes([_CODES[c]]) if c in _CODES else bytes([_ESCAPE, escaped[c]]) for c in part)


def header(encoding: Encoding, reference: int, number: int, parts: int) -> bytes:
    """The user data header of segment `number` of `parts`, from 1, with its length; empty where none is needed.

    Raises ValueError for more parts than can be numbered.
    """
    if not 1 <= number <= parts <= MOST_PARTS:
        raise ValueError(f"segment {number} of {parts}")
    fields = b"" if parts == 1 else bytes([0x00, 3, reference % 256, parts, number])
    if encoding.shift:
        fields += bytes([0x24, 1, encoding.shift])
    return bytes([len(fields)]) + fields if fields else b""


def _cut(text: str, encoding: Encoding) -> list[str]:
    if encoding.width(text) <= encoding.room(is_alone=True):
        return [text]
    room = encoding.room(is_alone=False)
    parts, used = [""], 0
    for grapheme in _graphemes(text):
        whole = encoding.width(grapheme) <= room
        for unit in [grapheme] if whole else grapheme:
            if used + encoding.width(unit) > room:
                parts, used = [*parts, ""], 0
            parts[-1] += unit
            used += encoding.width(unit)
    return parts


def _graphemes(text: str) -> Iterator[str]:
    """What a reader takes for one character; of UAX 29 the rules that texts to people need."""
    start = 0
    for at in range(1, len(text)):
        if not _belongs(text, start, at):
            yield text[start:at]
            start = at
    yield text[start:]


def _belongs(text: str, start: int, at: int) -> bool:
    """Whether the character at `at` goes on the one that began at `start`."""
    before, here = text[at - 1], text[at]
    if before == "\r" or before == "\n":
        return (before, here) == ("\r", "\n")
    if _is_flag(here) and _is_flag(before):
        return (at - start) % 2 == 1
    if before == "\u200d" and unicodedata.category(here) in ("So", "Sm"):
        return at - start > 1
    return _extends(here) or (_is_jamo(before) and "\u1160" <= here <= "\u11ff")


def _extends(c: str) -> bool:
    """Marks, joiners, variation selectors, skin tones, tags."""
    return (
        unicodedata.category(c) in ("Mn", "Me", "Mc") or c in "\u200c\u200d"
        or "\U0001f3fb" <= c <= "\U0001f3ff" or "\U000e0020" <= c <= "\U000e007f"
    )  # fmt: skip


def _is_flag(c: str) -> bool:
    return "\U0001f1e6" <= c <= "\U0001f1ff"


def _is_jamo(c: str) -> bool:
    """Of Korean: a letter, or a syllable that one may follow."""
    return "\u1100" <= c <= "\u11ff" or "\uac00" <= c <= "\ud7a3"
