"""What texts say, how long they are, and that times are the reader's."""

import re
import string
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.notices.segments import GSM_BASIC, segments
from app.notices.templates import (
    BARE,
    BARES,
    MAY_BE_EMPTY,
    PARAMS,
    REPLIES,
    REPLY,
    TOLD_REASONS,
    Rendered,
    forms,
    render,
    stored,
)
from app.web import texts
from tests.notices.stage import LINK, NOW

FAR = datetime(2026, 12, 27, 11, 30, tzinfo=UTC)  # long in both languages, another day in every zone
SOON = datetime(2026, 11, 25, 11, 30, tzinfo=UTC)
LONG: dict[str, dict[str, Any]] = {
    "zh-CN": {
        "parent": "欧阳海燕", "child": "阿依古丽·艾合买提", "by": "诸葛奶奶", "name": "诸葛奶奶", "place": "青石板村",
        "text": "明天停电，终端用不了。", "choices": [("阿依古丽", FAR), ("欧阳小明", FAR)],
    },
    "en": {
        "parent": "Maria Fernanda Xu", "child": "Bartholomew", "by": "Anneliese", "name": "Anneliese",
        "place": "Upper Qingshi Vill.", "text": "No electricity tomorrow, so the terminal is dark.",
        "choices": [("Bartholomew", FAR), ("Maria", FAR)],
    },
}  # fmt: skip
FIXED: dict[str, Any] = {
    "code": "4821 0937 5526", "every": "times:3", "reason": "declined", "count": "12", "gateway": "africas_talking",
    "why": "other",
}  # fmt: skip
TIMES: dict[str, Any] = FIXED | {
    "starts_at": FAR, "from_at": FAR, "offers_at": [FAR + timedelta(days=days) for days in (1, 2, 3)],
    "until_at": FAR, "calls_at": [FAR + timedelta(days=days) for days in (1, 2, 3)], "since_at": FAR,
}  # fmt: skip
# What most texts are about: this week, and answers until this evening.
USUAL: dict[str, Any] = TIMES | {
    "starts_at": SOON, "from_at": SOON, "offers_at": [SOON + timedelta(days=days) for days in (0, 1, 2)],
    "until_at": NOW, "calls_at": [SOON, SOON + timedelta(days=2)], "since_at": NOW,
}  # fmt: skip
NOTHING: dict[str, Any] = {"offers_at": [], "reason": ""}
FORMS = [form for template in PARAMS for form in forms(template)]
# At most eight characters may stand between the brackets.
SIGNATURES = {"zh-CN": ("【家线】", "【乡音桥】", "【石门留守儿童家】"), "en": ("Homethread: ",)}
# What takes two, by the room that is left: whatever the dates are, and with dates of this week, as most texts have.
LONG_LINK = {"invitation"}
TWO_AT_WORST: dict[str, set[str]] = {
    "【家线】": LONG_LINK | {"rostered_reply"},
    "【乡音桥】": LONG_LINK | {"rostered_reply", "released_reply"},
    "【石门留守儿童家】": LONG_LINK | {
        "chase_reply", "missed_parent", "missed_parent_reply", "missed_village", "missed_village_reply", "released",
        "released_reply", "rostered", "rostered_reply", "series_gap_reply", "slot_offered_reply", "sms_taken",
    },
    "Homethread: ": set(),
}  # fmt: skip
TWO_USUALLY = {"zh-CN": LONG_LINK, "en": set()}


def say(template: str, language: str, zone: str = "Asia/Shanghai", now: datetime = NOW, **given: Any) -> Rendered:
    said = LONG[language if language in LONG else "en"] | TIMES | given
    return render(template, stored(template, said), language=language, zone=zone, now=now, link=LINK)


