"""Every text in every language, with the same parameters; every code and key that is used has a text."""

import ast
import re
import string
from pathlib import Path

import pytest

from app.web import texts
from tests.house.test_code import ROOT, tracked

RAISES = {"Refused", "Invalid", "TooLarge", "Busy", "HomethreadError"}
KEY = re.compile(r"""\b(?:t|label|text|prompt)\(\s*["']([a-z_]+(?:\.[a-z_0-9]+)+)["']""")


def parameters(sentence: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(sentence) if name is not None}


def raised_codes() -> set[str]:
    codes = {"not_signed_in", "not_allowed", "not_found", "unexpected"}
    for path in tracked("app/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISES and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    codes.add(first.value)
    return codes


def test_both_languages_are_there() -> None:
    assert set(texts.languages()) >= {"en", "zh-CN"}


@pytest.mark.parametrize("language", texts.languages())
def test_a_language_is_complete(language: str) -> None:
    own = texts._read(language)
    reference = texts._read(texts.FALLBACK)
    assert set(own) == set(reference)
    assert all(sentence.strip() for sentence in own.values())
    different = {k for k in own if parameters(own[k]) != parameters(reference[k]) and not _says_less(k, own, reference)}
    assert not different


def _says_less(key: str, own: dict[str, str], reference: dict[str, str]) -> bool:
    """A text may leave out what does not fit its one segment, but never ask for what nobody gives."""
    return key.startswith("notice.") and parameters(own[key]) < parameters(reference[key])


def test_every_error_has_a_sentence() -> None:
    missing = {f"error.{code}" for code in raised_codes()} - set(texts.texts_of("en"))
    assert not missing


def test_every_key_that_a_page_asks_for_exists() -> None:
    known = set(texts.texts_of("en"))
    asked: dict[str, Path] = {}
    for path in tracked("static/*.js"):
        for key in KEY.findall(path.read_text()):
            asked[key] = path.relative_to(ROOT)
    missing = {key: str(path) for key, path in asked.items() if key not in known and not _has_plural(key, known)}
    assert asked
    assert not missing


def _has_plural(key: str, known: set[str]) -> bool:
    return f"{key}.one" in known and f"{key}.other" in known
