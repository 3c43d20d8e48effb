"""A text from the desk to everybody: what it costs is shown, it is planned once for each, or refused whole."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.desk import broadcast_views
from app.desk.models import AuditEntry
from app.families import service as families
from app.families.models import Person
from app.families.words import MemberRole
from app.notices import deciding, terms
from app.notices.models import Notice, NoticeTerms, StoppedNumber
from app.notices.ports import SmsGateway
from app.notices.segments import segments
from app.storage.database import Database
from tests.notices.stage import RecordingGateway
from tests.scene import ZONE, at
from tests.web.open_house import Guest, OpenHouse

PREVIEW, SEND = "/api/broadcasts/preview", "/api/broadcasts"
TEXT = "No power tomorrow, so the terminal is dark until the evening."
BEFORE = "Homethread: Redstone: "


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


@pytest.fixture
def desk(house: OpenHouse) -> Guest:
    return house.desk(house.scene.alice)


def through(house: OpenHouse, *gateways: SmsGateway) -> None:
    house.web.app.extensions[broadcast_views.GATEWAYS] = gateways


def previewed(desk: Guest, text: str = TEXT) -> dict[str, Any]:
    answer = desk.command(PREVIEW, {"text": text})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.get_json()
    return shown


def planned(house: OpenHouse) -> Sequence[Notice]:
    with house.database.read() as session:
        return session.scalars(select(Notice).where(Notice.template == "announcement").order_by(Notice.key)).all()


def change(house: OpenHouse, person_id: str, **fields: Any) -> None:
    with house.database.begin() as session:
        for name, value in fields.items():
            setattr(session.get_one(Person, person_id), name, value)


def budget(house: OpenHouse, village_segments: int) -> None:
    with house.database.begin() as session:
        given = {"village_segments": village_segments, "segment_price": 300}
        deciding.change(session, house.scene.alice.village, given)


def names(house: OpenHouse) -> set[str]:
    with house.database.read() as session:
        return {session.get_one(Person, each.person_id).name for each in planned(house)}


def test_what_it_costs_is_shown_and_nothing_is_sent(house: OpenHouse, desk: Guest) -> None:
    assert previewed(desk) == {
        "people": 4, "segments_each": 1, "segments": 4, "cost": 1800, "currency": "CNY", "encoding": "GSM-7",
        "unreachable": [], "left_this_month": None, "parts": [BEFORE + TEXT], "most_segments": 3, "refusal": None,
    }  # fmt: skip
    assert planned(house) == []


def test_it_is_planned_once_for_each_of_this_village(house: OpenHouse, desk: Guest) -> None:
    sent = desk.command(SEND, {"text": TEXT}, key="once")
    assert sent.status_code == 201
    made = sent.get_json()
    assert (made["people"], made["segments"], made["cost"], made["currency"]) == (4, 4, 1800, "CNY")
    assert desk.command(SEND, {"text": TEXT}, key="once").get_json() == made
    assert names(house) == {"Alice", "Bob", "Granny of Alice", "Granny of Bob"}
    for notice in planned(house):
        assert (notice.village_id, notice.family_id) == (house.scene.alice.village, None)
        assert notice.params == {"place": "Redstone", "text": TEXT}
        assert notice.subject == f"broadcast:{made['id']}"
    with house.database.read() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "broadcast"))
    assert entry.detail == {"text": TEXT, "people": 4, "segments": 4}


def test_at_night_it_waits_for_the_morning_of_who_reads_it(house: OpenHouse, desk: Guest) -> None:
    change(house, house.scene.bob.parent, zone="Europe/Lisbon")
    house.clock.at = at(23)
    desk.command(SEND, {"text": TEXT})
    due = {each.person_id: each.due_at for each in planned(house)}
    assert due[house.scene.alice.parent] == at(7, day=24)
    assert due[house.scene.bob.parent] == at(23), "it is afternoon there"


def test_who_share_a_number_are_told_once_and_who_has_none_is_named(house: OpenHouse, desk: Guest) -> None:
    alice, bob = house.scene.alice, house.scene.bob
    change(house, alice.caregiver, phone="+8613800000011")
    change(house, bob.caregiver, phone_confirmed_at=None)
    with house.database.begin() as session:
        session.add(StoppedNumber(number="+8613800000021", stopped_at=house.clock.now()))
    shown = previewed(desk)
    assert (shown["people"], shown["segments"]) == (3, 1)
    assert shown["unreachable"] == ["Bob", "Granny of Bob"]
    desk.command(SEND, {"text": TEXT})
    assert names(house) == {"Alice", "Bob", "Granny of Bob"}, "they find it at the terminal"


def test_who_left_and_who_is_only_a_child_is_not_told(house: OpenHouse, desk: Guest) -> None:
    alice, now = house.scene.alice, house.clock.now()
    with house.database.begin() as session:
        sister = families.add_person(session, name="Sister", zone=ZONE, language="en", phone="+8613800000077",
                                     confirmed_at=now)  # fmt: skip
        families.add_member(session, family_id=alice.family, person_id=sister.id, role=MemberRole.CHILD, now=now)
        families.end_membership(
            session, family_id=alice.family, person_id=alice.caregiver, role=MemberRole.CAREGIVER, now=now
        )
    assert previewed(desk)["people"] == 3


def test_each_reads_it_in_their_language_with_the_signature_of_the_vendor(house: OpenHouse, desk: Guest) -> None:
    change(house, house.scene.alice.parent, language="zh-CN")
    through(house, RecordingGateway(signature="【乡音桥】"))
    shown = previewed(desk)
    assert shown["encoding"] == "UCS-2"
    assert shown["parts"][0].startswith("【乡音桥】Redstone")
    lengths = [segments(f"【乡音桥】Redstone: {TEXT}")] * 3 + [segments(f"【乡音桥】Redstone通知：{TEXT}")]
    assert shown["segments"] == sum(lengths) == 8


def test_where_vendors_take_approved_texts_alone_nothing_is_sent(house: OpenHouse, desk: Guest) -> None:
    through(house, RecordingGateway(templates_only=True))
    assert previewed(desk)["refusal"] == "no_free_text"
    refused = desk.command(SEND, {"text": TEXT})
    assert (refused.status_code, refused.get_json()["error"]) == (409, "no_free_text")
    through(house, RecordingGateway(templates_only=True, signature="【甲】"), RecordingGateway(max_segments=2))
    shown = previewed(desk)
    assert (shown["refusal"], shown["most_segments"], shown["parts"]) == (None, 2, [BEFORE + TEXT])


def test_what_is_too_long_is_counted_and_refused_in_words(house: OpenHouse) -> None:
    desk = house.desk(house.scene.alice, "zh-CN")
    for text, count in (("停电。" * 3334, 150), ("a" * 10_000, 66), ("🦊" * 5_000, 152)):
        shown = previewed(desk, text)
        assert shown["segments_each"] == len(shown["parts"]) == count
        assert "".join(shown["parts"]) == BEFORE + text
        assert shown["refusal"] == "text_too_long"
        refused = desk.command(SEND, {"text": text})
        assert (refused.status_code, refused.get_json()["error"]) == (409, "text_too_long")
        assert f"{count}条" in refused.get_json()["message"]
    assert planned(house) == []


def test_it_goes_out_whole_or_not_at_all_within_the_budget(house: OpenHouse, desk: Guest) -> None:
    budget(house, 5)
    assert (previewed(desk)["left_this_month"], previewed(desk)["cost"]) == (5, 1200)
    desk.command(SEND, {"text": TEXT})
    with house.database.begin() as session:
        for notice in session.scalars(select(Notice)).all()[:2]:
            assert terms.spend(session, notice, 1, house.clock.now())
    assert (previewed(desk)["left_this_month"], previewed(desk)["refusal"]) == (3, "budget_used_up")
    refused = desk.command(SEND, {"text": TEXT})
    assert (refused.status_code, refused.get_json()["error"]) == (409, "budget_used_up")
    assert "4 segments, and 3 are left" in refused.get_json()["message"]
    assert len(planned(house)) == 4
    with house.database.begin() as session:
        session.get_one(NoticeTerms, house.scene.alice.village).village_segments = 0
    assert previewed(desk)["left_this_month"] == 0


def test_a_village_without_families_is_told_so(house: OpenHouse, desk: Guest) -> None:
    with house.database.begin() as session:
        for whom in (house.scene.alice, house.scene.bob):
            for person_id, role in ((whom.parent, MemberRole.PARENT), (whom.caregiver, MemberRole.CAREGIVER)):
                families.end_membership(
                    session, family_id=whom.family, person_id=person_id, role=role, now=house.clock.now()
                )
    shown = previewed(desk)
    assert (shown["people"], shown["segments"], shown["parts"], shown["refusal"]) == (0, 0, [], "nobody_to_tell")
    assert desk.command(SEND, {"text": TEXT}).get_json()["error"] == "nobody_to_tell"


def test_what_has_nothing_to_read_is_not_sent(desk: Guest) -> None:
    for text in ("   ", "\u202e\u200f\u2066", "\x00\x07", "\r\n\t", "\u2063"):
        for path in (PREVIEW, SEND):
            answer = desk.command(path, {"text": text})
            assert (answer.status_code, answer.get_json()["error"]) == (422, "empty_text")


def test_what_is_out_of_bounds_is_not_understood(desk: Guest) -> None:
    for body in ({}, {"text": ""}, {"text": None}, {"text": "a" * 20_001}, {"text": "a", "to": "all"}):
        assert desk.command(SEND, body).status_code == 422


def test_what_cannot_be_seen_is_left_out_and_the_rest_sent_as_it_was_written(house: OpenHouse, desk: Guest) -> None:
    written = {
        "stay\u202e safe\u202c \x1b[31m": "stay safe [31m",
        "“It’s” dark…": '"It\'s" dark...',
        "停电👨\u200d👩\u200d👧\x00": "停电👨\u200d👩\u200d👧",
        "مرحبا\u200f": "مرحبا",
        "{link} {code} ${x}": "{link} {code} ${x}",
    }
    for text, sent in written.items():
        assert "".join(previewed(desk, text)["parts"]) == BEFORE + sent
        assert desk.command(SEND, {"text": text}).status_code == 201
    assert {notice.params["text"] for notice in planned(house)} == set(written.values())


def test_half_a_character_is_answered_and_kept_by_no_table(house: OpenHouse, desk: Guest) -> None:
    answer = desk.command(SEND, b'{"text": "a\\ud83e"}')
    assert answer.status_code in (201, 422)
    assert all("\ud83e" not in notice.params["text"] for notice in planned(house))


def test_phones_and_terminals_send_nothing(house: OpenHouse) -> None:
    for guest in (house.parent(house.scene.alice), house.terminal(house.scene.alice), house.nobody()):
        for path in (PREVIEW, SEND):
            assert guest.command(path, {"text": TEXT}).status_code in (401, 403)
    assert planned(house) == []
