"""What a text says: a template and its parameters, in the reader's language, with times in the reader's zone.

Only templates with parameters exist, because some vendors allow nothing else; the sentences are `notice.<template>`.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from babel import Locale
from babel.dates import format_datetime

from app.kernel.local_time import wall_of, zone
from app.notices.segments import GSM_BASIC
from app.web import texts

Param = str | datetime | Sequence[datetime]

SEALED = "code"  # kept sealed, and opened only for the text itself
SEALED_FOR = "notice code"
CALL = frozenset({"parent", "child", "place", "starts_at"})
PARAMS: dict[str, frozenset[str]] = {
    "reminder_day": CALL,
    "reminder_hour": CALL,
    "reminder_ten": CALL,
    "booked": CALL,
    "confirmed_by_other": CALL | {"by"},
    "moved": CALL | {"from_at"},
    "cancelled": CALL | {"reason"},
    "ring_parent": CALL,
    "ring_village": CALL,
    "unanswered_caregiver": CALL,
    "missed_parent": CALL | {"offers_at"},
    "missed_village": CALL | {"offers_at"},
    "proposed": CALL | {"by"},
    "proposal_expired": CALL,
    "countered": CALL | {"by", "from_at"},
    "slot_offered": CALL | {"until_at"},
    "chase": CALL | {"until_at"},
    "released": CALL | {"offers_at"},
    "series_booked": CALL | {"every"},
    "series_changed": CALL | {"every"},
    "series_ended": frozenset({"parent", "child"}),
    "series_gap": CALL | {"offers_at"},
    "rostered": frozenset({"parent", "child", "place", "calls_at"}),
    "rostered_several": frozenset({"place", "calls_at"}),
    "sign_in_code": frozenset({SEALED}),
    "number_code": frozenset({SEALED}),
    "invitation": frozenset({SEALED}),
    "digest": CALL | {"count"},
    "digest_no_call": frozenset({"count"}),
    "unreached": CALL | {"name"},
    "gateway_silent": frozenset({"gateway", "since_at"}),
}
NAMES = frozenset({"parent", "child", "by", "name"})
WORDED = frozenset({"reason", "every"})  # codes of `notice.<key>.<code>`, "code:count" where the sentence counts
BARE = "_bare"  # the form of a template that has nothing to offer, or no reason to give
MAY_BE_EMPTY = ("offers_at", "reason")
OFFERS = 3
# Why a call is off, as far as it is told to the other side; as in `call.reason`.
TOLD_REASONS = frozenset({"shift_changed", "sick", "no_time", "terminal_broken", "weather", "declined"})


@dataclass(frozen=True)
class Rendered:
    """What a gateway is given; `params` are as written in `text`."""

    template: str
    params: dict[str, str]
    language: str
    text: str


def stored(template: str, params: Mapping[str, Param]) -> dict[str, Any]:
    """Parameters as they are kept: instants as ISO strings under keys that end in `_at`. Raises for missing ones."""
    if missing := PARAMS[template] - params.keys():
        raise ValueError(f"{template} lacks {sorted(missing)}")
    return {key: _stored(key, params[key]) for key in sorted(PARAMS[template])}


def _stored(key: str, value: Param) -> str | list[str]:
    """Offers are few; whoever is told when they speak is told of all calls."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return [each.isoformat() for each in value][: OFFERS if key == "offers_at" else None]


def render(template: str, params: Mapping[str, Any], *, language: str, zone: str, now: datetime, link: str) -> Rendered:
    """The text of a notice for a reader whose language and zone are given, as it reads at `now`."""
    language = language if language in texts.languages() else texts.FALLBACK
    if any(key in PARAMS[template] and not params.get(key) for key in MAY_BE_EMPTY):
        template += BARE
    sentence = texts.texts_of(language)[f"notice.{template}"]
    reader = _Reader(language, zone, now)
    used = {key: reader.write(key, params[key]) for key in _placeholders(sentence) if key != "link"}
    text = sentence.format(**used, link=link)
    return Rendered(template, used, language, text)


def short_name(name: str) -> str:
    """A name as a text has room for it: the given name in letters, at most five Chinese characters."""
    first = re.split(r"[\s·•]", name.strip())[0]
    return first[:5] if _is_chinese(first) else first[:12].strip("-")


def short_place(name: str) -> str:
    whole = " ".join(name.split())
    return whole[:8] if _is_chinese(whole) else whole[:16].strip()


@dataclass(frozen=True)
class _Reader:
    language: str
    zone: str
    now: datetime

    def write(self, key: str, value: Any) -> str:
        if isinstance(value, list):
            return self._offers([datetime.fromisoformat(each) for each in value])
        if key.endswith("_at"):
            at = datetime.fromisoformat(value)
            return f"{self._day(at, 'far')} {self._time(at)}"
        if key in WORDED:
            word, _, count = value.partition(":")
            return self._word(f"{key}.{word}").format(count=count)
        word = short_name(value) if key in NAMES else short_place(value) if key == "place" else value
        return _plain(word)

    def _offers(self, instants: list[datetime]) -> str:
        """Several times, each day said once: "周一 19:00、19:30、周二 19:00"."""
        written, before = [], ""
        for at in instants:
            near = at - self.now < timedelta(days=6)
            day = self._day(at, "near" if near else "date")
            written.append(self._time(at) if day == before else f"{day} {self._time(at)}")
            before = day
        return self._text("and").join(written)

    def _day(self, at: datetime, form: str) -> str:
        days = (wall_of(at, self.zone).date() - wall_of(self.now, self.zone).date()).days
        if days in (0, 1):
            return self._text(("today", "tomorrow")[days])
        return self._format(at, self._text(form))

    def _time(self, at: datetime) -> str:
        return self._format(at, "HH:mm")

    def _format(self, at: datetime, pattern: str) -> str:
        return format_datetime(at, pattern, tzinfo=zone(self.zone), locale=Locale.parse(self.language, sep="-"))

    def _text(self, key: str) -> str:
        return self._word(f"time.{key}")

    def _word(self, key: str) -> str:
        return texts.texts_of(self.language)[f"notice.{key}"]


def _placeholders(sentence: str) -> list[str]:
    return re.findall(r"{(\w+)}", sentence)


def _is_chinese(word: str) -> bool:
    return any("\u3400" <= c <= "\u9fff" for c in word)


def _plain(word: str) -> str:
    """Without the accents that GSM-7 lacks: one of them would halve the room and double the price."""
    bare = [unicodedata.normalize("NFKD", c)[0] for c in word]
    return "".join(b if b in GSM_BASIC and c not in GSM_BASIC else c for c, b in zip(word, bare, strict=True))
