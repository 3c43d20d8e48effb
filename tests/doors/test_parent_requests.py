"""A parent asks for the other one, the desk decides: what each sees, what is refused, and what is undone."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.desk.models import AuditEntry
from app.doors import housekeeping
from app.doors.parent_request_models import ParentRequest
from app.doors.parent_request_queries import TOLD_FOR, UNDONE_WITHIN
from app.doors.parent_requests import MOST_OPEN
from app.families import service as families
from app.families.models import Consent, Person
from app.families.words import MemberRole
from app.jobs.words import Lane
from app.web.principals import PERSON
from tests.doors.asking import NUMBER, accepts, asked, at_desk, does, error, other_parent, own, parents, wants
from tests.doors.conftest import Doors
from tests.scene import ZONE
from tests.web.open_house import Guest


def test_accepted_they_get_a_code_and_a_card_and_come_in(doors: Doors) -> None:
    alice = doors.house.scene.alice
    phone, desk = doors.house.parent(alice), doors.house.desk(alice)
    request_id = asked(doors, alice, by=phone)
    (mine,), (theirs,) = own(phone), at_desk(doors, alice)
    assert (mine["state"], mine["number"], mine["kinship"]) == ("open", NUMBER, "father")
    assert (theirs["number"], theirs["asked_by"]["name"], theirs["zone"]) == ("…55", "Alice", ZONE)
    assert (theirs["note"], theirs["children"], theirs["known"]) == ("He is in Suzhou", ["Child of Alice"], [])
    assert desk.get("/api/now").get_json()["parent_requests"] == 1
    assert does(desk, request_id, "number/show").get_json()["number"] == NUMBER

    made = accepts(desk, request_id).get_json()
    assert (own(phone)[0]["state"], parents(doors, alice)) == ("accepted", ["Alice", "Wei"])
    assert (desk.get("/api/now").get_json()["parent_requests"], made["language"]) == (0, "zh-CN")
    confirm = f"/api/persons/{made['person']['id']}/number/confirm"
    assert desk.command(confirm, {"code": doors.code(NUMBER)}).get_json() == {"number": NUMBER}
    guest = doors.house.nobody()
    assert guest.command("/api/sign_in/invitation", {"code": made["invitation"]["code"]}).status_code == 200
    assert guest.get("/api/now", Homethread_Face="phone").get_json()["me"]["name"] == "Wei"
    with doors.house.database.read() as session:
        allowed = session.scalar(select(Consent.id).where(Consent.contact_id == made["person"]["id"]))
    assert allowed is None, "what a guardian allows is asked for and written down afterwards"


def test_declined_the_parent_reads_why_and_may_ask_again(doors: Doors) -> None:
    alice = doors.house.scene.alice
    phone, desk = doors.house.parent(alice), doors.house.desk(alice)
    request_id = asked(doors, alice, by=phone)
    assert error(does(desk, request_id, "decline", reason="  ")) == "bad_reason"
    assert does(desk, request_id, "decline", reason="Please come to the office with the booklet").status_code == 200
    (mine,) = own(phone)
    assert (mine["state"], mine["reason"]) == ("declined", "Please come to the office with the booklet")
    assert error(accepts(desk, request_id)) == "request_decided"
    assert doors.texts(NUMBER) == []
    asked(doors, alice, by=phone)
    assert [one["state"] for one in own(phone)] == ["open", "declined"]
    assert error(does(desk, request_id, "reopen")) == "already_asked"


def test_what_was_decided_is_undone_and_decided_again(doors: Doors) -> None:
    alice, desk = doors.house.scene.alice, doors.house.desk(doors.house.scene.alice)
    request_id = asked(doors, alice)
    does(desk, request_id, "decline", reason="Not now")
    assert does(desk, request_id, "reopen").status_code == 200
    card = accepts(desk, request_id).get_json()
    assert does(desk, request_id, "reopen").status_code == 200
    assert parents(doors, alice) == ["Alice"]
    refused = doors.house.nobody().command("/api/sign_in/invitation", {"code": card["invitation"]["code"]})
    assert error(refused) == "code_used_or_expired"
    again = accepts(desk, request_id).get_json()
    assert again["person"] == card["person"], "the same human being, written down once"
    doors.house.clock.at += UNDONE_WITHIN
    desk = doors.house.desk(alice)
    assert error(does(desk, request_id, "reopen")) == "nothing_to_undo"
    assert at_desk(doors, alice) == []
    with doors.house.database.read() as session:
        kept = Counter(session.scalars(select(AuditEntry.action)))
    assert (kept["add_member"], kept["end_member"], kept["revoke_invitation"]) == (2, 1, 1)
    assert (kept["decline_parent"], kept["reopen_parent_request"]) == (1, 2)


def test_who_is_known_by_the_number_is_taken_in_as_they_are(doors: Doors) -> None:
    alice, bob = doors.house.scene.alice, doors.house.scene.bob
    ming, desk = other_parent(doors, bob, NUMBER), doors.house.desk(alice)
    request_id = asked(doors, alice)
    (shown,) = at_desk(doors, alice)
    assert shown["known"] == [{"id": ming, "name": "Ming", "role": None}]
    assert accepts(desk, request_id, known_id=bob.parent).status_code == 404
    made = accepts(desk, request_id, known_id=ming).get_json()
    assert (made["person"]["id"], made["invitation"], made["code_expires_at"]) == (ming, None, None)
    assert parents(doors, alice) == ["Alice", "Ming"]
    again = asked(doors, alice)
    assert error(accepts(desk, again)) == error(accepts(desk, again, known_id=ming)) == "already_member"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"number": "12345"}, "bad_number"),
        ({"number": "call +8613900000055"}, "bad_number"),
        ({"name": " "}, "bad_name"),
        ({"language": "tlh"}, "unknown_language"),
        ({"kinship": "neighbour"}, "not_understood"),
        ({"note": "a\u0007bell"}, "bad_note"),
    ],
)
def test_what_cannot_be_read_is_refused(doors: Doors, more: dict[str, Any], code: str) -> None:
    alice = doors.house.scene.alice
    answer = wants(doors, alice, **more)
    assert (answer.status_code, error(answer)) == (422, code)
    assert at_desk(doors, alice) == []


def test_a_number_of_the_country_where_the_parent_works(doors: Doors) -> None:
    alice = doors.house.scene.alice
    with doors.house.database.begin() as session:
        session.get_one(Person, alice.parent).zone = "Asia/Singapore"
    phone = doors.house.parent(alice)
    asked(doors, alice, by=phone, number="8123 4567")
    asked(doors, alice, by=phone)
    assert {one["number"] for one in own(phone)} == {"+6581234567", NUMBER}
    assert {one["number"]: one["zone"] for one in at_desk(doors, alice)} == {"…67": "Asia/Singapore", "…55": ZONE}


def test_only_a_parent_who_may_be_in_contact_asks(doors: Doors) -> None:
    alice = doors.house.scene.alice
    granny = Guest(doors.house, doors.house.badge(PERSON, alice.caregiver, None))
    assert wants(doors, alice, by=granny).status_code == 404
    ming = Guest(doors.house, doors.house.badge(PERSON, other_parent(doors, alice), None))
    assert error(wants(doors, alice, by=ming)) == "no_consent"
    with doors.house.database.begin() as session:
        families.set_no_contact(
            session, child_id=alice.child, contact_id=alice.parent, reason="court", now=doors.house.clock.now()
        )
    assert error(wants(doors, alice)) == "no_contact"


def test_somebody_elses_request_is_not_there(doors: Doors) -> None:
    alice = doors.house.scene.alice
    request_id = asked(doors, alice)
    ming = Guest(doors.house, doors.house.badge(PERSON, other_parent(doors, alice), None))
    assert own(ming) == []
    assert does(ming, request_id, "withdraw").status_code == 404
    next_desk = doors.house.desk(doors.house.scene.charlie)
    assert at_desk(doors, doors.house.scene.charlie) == []
    bodies: dict[str, dict[str, str]] = {
        "accept": {"zone": ZONE}, "decline": {"reason": "no"}, "reopen": {}, "number/show": {},
    }  # fmt: skip
    assert {does(next_desk, request_id, what, **body).status_code for what, body in bodies.items()} == {404}
    assert does(doors.house.parent(alice), request_id, "accept", zone=ZONE).status_code == 403


def test_withdrawn_it_is_gone_on_both_sides(doors: Doors) -> None:
    alice, desk = doors.house.scene.alice, doors.house.desk(doors.house.scene.alice)
    phone = doors.house.parent(alice)
    request_id = asked(doors, alice, by=phone)
    assert does(phone, request_id, "withdraw").get_json() == {"requests": []}
    assert at_desk(doors, alice) == []
    assert {error(accepts(desk, request_id)), error(does(phone, request_id, "withdraw"))} == {"request_decided"}
    assert error(does(desk, request_id, "reopen")) == "nothing_to_undo"


@pytest.mark.parametrize("what", ["left", "withdrawn", "apart"])
def test_who_may_not_any_more_brings_nobody_in(doors: Doors, what: str) -> None:
    alice, desk, now = doors.house.scene.alice, doors.house.desk(doors.house.scene.alice), doors.house.clock.now()
    request_id = asked(doors, alice)
    with doors.house.database.begin() as session:
        if what == "left":
            families.end_membership(
                session, family_id=alice.family, person_id=alice.parent, role=MemberRole.PARENT, now=now
            )
        elif what == "withdrawn":
            session.execute(update(Consent).where(Consent.child_id == alice.child).values(revoked_at=now))
        else:
            families.set_no_contact(session, child_id=alice.child, contact_id=alice.parent, reason="court", now=now)
    refused = {"left": "asker_left", "withdrawn": "no_consent", "apart": "no_contact"}[what]
    found = error(accepts(desk, request_id))
    assert found in {refused, "consent_ended"}
    assert "Wei" not in parents(doors, alice)
    assert doors.texts(NUMBER) == []


def test_a_family_has_so_many_open_and_no_more(doors: Doors) -> None:
    alice, phone = doors.house.scene.alice, doors.house.parent(doors.house.scene.alice)
    assert error(wants(doors, alice, by=phone)) is None
    assert error(wants(doors, alice, by=phone)) == "already_asked"
    for number in range(1, MOST_OPEN):
        assert error(wants(doors, alice, by=phone, number=f"+861390000006{number}")) is None
    assert error(wants(doors, alice, by=phone, number="+8613900000069")) == "too_many_requests"


def test_who_asks_without_end_waits_for_a_day(doors: Doors) -> None:
    alice, phone = doors.house.scene.alice, doors.house.parent(doors.house.scene.alice)
    for _ in range(10):
        does(phone, asked(doors, alice, by=phone), "withdraw")
    assert error(wants(doors, alice, by=phone)) == "too_often"
    doors.house.clock.at += timedelta(days=1)
    assert error(wants(doors, alice, by=phone)) is None


def test_where_no_code_can_go_nobody_is_taken_in(doors: Doors) -> None:
    alice, desk = doors.house.scene.alice, doors.house.desk(doors.house.scene.alice)
    for _ in range(3):
        desk.command(f"/api/persons/{alice.caregiver}/number", {"number": NUMBER})
    request_id = asked(doors, alice)
    assert error(accepts(desk, request_id)) == "too_often"
    assert (parents(doors, alice), at_desk(doors, alice)[0]["state"]) == (["Alice"], "open")
    doors.house.clock.at += timedelta(minutes=15)
    assert error(accepts(desk, request_id)) is None


def test_what_is_over_is_swept_out_with_its_number(doors: Doors) -> None:
    alice, desk = doors.house.scene.alice, doors.house.desk(doors.house.scene.alice)
    does(desk, asked(doors, alice), "decline", reason="no")
    with doors.house.database.begin() as session:
        housekeeping.start(session, doors.house.clock.now())
    for later, left in ((TOLD_FOR, 1), (timedelta(hours=2), 0)):
        doors.house.clock.at += later
        while sum(doors.worker.run_due(lane) for lane in Lane):
            pass
        with doors.house.database.read() as session:
            assert session.scalar(select(func.count()).select_from(ParentRequest)) == left
