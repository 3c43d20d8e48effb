"""Cards and texts that let one person in once; numbers that are proved; devices that are listed and ended."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from app.doors import rules
from app.families import service as families
from app.families.models import Person
from app.families.words import MemberRole
from tests.doors.at_desk import Lee
from tests.doors.conftest import Doors
from tests.scene import Household
from tests.web.open_house import Guest
from tests.web.wire import Gone

NEW_NUMBER = "+8613900000055"


def invite(doors: Doors, whose: Household, person_id: str, channel: str = "card") -> dict[str, Any]:
    answer = doors.house.desk(whose).command("/api/invitations", {"person_id": person_id, "channel": channel})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.get_json()
    return made


def accept(guest: Guest, code: str, key: str | None = None) -> str | None:
    """The error, or None for whoever is in."""
    error: str | None = guest.command("/api/sign_in/invitation", {"code": code}, key=key).get_json().get("error")
    return error


def me(guest: Guest) -> str | None:
    answer = guest.get("/api/now", Homethread_Face="phone")
    return answer.get_json()["me"]["name"] if answer.status_code == 200 else None


def test_a_card_opens_once_and_its_code_is_in_no_table(doors: Doors) -> None:
    alice = doors.house.scene.alice
    made = invite(doors, alice, alice.caregiver)
    assert re.fullmatch(r"\d{12}", made["code"])
    assert made["url"].endswith(f"/phone#join={made['code']}")
    assert made["qr_svg"].startswith("<svg")
    assert made["code"] not in doors.rows
    guest = doors.house.nobody()
    assert accept(guest, f"{made['code'][:4]} {made['code'][4:8]}-{made['code'][8:]}") is None
    assert me(guest) == "Granny of Alice"
    assert accept(doors.house.nobody(), made["code"]) == "code_used_or_expired"


def test_no_card_has_a_phone_number_on_it(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """A landline in Shenzhen, and one in Beijing with its country's code: who types them is asked for a code."""
    drawn = iter([75583001234, 861082345678, 600000000001])
    monkeypatch.setattr("app.doors.invitations.secrets.randbelow", lambda below: next(drawn))
    alice = doors.house.scene.alice
    assert invite(doors, alice, alice.parent)["code"] == "600000000001"


def test_an_invitation_by_text_names_one_link_and_the_digits(doors: Doors) -> None:
    alice = doors.house.scene.alice
    made = invite(doors, alice, alice.parent, "text")
    (text,) = doors.texts("+8613800000011")
    assert "/phone" in text
    assert "#" not in text
    assert doors.code("+8613800000011") == made["code"]
    assert made["code"] not in doors.rows.replace(" ", "")
    assert accept(doors.house.nobody(), made["code"]) is None


def test_a_text_needs_a_number_that_was_confirmed(doors: Doors) -> None:
    alice, desk = doors.house.scene.alice, doors.house.desk(doors.house.scene.alice)
    with doors.house.database.begin() as session:
        session.get_one(Person, alice.parent).phone_confirmed_at = None
    for person in (alice.parent, alice.child):
        answer = desk.command("/api/invitations", {"person_id": person, "channel": "text"})
        assert answer.get_json()["error"] == "no_number"


def test_only_the_newest_is_good_until_it_is_revoked_or_old(doors: Doors) -> None:
    alice = doors.house.scene.alice
    first, second = (invite(doors, alice, alice.parent) for _ in range(2))
    assert accept(doors.house.nobody(), first["code"]) == "code_used_or_expired"
    assert doors.house.desk(alice).command(f"/api/invitations/{second['id']}/revoke").status_code == 200
    assert accept(doors.house.nobody(), second["code"]) == "code_used_or_expired"
    third = invite(doors, alice, alice.parent)
    doors.house.clock.at += rules.INVITATION_LIVES
    assert accept(doors.house.nobody(), third["code"]) == "code_used_or_expired"


def test_one_card_in_many_hands_at_once_lets_one_in(doors: Doors) -> None:
    code = invite(doors, doors.house.scene.alice, doors.house.scene.alice.parent)["code"]
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: accept(doors.house.nobody(), code), range(6)))
    assert sorted(answers, key=str) == [None, *["code_used_or_expired"] * 5]


def test_a_lost_answer_is_given_again_to_its_own_key(doors: Doors) -> None:
    code = invite(doors, doors.house.scene.alice, doors.house.scene.alice.parent)["code"]
    first, again = doors.house.nobody(), doors.house.nobody()
    assert accept(first, code, "mine") is None
    assert accept(again, code, "mine") is None
    assert (me(again), me(first)) == ("Alice", None)


def test_who_comes_in_where_somebody_was_signed_in_ends_that_session_and_a_bad_card_does_not(doors: Doors) -> None:
    alice = doors.house.scene.alice
    phone, other = doors.house.parent(alice), doors.house.parent(alice)
    code = invite(doors, alice, alice.caregiver)["code"]
    assert accept(phone, "000000000000") == "code_used_or_expired"
    assert me(phone) == "Alice"
    assert phone.badge
    assert accept(phone, code, "mine") is None
    assert me(phone) == "Granny of Alice"
    assert me(Guest(doors.house, phone.badge)) is None
    assert len(other.get("/api/devices").get_json()["devices"]) == 1
    assert accept(phone, code, "mine") is None
    assert me(phone) == "Granny of Alice"


def test_guessing_cards_is_stopped(doors: Doors) -> None:
    guest = doors.house.nobody()
    errors = [accept(guest, f"{n:012}") for n in range(rules.INVITATIONS_FROM_AN_ADDRESS.most + 2)]
    assert errors[-2:] == ["too_often"] * 2
    doors.house.clock.at += timedelta(hours=1)
    assert accept(guest, f"{0:012}") == "code_used_or_expired"


