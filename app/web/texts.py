"""Every sentence by key. A language is one file, `app/translations/<tag>.json`; a missing key falls back to English."""

import json
from functools import cache
from pathlib import Path
from typing import Any

TRANSLATIONS = Path(__file__).parent.parent / "translations"
FALLBACK = "en"
# Parts of a face that come when somebody asks for them, each with its own sentences (`words` in `static/ui/dom.js`).
LATER = (
    "common.answering", "common.company", "common.ending", "common.push", "common.rung", "common.voice",
    "phone.agree", "phone.aloud", "phone.begin", "phone.calendar", "phone.change", "phone.door", "phone.ended",
    "phone.extra", "phone.hours", "phone.line", "phone.messages", "phone.name", "phone.parents", "phone.series",
    "phone.settings", "phone.time", "terminal.act.after",
    "terminal.act.itself", "terminal.act.test", "terminal.act.visit", "terminal.help", "terminal.itself",
    "terminal.line", "terminal.pin", "terminal.say", "terminal.screen", "terminal.test", "terminal.visit",
)  # fmt: skip


@cache
def languages() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in TRANSLATIONS.glob("*.json")))


@cache
def texts_of(language: str) -> dict[str, str]:
    """All texts of a language, completed from the fall-back."""
    return _read(FALLBACK) | _read(language if language in languages() else FALLBACK)


def text(key: str, language: str, **params: Any) -> str:
    """The sentence of `key` with `{name}` filled in. Raises KeyError for a key that no file has."""
    return texts_of(language)[key].format(**params)


def texts_for_face(face: str, language: str) -> dict[str, str]:
    """What a face's first screens need, and no more: its own keys and the common ones without those of later parts.

    An error brings its sentence along.
    """
    first = {k: v for k, v in texts_of(language).items() if k.split(".")[0] in (face, "common")}
    return {k: v for k, v in first.items() if not k.startswith(tuple(f"{part}." for part in LATER))}


def texts_of_part(part: str, language: str) -> dict[str, str]:
    """The keys below one of `LATER`."""
    return {k: v for k, v in texts_of(language).items() if k.startswith(f"{part}.")}


def best_language(accepted: list[str]) -> str:
    """The best of our languages for what a browser accepts, the Chinese ones all meaning zh-CN for now."""
    for tag in accepted:
        for ours in languages():
            if tag.lower() == ours.lower() or tag.split("-")[0].lower() == ours.split("-")[0].lower():
                return ours
    return FALLBACK


@cache
def _read(language: str) -> dict[str, str]:
    loaded: dict[str, str] = json.loads((TRANSLATIONS / f"{language}.json").read_text("utf-8"))
    return loaded
