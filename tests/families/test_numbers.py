"""Phone numbers as people write them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.families import numbers
from app.kernel.errors import Invalid
from app.kernel.numbers import E164

USUAL = "+8613812345678"


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("13812345678", "CN", USUAL),
        ("138 1234 5678", "CN", USUAL),
        ("138-1234-5678", "CN", USUAL),
        (" 138.1234.5678\n", "CN", USUAL),
        ("+86 138 1234 5678", None, USUAL),
        ("(+86) 138-1234-5678", "DE", USUAL),
        ("+86 (0)138 1234 5678", "CN", USUAL),
        ("008613812345678", "CN", USUAL),
        ("0086 138 1234 5678", "US", USUAL),
        ("8613812345678", "CN", USUAL),
        ("１３８１２３４５６７８", "CN", USUAL),
        ("＋８６（１３８）１２３４　５６７８", "US", USUAL),
        ("\u202a+86 138 1234 5678\u202c", "CN", USUAL),  # as copied from a phone's list of contacts
        ("138\u20111234\u20135678", "CN", USUAL),
        ("(010) 6552 9988", "CN", "+861065529988"),
        ("0171/1234567", "DE", "+491711234567"),
        ("984-1234567", "NP", "+9779841234567"),
    ],
)
def test_usual_writings(text: str, region: str | None, number: str) -> None:
    assert numbers.parse_number(text, region) == number


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("", "CN"), ("   ", "CN"), ("12345", "CN"), ("110", "CN"), ("1381234567", "CN"), ("138123456789", "CN"),
        ("13812345678", None), ("13812345678", "XX"), ("13812345678 x5", "CN"), ("call 13812345678", "CN"),
        ("13812345678 13912345678", "CN"), ("13812345678/13912345678", "CN"), ("+86+13812345678", "CN"),
        ("1-800-FLOWERS", "US"), ("\x0013812345678", "CN"), ("1" * 500, "CN"), ("+999 123 456 789", "CN"),
        ("一三八一二三四五六七八", "CN"), ("\ud800", "CN"),
    ],
)  # fmt: skip
def test_what_is_no_number(text: str, region: str | None) -> None:
    with pytest.raises(Invalid, match="bad_number"):
        numbers.parse_number(text, region)


@given(st.text(max_size=30) | st.text("+0123456789 ()-./", max_size=30), st.sampled_from(["CN", "US", "DE", None]))
def test_anything_is_a_number_or_refused_and_a_number_stays_itself(text: str, region: str | None) -> None:
    number = None
    with suppress(Invalid):
        number = numbers.parse_number(text, region)
    if number is not None:
        assert len(number) <= 16
        assert numbers.parse_number(number, None) == number


@pytest.mark.parametrize(
    ("number", "is_mobile"), [(USUAL, True), ("+861065529988", False), ("+491711234567", True), ("+12015550123", True)]
)
def test_is_mobile(number: str, is_mobile: bool) -> None:
    assert numbers.is_mobile(E164(number)) is is_mobile


@pytest.mark.parametrize(
    ("zone", "language", "region"),
    [
        ("Asia/Shanghai", "en", "CN"),
        ("Asia/Kathmandu", "zh-CN", "NP"),
        ("Europe/Berlin", "zh-CN", "DE"),
        ("UTC", "zh-CN", "CN"),
        ("PRC", "zh-CN", "CN"),
        ("UTC", "en", None),
        ("UTC", "zh-Hant", None),
    ],
)
def test_where_a_number_belongs(zone: str, language: str, region: str | None) -> None:
    assert numbers.region_of(zone, language) == region
