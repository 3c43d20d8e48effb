"""How a text stands in a file of gammu-smsd (gammu-smsd-files(7), gammu-smsbackup(5)).

What goes out is written as a backup: there each part carries its own alphabet and header, while of a plain file the
daemon chooses the alphabet by its settings, and by default makes question marks of Chinese. What comes in is read as a
backup or as plain text, whichever the daemon's `inboxformat` makes.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from app.gateways.vendor_words import LONGEST_SENDER, clean
from app.notices.segments import Encoding, encoding_of, header, split

LINE_HEX_DIGITS = 200
LONGEST_FILE = 200_000
CODING = {Encoding.UCS2: "Unicode_No_Compression", Encoding.GSM7: "Default_No_Compression"}
# The name tells who sent it; what a text itself says of its sender is anybody's.
NAME = re.compile(r"(?P<whole>IN\d{8}_\d{6}_\d{2}_(?P<sender>.*))_(?P<part>\d{2})\.txt", re.DOTALL)
SECTION = re.compile(rb"^\[SMSBackup\d{3}\]\s*$", re.MULTILINE)
HEX = re.compile(rb"^Text\d{2} *= *([0-9A-Fa-f]*)\s*$", re.MULTILINE)
BOMS = {b"\xfe\xff": "utf-16-be", b"\xff\xfe": "utf-16-le"}


@dataclass(frozen=True)
class Part:
    """A file of the inbox; parts of one text share `whole`."""

    path: Path
    whole: str
    sender: str
    number: int
    at: float
    content: bytes


def backup(to: str, text: str, reference: int) -> str:
    """The file of a text that goes out; `reference` tells the parts of one text from those of another."""
    encoding, parts = encoding_of(text), split(text)
    return "\n".join(
        _section(number, len(parts), to, part, encoding, reference) for number, part in enumerate(parts, start=1)
    )


def part_at(path: Path) -> Part | None:
    """What one file of the inbox says; None if it is no text. Raises OSError."""
    name, stat = NAME.fullmatch(path.name), path.stat()
    if name is None or not path.is_file() or stat.st_size > LONGEST_FILE:
        return None
    sender = name["sender"][:LONGEST_SENDER]
    return Part(path, name["whole"], sender, int(name["part"]), stat.st_mtime, path.read_bytes())


def text_of(parts: list[Part]) -> str:
    """The text of all parts of one, in their order."""
    return clean("".join(_read(part.content) for part in parts))


def ref_of(parts: list[Part]) -> str:
    """The name of a text, the same if it is read again. The daemon gives a file's name again once the file is gone."""
    marks = [mark for part in parts for mark in (part.path.name.encode(), repr(part.at).encode(), part.content)]
    return f"{parts[0].whole[:20]}-{sha256(b'|'.join(marks)).hexdigest()[:40]}"


def _section(number: int, parts: int, to: str, text: str, encoding: Encoding, reference: int) -> str:
    octets = text.encode("utf-16-be")
    digits = octets.hex().upper()
    lines = [digits[at : at + LINE_HEX_DIGITS] for at in range(0, len(digits), LINE_HEX_DIGITS)] or [""]
    udh = header(encoding, reference, number, parts).hex().upper()
    return "\n".join((
        f"[SMSBackup{number - 1:03}]",
        "PDU = Submit",
        f'Number = "{to}"',
        f"NumberUnicode = {to.encode('utf-16-be').hex().upper()}",
        *([f"UDH = {udh}"] if udh else []),
        *(f"Text{at:02} = {line}" for at, line in enumerate(lines)),
        f"Coding = {CODING[encoding]}",
        "Folder = 1",
        f"Length = {len(octets) // 2}",
        "Class = -1",
        "ReplySMSC = False",
        "RejectDuplicates = False",
        "ReplaceMessage = 0",
        "MessageReference = 0",
        "",
    ))  # fmt: skip


def _read(content: bytes) -> str:
    if SECTION.search(content):
        octets = b"".join(bytes.fromhex(digits.decode()) for digits in HEX.findall(content) if len(digits) % 2 == 0)
        return octets.decode("utf-16-be", "replace")
    encoding = BOMS.get(content[:2])
    if encoding is None:
        return content.decode("utf-8", "replace")
    # smsd writes more than there is: what stands behind the end of the text is not of it.
    return content[2:].decode(encoding, "replace").partition("\0")[0]
