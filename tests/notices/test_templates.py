"""What texts say, how long they are, and that times are the reader's."""

import string
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.notices.segments import GSM_BASIC, segments
from app.notices.templates import (
    BARE,
    MAY_BE_EMPTY,
    PARAMS,
    TOLD_REASONS,
    Rendered,
    render,
    short_name,
    short_place,
    stored,
)
from app.web import texts
from tests.notices.stage import LINK, NOW

FAR = datetime(2026, 12, 27, 11, 30, tzinfo=UTC)  # long in both languages, another day in every zone
LONG: dict[str, dict[str, Any]] = {
    "zh-CN": {
        "parent": "欧阳海燕",
        "child": "阿依古丽·艾合买提",
        "by": "诸葛奶奶",
        "name": "诸葛奶奶",
        "place": "青石板村",
    },
    "en": {
        "parent": "Maria Fernanda Xu",
        "child": "Bartholomew",
        "by": "Anneliese",
        "name": "Anneliese",
        "place": "Upper Qingshi Vill.",
    },
}
TIMES: dict[str, Any] = {
    "code": "4821 0937 5526",
    "starts_at": FAR, "from_at": FAR, "offers_at": [FAR + timedelta(days=days) for days in (1, 2, 3)],
    "until_at": FAR, "calls_at": [FAR + timedelta(days=days) for days in (1, 2, 3)], "every": "times:3",
    "reason": "declined", "count": "17", "gateway": "aliyun-2", "since_at": FAR,
}  # fmt: skip
NOTHING: dict[str, Any] = {"offers_at": [], "reason": ""}
BARED = {template for template in PARAMS if PARAMS[template] & set(MAY_BE_EMPTY)}
FORMS = [(template, given) for template in PARAMS for given in (True, False) if given or template in BARED]


def say(template: str, language: str, zone: str = "Asia/Shanghai", now: datetime = NOW, **given: Any) -> Rendered:
    said = LONG[language if language in LONG else "en"] | TIMES | given
    return render(template, stored(template, said), language=language, zone=zone, now=now, link=LINK)


@pytest.mark.parametrize(("template", "is_whole"), FORMS)
def test_a_chinese_text_is_one_segment(template: str, is_whole: bool) -> None:
    text = say(template, "zh-CN", **({} if is_whole else NOTHING)).text
    assert len(text.encode("utf-16-be")) // 2 <= 70, text
    assert segments(text) == 1


@pytest.mark.parametrize(("template", "is_whole"), FORMS)
def test_an_english_text_is_one_segment_of_the_basic_alphabet(template: str, is_whole: bool) -> None:
    text = say(template, "en", **({} if is_whole else NOTHING)).text
    assert len(text) <= 160, text
    assert GSM_BASIC.issuperset(text), set(text) - GSM_BASIC


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("template", [*PARAMS, *(template + BARE for template in sorted(BARED))])
def test_a_sentence_uses_parameters_that_are_kept_and_one_link_at_most(template: str, language: str) -> None:
    sentence = texts.texts_of(language)[f"notice.{template}"]
    used = [name for _, name, _, _ in string.Formatter().parse(sentence) if name]
    assert set(used) - {"link"} <= PARAMS[template.removesuffix(BARE)]
    assert used.count("link") <= 1
    assert "【" not in sentence, "the vendor's signature stands there"


def test_no_sentence_is_without_template() -> None:
    sentences = {
        key.split(".", 1)[1] for key in texts.texts_of("en") if key.startswith("notice.") and key.count(".") == 1
    }
    assert sentences == PARAMS.keys() | {template + BARE for template in BARED}


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
        ([(0, 60), (6, -1), (6, 0)], "今天 19:00、周日 17:59、11月29日 18:00"),
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
    ("name", "short"),
    [
        ("王小明", "王小明"),
        ("阿依古丽·艾合买提", "阿依古丽"),
        ("欧阳娜娜小姐姐", "欧阳娜娜小"),
        ("Maria Fernanda Xu", "Maria"),
        ("  Li  Wei ", "Li"),
        ("Maximiliana-Josefina", "Maximiliana"),
    ],
)
def test_names_are_shortened(name: str, short: str) -> None:
    assert short_name(name) == short


@pytest.mark.parametrize(
    ("place", "short"),
    [
        ("青石村", "青石村"),
        ("新疆维吾尔自治区青石村", "新疆维吾尔自治区"),
        ("Upper\nQingshi Village", "Upper Qingshi Vi"),
    ],
)
def test_places_are_shortened(place: str, short: str) -> None:
    assert short_place(place) == short


@pytest.mark.parametrize(
    ("name", "written"),
    [("Łukasz", "Łukasz"), ("Nguyễn", "Nguyen"), ("José", "José"), ("Zoë", "Zoe"), ("Андрей", "Андрей")],
)
def test_accents_that_would_double_the_price_are_left_out(name: str, written: str) -> None:
    assert say("ring_parent", "en", child=name).params["child"] == written


def test_braces_in_a_name_stay_braces() -> None:
    assert "{link}" in say("booked", "en", parent="{link}").text


def test_a_missing_parameter_is_found_when_it_is_planned() -> None:
    with pytest.raises(ValueError, match="starts_at"):
        stored("booked", {"parent": "a", "child": "b", "place": "c"})


def test_instants_are_kept_as_iso_strings_and_what_no_template_wants_is_not_kept() -> None:
    kept = stored("ring_parent", LONG["en"] | TIMES)
    assert kept["starts_at"] == "2026-12-27T11:30:00+00:00"
    assert kept.keys() == PARAMS["ring_parent"]