def say_form(form: str, language: str, times: dict[str, Any], **how: bool) -> Rendered:
    template = form.removesuffix(BARE).removesuffix(REPLY)
    said = LONG[language] | times | (NOTHING if form.endswith(BARE) else {})
    return render(
        template, stored(template, said), language=language, zone="Asia/Shanghai", now=NOW, link=LINK,
        can_reply=form.endswith(REPLY), **how,
    )  # fmt: skip


@pytest.mark.parametrize(("language", "signature"), [(each, s) for each in SIGNATURES for s in SIGNATURES[each]])
def test_which_texts_are_one_segment_with_a_signature(language: str, signature: str) -> None:
    for times, two in ((TIMES, TWO_AT_WORST[signature]), (USUAL, TWO_USUALLY[language])):
        counts = {form: segments(signature + say_form(form, language, times).text) for form in FORMS}
        assert {form for form, count in counts.items() if count > 1} == two
        assert max(counts.values()) <= 2


@pytest.mark.parametrize("form", FORMS)
def test_an_english_text_is_of_the_basic_alphabet(form: str) -> None:
    text = say_form(form, "en", TIMES).text
    assert GSM_BASIC.issuperset(text), set(text) - GSM_BASIC


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_form_is_said_as_itself_and_names_the_sender_where_nobody_signs(form: str, language: str) -> None:
    bare, named = say_form(form, language, TIMES), say_form(form, language, TIMES, names_sender=True)
    assert bare.template == named.template == form
    assert named.text == SIGNATURES[language][0] + bare.text


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("form", FORMS)
def test_a_sentence_uses_parameters_that_are_kept_and_one_link_at_most(form: str, language: str) -> None:
    sentence = texts.texts_of(language)[f"notice.{form}"]
    used = [name for _, name, _, _ in string.Formatter().parse(sentence) if name]
    assert set(used) - {"link"} <= PARAMS[form.removesuffix(BARE).removesuffix(REPLY)]
    assert used.count("link") <= 1
    assert "【" not in sentence, "the vendor's signature stands there"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("form", sorted(f"{template}{REPLY}" for template in REPLIES))
def test_a_form_to_answer_says_the_digits_and_sends_nobody_to_a_page(form: str, language: str) -> None:
    text = say_form(form, language, USUAL).text
    assert {"1", "2", "3"} & set(re.findall(r"(?<![\d:])[123](?![\d:])", text)) >= {"1", "3"}
    assert "页面" not in text
    assert "page" not in text


def test_no_sentence_is_without_template() -> None:
    sentences = {
        key.split(".", 1)[1] for key in texts.texts_of("en") if key.startswith("notice.") and key.count(".") == 1
    }
    assert sentences == {*FORMS, "sender"}
    assert set(BARES) == {template for template in PARAMS if PARAMS[template] & set(MAY_BE_EMPTY)} - {"sms_offers"}


@pytest.mark.parametrize(
    ("language", "zone", "at", "written"),
    [
        ("zh-CN", "Asia/Shanghai", datetime(2026, 11, 30, 11, 0, tzinfo=UTC), "周一 11月30日 19:00"),
        ("en", "Asia/Shanghai", datetime(2026, 11, 30, 11, 0, tzinfo=UTC), "Mon 30 Nov 19:00"),
        ("en", "Asia/Dubai", datetime(2026, 11, 30, 11, 0, tzinfo=UTC), "Mon 30 Nov 15:00"),
        ("zh-CN", "Asia/Shanghai", datetime(2026, 11, 23, 11, 0, tzinfo=UTC), "今天 19:00"),
        ("zh-CN", "Asia/Shanghai", datetime(2026, 11, 23, 16, 0, tzinfo=UTC), "明天 00:00"),
        ("en", "Europe/Lisbon", datetime(2026, 11, 23, 16, 0, tzinfo=UTC), "today 16:00"),
        ("en", "Pacific/Kiritimati", datetime(2026, 11, 24, 9, 0, tzinfo=UTC), "today 23:00"),
        ("en", "Pacific/Kiritimati", datetime(2026, 11, 24, 10, 0, tzinfo=UTC), "tomorrow 00:00"),
        ("en", "Asia/Shanghai", datetime(2026, 11, 22, 11, 0, tzinfo=UTC), "Sun 22 Nov 19:00"),
    ],
)
def test_a_time_is_written_in_the_readers_zone_and_language(
    language: str, zone: str, at: datetime, written: str
) -> None:
    assert say("booked", language, zone, starts_at=at).params["starts_at"] == written


