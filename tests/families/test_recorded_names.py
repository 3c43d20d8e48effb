"""A parent's name in their own voice: what is kept and refused, and who hears it, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import select

from app.families import recorded_names
from app.families.models import RecordedName
from app.families.recorded_names import MOST_BYTES
from app.kernel.errors import Invalid, NotFound, TooLarge
from app.storage.database import Database
from tests.families.conftest import Kin
from tests.messages.recordings import recorded
from tests.scene import at
from tests.villages.spoken import spoken
from tests.web.open_house import Guest, OpenHouse

MOTHER = spoken(1.5, voice=7)


def kept(database: Database) -> dict[str, bytes]:
    with database.read() as session:
        return {name.person_id: name.recording for name in session.scalars(select(RecordedName))}


class TestKeeping:
    def test_a_newer_one_takes_its_place(self, database: Database, kin: Kin, now: datetime) -> None:
        for voice in (1, 2):
            with database.begin() as session:
                name = recorded_names.keep(session, kin.mother, spoken(1, voice=voice), now)
        assert kept(database) == {kin.mother: spoken(1, voice=2)}
        assert (name.duration_ms, name.recorded_at) == (994, now)  # without what a decoder skips

    @pytest.mark.parametrize(
        ("raw", "error", "code"),
        [
            (b"", Invalid, "not_audio"),
            (b"dear diary", Invalid, "not_audio"),
            (recorded(1)[:-10], Invalid, "not_audio"),
            (spoken(0.2), Invalid, "recording_too_short"),
            (spoken(4.5), TooLarge, "recording_too_large"),
            (recorded(2, bits=64_000), TooLarge, "recording_too_large"),
            (bytes(MOST_BYTES + 1), TooLarge, "recording_too_large"),
        ],
    )
    def test_what_is_no_name_is_refused_and_the_one_before_stays(
        self, database: Database, kin: Kin, now: datetime, raw: bytes, error: type[Exception], code: str
    ) -> None:
        with database.begin() as session:
            recorded_names.keep(session, kin.mother, MOTHER, now)
        with pytest.raises(error, match=code), database.begin() as session:
            recorded_names.keep(session, kin.mother, raw, now)
        assert kept(database) == {kin.mother: MOTHER}

    def test_four_seconds_of_voice_fit(self, database: Database, kin: Kin, now: datetime) -> None:
        with database.begin() as session:
            recorded_names.keep(session, kin.father, recorded(4), now)
        assert len(kept(database)[kin.father]) <= MOST_BYTES

    def test_nobody_but_a_parent_has_one(self, database: Database, kin: Kin, now: datetime) -> None:
        for somebody in (kin.grandmother, kin.ming, "aaaaaaaaaaaaaaaa"):
            with pytest.raises(NotFound), database.begin() as session:
                recorded_names.keep(session, somebody, MOTHER, now)
        assert kept(database) == {}

    def test_removed_nothing_is_left(self, database: Database, kin: Kin, now: datetime) -> None:
        with database.begin() as session:
            recorded_names.keep(session, kin.mother, MOTHER, now)
        with database.begin() as session:
            recorded_names.remove(session, kin.mother, now)
        assert kept(database) == {}
        with pytest.raises(NotFound), database.begin() as session:
            recorded_names.remove(session, kin.mother, now)

    def test_said_on_two_phones_at_once_one_stays(self, database: Database, kin: Kin, now: datetime) -> None:
        both = Barrier(2)

        def keep(voice: int) -> None:
            both.wait()
            with database.begin() as session:
                recorded_names.keep(session, kin.mother, spoken(1, voice=voice), now)

        with ThreadPoolExecutor(2) as phones:
            list(phones.map(keep, (1, 2)))
        assert kept(database)[kin.mother] in {spoken(1, voice=1), spoken(1, voice=2)}


class TestHearing:
    @pytest.fixture
    def house(self, database: Database, tmp_path: Path) -> OpenHouse:
        return OpenHouse(database, tmp_path)

    def say(self, phone: Guest, raw: bytes, key: str) -> str:
        answer = phone.ask("POST", "/api/recorded_name", data=raw, headers={"Idempotency-Key": key})
        assert answer.status_code == 201, answer.text
        url = answer.get_json()["url"]
        assert phone.get("/api/now").get_json()["me"]["recorded_name"] == url
        return str(url)

    def test_is_for_the_terminal_whose_call_is_open_and_for_oneself(self, house: OpenHouse) -> None:
        alice = house.scene.alice
        house.scene.book(alice, at(20))
        phone, terminal = house.parent(alice), house.terminal(alice)
        url = self.say(phone, MOTHER, "said once")
        assert phone.get(url).data == MOTHER
        told = terminal.get("/api/now").get_json()["calls"][0]
        assert (told["parent"]["recorded_name"], "recorded_name" in told["child"]) == (url, False)
        assert terminal.get(url).status_code == 404, "nothing of a family before its call is open"
        house.clock.at = at(20) - timedelta(minutes=10)
        heard = terminal.get(url)
        assert (heard.status_code, heard.data, heard.mimetype) == (200, MOTHER, "audio/ogg")
        assert heard.headers["Cache-Control"] == "no-store"
        blind = [house.parent(house.scene.bob), house.terminal(house.scene.charlie), house.parent(house.scene.charlie)]
        assert {guest.get(url).status_code for guest in blind} == {404}
        assert house.desk(alice).get(url).status_code == 403
        phone_told = phone.get("/api/now").get_json()["calls"][0]["parent"]
        assert phone_told["recorded_name"] is None, "a phone has no use for it"

    def test_said_anew_the_one_before_is_gone_and_removed_both_are(self, house: OpenHouse) -> None:
        phone = house.parent(house.scene.alice)
        first = self.say(phone, MOTHER, "said once")
        assert self.say(phone, MOTHER, "said once") == first, "asked twice it is kept once"
        second = self.say(phone, spoken(2, voice=8), "said anew")
        assert [phone.get(url).status_code for url in (first, second)] == [404, 200]
        assert phone.command("/api/recorded_name/remove", {}).status_code == 200
        assert phone.get(second).status_code == 404
        assert phone.get("/api/now").get_json()["me"]["recorded_name"] is None
        assert phone.command("/api/recorded_name/remove", {}).status_code == 404

    def test_nobody_says_it_for_another(self, house: OpenHouse) -> None:
        alice = house.scene.alice
        for guest in (house.terminal(alice), house.desk(alice)):
            answer = guest.ask("POST", "/api/recorded_name", data=MOTHER, headers={"Idempotency-Key": "said once"})
            assert answer.status_code == 403
        assert kept(house.database) == {}
