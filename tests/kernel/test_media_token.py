"""A media program's token: good for its name and two minutes, and for nobody else's key."""

from datetime import UTC, datetime, timedelta

import pytest

from app.kernel import media_token

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
KEY = media_token.key_of(bytes(32))
NAME = "media-1-2f4c"


def test_it_says_whose_it_is_until_its_end() -> None:
    token = media_token.issue(KEY, NAME, NOW)
    for seconds in (0, 60, 119):
        assert media_token.read(KEY, token, NOW + timedelta(seconds=seconds)) == NAME
    for seconds in (120, 121, 86_400):
        assert media_token.read(KEY, token, NOW + timedelta(seconds=seconds)) is None


def test_one_of_another_key_says_nothing() -> None:
    other = media_token.key_of(b"\x01" * 32)
    assert media_token.read(KEY, media_token.issue(other, NAME, NOW), NOW) is None
    assert media_token.read(KEY, media_token.issue(bytes(32), NAME, NOW), NOW) is None, "the secret key itself is none"


def test_one_that_would_live_for_too_long_says_nothing() -> None:
    """A clock that is minutes ahead, or a program that would like to be let in for a year."""
    assert media_token.read(KEY, media_token.issue(KEY, NAME, NOW, lives=timedelta(days=365)), NOW) is None
    assert media_token.read(KEY, media_token.issue(KEY, NAME, NOW + timedelta(minutes=5)), NOW) is None


def test_a_changed_one_says_nothing() -> None:
    token = media_token.issue(KEY, NAME, NOW)
    name, end, signature = token.split(".")
    forged = [
        f"{name}x.{end}.{signature}", f"{name}.{int(end) + 1}.{signature}", f"{name}.{end}.{'0' * 64}",
        f"{name}.{end}.", f"{name}.{end}", f"{name}.{signature}", f".{end}.{signature}", token + "0", token[:-1],
        token.upper(), f"{name}. {end}.{signature}", f"{name}.+{end}.{signature}",
    ]  # fmt: skip
    assert [each for each in forged if media_token.read(KEY, each, NOW) is not None] == []


@pytest.mark.parametrize("nonsense", ["", ".", "..", "a.b.c", "\ud800", "一.1.2", "x" * 10_000, f"{NAME}.1e9.00"])
def test_nonsense_says_nothing(nonsense: str) -> None:
    assert media_token.read(KEY, nonsense, NOW) is None


@pytest.mark.parametrize("end", ["", "soon", "-1", "１７", "99999999999999999999"])
def test_an_end_that_is_none_says_nothing_even_if_it_is_signed(end: str) -> None:
    said = f"{NAME}.{end}"
    assert media_token.read(KEY, f"{said}.{media_token._signature(KEY, said)}", NOW) is None


@pytest.mark.parametrize("name", ["", "Media", "two words", "a.b", "x" * 65, "名"])
def test_a_name_that_could_be_misread_is_not_taken(name: str) -> None:
    with pytest.raises(ValueError, match="called"):
        media_token.issue(KEY, name, NOW)
