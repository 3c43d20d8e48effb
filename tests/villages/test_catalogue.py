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
SAYING = [*TERMINALS, *SHARED]
ACT = re.compile(r"""(?:"data-act":|\b(?:place|spot|round|signButton|button)\()\s*"([a-z._-]+)\"""")
# A screen's name: as it is drawn, or where a page stands for it.
DRAWN = re.compile(r"""(?:\bput\(|(?:\breturn|\?) \[(?="[a-z-]+", [a-z])|\w+: (?="message-))"([a-z-]+)\"""")
PAGE = re.compile(r"""(?<!=== )"([a-z]+(?:-[a-z]+)*)\"""")
ROLES = {"child", "parent"}
# While these stand, a letter or a message is to be heard.
HEARD = {"message", "text"}
# Closing a dialog, and what only a parent's phone draws of the shared parts.
SILENT = {"close", "wrong-person", "ask-guest"}


def sources(paths: list[Path]) -> str:
    return "\n".join(path.read_text() for path in paths)


def is_said(key: str, written: str) -> bool:
    """Its last part stands in the terminal's source, or what it is put together from does."""
    name = key.split(".", 2)[2] if key.startswith("terminal.") else key
    stems = [name[:at] for at, letter in enumerate(name) if letter in ".-"]
    quoted = any(f"{mark}{one}{mark}" in written for one in (name, key) for mark in "\"'`")
    named = re.search(rf"\b{re.escape(name)}:", written)
    return quoted or bool(named) or any(f"{stem}{joint}${{" in written for stem in stems for joint in ".-")


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
    acts = set(ACT.findall(sources(SAYING))) - SILENT
    assert len(acts) > 40
    assert not [act for act in acts if not {f"terminal.act.{act}", f"terminal.say.{act}"} & KEYS]


def test_no_sentence_is_said_by_nobody() -> None:
    written = sources(SAYING)
    assert not [key for key in KEYS if key.startswith(SPOKEN) and not is_said(key, written)]


def test_every_screen_says_something_when_it_comes() -> None:
    written = sources(TERMINALS)
    standing = "\n".join(line for line in written.splitlines() if "page: " in line)
    screens = {*DRAWN.findall(written), *PAGE.findall(standing)}
    assert len(screens) > 30
    assert not [screen for screen in sorted(screens - ROLES - HEARD) if f"terminal.screen.{screen}" not in KEYS]


def test_every_state_that_names_its_sentence_names_one_that_can_be_said() -> None:
    named = set(re.findall(r"""(?<!\bt\()["'`]((?:terminal|common|error)\.[a-z._-]+)["'`]""", sources(SAYING)))
    states = {key for key in named if key.startswith(("terminal.say.", "terminal.pin.", "error."))}
    assert len(states) > 8
    assert not states - KEYS


@pytest.mark.parametrize("language", texts.languages())
def test_the_four_pictures_say_what_stands_there(language: str) -> None:
    """Where the text has a hole, or stands for somebody of the desk, another sentence says the same."""
    said = texts.texts_of(language)
    otherwise = {"terminal.pin.try", "terminal.pin.wait", "terminal.pin.blocked"}
    assert {key for key in said if key.startswith("terminal.pin.")} - otherwise <= KEYS
    assert {"terminal.screen.pin", "terminal.pin.sand", "error.pin_blocked"} <= KEYS
