"""Every code that villages and families refuse with has a sentence of its own in each language."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.web.texts import TRANSLATIONS, languages

APP = TRANSLATIONS.parent
FILES = [path for room in ("villages", "families") for path in sorted((APP / room).glob("*.py"))]
WITH_A_CODE = {"Refused": 0, "Invalid": 0, "TooLarge": 0, "checked_text": 2, "_insert": 2}


def _codes(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WITH_A_CODE:
            code = node.args[WITH_A_CODE[node.func.id]]
            if isinstance(code, ast.Constant):
                yield str(code.value)
        if isinstance(node, ast.FunctionDef) and node.name == "objection":
            yield from ("no_contact", "no_consent", "consent_ended")


CODES = sorted({code for path in FILES for code in _codes(path)})


def test_the_codes_are_found() -> None:
    assert {"hours_reversed", "not_a_photo", "emblem_taken", "bad_evidence", "no_contact"} <= set(CODES)


@pytest.mark.parametrize("language", languages())
def test_each_has_a_sentence(language: str) -> None:
    written = json.loads((TRANSLATIONS / f"{language}.json").read_text("utf-8"))
    assert [code for code in CODES if not written.get(f"error.{code}")] == []
