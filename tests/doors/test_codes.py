"""Coming in by a number and a code: who may, how often, and what a stranger learns, which is nothing."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.doors import housekeeping, rules
from app.doors.models import SignInCode
from app.families import service as families
from app.families.models import Person
from app.web.models import DeviceSession
from app.web.principals import FACE_HEADER
from tests.doors.conftest import Doors
from tests.scene import NOW
from tests.web.open_house import Guest

ALICE, UNKNOWN = "+8613800000011", "+8613800009999"


def ask(guest: Guest, number: str = ALICE, *, key: str | None = None, **more: str) -> str:
    answer = guest.command("/api/sign_in/code", {"number": number, **more}, key=key)
    assert answer.status_code == 200, answer.text
    challenge: str = answer.get_json()["challenge"]
    return challenge


def prove(guest: Guest, challenge: str, code: str, key: str | None = None) -> TestResponse:
    return guest.command("/api/sign_in/prove", {"challenge": challenge, "code": code}, key=key)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def am_i(guest: Guest) -> str | None:
    answer = guest.get("/api/now", **{FACE_HEADER: "phone"})
    return answer.get_json()["me"]["name"] if answer.status_code == 200 else None


@pytest.mark.parametrize("typed", [ALICE, "138 0000 0011", "0086-138-0000-0011", "１３８００００００１１"])
def test_a_number_in_any_usual_writing_and_its_code_open_the_phone(doors: Doors, typed: str) -> None:
    guest = doors.house.nobody()
    challenge = guest.command("/api/sign_in/code", {"number": typed, "region": "CN"}).get_json()["challenge"]
    code = doors.code(ALICE)
    assert len(code) == rules.CODE_DIGITS
    answer = prove(guest, challenge, f" {code[:3]} {code[3:]} ")
    assert answer.get_json() == {"signed_in": True, "faces": []}
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert am_i(guest) == "Alice"


def test_a_number_without_a_country_is_the_villages_or_else_the_callers(doors: Doors) -> None:
    british = "+447400123456"
    with doors.house.database.begin() as session:
        session.get_one(Person, doors.house.scene.bob.parent).phone = british
    for typed, region, number in (("138 0000 0011", "GB", ALICE), ("07400 123456", "GB", british)):
        ask(doors.house.nobody(), typed, region=region)
        assert len(doors.texts(number)) == 1
    answer = doors.house.nobody().command("/api/sign_in/code", {"number": "07400 123456"})
    assert (answer.status_code, answer.get_json()["error"]) == (422, "bad_number")


def test_the_code_is_in_no_table_and_the_text_goes_once(doors: Doors) -> None:
    guest = doors.house.nobody()
    challenge = ask(guest, key="one")
    assert ask(guest, key="one") == challenge  # its answer was lost: no second text
    code = doors.code(ALICE)
    assert len(doors.texts(ALICE)) == 1
    assert code not in doors.rows
    assert challenge not in doors.rows


def test_an_unknown_number_gets_the_same_answer_and_no_text(doors: Doors) -> None:
    for number in (ALICE, UNKNOWN):
        answer = doors.house.nobody().command("/api/sign_in/code", {"number": number}).get_json()
        assert (len(answer.pop("challenge")), answer) == (40, {"digits": 6, "expires_at": "2026-11-23T10:10:00Z"})
    assert doors.texts(UNKNOWN) == []
    assert len(doors.texts(ALICE)) == 1


def test_whoever_is_nobodys_family_or_has_not_confirmed_gets_no_code(doors: Doors) -> None:
    with doors.house.database.begin() as session:
        families.add_person(session, name="Alone", zone="Asia/Shanghai", language="en", phone=UNKNOWN, confirmed_at=NOW)
        session.scalars(select(Person).where(Person.phone == ALICE)).one().phone_confirmed_at = None
    for number in (UNKNOWN, ALICE):
        ask(doors.house.nobody(), number)
        assert doors.texts(number) == []


def test_five_wrong_tries_end_a_code_the_right_one_too(doors: Doors) -> None:
    guest = doors.house.nobody()
    challenge = ask(guest)
    code = doors.code(ALICE)
    for left in (4, 3, 2, 1, 0):
        told = prove(guest, challenge, wrong(code)).get_json()
        assert (told["error"], told["detail"]) == ("wrong_code", {"tries_left": left})
    assert prove(guest, challenge, code).get_json()["error"] == "code_used_or_expired"
    assert am_i(guest) is None


def test_guesses_that_race_are_counted_each(doors: Doors) -> None:
    guest = doors.house.nobody()
    challenge = ask(guest)
    code = doors.code(ALICE)
    guesses = [f"{n:06}" for n in range(40) if f"{n:06}" != code]

    def guess(one: str) -> str:
        return str(prove(doors.house.nobody(), challenge, one).get_json()["error"])

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(guess, guesses))
    assert answers.count("wrong_code") == rules.MOST_TRIES
    assert set(answers) == {"wrong_code", "code_used_or_expired"}


def test_thousands_of_guesses_from_one_address_are_stopped(doors: Doors) -> None:
    guest = doors.house.nobody()
    errors = [
        prove(guest, f"guess {n}", f"{n:06}").get_json()["error"] for n in range(rules.TRIES_FROM_AN_ADDRESS.most + 5)
    ]
    assert errors[-5:] == ["too_often"] * 5
    assert set(errors[:-5]) == {"code_used_or_expired"}


def test_a_code_is_good_for_ten_minutes_and_once(doors: Doors) -> None:
    guest = doors.house.nobody()
    challenge = ask(guest)
    code = doors.code(ALICE)
    doors.house.clock.step(minutes=10)
    assert prove(guest, challenge, code).get_json()["error"] == "code_used_or_expired"
    challenge = ask(guest)
    code = doors.code(ALICE)
    doors.house.clock.step(minutes=9, seconds=59)
    assert prove(guest, challenge, code).status_code == 200
    assert prove(doors.house.nobody(), challenge, code).get_json()["error"] == "code_used_or_expired"


def test_the_code_alone_is_worth_nothing_in_another_browser(doors: Doors) -> None:
    ask(doors.house.nobody())
    code = doors.code(ALICE)
    other = ask(doors.house.nobody(), UNKNOWN)
    assert prove(doors.house.nobody(), other, code).get_json()["error"] == "wrong_code"


def test_an_answer_that_was_lost_is_given_again_to_its_own_key_alone(doors: Doors) -> None:
    first = doors.house.nobody()
    challenge = ask(first)
    code = doors.code(ALICE)
    assert prove(first, challenge, code, key="mine").status_code == 200
    again = doors.house.nobody()
    assert prove(again, challenge, code, key="other").get_json()["error"] == "code_used_or_expired"
    assert prove(again, challenge, wrong(code), key="mine").get_json()["error"] == "code_used_or_expired"
    assert prove(again, challenge, code, key="mine").status_code == 200
    assert (am_i(again), am_i(first)) == ("Alice", None)  # one session, and the token that was lost opens nothing
    with doors.house.database.read() as session:
        assert len(session.scalars(select(DeviceSession).where(DeviceSession.opened_by == "text")).all()) == 1
    doors.house.clock.step(minutes=2)
    assert prove(again, challenge, code, key="mine").get_json()["error"] == "code_used_or_expired"


def test_a_number_is_not_bombed_with_texts(doors: Doors) -> None:
    def errors(number: str) -> list[str | None]:
        guests = [doors.house.nobody() for _ in range(5)]
        return [guest.command("/api/sign_in/code", {"number": number}).get_json().get("error") for guest in guests]

    assert errors(ALICE) == errors(UNKNOWN) == [None] * 3 + ["too_often"] * 2
    assert len(doors.texts(ALICE)) == 3
    for _ in range(6):
        doors.house.clock.step(minutes=15)
        errors(ALICE)
        doors.texts(ALICE)
    assert len(doors.texts(ALICE)) == 8


def test_who_shares_a_number_chooses_a_face(doors: Doors) -> None:
    alice = doors.house.scene.alice
    with doors.house.database.begin() as session:
        session.get_one(Person, alice.caregiver).phone = ALICE
        session.get_one(Person, doors.house.scene.bob.parent).phone_confirmed_at = None
        session.get_one(Person, doors.house.scene.bob.parent).phone = ALICE
    guest = doors.house.nobody()
    challenge = ask(guest)
    early = guest.command("/api/sign_in/choose", {"challenge": challenge, "person_id": alice.parent})
    assert early.get_json()["error"] == "code_used_or_expired"
    told = prove(guest, challenge, doors.code(ALICE)).get_json()
    assert told["signed_in"] is False
    assert {face["name"] for face in told["faces"]} == {"Alice", "Granny of Alice"}
    stranger = guest.command("/api/sign_in/choose", {"challenge": challenge, "person_id": doors.house.scene.bob.parent})
    assert stranger.status_code == 404
    chosen = {"challenge": challenge, "person_id": alice.caregiver}
    assert guest.command("/api/sign_in/choose", chosen, key="c").get_json()["signed_in"]
    assert am_i(guest) == "Granny of Alice"
    assert guest.command("/api/sign_in/choose", chosen, key="c").get_json()["signed_in"]
    assert guest.command("/api/sign_in/choose", chosen).get_json()["error"] == "code_used_or_expired"


@pytest.mark.parametrize("number", ["", "12", "abc", "+8613800000011 and more", "1" * 41])
def test_what_is_no_number_is_said_so(doors: Doors, number: str) -> None:
    assert doors.house.nobody().command("/api/sign_in/code", {"number": number}).status_code == 422


def test_a_token_that_was_planted_before_is_not_taken_over(doors: Doors) -> None:
    guest, planted = doors.house.nobody(), secrets.token_hex(20)
    guest._client.set_cookie("homethread_phone", planted)
    challenge = ask(guest)
    answer = prove(guest, challenge, doors.code(ALICE))
    assert planted not in answer.headers["Set-Cookie"]
    assert planted not in doors.rows
    assert am_i(guest) == "Alice"


@pytest.mark.parametrize("path", ["code", "prove", "choose", "invitation"])
def test_another_site_opens_no_door(doors: Doors, path: str) -> None:
    headers = {"Origin": "https://evil.example", "Idempotency-Key": "k"}
    assert doors.house.nobody().ask("POST", f"/api/sign_in/{path}", headers=headers, data="{}").status_code == 403


def test_codes_are_swept_when_nobody_asks_for_them_any_more(doors: Doors) -> None:
    def kept() -> int:
        doors.texts(ALICE)
        with doors.house.database.read() as session:
            return len(session.scalars(select(SignInCode)).all())

    ask(doors.house.nobody())
    with doors.house.database.begin() as session:
        housekeeping.start(session, NOW)
    doors.house.clock.at += rules.SWEPT_AFTER
    assert kept() == 1
    doors.house.clock.step(hours=1, minutes=11)
    assert kept() == 0