def test_the_next_villages_desk_invites_and_revokes_nobody_here(doors: Doors) -> None:
    alice, charlie = doors.house.scene.alice, doors.house.scene.charlie
    made, next_desk = invite(doors, alice, alice.parent), doors.house.desk(charlie)
    asked = [
        ("/api/invitations", {"person_id": alice.parent, "channel": "card"}),
        (f"/api/invitations/{made['id']}/revoke", {}),
        (f"/api/persons/{alice.parent}/number", {"number": NEW_NUMBER}),
        (f"/api/persons/{alice.parent}/number/confirm", {"code": "123456"}),
        (f"/api/persons/{alice.parent}/number/show", {}),
    ]
    assert [next_desk.command(path, body).status_code for path, body in asked] == [404] * 5


class TestNumbers:
    def test_a_number_counts_when_what_was_sent_there_is_read_back(self, doors: Doors) -> None:
        alice = doors.house.scene.alice
        desk, path = doors.house.desk(alice), f"/api/persons/{alice.caregiver}/number"
        assert desk.command(path, {"number": "139 0000 0055"}).status_code == 200
        code = doors.code(NEW_NUMBER)
        assert code not in doors.rows
        wrong = desk.command(f"{path}/confirm", {"code": f"{(int(code) + 1) % 10**6:06}"}).get_json()
        assert (wrong["error"], wrong["detail"]["tries_left"]) == ("wrong_code", 4)
        with doors.house.database.read() as session:
            assert session.get_one(Person, alice.caregiver).phone == "+8613800000012"
        assert desk.command(f"{path}/confirm", {"code": code}).get_json() == {"number": NEW_NUMBER}
        assert desk.command(f"{path}/show").get_json() == {"number": NEW_NUMBER}
        assert desk.command(f"{path}/confirm", {"code": code}).get_json()["error"] == "code_used_or_expired"

    def test_wrong_tries_are_counted_although_they_are_refused(self, doors: Doors) -> None:
        alice = doors.house.scene.alice
        desk, path = doors.house.desk(alice), f"/api/persons/{alice.caregiver}/number"
        desk.command(path, {"number": NEW_NUMBER})
        code = doors.code(NEW_NUMBER)
        for _ in range(rules.MOST_TRIES):
            desk.command(f"{path}/confirm", {"code": f"{(int(code) + 1) % 10**6:06}"})
        assert desk.command(f"{path}/confirm", {"code": code}).get_json()["error"] == "code_used_or_expired"

    def test_a_desk_bombs_no_number(self, doors: Doors) -> None:
        alice = doors.house.scene.alice
        desk, path = doors.house.desk(alice), f"/api/persons/{alice.caregiver}/number"
        answers = [desk.command(path, {"number": NEW_NUMBER}).status_code for _ in range(5)]
        assert answers == [200, 200, 200, 429, 429]
        assert len(doors.texts(NEW_NUMBER)) == 3


class TestDevices:
    def test_ones_own_are_listed_and_ended_and_their_sockets_closed(self, doors: Doors) -> None:
        alice = doors.house.scene.alice
        here, there = doors.house.parent(alice), doors.house.parent(alice)
        with doors.house.served() as port, there.connect(port) as wire:
            listed = here.get("/api/devices").get_json()["devices"]
            assert [device["is_this"] for device in listed].count(True) == 1
            other = next(device["id"] for device in listed if not device["is_this"])
            assert here.command(f"/api/devices/{other}/end").status_code == 200
            with pytest.raises(Gone):
                wire.event("never")
        assert there.get("/api/now").status_code == 401
        assert [device["is_this"] for device in here.get("/api/devices").get_json()["devices"]] == [True]

    def test_somebody_elses_is_not_found(self, doors: Doors) -> None:
        bobs = doors.house.parent(doors.house.scene.bob).get("/api/devices").get_json()["devices"][0]["id"]
        assert doors.house.parent(doors.house.scene.alice).command(f"/api/devices/{bobs}/end").status_code == 404
        assert doors.house.desk(doors.house.scene.bob).command(f"/api/devices/{bobs}/end").status_code == 404

    def test_signing_out_drops_the_cookie_and_ends_the_session(self, doors: Doors) -> None:
        guest = doors.house.parent(doors.house.scene.alice)
        token = guest.badge.token if guest.badge else ""
        answer = guest.command("/api/sign_out")
        assert "homethread_phone=;" in answer.headers["Set-Cookie"]
        stolen = doors.house.nobody()
        stolen._client.set_cookie("homethread_phone", token)
        assert me(stolen) is None


def test_a_desk_hands_out_no_keys_of_somebody_who_is_in_another_village_too(doors: Doors) -> None:
    """With them it would open the other village's family."""
    house, alice, bob = doors.house, doors.house.scene.alice, doors.house.scene.charlie
    with house.database.begin() as session:
        families.add_member(
            session, family_id=bob.family, person_id=alice.parent, role=MemberRole.PARENT, now=house.clock.now()
        )  # fmt: skip
    for desk in (house.desk(alice), house.desk(bob)):
        for path, body in (
            ("/api/invitations", {"person_id": alice.parent, "channel": "card"}),
            (f"/api/persons/{alice.parent}/number", {"number": "+8613900000099"}),
            (f"/api/persons/{alice.parent}/number/confirm", {"code": "123456"}),
        ):
            answer = desk.command(path, body)
            assert (answer.status_code, answer.get_json()["error"]) == (409, "shared_person")
    operator = Lee(house, is_operator=True).comes_in()
    made = operator.command("/api/invitations", {"person_id": alice.parent, "channel": "card"})
    assert made.status_code in (200, 201)
    assert accept(house.nobody(), made.get_json()["code"]) is None
