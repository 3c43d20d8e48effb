"""Every sentence that a terminal can say is in the catalogue, once; none there is said by nobody or has a hole."""

import re
from pathlib import Path

import pytest

from app.villages.catalogue import KEYS, PLACES, seconds
from app.web import texts
from tests.house.test_code import ROOT

SPOKEN = ("terminal.screen.", "terminal.help.", "terminal.act.", "terminal.say.")
STATIC = ROOT / "static"
TERMINALS = [STATIC / "terminal.js", *(STATIC / "terminal").glob("*.js")]
# What stands on a terminal's screen of the parts that it shares with the phone.
SHARED = [STATIC / "ui" / f"{name}.js" for name in ("answering", "callscreen", "company", "ending", "rung")]
SHARED += [STATIC / "voice" / "recorder_view.js", STATIC / "call" / "looks.js", STATIC / "ui" / "prompt.js"]
ACT = re.compile(r"""(?:"data-act":|\b(?:place|spot|round|signButton|button)\()\s*"([a-z._-]+)\"""")
# Closing a dialog, and what only a parent's phone draws of the shared parts.
SILENT = {"close", "wrong-person", "ask-guest"}


def sources(paths: list[Path]) -> str:
    return "\n".join(path.read_text() for path in paths)


def is_said(key: str, written: str) -> bool:
    """Its last part stands in the terminal's source, or what it is put together from does."""
    name = key.split(".", 2)[2] if key.startswith("terminal.") else key
    stems = [name[:at] for at, letter in enumerate(name) if letter in ".-"]
    quoted = any(f"{mark}{name}{mark}" in written for mark in "\"'`") or re.search(rf"\b{re.escape(name)}:", written)
    return bool(quoted) or any(f"{stem}{joint}${{" in written for stem in stems for joint in ".-")


@pytest.mark.parametrize("language", texts.languages())
def test_every_sentence_has_a_text_that_can_be_recorded(language: str) -> None:
    said = texts.texts_of(language)
    assert not [key for key in KEYS if key not in said or "{" in said[key]]
    assert not [key for key in KEYS if not 1 <= seconds(said[key]) <= 14]


def test_no_sentence_of_a_terminal_is_missing() -> None:
    """A new text below `terminal.act`, `.screen`, `.help` or `.say` joins a place in `app/villages/catalogue.py`."""
    spoken = {key for key, said in texts.texts_of("en").items() if key.startswith(SPOKEN) and "{" not in said}
    assert not spoken - KEYS


def test_each_stands_in_one_place() -> None:
    assert len(KEYS) == sum(len(keys) for keys in PLACES.values())


def test_every_control_of_a_terminal_has_a_sentence() -> None:
    acts = set(ACT.findall(sources([*TERMINALS, *SHARED]))) - SILENT
    assert len(acts) > 40
    assert not [act for act in acts if not {f"terminal.act.{act}", f"terminal.say.{act}"} & KEYS]


def test_no_sentence_is_said_by_nobody() -> None:
    written = sources([*TERMINALS, *SHARED])
    assert not [key for key in KEYS if key.startswith(SPOKEN) and not is_said(key, written)]