@pytest.mark.parametrize(
    ("days_and_minutes", "written"),
    [
        ([(1, 0), (1, 30), (2, 0)], "明天 18:00、18:30、周三 18:00"),
        ([(0, 60), (6, -1), (6, 0)], "今天 19:00、周日 17:59、29日 18:00"),
        ([(26, 0), (26, 1439), (27, 0)], "19日 18:00、20日 17:59、12月20日 18:00"),
        ([(1, 0), (2, 0), (3, 0), (4, 0)], "明天 18:00、周三 18:00、周四 18:00"),
    ],
)
def test_new_times_name_each_day_once_and_are_three_at_most(
    days_and_minutes: list[tuple[int, int]], written: str
) -> None:
    offers = [NOW + timedelta(days=days, minutes=minutes) for days, minutes in days_and_minutes]
    assert say("missed_parent", "zh-CN", offers_at=offers).params["offers_at"] == written


def test_a_vendor_gets_the_parameters_as_they_are_written_but_no_link() -> None:
    says = say("ring_parent", "zh-CN")
    assert says.params == {"child": "阿依古丽"}
    assert says.text == f"您和阿依古丽的通话开始了，请打开 {LINK}"


def test_nothing_to_offer_is_a_template_of_its_own() -> None:
    assert say("missed_village", "en", offers_at=[]).template == "missed_village_bare"
    assert say("missed_village", "en").template == "missed_village"


def test_the_desk_has_a_word_for_every_kind() -> None:
    for language in texts.languages():
        assert not {f"desk.what.{template}" for template in PARAMS} - texts.texts_of(language).keys()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize(
    ("key", "template"), [("why", "sms_refused"), ("reason", "cancelled"), ("every", "series_booked")]
)
def test_whatever_word_is_filled_in_it_stays_one_segment(key: str, template: str, language: str) -> None:
    codes = [each.split(".")[2] for each in texts.texts_of(language) if each.startswith(f"notice.{key}.")]
    assert codes
    for code in codes:
        given: dict[str, Any] = {key: f"{code}:99"}
        text = say(template, language, **given).text
        assert segments(SIGNATURES[language][-1] + text) == 1, text


def test_an_unknown_language_is_read_in_english() -> None:
    says = say("booked", "tlh")
    assert says.language == "en"
    assert says.text.startswith("Booked")


@pytest.mark.parametrize("reason", sorted(TOLD_REASONS))
def test_the_reason_of_a_cancelled_call_is_told_in_the_readers_language(reason: str) -> None:
    told = {language: say("cancelled", language, reason=reason).params["reason"] for language in ("zh-CN", "en")}
    assert told["zh-CN"] != told["en"]
    assert reason not in told.values()
    assert say("cancelled", "en", reason="").template == "cancelled_bare"


def test_no_call_of_a_week_is_left_out() -> None:
    calls = [FAR + timedelta(days=days) for days in range(5)]
    kept = stored("rostered_several", {"place": "青石村", "calls_at": calls})["calls_at"]
    assert kept == [call.isoformat() for call in calls]
    assert say("rostered_several", "en", calls_at=calls).params["calls_at"].count(", ") == 4


