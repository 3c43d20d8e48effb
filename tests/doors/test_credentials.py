"""The coordinator's door: what opens it, once; what an unknown login learns; how soon guessing has to wait."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.doors import credentials, passwords
from app.doors.models import Credential
from app.kernel.errors import Refused, TooOften
from app.storage.database import Database
from app.storage.record import Record
from app.web import sessions
from app.web.models import DeviceSession
from app.web.principals import COORDINATOR
from tests.doors.at_desk import PASSWORD, Lee, holding, knock, token_in
from tests.scene import SEALER
from tests.web.open_house import OpenHouse


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


@pytest.fixture
def lee(house: OpenHouse) -> Lee:
    return Lee(house)


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]


def test_login_password_and_code_open_the_desk_of_ones_own_village(house: OpenHouse, lee: Lee) -> None:
    answer = lee.tries()
    assert (answer.status_code, answer.get_json()) == (200, {"signed_in": True})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    now = holding(house, token_in(answer)).get("/api/now").get_json()
    assert (now["coordinator"]["id"], now["village"]["id"], now["operator"]) == (
        lee.id,
        house.scene.alice.village,
        False,
    )


def test_a_working_day_later_it_is_closed_again(house: OpenHouse, lee: Lee) -> None:
    desk = holding(house, token_in(lee.tries()))
    house.clock.step(hours=14, seconds=-1)
    assert desk.get("/api/now").status_code == 200
    house.clock.step(seconds=1)
    assert desk.get("/api/now").status_code == 401


def test_a_login_is_the_same_however_it_is_typed(lee: Lee) -> None:
    assert lee.tries(login="  LEE@Redstone.EXAMPLE ").status_code == 200
    lee.house.clock.step(seconds=30)
    assert lee.tries(login="ｌｅｅ@redstone.example", code=f"{lee.code()[:3]} {lee.code()[3:]}").status_code == 200


def test_whatever_is_wrong_the_answer_is_the_same(house: OpenHouse, lee: Lee) -> None:
    ended = Lee(house, "ended")
    with house.database.begin() as session:
        credentials.end(session, "ended", house.clock.now())
    other = "000000" if lee.code() != "000000" else "000001"
    answers = [
        lee.tries(login="nobody"), lee.tries(password="seven lamps, two doors"), lee.tries(code=other),
        lee.tries(password=PASSWORD.upper()), ended.tries(),
        knock(house, {"login": "\u202e", "password": "x", "code": other}),
    ]  # fmt: skip
    assert {(a.status_code, a.data, a.headers.get("Set-Cookie")) for a in answers} == {(409, answers[0].data, None)}
    assert answers[0].get_json()["error"] == "wrong_login"


@pytest.mark.usefixtures("real_hashing")
def test_an_unknown_login_costs_the_same_work(house: OpenHouse, lee: Lee) -> None:
    """Without it the answer would come some thirty times sooner."""
    credentials.nobodys_hash()

    def seconds(login: str, address: str) -> float:
        begun = perf_counter()
        assert refusal(lee.tries(login=login, password="not this one", address=address))[1] == "wrong_login"
        return perf_counter() - begun

    known = median(seconds(lee.login, f"198.51.100.{n}") for n in range(7))
    unknown = median(seconds("nobody", f"198.51.100.{n}") for n in range(7))
    assert known / 3 < unknown < known * 3


def test_a_code_opens_once(lee: Lee) -> None:
    code = lee.code()
    assert lee.tries(code=code).status_code == 200
    assert refusal(lee.tries(code=code)) == (409, "wrong_login")
    lee.house.clock.step(seconds=30)
    assert refusal(lee.tries(code=code)) == (409, "wrong_login")
    assert lee.tries().status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [(-60, 409), (-30, 200), (0, 200), (30, 200), (60, 409)])
def test_a_clock_may_be_half_a_minute_off(lee: Lee, seconds: int, status: int) -> None:
    assert lee.tries(code=lee.code(lee.house.clock.now() + timedelta(seconds=seconds))).status_code == status


def test_a_code_from_before_the_last_one_is_used_up_too(lee: Lee) -> None:
    before = lee.code()
    lee.house.clock.step(seconds=30)
    assert lee.tries().status_code == 200
    assert refusal(lee.tries(code=before)) == (409, "wrong_login")


def test_of_many_at_once_with_one_code_one_comes_in(lee: Lee) -> None:
    with ThreadPoolExecutor(5) as threads:
        answers = list(threads.map(lambda _: lee.tries().status_code, range(5)))
    assert sorted(answers) == [200, 409, 409, 409, 409]
    with lee.house.database.read() as session:
        assert len(sessions.devices_of(session, COORDINATOR, lee.id, lee.house.clock.now())) == 1


def test_an_answer_that_was_lost_may_be_asked_for_again(lee: Lee) -> None:
    first, again = lee.tries(key="one"), lee.tries(key="one")
    assert (first.status_code, again.status_code) == (200, 200)
    assert refusal(lee.tries(key="one", password="not this one"))[1] == "wrong_login"
    assert holding(lee.house, token_in(again)).get("/api/now").status_code == 200
    assert holding(lee.house, token_in(first)).get("/api/now").status_code == 401, "one session, one token"


def test_a_token_that_was_brought_along_opens_nothing(house: OpenHouse, lee: Lee) -> None:
    answer = knock(house, {"login": lee.login, "password": PASSWORD, "code": lee.code()})
    planted = holding(house, "planted")
    assert token_in(answer) != "planted"
    assert planted.get("/api/now").status_code == 401


def test_after_five_tries_one_waits_a_minute_even_with_the_right_words(house: OpenHouse, lee: Lee) -> None:
    wrong = [lee.tries(password="not this one").status_code for _ in range(5)]
    late = lee.tries()
    assert (wrong, refusal(late)) == ([409] * 5, (429, "too_often"))
    assert 1 <= int(late.headers["Retry-After"]) <= 60
    assert lee.tries(address="203.0.113.8").status_code == 200, "another address has its own count"
    house.clock.step(minutes=1)
    assert lee.tries().status_code == 200


def guesses(
    house: OpenHouse, addresses: int, each_seconds: float, tries: int, login: str = "lee"
) -> tuple[int, int]:  # fmt: skip
    """How many of so many guesses are judged at all, and the longest wait that was asked for."""
    judged = longest = 0
    for number in range(tries):
        now = house.clock.step(seconds=each_seconds)
        try:
            credentials.count_try(house.database, SEALER, login, f"192.0.2.{number % addresses}", now)
            judged += 1
        except TooOften as refused:
            longest = max(longest, refused.retry_seconds)
    return judged, longest


def test_a_thousand_guesses_from_one_address_come_to_thirty_a_day(house: OpenHouse) -> None:
    judged, longest = guesses(house, addresses=1, each_seconds=72, tries=1000)  # twenty hours from 10:00 UTC
    assert judged <= 60, "two days of the calendar are touched"
    assert longest > 3600


def test_a_thousand_guesses_from_everywhere_come_to_a_hundred_a_day(house: OpenHouse) -> None:
    judged, _longest = guesses(house, addresses=250, each_seconds=40, tries=1000)
    assert judged <= 100


def test_one_address_that_guesses_without_end_keeps_the_owner_out_nowhere_else(house: OpenHouse, lee: Lee) -> None:
    judged, _longest = guesses(house, addresses=1, each_seconds=0, tries=200, login=lee.login)
    assert judged == 5
    assert lee.tries(address="203.0.113.8").status_code == 200


def test_an_address_that_tries_many_logins_waits(house: OpenHouse) -> None:
    for number in range(60):
        credentials.count_try(house.database, SEALER, f"login {number}", "192.0.2.1", house.clock.now())
    with pytest.raises(TooOften):
        credentials.count_try(house.database, SEALER, "one more", "192.0.2.1", house.clock.now())


@pytest.mark.usefixtures("real_hashing")
def test_a_password_is_hashed_anew_when_the_parameters_are_others(house: OpenHouse, lee: Lee) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with house.database.begin() as session:
        session.get_one(Credential, lee.id).password_hash = weak
    assert passwords.is_outdated(weak)
    assert lee.tries().status_code == 200
    with house.database.read() as session:
        kept = session.get_one(Credential, lee.id).password_hash
    assert not passwords.is_outdated(kept)
    assert passwords.is_right(kept, PASSWORD)


def test_nothing_that_opens_stands_in_a_table(house: OpenHouse, lee: Lee) -> None:
    token = token_in(lee.tries())
    with house.database.read() as session:
        rows = "\n".join(str(row) for table in Record.metadata.sorted_tables for row in session.execute(table.select()))
    assert lee.login in rows, "it is the whole database"
    assert not [secret for secret in (PASSWORD, lee.secret, token) if secret in rows]


def test_a_reset_shows_everybody_out_and_forgets_the_waits(house: OpenHouse, lee: Lee) -> None:
    desk, old = lee.comes_in(), lee.secret
    for n in range(31):
        knock(house, {"login": lee.login, "password": "not this", "code": "000000"}, address=f"198.51.100.{n}")
    assert lee.tries(address="192.0.2.9").status_code == 429
    with house.database.begin() as session:
        credentials.reset(session, SEALER, "LEE@redstone.example", "another long sentence", house.clock.now())
        sealed = session.get_one(Credential, lee.id).totp
    assert desk.get("/api/now").status_code == 401
    assert refusal(lee.tries(address="192.0.2.9")) == (409, "wrong_login")
    lee.secret = SEALER.unseal(credentials.SEALED_FOR, sealed)
    assert lee.secret != old
    assert lee.tries(address="192.0.2.9", password="another long sentence").status_code == 200


def test_a_reset_forgets_what_was_tried_at_ones_own_desk_too(house: OpenHouse, lee: Lee) -> None:
    for _ in range(31):
        lee.tries(password="not this one")
    house.clock.step(minutes=20)
    assert lee.tries().status_code == 429, "thirty a day at one desk"
    with house.database.begin() as session:
        issued = credentials.reset(session, SEALER, lee.login, "another long sentence", house.clock.now())
    lee.secret = pyotp.parse_uri(issued.uri).secret
    assert lee.tries(password="another long sentence").status_code == 200


def test_who_was_ended_gets_in_nowhere(house: OpenHouse, lee: Lee) -> None:
    desk, village = lee.comes_in(), house.scene.alice.village
    with house.database.begin() as session:
        link = sessions.issue_code(session, COORDINATOR, lee.id, village, "en", house.clock.now())
    with house.served() as port, desk.connect(port) as wire:
        with house.database.begin() as session:
            credentials.end(session, lee.login, house.clock.now())
        wire.ended()
    house.clock.step(seconds=30)
    assert refusal(lee.tries()) == (409, "wrong_login")
    assert desk.get("/api/now").status_code == 401
    assert house.nobody().get(f"/enter/{link}?face=desk").status_code == 409
    with house.database.begin() as session, pytest.raises(Refused, match="coordinator_ended"):
        credentials.reset(session, SEALER, lee.login, "another long sentence", house.clock.now())


def test_whoever_is_faster_who_was_ended_is_not_in(house: OpenHouse, lee: Lee) -> None:
    def end() -> None:
        with house.database.begin() as session:
            credentials.end(session, lee.login, house.clock.now())

    with ThreadPoolExecutor(4) as threads:
        tries = [threads.submit(lee.tries) for _ in range(3)]
        threads.submit(end).result()
        for one in tries:
            one.result()
    with house.database.read() as session:
        assert not sessions.devices_of(session, COORDINATOR, lee.id, house.clock.now())


def test_two_who_want_one_login_at_once(house: OpenHouse) -> None:
    def add(_: int) -> str:
        try:
            Lee(house, "one@redstone.example")
        except Refused as refused:
            return refused.code
        return "added"

    with ThreadPoolExecutor(3) as threads:
        assert sorted(threads.map(add, range(3))) == ["added", "login_taken", "login_taken"]
    with house.database.read() as session:
        assert len(session.scalars(select(Credential)).all()) == 1


def test_each_try_opens_a_session_of_its_own(house: OpenHouse, lee: Lee) -> None:
    first, second = lee.comes_in(), lee.comes_in()
    assert (first.get("/api/now").status_code, second.get("/api/now").status_code) == (200, 200)
    with house.database.read() as session:
        opened = session.scalars(select(DeviceSession).where(DeviceSession.subject_id == lee.id)).all()
    assert [device.opened_by for device in opened] == ["password", "password"]
