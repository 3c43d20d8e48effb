"""Enrolment over HTTP: a family in one go, its people, consent, no contact; races; nothing of the next village."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.families.models import Consent, Family, NoContact, Person
from app.families.rules import EMBLEMS
from app.storage.database import Database
from tests.scene import NOW, ZONE, at
from tests.web.open_house import Guest, OpenHouse


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


@pytest.fixture
def desk(house: OpenHouse) -> Guest:
    return house.desk(house.scene.alice)


def somebody(name: str, role: str, **other: str) -> dict[str, str]:
    return {"name": name, "role": role, "zone": ZONE, "language": "en", **other}


def wangs(emblem: str = "boat", *persons: dict[str, str]) -> dict[str, Any]:
    people = persons or (somebody("Ma", "parent"), somebody("Gran", "caregiver"), somebody("Ming", "child"))
    return {"name": "Wang", "emblem": emblem, "persons": list(people)}


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]


def page(guest: Guest, family_id: str) -> Any:
    return guest.get(f"/api/families/{family_id}").get_json()


def counted(house: OpenHouse, *tables: type) -> list[int | None]:
    with house.database.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) for table in tables]


def test_a_family_is_there_with_all_its_people(desk: Guest) -> None:
    answer = desk.command("/api/families", wangs())
    family = answer.get_json()
    assert (answer.status_code, family["name"], family["emblem"]) == (201, "Wang", "boat")
    by_role = {member["role"]: member for member in family["members"]}
    assert {role: member["name"] for role, member in by_role.items()} == {
        "parent": "Ma", "caregiver": "Gran", "child": "Ming",
    }  # fmt: skip
    assert by_role["parent"] == {
        "id": by_role["parent"]["id"], "name": "Ma", "photo": None, "role": "parent", "has_phone": False,
        "has_stopped_texts": False,
        "confirmed": False, "zone": ZONE, "language": "en", "invited": None, "devices": 0,
    }  # fmt: skip
    assert (family["consents"], family["no_contacts"], family["pin"]) == ([], [], {"set": False, "blocked": False})
    assert page(desk, family["id"]) == family


def test_a_family_is_enrolled_wholly_or_not_at_all(house: OpenHouse, desk: Guest) -> None:
    before = counted(house, Family, Person)
    wrong = wangs("boat", somebody("Ma", "parent"), somebody("Ming", "child", zone="Asia/Nowhere"))
    assert refusal(desk.command("/api/families", wrong)) == (422, "unknown_zone")
    assert counted(house, Family, Person) == before
    assert "boat" in desk.get("/api/village").get_json()["free_emblems"]


def test_sent_twice_it_is_enrolled_once(house: OpenHouse, desk: Guest) -> None:
    first, second = (desk.command("/api/families", wangs(), key="wangs") for _ in range(2))
    assert (second.status_code, second.data) == (201, first.data)
    assert counted(house, Family, Person) == [4, 12]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": "x" * 81}, {"emblem": "dinosaur"}, {"persons": []}, {"persons": [somebody("A", "aunt")]},
        {"persons": [somebody("A", "child")] * 21}, {"persons": [somebody("A", "child", number="+8613800000000")]},
        {"village_id": "elsewhere"}, {"persons": [somebody("A", "child", language="tlh")]}, {"name": "a\x00b"},
    ],
)  # fmt: skip
def test_what_is_no_family_is_not_understood(house: OpenHouse, desk: Guest, wrong: dict[str, Any]) -> None:
    assert desk.command("/api/families", wangs() | wrong).status_code == 422
    assert counted(house, Family) == [3]


def test_an_emblem_that_is_taken_is_refused_with_those_that_are_free(desk: Guest) -> None:
    answer = desk.command("/api/families", wangs("fox"))
    assert refusal(answer) == (409, "emblem_taken")
    assert answer.get_json()["detail"]["free"] == [emblem for emblem in EMBLEMS if emblem not in ("fox", "kite")]


def test_two_desks_that_take_one_emblem_at_once(house: OpenHouse) -> None:
    desks = [house.desk(house.scene.alice) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda guest: guest.command("/api/families", wangs()), desks))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert all("boat" not in a.get_json()["detail"]["free"] for a in answers if a.status_code == 409)
    assert counted(house, Family, Person) == [4, 12]


def test_a_person_is_written_down_differently(house: OpenHouse, desk: Guest) -> None:
    alice = house.scene.alice
    phone = house.parent(alice)
    changes = {"name": "Alicia", "zone": "Asia/Dubai", "language": "zh-CN"}
    assert desk.command(f"/api/persons/{alice.parent}", changes, method="PATCH").status_code == 200
    now = phone.get("/api/now").get_json()
    assert (now["me"]["name"], now["zone"], now["language"]) == ("Alicia", "Asia/Dubai", "zh-CN")
    assert desk.command(f"/api/persons/{alice.parent}", {}, method="PATCH").status_code == 200
    assert phone.get("/api/now").get_json()["me"]["name"] == "Alicia"
    for wrong in ({"name": " "}, {"zone": "Mars"}, {"language": "tlh"}, {"phone": "+8613800000000"}):
        assert desk.command(f"/api/persons/{alice.parent}", wrong, method="PATCH").status_code == 422


def test_members_come_and_go(house: OpenHouse, desk: Guest) -> None:
    bob = house.scene.bob
    path = f"/api/families/{bob.family}/members"
    added = desk.command(path, somebody("Uncle", "caregiver"))
    uncle = added.get_json()["id"]
    assert added.status_code == 201
    assert uncle in {member["id"] for member in page(desk, bob.family)["members"]}
    assert refusal(desk.command(path, {"person_id": uncle, "role": "caregiver"})) == (409, "already_member")
    assert desk.command(f"{path}/{uncle}/end", {"role": "caregiver"}).status_code == 200
    assert uncle not in {member["id"] for member in page(desk, bob.family)["members"]}
    assert refusal(desk.command(f"{path}/{uncle}/end", {"role": "caregiver"})) == (409, "already_left")
    assert desk.command(path, {"person_id": uncle, "role": "parent"}).get_json() == {"id": uncle}, "one may come back"
    assert desk.command(path, {"person_id": house.scene.alice.parent, "role": "caregiver"}).status_code == 201
    for wrong in (
        {"role": "child"},
        {"role": "child", "name": "No zone"},
        {"person_id": uncle, **somebody("U", "child")},
    ):
        assert desk.command(path, wrong).status_code == 422


def test_who_is_in_no_family_any_more_is_signed_out(house: OpenHouse, desk: Guest) -> None:
    alice = house.scene.alice
    phone = house.parent(alice)
    path = f"/api/families/{alice.family}/members/{alice.parent}/end"
    call_id = house.scene.book(alice, at(20))
    answer = desk.command(path, {"role": "parent"})
    assert (refusal(answer), answer.get_json()["detail"]) == ((409, "has_calls"), {"calls": [call_id]})
    assert phone.get("/api/now").status_code == 200
    assert desk.command(f"/api/calls/{call_id}/cancel", {"reason": "other"}).status_code == 200
    assert desk.command(path, {"role": "parent"}).status_code == 200
    assert phone.get("/api/now").status_code == 401


def yes(house: OpenHouse, **other: Any) -> dict[str, Any]:
    alice = house.scene.alice
    given = {"child_id": alice.child, "contact_id": alice.parent, "kind": "message", "given_by": alice.parent}
    return {**given, "evidence": "paper, signed 23 November", **other}


def test_a_consent_is_kept_and_withdrawn(house: OpenHouse, desk: Guest) -> None:
    alice = house.scene.alice
    until = (NOW + timedelta(days=30)).isoformat()
    given = desk.command("/api/consents", yes(house, until_at=until))
    assert given.status_code == 201
    (kept,) = [c for c in page(desk, alice.family)["consents"] if c["id"] == given.get_json()["id"]]
    assert (kept["kind"], kept["holds"], kept["until_at"], kept["contact_name"], kept["revoked_at"]) == (
        "message", True, "2026-12-23T10:00:00Z", "Alice", None,
    )  # fmt: skip
    assert refusal(desk.command("/api/consents", yes(house))) == (409, "consent_holds")
    revoke = f"/api/consents/{kept['id']}/revoke"
    assert desk.command(revoke).status_code == 200
    assert refusal(desk.command(revoke)) == (409, "consent_ended")
    (kept,) = [c for c in page(desk, alice.family)["consents"] if c["id"] == kept["id"]]
    assert (kept["holds"], kept["revoked_at"]) == (False, "2026-11-23T10:00:00Z")
    assert desk.command("/api/consents", yes(house)).status_code == 201, "it may be given again"


def test_only_a_guardian_consents_and_only_to_kin(house: OpenHouse, desk: Guest) -> None:
    alice, bob, charlie = house.scene.alice, house.scene.bob, house.scene.charlie
    assert refusal(desk.command("/api/consents", yes(house, given_by=alice.caregiver))) == (409, "not_a_guardian")
    assert refusal(desk.command("/api/consents", yes(house, given_by=bob.parent))) == (409, "not_a_guardian")
    for wrong in ({"contact_id": bob.parent}, {"child_id": charlie.child}, {"child_id": alice.parent}):
        assert desk.command("/api/consents", yes(house, **wrong)).status_code == 404
    for wrong in ({"evidence": ""}, {"kind": "party"}, {"until_at": "tomorrow"}, {"evidence": "x" * 201}):
        assert desk.command("/api/consents", yes(house, **wrong)).status_code == 422
    ended = yes(house, until_at=NOW.isoformat())
    assert refusal(desk.command("/api/consents", ended)) == (422, "ends_before_start")


def test_two_desks_that_keep_one_consent_at_once_keep_one(house: OpenHouse) -> None:
    desks = [house.desk(house.scene.alice) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda guest: guest.command("/api/consents", yes(house)).status_code, desks))
    assert sorted(answers) == [201, 409, 409, 409]
    assert counted(house, Consent) == [4]


def apart(house: OpenHouse, **other: str) -> dict[str, str]:
    return {"child_id": house.scene.alice.child, "contact_id": house.scene.alice.parent, "reason": "court", **other}


def test_two_are_kept_apart_and_let_together_again(house: OpenHouse, desk: Guest) -> None:
    alice = house.scene.alice
    ban = desk.command("/api/no_contacts", apart(house)).get_json()["id"]
    (shown,) = page(desk, alice.family)["no_contacts"]
    assert (shown["id"], shown["reason"], shown["contact_name"], shown["lifted_at"]) == (ban, "court", "Alice", None)
    booking = {"child_id": alice.child, "parent_id": alice.parent, "starts_at": at(20).isoformat()}
    assert refusal(desk.command("/api/calls", booking)) == (409, "no_contact")
    assert refusal(desk.command("/api/no_contacts", apart(house))) == (409, "already_apart")
    assert desk.command(f"/api/no_contacts/{ban}/lift").status_code == 200
    assert refusal(desk.command(f"/api/no_contacts/{ban}/lift")) == (409, "already_lifted")
    assert desk.command("/api/calls", booking).status_code == 201


def test_a_child_is_kept_apart_from_who_has_left_the_family_too(house: OpenHouse, desk: Guest) -> None:
    alice = house.scene.alice
    desk.command(f"/api/families/{alice.family}/members/{alice.caregiver}/end", {"role": "caregiver"})
    assert desk.command("/api/no_contacts", apart(house, contact_id=alice.caregiver)).status_code == 201
    assert [ban["contact_name"] for ban in page(desk, alice.family)["no_contacts"]] == ["Granny of Alice"]
    assert desk.command("/api/no_contacts", apart(house, contact_id=house.scene.charlie.parent)).status_code == 404


def test_two_desks_that_keep_apart_at_once_leave_one_ban(house: OpenHouse) -> None:
    desks = [house.desk(house.scene.alice) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda guest: guest.command("/api/no_contacts", apart(house)).status_code, desks))
    assert sorted(answers) == [201, 409, 409, 409]
    assert counted(house, NoContact) == [1]


def test_two_desks_that_withdraw_at_once_withdraw_once(house: OpenHouse, desk: Guest) -> None:
    consent = desk.command("/api/consents", yes(house)).get_json()["id"]
    desks = [house.desk(house.scene.alice) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        revoked = list(threads.map(lambda guest: guest.command(f"/api/consents/{consent}/revoke").status_code, desks))
    assert sorted(revoked) == [200, 409, 409, 409]


def test_nothing_of_the_next_village_is_found_or_changed(house: OpenHouse, desk: Guest) -> None:
    charlie, alice = house.scene.charlie, house.scene.alice
    own = house.desk(charlie)
    consent = page(own, charlie.family)["consents"][0]["id"]
    ban = own.command(
        "/api/no_contacts", {"child_id": charlie.child, "contact_id": charlie.caregiver, "reason": "x"}
    ).get_json()["id"]
    before = own.get(f"/api/families/{charlie.family}").data
    asked = [
        desk.get(f"/api/families/{charlie.family}"),
        desk.command(f"/api/persons/{charlie.parent}", {"name": "Mine"}, method="PATCH"),
        desk.command(f"/api/families/{charlie.family}/members", somebody("X", "parent")),
        desk.command(f"/api/families/{alice.family}/members", {"person_id": charlie.parent, "role": "parent"}),
        desk.command(f"/api/families/{charlie.family}/members/{charlie.parent}/end", {"role": "parent"}),
        desk.command(f"/api/families/{alice.family}/members/{charlie.parent}/end", {"role": "parent"}),
        desk.command(f"/api/consents/{consent}/revoke"),
        desk.command(f"/api/no_contacts/{ban}/lift"),
        desk.command("/api/no_contacts", {"child_id": charlie.child, "contact_id": charlie.parent, "reason": "x"}),
    ]
    assert [answer.status_code for answer in asked] == [404] * len(asked)
    assert own.get(f"/api/families/{charlie.family}").data == before


def test_the_page_says_who_was_invited_and_came(house: OpenHouse, desk: Guest) -> None:
    alice = house.scene.alice
    made = desk.command("/api/invitations", {"person_id": alice.parent, "channel": "card"}).get_json()

    def invited() -> Any:
        return next(m for m in page(desk, alice.family)["members"] if m["id"] == alice.parent)

    assert (invited()["invited"]["id"], invited()["invited"]["used"], invited()["devices"]) == (made["id"], False, 0)
    assert house.nobody().command("/api/sign_in/invitation", {"code": made["code"]}).status_code == 200
    assert (invited()["invited"]["used"], invited()["devices"]) == (True, 1)
