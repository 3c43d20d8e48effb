"""Packs of prompts: a zip with `manifest.json` and one Ogg file for each sentence, from village to village.

A pack that is not wholly as it should be is refused whole, with the name of the file that isn't. Nothing is unpacked to
a disk, and no file is read further than a recording may be long. Sentences that this version doesn't know are left out.
"""

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.kernel.errors import HomethreadError, Invalid, TooLarge
from app.villages import prompts
from app.villages.catalogue import KEYS
from app.villages.models import Prompt, Village

MIME = "application/zip"
MANIFEST, FOLDER = "manifest.json", "prompts"
FORMAT = "homethread-prompts"
MOST_PACK_BYTES, MOST_FILES, MOST_MANIFEST_BYTES = 8_000_000, 400, 200_000
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError)
_SHOWN = re.compile(r"[^\w./ -]")
_LONGEST_SHOWN = 80

Line = Annotated[str, Field(max_length=400)]


class Listed(BaseModel):
    """One sentence: its key, its file, and for whoever reads the manifest what it says."""

    key: Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,64}$")]
    file: Annotated[str, Field(pattern=r"^prompts/[a-z0-9_.-]{1,64}\.ogg$")]
    text: Line = ""
    seconds: float = 0


class Manifest(BaseModel):
    model_config = ConfigDict(extra="ignore")

    format: Literal["homethread-prompts"]
    version: Literal[1]
    village: Line = ""
    region: Line = ""
    language: Line = ""
    made_at: Line = ""
    prompts: Annotated[list[Listed], Field(min_length=1, max_length=MOST_FILES)]


@dataclass(frozen=True)
class Pack:
    """Recordings by key, each one looked at; and how many sentences of it this version doesn't know."""

    recordings: dict[str, bytes]
    unknown: int


def packed(village: Village, given: Iterable[Prompt], texts: dict[str, str], now: datetime) -> bytes:
    """A pack of these recordings."""
    made, listed = io.BytesIO(), []
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as pack:  # Opus grows no smaller
        for prompt in given:
            name = f"{FOLDER}/{prompt.key}.ogg"
            pack.writestr(_dated(name, now), prompt.recording)
            said = texts.get(prompt.key, "")[:400]
            listed.append(Listed(key=prompt.key, file=name, text=said, seconds=prompt.duration_ms / 1000))
        manifest = Manifest.model_construct(
            format=FORMAT, version=1, village=village.name, region=village.region, language=village.language,
            made_at=now.isoformat(timespec="seconds"), prompts=listed,
        )  # fmt: skip
        shown = json.dumps(manifest.model_dump(), ensure_ascii=False, indent=1)
        pack.writestr(_dated(MANIFEST, now), shown, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def opened(raw: bytes) -> Pack:
    """What is in a pack. Raises Invalid, TooLarge with the name of the file that is not as it should be."""
    if len(raw) > MOST_PACK_BYTES:
        raise TooLarge("pack_too_large")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as pack:
            return _read(pack)
    except HomethreadError:
        raise
    except (*UNREADABLE, RuntimeError, ValueError, OSError, struct.error) as bad:  # the headers may say anything
        raise Invalid("not_a_pack") from bad


def _read(pack: zipfile.ZipFile) -> Pack:
    entries = pack.infolist()
    if len(entries) > MOST_FILES + 1:
        raise TooLarge("pack_too_large")
    by_name = {entry.filename: entry for entry in entries}
    for entry in entries:
        if by_name[entry.filename] is not entry:
            raise _bad("pack_file_twice", entry.filename)
    if MANIFEST not in by_name:
        raise _bad("pack_file_missing", MANIFEST)
    manifest = _manifest(_bytes(pack, by_name.pop(MANIFEST), MOST_MANIFEST_BYTES))
    listed = {each.file: each.key for each in manifest.prompts}
    if len(set(listed.values())) < len(manifest.prompts):
        raise _bad("pack_file_broken", MANIFEST)
    _agree(by_name, listed)
    known = {name: key for name, key in listed.items() if key in KEYS}
    recordings = {key: _recording(pack, by_name[name], key) for name, key in known.items()}
    return Pack(recordings, len(listed) - len(known))


def _agree(there: Iterable[str], listed: Iterable[str]) -> None:
    """What is there is what the manifest lists: so no name leads anywhere else either."""
    for name in sorted(set(there) - set(listed)):
        raise _bad("pack_file_strange", name)
    for name in sorted(set(listed) - set(there)):
        raise _bad("pack_file_missing", name)


def _manifest(raw: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(raw)
    except ValidationError as wrong:
        raise _bad("pack_file_broken", MANIFEST) from wrong


def _recording(pack: zipfile.ZipFile, entry: zipfile.ZipInfo, key: str) -> bytes:
    raw = _bytes(pack, entry, prompts.MOST_BYTES)
    try:
        prompts.checked(key, raw)
    except HomethreadError as unfit:
        raise _bad("pack_file_broken", entry.filename) from unfit
    return raw


def _bytes(pack: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """No more than `most`, whatever the entry says of its size or unpacks to."""
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _bad("pack_file_broken", entry.filename)
    try:
        with pack.open(entry) as file:
            raw = file.read(most + 1)
            if len(raw) > most:
                raise TooLarge("pack_file_too_large", file=_shown(entry.filename))
            file.read(1)  # only now its checksum is looked at
    except UNREADABLE as bad:
        raise _bad("pack_file_broken", entry.filename) from bad
    return raw


def _bad(code: str, name: str) -> Invalid:
    return Invalid(code, file=_shown(name))


def _shown(name: str) -> str:
    """A name that anybody may have written, as it may stand in a sentence."""
    return _SHOWN.sub("?", name)[:_LONGEST_SHOWN]


def _dated(name: str, now: datetime) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, (now.year, now.month, now.day, now.hour, now.minute, now.second))
