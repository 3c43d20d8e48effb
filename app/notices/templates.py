"""What a text says: a template and its parameters, in the reader's language, with times in the reader's zone.

Only templates with parameters exist, because some vendors allow nothing else; the sentences are `notice.<template>`.
Where the reader can answer with a digit, some have a form that says with which: 1 yes, 2 other times, 3 no or cancel,
4 call me back, 5 who is this, 0 help, 9 no more texts, or the number of a time on offer.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from babel import Locale
from babel.dates import format_datetime

from app.kernel.local_time import wall_of, zone
from app.notices.names import plain, short_name, short_place, typed
from app.notices.segments import Encoding
from app.web import texts

Param = str | datetime | Sequence[datetime] | Sequence[str] | Sequence[tuple[str, datetime]]

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
    "guest_asked": CALL,
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
    "announcement": frozenset({"place", "text"}),
    "sms_confirmed": CALL,
    "sms_offers": CALL | {"offers_at"},
    "sms_no_offers": CALL,
    "sms_booked": CALL,
    "sms_proposed": CALL,
    "sms_ringing": CALL,
    "sms_cancelled": CALL,
    "sms_call_back": frozenset(),
    "call_back": frozenset({"by", "child"}),
    "sms_who": frozenset({"place", "name"}),
    "sms_help": frozenset(),
    "sms_stopped": frozenset(),
    "sms_started": frozenset(),
    "sms_which_call": frozenset({"choices"}),
    "sms_which_person": frozenset({"choices"}),
    "sms_which_child": frozenset({"choices"}),
    "sms_no_call": frozenset(),
    "sms_passed_on": frozenset({"place"}),
    "sms_not_understood": frozenset(),
    "sms_taken": CALL | {"offers_at"},
    "sms_expired": frozenset(),
    "sms_stranger": frozenset(),
    "sms_refused": frozenset({"why"}),
    "sign_in_code": frozenset({SEALED}),
    "number_code": frozenset({SEALED}),
    "invitation": frozenset({SEALED}),
    "digest": CALL | {"count"},
    "digest_no_call": frozenset({"count"}),
    "unreached": CALL | {"name"},
    "gateway_silent": frozenset({"gateway", "since_at"}),
    "voice_for_child": frozenset({"parent", "child", "place"}),
    "voice_from_child": frozenset({"child"}),
    "voice_answer": frozenset({"child"}),
    "voice_heard": frozenset({"by"}),
    "parent_accepted": frozenset({"name"}),
    "parent_declined": frozenset({"name"}),
}
NAMES = frozenset({"parent", "child", "by", "name"})
WORDED = frozenset({"reason", "every", "why"})  # codes of `notice.<key>.<code>`, "code:count" where the sentence counts
BARE = "_bare"  # the form of a template that has nothing to offer, or no reason to give
REPLY = "_reply"  # the form for who can answer with a digit
MAY_BE_EMPTY = ("offers_at", "reason")
BARES = frozenset({"cancelled", "missed_parent", "missed_village", "released", "series_gap", "sms_taken"})
REPLIES = frozenset(
    {
        "reminder_day", "reminder_hour", "proposed", "countered", "slot_offered", "chase", "rostered", "missed_parent",
        "missed_village", "released", "series_gap",
    }
)  # fmt: skip
NUMBERED = frozenset({"sms_offers", "sms_taken", *(f"{template}{REPLY}" for template in REPLIES)})  # their offers are
FOR_DESKS = frozenset({"unreached", "gateway_silent"})  # listed at the desk, and pushed; never a text
WRITTEN_FREELY = frozenset({"announcement"})  # somebody's own words, which no vendor approves before
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


def _stored(key: str, value: Param) -> str | list[Any]:
    """Offers are few; whoever is told when they speak is told of all calls."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return [_stored_one(each) for each in value][: OFFERS if key == "offers_at" else None]


def _stored_one(value: str | datetime | tuple[str, datetime]) -> str | list[str]:
    if isinstance(value, tuple):
        return [value[0], value[1].isoformat()]
    return value if isinstance(value, str) else value.isoformat()


