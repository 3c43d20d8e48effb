"""Every text as a vendor wants to see it before it may be sent: words with places to fill in, an example, its length.

Vendors that hold the words themselves (in mainland China all do) allow nothing else than what they approved. They add
their signature, allow a link only as fixed words, and no text that is nothing but a place to fill in; so announcements
are not among these, nor what only a desk is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.notices.rules import POLICIES
from app.notices.segments import Encoding, encoding_of, segments
from app.notices.templates import (
    BARE,
    FOR_DESKS,
    MAY_BE_EMPTY,
    PARAMS,
    REPLY,
    SEALED,
    WRITTEN_FREELY,
    forms,
    placeholders,
    render,
    sentence_of,
    stored,
)  # fmt: skip
from app.web import texts

# How each vendor writes a place to fill in, by its name or by its number among those of one text.
PLACES = {"plain": "{{{name}}}", "aliyun": "${{{name}}}", "tencent": "{{{number}}}", "twilio": "{{{{{number}}}}}"}
WORDS: dict[str, dict[str, Any]] = {
    "zh-CN": {"parent": "欧阳海燕", "child": "欧阳小明", "by": "诸葛奶奶", "name": "诸葛老师", "place": "青石板村"},
    "en": {"parent": "Maria", "child": "Bartholomew", "by": "Anneliese", "name": "Anneliese", "place": "Upper Qingshi"},
}
FIXED = {SEALED: "4821 0937", "every": "times:3", "reason": "declined", "why": "other", "count": "4"}


@dataclass(frozen=True)
class Submission:
    """One text: `code` is what we call it; `words` have the vendor's places in the order of `params`."""

    code: str
    kind: str
    words: str
    params: tuple[str, ...]
    example: str
    encoding: Encoding
    segments: int


def submissions(language: str, vendor: str, signature: str, link: str, now: datetime) -> Iterator[Submission]:
    """Every form of every template that is sent as a text, in one language, `signature` being put in front by vendor.

    Raises KeyError for a vendor that is not in `PLACES`.
    """
    for template in PARAMS:
        if template not in FOR_DESKS | WRITTEN_FREELY and not POLICIES[template].is_never_texted:
            for form in forms(template):
                yield _submission(template, form, language, vendor, signature, link, now)


def _submission(
    template: str, form: str, language: str, vendor: str, signature: str, link: str, now: datetime
) -> Submission:  # fmt: skip
    sentence = sentence_of(form, language)
    params = tuple(dict.fromkeys(name for name in placeholders(sentence) if name != "link"))
    places = {name: PLACES[vendor].format(name=name, number=number) for number, name in enumerate(params, 1)}
    given = _example(language, now) | (dict.fromkeys(MAY_BE_EMPTY, "") if form.endswith(BARE) else {})
    says = render(
        template, stored(template, given), language=language, zone="UTC", now=now, link=link,
        can_reply=form.endswith(REPLY),
    )  # fmt: skip
    whole, is_code = signature + says.text, PARAMS[template] == {SEALED} and "{link}" not in sentence
    return Submission(
        form, "code" if is_code else "notification", sentence.format(**places, link=link), params,
        whole, encoding_of(whole), segments(whole),
    )  # fmt: skip


def _example(language: str, now: datetime) -> dict[str, Any]:
    """Long as they usually are: and of a call later this week."""
    words = WORDS.get(language, WORDS[texts.FALLBACK])
    soon = now + timedelta(days=3)
    times = [soon + timedelta(days=days) for days in range(3)]
    return words | FIXED | {
        "starts_at": soon, "from_at": soon, "since_at": now, "until_at": now, "offers_at": times, "calls_at": times[:2],
        "choices": [(words["child"], soon), (words["parent"], times[1])],
    }  # fmt: skip
