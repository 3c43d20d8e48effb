"""Packs from village to village: what goes in comes out; what isn't wholly as it should be is refused, and named."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

import pytest

from app.kernel.errors import HomethreadError
from app.storage.database import Database
from app.villages import packs, prompts
from app.villages.words import Speech
from tests.villages.conftest import Here
from tests.villages.spoken import spoken

RING, IDLE = "terminal.screen.ring", "terminal.screen.idle"
VOICE = spoken()


def listed(*keys: str) -> list[dict[str, Any]]:
    return [{"key": key, "file": f"prompts/{key}.ogg"} for key in keys]


def manifest(*keys: str, **changed: Any) -> bytes:
    told = {"format": "homethread-prompts", "version": 1, "village": "Yunling", "prompts": listed(*keys)}
    return json.dumps(told | changed).encode()


def zipped(files: list[tuple[str, bytes]], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as pack:
        for name, raw in files:
            pack.writestr(name, raw)
    return made.getvalue()


def sound(*keys: str) -> list[tuple[str, bytes]]:
    return [("manifest.json", manifest(*keys)), *((f"prompts/{key}.ogg", VOICE) for key in keys)]


def refusal(raw: bytes) -> tuple[str, str]:
    with pytest.raises(HomethreadError) as refused:
        packs.opened(raw)
    return refused.value.code, refused.value.detail.get("file", "")


def test_what_goes_in_comes_out(database: Database, here: Here, now: datetime) -> None:
    with database.begin() as session:
        prompts.record(session, here.village.id, RING, VOICE, now)
        prompts.record(session, here.village.id, IDLE, spoken(voice=2), now)
        given = prompts.given_by(session, here.village.id, Speech.VILLAGE)
        raw = packs.packed(here.village, given, {RING: "家里人打来了！"}, now)
    assert packs.opened(raw) == packs.Pack({RING: VOICE, IDLE: spoken(voice=2)}, 0)
    with zipfile.ZipFile(io.BytesIO(raw)) as pack:
        told = json.loads(pack.read("manifest.json"))
    assert (told["village"], told["language"], told["made_at"]) == ("青石村", "zh-CN", "2026-03-02T01:00:00+00:00")
    assert {each["key"]: each["text"] for each in told["prompts"]} == {RING: "家里人打来了！", IDLE: ""}


def test_a_sentence_of_another_version_is_left_out() -> None:
    assert packs.opened(zipped(sound(RING, "terminal.screen.of_tomorrow"))) == packs.Pack({RING: VOICE}, 1)


EVIL = (
    "../../etc/passwd", "/etc/passwd", "prompts/../../x.ogg", "prompts\\..\\x.ogg", "C:/x.ogg", "prompts/", "x.ogg",
    "prompts/terminal.screen.ring.ogg/x", "prompts/\x1b[31m.ogg", "prompts/" + "x" * 300 + ".ogg",
)  # fmt: skip


@pytest.mark.parametrize("name", EVIL)
def test_a_file_that_leads_elsewhere(name: str) -> None:
    code, file = refusal(zipped([*sound(RING), (name, VOICE)]))
    assert code == "pack_file_strange"
    assert len(file) <= 80
    assert "\x1b" not in file
    told = [{"key": RING, "file": name}]
    asked = [("manifest.json", manifest(prompts=told)), (name, VOICE)]
    assert refusal(zipped(asked)) == ("pack_file_broken", "manifest.json")


@pytest.mark.parametrize(
    ("wrong", "code", "file"),
    [
        (b"", "not_a_pack", ""),
        (b"PK\x05\x06" + bytes(18), "pack_file_missing", "manifest.json"),
        (bytes(packs.MOST_PACK_BYTES + 1), "pack_too_large", ""),
        (zipped(sound(RING)[1:]), "pack_file_missing", "manifest.json"),
        (zipped(sound(RING)[:1]), "pack_file_missing", f"prompts/{RING}.ogg"),
        (zipped([("manifest.json", b"{"), *sound(RING)[1:]]), "pack_file_broken", "manifest.json"),
        (zipped([("manifest.json", b"[" * 90_000), *sound(RING)[1:]]), "pack_file_broken", "manifest.json"),
        (zipped([("manifest.json", bytes(300_000)), *sound(RING)[1:]]), "pack_file_too_large", "manifest.json"),
        (zipped([("manifest.json", manifest(RING, version=2))]), "pack_file_broken", "manifest.json"),
        (zipped([("manifest.json", manifest(RING, format="x"))]), "pack_file_broken", "manifest.json"),
        (zipped([("manifest.json", manifest(RING, RING)), *sound(RING)[1:]]), "pack_file_broken", "manifest.json"),
        (zipped([*sound()[:1], ("x", b"")] * 1), "pack_file_broken", "manifest.json"),
        (zipped([*sound(RING), *((f"prompts/{n}.ogg", b"") for n in range(400))]), "pack_too_large", ""),
        (zipped([*sound(RING)[:1], (f"prompts/{RING}.ogg", VOICE[:-1])]), "pack_file_broken", f"prompts/{RING}.ogg"),
        (zipped([*sound(RING)[:1], (f"prompts/{RING}.ogg", bytes(50_000_000))]), "pack_file_too_large",
         f"prompts/{RING}.ogg"),
        (zipped(sound(RING), zipfile.ZIP_LZMA), "pack_file_broken", "manifest.json"),
    ],
)  # fmt: skip
def test_what_is_no_pack(wrong: bytes, code: str, file: str) -> None:
    assert refusal(wrong) == (code, file)


def test_one_bad_file_among_many_spoils_the_whole() -> None:
    files = sound(RING, IDLE)
    assert refusal(zipped([*files[:2], (files[2][0], b"no sound")])) == ("pack_file_broken", f"prompts/{IDLE}.ogg")


def test_a_name_that_stands_twice() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        raw = zipped([*sound(RING), (f"prompts/{RING}.ogg", VOICE)])
    assert refusal(raw) == ("pack_file_twice", f"prompts/{RING}.ogg")


def test_a_bomb_that_lies_of_its_size() -> None:
    """The header says a kilobyte, the stream goes on for megabytes: no more is read than a recording may have."""
    raw = bytearray(zipped([*sound(RING)[:1], (f"prompts/{RING}.ogg", bytes(5_000_000))]))
    size = (5_000_000).to_bytes(4, "little")
    while (at := raw.find(size)) >= 0:
        raw[at : at + 4] = (1_000).to_bytes(4, "little")
    assert refusal(bytes(raw))[0] in ("pack_file_broken", "pack_file_too_large")


def damaged(raw: bytes, chance: Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.randrange(1, 6)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def cut(raw: bytes, chance: Random) -> bytes:
    return raw[: chance.randrange(len(raw))]


@pytest.mark.parametrize("spoil", [damaged, cut])
def test_damage_never_ends_in_anything_but_a_refusal(spoil: Callable[[bytes, Random], bytes]) -> None:
    raw, chance = zipped(sound(RING, IDLE)), Random(7)
    for _ in range(400):
        try:
            found = packs.opened(spoil(raw, chance))
        except HomethreadError:
            continue
        assert set(found.recordings) <= {RING, IDLE}
        assert set(found.recordings.values()) == {VOICE}, "what is taken all the same is undamaged"
