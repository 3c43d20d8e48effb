"""What a push says: short, without link or digits, urgent by its kind, in the reader's language."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from app.notices.models import Notice
from app.notices.ports import Urgency
from app.notices.push_message import Reader, push_of, topic_of, trial
from app.notices.rules import POLICIES
from app.notices.templates import PARAMS, SEALED, stored
from app.notices.words import NoticeState
from tests.notices.stage import NOW, params

PERSON = Reader("phone", "en", "Asia/Shanghai")
CHINESE = Reader("phone", "zh-CN", "Asia/Shanghai")


def notice(template: str, subject: str = "call:c1", **more: Any) -> Notice:
    usual = params() | {"every": "week", "calls_at": [NOW], "until_at": NOW, "since_at": NOW, "count": "4"} | more
    kept = {key: usual.get(key, "some") for key in PARAMS[template]}
    return Notice(
        id="n1", key="k", person_id="p", template=template, params=stored(template, kept), subject=subject, due_at=NOW,
        state=NoticeState.PLANNED, planned_at=NOW,
    )  # fmt: skip


def said(template: str, reader: Reader = PERSON, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(push_of(notice(template, **more), reader, NOW).payload)
    return told


@pytest.mark.parametrize("reader", [PERSON, CHINESE], ids=["en", "zh-CN"])
@pytest.mark.parametrize("template", ["ring_parent", "ring_village", "reminder_day", "cancelled", "moved", "proposed"])
def test_it_says_what_a_text_says_without_link_and_digits(template: str, reader: Reader) -> None:
    body = said(template, reader)["body"]
    assert len(body) > 5
    assert not re.search(r"\0|https?:|\bOpen\b|打开|\b1 yes|回复1", body)
    assert body[-1] not in " ,，"


def test_a_ring_opens_its_call_in_one_touch() -> None:
    told = said("ring_parent")
    assert (told["id"], told["url"], told["tag"], told["kind"]) == ("n1", "/phone#call=c1", "call:c1", "ring_parent")
    assert (told["title"], told["join"], told["urgency"]) == ("A call is waiting for you", "Join", "high")
    assert said("ring_parent", CHINESE)["join"] == "接听"


def test_what_is_no_ring_has_no_place_to_join() -> None:
    told = said("reminder_day")
    assert (told["title"], told["join"]) == ("Your next call", None)
    assert said("cancelled")["title"] == "Homethread"
    assert said("series_ended", subject="series:s1")["url"] == "/phone"


def test_a_voice_message_opens_the_two_who_speak() -> None:
    assert said("voice_from_child", subject="voice:village:c1:p1")["url"] == "/phone#messages=c1:p1"
    assert said("voice_heard", Reader("desk", "en", "UTC"), subject="voice:parent:c1:p1")["url"] == "/desk#troubles"


def test_an_answer_of_the_desk_opens_what_was_asked_for() -> None:
    told = said("parent_declined", CHINESE, subject="parent_request:r1", name="小卫")
    assert (told["url"], told["body"]) == ("/phone#parents", "您申请让小卫加入，管理员没同意")


def test_at_a_desk_it_opens_what_wants_mending() -> None:
    assert said("cancelled", Reader("desk", "en", "UTC"))["url"] == "/desk#troubles"


@pytest.mark.parametrize(
    ("template", "urgency"),
    [
        ("ring_parent", Urgency.HIGH), ("ring_village", Urgency.HIGH), ("unanswered_caregiver", Urgency.HIGH),
        ("reminder_ten", Urgency.NORMAL), ("cancelled", Urgency.NORMAL), ("booked", Urgency.LOW),
        ("series_changed", Urgency.LOW),
    ],
)  # fmt: skip
def test_a_ring_wakes_and_news_waits(template: str, urgency: Urgency) -> None:
    assert push_of(notice(template), PERSON, NOW).urgency is urgency


def test_the_newer_about_one_subject_takes_the_place_of_the_older() -> None:
    topics = {push_of(notice(template), PERSON, NOW).topic for template in ("ring_parent", "cancelled")}
    (topic,) = topics
    assert re.fullmatch("[A-Za-z0-9_-]{32}", topic)
    assert topic != topic_of("call:c2")
    assert "c1" not in topic


def test_it_lasts_as_long_as_it_is_of_use() -> None:
    ring = notice("ring_parent")
    of_use = POLICIES["ring_parent"].useful_for
    assert push_of(ring, PERSON, NOW).ttl_seconds == of_use.total_seconds()
    assert push_of(ring, PERSON, NOW + timedelta(minutes=2)).ttl_seconds == (of_use.total_seconds() - 120)
    assert push_of(ring, PERSON, NOW + timedelta(days=1)).ttl_seconds == 0


def test_every_kind_that_is_pushed_has_its_words_in_both_languages() -> None:
    """And none is longer than a screen or a payload has room for."""
    seen = 0
    for template, policy in POLICIES.items():
        if policy.is_for_number or SEALED in PARAMS[template]:
            continue
        about = notice(template, text="x" * 3000)
        for reader in (PERSON, CHINESE):
            push = push_of(about, reader, NOW)
            assert json.loads(push.payload)["body"], template
            assert len(push.payload) < 3_000
            seen += 1
    assert seen > 30


def test_a_trial_is_no_notice() -> None:
    told = json.loads(trial("zh-CN", "phone", NOW).payload)
    assert (told["id"], told["url"], told["title"]) == (None, "/phone", "家线")