@pytest.mark.parametrize(
    ("every", "chinese", "english"),
    [
        ("week", "每周", "every week"),
        ("weeks:2", "每2周", "every 2 weeks"),
        ("times:3", "每周3次", "3 times a week"),
        ("day", "每天", "every day"),
        ("months:2", "每2个月", "every 2 months"),
    ],
)
def test_how_often_a_regular_call_is(every: str, chinese: str, english: str) -> None:
    assert say("series_booked", "zh-CN", every=every).params["every"] == chinese
    assert say("series_booked", "en", every=every).params["every"] == english


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Łukasz", "Lukasz"), ("Nguyễn", "Nguyen"), ("José", "José"), ("Zoë", "Zoe"), ("D’Arcy", "D'Arcy"),
        ("François", "Francois"), ("Håkon", "Håkon"), ("Ayşe", "Ayse"), ("Þóra", "Thora"),
    ],
)  # fmt: skip
def test_accents_that_would_double_the_price_are_left_out(name: str, written: str) -> None:
    assert say("ring_parent", "en", child=name).params["child"] == written


def test_accents_stay_where_leaving_them_out_saves_nothing() -> None:
    assert say("booked", "zh-CN", parent="José").params["parent"] == "José"
    says = say("booked", "en", parent="Nguyễn", child="小明")
    assert says.params["parent"] == "Nguyễn"
    assert "Nguyễn and 小明" in says.text


def test_what_somebody_wrote_keeps_its_letters_but_not_the_quotes_that_double_its_price() -> None:
    written = say("announcement", "en", text="“Elif’s” school – closed…\r\nTomorrow").text
    assert written == 'Upper Qingshi Vi: "Elif\'s" school - closed...\nTomorrow'
    assert say("announcement", "en", text="Okul “kapalı” – yarın").text.endswith("Okul “kapalı” – yarın")


def test_offers_are_numbered_where_a_digit_chooses_one() -> None:
    offers = [NOW + timedelta(days=1), NOW + timedelta(days=1, minutes=30), NOW + timedelta(days=2)]
    assert say("sms_offers", "zh-CN", offers_at=offers).params["offers_at"] == "1)明天 18:00 2)明天 18:30 3)周三 18:00"
    said = LONG["en"] | TIMES | {"offers_at": offers}
    for can_reply, written in (
        (True, "1) tomorrow 18:00 2) tomorrow 18:30 3) Wed 18:00"),
        (False, "tomorrow 18:00, 18:30, Wed 18:00"),
    ):
        says = render(
            "missed_parent", stored("missed_parent", said), language="en", zone="Asia/Shanghai", now=NOW, link=LINK,
            can_reply=can_reply,
        )  # fmt: skip
        assert says.params["offers_at"] == written


def test_three_times_leave_room_for_what_vendors_allow_in_one_place() -> None:
    offers = [datetime(2026, 12, 17 + day, 15, 30, tzinfo=UTC) for day in (0, 1, 2)]
    for template in ("sms_offers", "missed_parent"):
        assert len(say(template, "zh-CN", offers_at=offers).params["offers_at"]) <= 35


def test_choices_are_numbered_calls_or_people() -> None:
    calls = [("王小明", NOW), ("Maria Fernanda", NOW + timedelta(days=1))]
    assert say("sms_which_call", "zh-CN", choices=calls).params["choices"] == "1)王小明 今天 18:00 2)Maria 明天 18:00"
    assert say("sms_which_person", "en", choices=["王小明", "José Luis"]).params["choices"] == "1) 王小明 2) José"


def test_braces_in_a_name_stay_braces() -> None:
    assert "{link}" in say("booked", "en", parent="{link}").text


def test_a_missing_parameter_is_found_when_it_is_planned() -> None:
    with pytest.raises(ValueError, match="starts_at"):
        stored("booked", {"parent": "a", "child": "b", "place": "c"})


def test_instants_are_kept_as_iso_strings_and_what_no_template_wants_is_not_kept() -> None:
    kept = stored("ring_parent", LONG["en"] | TIMES)
    assert kept["starts_at"] == "2026-12-27T11:30:00+00:00"
    assert kept.keys() == PARAMS["ring_parent"]
