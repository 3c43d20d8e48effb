"""Reads a phone number from what people type, and tells where a number without a country code belongs."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import resources

import phonenumbers

from app.kernel.errors import Invalid
from app.kernel.numbers import E164

# Digits of any script, and what people put between and around them. No letters: a number inside a sentence is refused.
USUAL = re.compile(r"[\d\s+()./\-\u2010-\u2015\u200b\u200e\u200f\u202a-\u202e]{3,40}")
MOBILE = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}


def parse_number(text: str, region: str | None) -> E164:
    """The number in E.164. Without a country code it is read as one of `region`. Raises Invalid("bad_number")."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if USUAL.fullmatch(plain):
        # "00" is how most of the world dials abroad, also where the region itself dials something else
        for candidate in (plain, re.sub(r"^\s*0\s*0", "+", plain)):
            number = _valid(candidate, region)
            if number is not None:
                return number
    raise Invalid("bad_number")


def parse_number_of(text: str, regions: Iterable[str | None]) -> E164:
    """The number in E.164, read as one of the first region in which it is valid. Raises Invalid("bad_number")."""
    for region in regions:
        try:
            return parse_number(text, region)
        except Invalid:
            continue
    raise Invalid("bad_number")


def is_mobile(number: E164) -> bool:
    """Whether texts can be expected to arrive there."""
    return phonenumbers.number_type(phonenumbers.parse(number)) in MOBILE


def region_of(zone: str, language: str) -> str | None:
    """The two letters of the country that a zone lies in, or else the one that a language tag names."""
    named = language.partition("-")[2].upper()
    return _regions().get(zone) or (named if named in phonenumbers.SUPPORTED_REGIONS else None)


def region_of_number(number: E164) -> str | None:
    """The two letters of the country that a number belongs to; None for one of several countries."""
    region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return region if region in phonenumbers.SUPPORTED_REGIONS else None


def _valid(text: str, region: str | None) -> E164 | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return E164(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@cache
def _regions() -> dict[str, str]:
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {row[2]: row[0] for row in rows}
