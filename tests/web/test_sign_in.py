"""One-time codes, device sessions, the cookies of three faces in one browser."""

from collections import Counter
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from app.kernel.errors import Refused
from app.storage.database import Database
from app.web import sessions
from app.web.models import DeviceSession, OneTimeCode
from app.web.principals import COORDINATOR, FACE_HEADER, PERSON, TERMINAL, cookie_name
from tests.scene import NOW
from tests.web.open_house import Badge, Guest, OpenHouse

RACERS = 4


def code(database: Database, language: str = "en") -> str:
    with database.begin() as session:
        return sessions.issue_code(session, PERSON, "alice", None, language, NOW)


class TestCodes:
    def test_only_hashes_are_kept(self, database: Database) -> None:
        secret = code(database)
        with database.begin() as session:
            device, token = sessions.enter(session, secret, NOW)
            session.flush()
            kept = {*session.scalars(select(OneTimeCode.code_hash)), *session.scalars(select(DeviceSession.token_hash))}
            assert not {secret, token} & kept
            assert sessions.device_of(session, token, NOW) is device

    def test_it_works_once(self, database: Database) -> None:
        secret = code(database)
        with database.begin() as session:
            sessions.enter(session, secret, NOW)
        with pytest.raises(Refused, match="code_used_or_expired"), database.begin() as session:
            sessions.enter(session, secret, NOW)

    @pytest.mark.parametrize(("minutes", "works"), [(59.99, True), (60, False), (600, False)])
    def test_it_works_for_an_hour(self, database: Database, minutes: float, works: bool) -> None:
        secret = code(database)
        with database.begin() as session:
            if works:
                sessions.enter(session, secret, NOW + timedelta(minutes=minutes))
            else:
                with pytest.raises(Refused, match="code_used_or_expired"):
                    sessions.enter(session, secret, NOW + timedelta(minutes=minutes))

    @pytest.mark.parametrize("secret", ["", "x", "\0", "ü", "\ud800", "x" * 10_000])
    def test_one_that_was_never_issued(self, database: Database, secret: str) -> None:
        code(database)
        with pytest.raises(Refused, match="code_used_or_expired"), database.begin() as session:
            sessions.enter(session, secret, NOW)

    def test_at_the_same_moment_one_gets_in(self, database: Database) -> None:
        secret, start, got = code(database), Barrier(RACERS), Counter[str]()

        def run() -> None:
            start.wait()
            try:
                with database.begin() as session:
                    sessions.enter(session, secret, NOW)
                got["in"] += 1
            except Refused as refused:
                got[refused.code] += 1

        threads = [Thread(target=run) for _ in range(RACERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert got == {"in": 1, "code_used_or_expired": RACERS - 1}
        with database.read() as session:
            assert session.scalar(select(func.count()).select_from(DeviceSession)) == 1


class TestDoor:
    def issue(self, house: OpenHouse) -> str:
        with house.database.begin() as session:
            return sessions.issue_code(session, PERSON, house.scene.alice.parent, None, "en", house.clock.now())

    def test_it_opens_the_face_with_a_cookie_that_no_script_reads(self, house: OpenHouse) -> None:
        answer = house.nobody().get(f"/enter/{self.issue(house)}")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/phone")
        cookie = SimpleCookie(answer.headers["Set-Cookie"])["homethread_phone"]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
        assert (cookie["max-age"], cookie["secure"]) == (str(180 * 86_400), "")
        assert answer.headers["Cache-Control"] == "no-store"

    def test_over_tls_the_cookie_stays_there(self, database: Database, tmp_path: Path) -> None:
        house = OpenHouse(database, tmp_path, public_url="https://calls.example")
        answer = house.nobody().get(f"/enter/{self.issue(house)}")
        assert SimpleCookie(answer.headers["Set-Cookie"])["homethread_phone"]["secure"] is True

    def test_a_look_ahead_does_not_use_it_up(self, house: OpenHouse) -> None:
        """Messengers ask with HEAD what an address is, before anybody opens it."""
        secret, nobody = self.issue(house), house.nobody()
        assert nobody.ask("HEAD", f"/enter/{secret}").status_code == 405
        assert nobody.get(f"/enter/{secret}").status_code == 302

    def test_used_up_it_says_so(self, house: OpenHouse) -> None:
        secret = self.issue(house)
        house.nobody().get(f"/enter/{secret}")
        answer = house.nobody().get(f"/enter/{secret}", Accept="text/html")
        assert (answer.status_code, answer.mimetype) == (409, "text/html")
        assert "used already" in answer.text
        assert secret not in answer.text
        assert "Set-Cookie" not in answer.headers

    def test_the_same_browser_may_come_again(self, house: OpenHouse) -> None:
        secret, browser = self.issue(house), house.nobody()
        browser.get(f"/enter/{secret}?face=phone")
        again = browser.get(f"/enter/{secret}?face=phone")
        assert (again.status_code, again.headers["Location"]) == (302, "/phone")
        assert browser.get(f"/enter/{secret}?face=desk").status_code == 409


class TestFaces:
    @pytest.fixture
    def badges(self, house: OpenHouse) -> dict[str, Badge]:
        scene = house.scene
        badges = (
            house.badge(PERSON, scene.alice.parent, None),
            house.badge(TERMINAL, scene.alice.terminal, scene.alice.village, "zh-CN"),
            house.badge(COORDINATOR, house.coordinators[scene.alice.village], scene.alice.village),
        )
        return {badge.face: badge for badge in badges}

    @pytest.fixture
    def browser(self, house: OpenHouse, badges: dict[str, Badge]) -> Guest:
        """One browser, signed in as all three."""
        browser = house.nobody()
        for badge in badges.values():
            browser.keep(badge)
        return browser

    @pytest.mark.parametrize("face", ["phone", "terminal", "desk"])
    def test_the_page_says_as_whom_it_asks(self, browser: Guest, face: str) -> None:
        for answer in (browser.get("/api/now", **{FACE_HEADER: face}), browser.get(f"/api/now?face={face}")):
            assert answer.get_json()["face"] == face

    def test_it_is_nobody_by_a_face_that_there_is_not(self, browser: Guest) -> None:
        for face in ("phones", "x" * 5000, "homethread_phone"):
            assert browser.get("/api/now", **{FACE_HEADER: face}).status_code == 401

    def test_each_page_speaks_the_language_of_its_own_face(self, browser: Guest) -> None:
        assert '<html lang="en"' in browser.get("/phone").text
        assert '<html lang="zh-CN"' in browser.get("/terminal").text

    def test_a_cookie_of_one_face_is_none_of_another(self, house: OpenHouse, badges: dict[str, Badge]) -> None:
        browser = house.nobody()
        browser.keep(Badge("desk", badges["phone"].token))
        assert browser.get("/api/now", **{FACE_HEADER: "desk"}).status_code == 401

    @pytest.mark.parametrize("token", ["", "made up", "\xff", "%00", "x" * 4000])
    def test_a_token_that_was_made_up(self, house: OpenHouse, token: str) -> None:
        browser = house.nobody()
        browser.keep(Badge("phone", token))
        assert browser.get("/api/now").status_code == 401

    def test_a_session_ends(self, house: OpenHouse) -> None:
        alice = house.parent(house.scene.alice)
        house.clock.step(days=180, seconds=-1)
        assert alice.get("/api/now").status_code == 200
        house.clock.step(seconds=1)
        answer = alice.get("/api/now")
        assert (answer.status_code, answer.get_json()["error"]) == (401, "not_signed_in")


def test_cookie_names_are_those_of_the_description(house: OpenHouse) -> None:
    described = house.nobody().get("/api/openapi.json").get_json()["components"]["securitySchemes"]
    assert {scheme["name"] for scheme in described.values()} == {cookie_name(f) for f in ("phone", "terminal", "desk")}