def forms(template: str) -> tuple[str, ...]:
    """All that a template may become, itself first."""
    more = ((BARE, BARES), (REPLY, REPLIES))
    return (template, *(template + suffix for suffix, having in more if template in having))


def sentence_of(form: str, language: str) -> str:
    return texts.texts_of(language)[f"notice.{form}"]


def render(
    template: str, params: Mapping[str, Any], *, language: str, zone: str, now: datetime, link: str,
    can_reply: bool = False, names_sender: bool = False,
) -> Rendered:  # fmt: skip
    """The text of a notice for a reader whose language and zone are given, as it reads at `now`.

    `can_reply`: an answer to it reaches us. `names_sender`: no vendor puts a signature in front, so it names us itself.
    Accents of names are left out if the whole text fits into GSM-7 without them.
    """
    language = language if language in texts.languages() else texts.FALLBACK
    form = _form(template, params, can_reply=can_reply)
    sentence = sentence_of(form, language)
    before = texts.texts_of(language)["notice.sender"] if names_sender else ""
    reader = _Reader(language, zone, now, is_numbered=form in NUMBERED)
    words = {key: reader.write(key, params[key]) for key in placeholders(sentence) if key != "link"}
    for used in ({key: word if key == "text" else plain(word) for key, word in words.items()}, words):
        text = before + sentence.format(**used, link=link)
        if Encoding.GSM7.holds(text):
            break
    return Rendered(form, used, language, text)


def _form(template: str, params: Mapping[str, Any], *, can_reply: bool) -> str:
    if template in BARES and any(key in PARAMS[template] and not params.get(key) for key in MAY_BE_EMPTY):
        return template + BARE
    return template + REPLY if can_reply and template in REPLIES else template


@dataclass(frozen=True)
class _Reader:
    language: str
    zone: str
    now: datetime
    is_numbered: bool = False

    def write(self, key: str, value: Any) -> str:
        if key == "choices":
            return self._numbered([self._choice(each) for each in value])
        if isinstance(value, list):
            return self._times([datetime.fromisoformat(each) for each in value], key)
        if key.endswith("_at"):
            return self._whole(datetime.fromisoformat(value))
        if key in WORDED:
            word, _, count = value.partition(":")
            return self._word(f"{key}.{word}").format(count=count)
        if key == "text":
            return typed(value)
        return short_name(value) if key in NAMES else short_place(value) if key == "place" else str(value)

    def _choice(self, value: str | list[str]) -> str:
        if isinstance(value, str):
            return short_name(value)
        return f"{short_name(value[0])} {self._whole(datetime.fromisoformat(value[1]))}"

    def _times(self, instants: list[datetime], key: str) -> str:
        if self.is_numbered and key == "offers_at":
            return self._numbered([f"{self._near_day(at)} {self._time(at)}" for at in instants])
        return self._days_once(instants)

    def _days_once(self, instants: list[datetime]) -> str:
        """Several times, each day said once: "周一 19:00、19:30、周二 19:00"."""
        written, before = [], ""
        for at in instants:
            day = self._near_day(at)
            written.append(self._time(at) if day == before else f"{day} {self._time(at)}")
            before = day
        return self._text("and").join(written)

    def _numbered(self, choices: list[str]) -> str:
        """Each by the digit that chooses it: "1)周一 19:00 2)周二 19:00"."""
        numbered = self._text("numbered")
        return " ".join(numbered.format(number=n, choice=choice) for n, choice in enumerate(choices, 1))

    def _whole(self, at: datetime) -> str:
        return f"{self._day(at, 'far')} {self._time(at)}"

    def _near_day(self, at: datetime) -> str:
        """In a list short enough for the 35 characters that vendors leave to three times."""
        far = at - self.now
        return self._day(at, "near" if far < timedelta(days=6) else "day" if far < timedelta(days=27) else "date")

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


def placeholders(sentence: str) -> list[str]:
    return re.findall(r"{(\w+)}", sentence)
