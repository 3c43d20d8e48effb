"""Photos over HTTP: who sees them, who gives them, and what is refused."""

from datetime import datetime
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from app.families import queries, service
from app.families.models import Photo
from app.families.views import api
from app.storage.database import Database
from app.web.principals import COORDINATOR, PERSON, TERMINAL
from tests.families.conftest import PARENT, Kin
from tests.families.pictures import bands, packed, png
from tests.villages.door import Browser, Door


@pytest.fixture
def door(database: Database, now: datetime) -> Door:
    return Door(database, now, api)


@pytest.fixture
def photo(database: Database, kin: Kin, now: datetime) -> str:
    """Ming's."""
    with database.begin() as session:
        return service.set_photo(session, kin.ming, packed(bands(), "JPEG"), now)


class TestSeeing:
    @pytest.mark.parametrize("edge", [96, 320])
    def test_a_photo_comes_once_and_stays(self, door: Door, kin: Kin, photo: str, edge: int) -> None:
        mother = door.browser(PERSON, kin.mother)
        answer = mother.get(f"/api/photos/{photo}/{edge}.webp")
        assert (answer.status_code, answer.mimetype) == (200, "image/webp")
        assert Image.open(BytesIO(answer.data)).size == (edge, edge)
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        again = mother.get(f"/api/photos/{photo}/{edge}.webp", If_None_Match=answer.headers["ETag"])
        assert (again.status_code, again.data) == (304, b"")

    @pytest.mark.parametrize("edge", [96, 320])
    def test_a_desk_keeps_it_and_a_terminal_never(self, door: Door, kin: Kin, photo: str, edge: int) -> None:
        """A terminal is everybody's: what its browser keeps lies readable on its disk."""
        path = f"/api/photos/{photo}/{edge}.webp"
        desk = door.browser(COORDINATOR, "desk", kin.village).get(path)
        assert desk.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        terminal = door.browser(TERMINAL, "terminal", kin.village)
        answer = terminal.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        again = terminal.get(path, If_None_Match=answer.headers["ETag"])
        assert again.headers["Cache-Control"] == "no-store"

    def test_by_family_terminal_and_desk_and_nobody_else(self, door: Door, kin: Kin, photo: str) -> None:
        path = f"/api/photos/{photo}/96.webp"
        seeing = {
            "father": door.browser(PERSON, kin.father),
            "grandmother": door.browser(PERSON, kin.grandmother),
            "terminal": door.browser(TERMINAL, "terminal", kin.village),
            "desk": door.browser(COORDINATOR, "desk", kin.village),
        }
        blind = {
            "another family": door.browser(PERSON, kin.li_mother),
            "another terminal": door.browser(TERMINAL, "terminal", kin.elsewhere),
            "another desk": door.browser(COORDINATOR, "desk", kin.elsewhere),
        }
        assert {name: browser.get(path).status_code for name, browser in seeing.items()} == dict.fromkeys(seeing, 200)
        assert {name: browser.get(path).status_code for name, browser in blind.items()} == dict.fromkeys(blind, 404)
        assert Browser(door.app, {}).get(path).status_code == 401

    def test_no_longer_by_who_left_or_is_kept_apart(
        self, door: Door, database: Database, kin: Kin, photo: str, now: datetime
    ) -> None:
        father, mother = door.browser(PERSON, kin.father), door.browser(PERSON, kin.mother)
        with database.begin() as session:
            service.set_no_contact(session, child_id=kin.ming, contact_id=kin.father, reason="court", now=now)
            service.end_membership(session, family_id=kin.wang, person_id=kin.mother, role=PARENT, now=now)
        assert father.get(f"/api/photos/{photo}/96.webp").status_code == 404
        assert mother.get(f"/api/photos/{photo}/96.webp").status_code == 404

    @pytest.mark.parametrize("size", ["97", "0", "-1", "9" * 30, "96.5", "x"])
    def test_of_no_other_size(self, door: Door, kin: Kin, photo: str, size: str) -> None:
        answer = door.browser(PERSON, kin.mother).get(f"/api/photos/{photo}/{size}.webp")
        assert (answer.status_code, answer.get_json()["error"]) == (404, "not_found")

    def test_that_is_not_there_looks_the_same_as_a_strangers(self, door: Door, kin: Kin, photo: str) -> None:
        stranger = door.browser(PERSON, kin.li_mother)
        missing = stranger.get("/api/photos/aaaaaaaaaaaaaaaa/96.webp")
        hidden = stranger.get(f"/api/photos/{photo}/96.webp")
        assert (missing.status_code, missing.data) == (hidden.status_code, hidden.data)


class TestGiving:
    def test_a_parent_and_the_desk_give_a_photo(self, door: Door, database: Database, kin: Kin) -> None:
        path = f"/api/families/{kin.wang}/photos/{kin.grandmother}"
        for giver in (door.browser(PERSON, kin.father), door.browser(COORDINATOR, "desk", kin.village)):
            answer = giver.post(path, packed(bands(), "PNG"), "key 1", content_type="image/png")
            assert answer.status_code == 201
            photo = answer.get_json()["photo"]
            assert giver.get(f"/api/photos/{photo}/320.webp").status_code == 200
            with database.read() as session:
                assert queries.person(session, kin.grandmother).photo_id == photo

    def test_asked_twice_it_is_given_once(self, door: Door, database: Database, kin: Kin) -> None:
        mother, path = door.browser(PERSON, kin.mother), f"/api/families/{kin.wang}/photos/{kin.ming}"
        first, again = (mother.post(path, packed(bands(), "JPEG"), "key 1") for _ in range(2))
        assert (first.status_code, first.get_json()) == (again.status_code, again.get_json())
        with database.read() as session:
            assert set(session.scalars(select(Photo.id))) == {first.get_json()["photo"]}

    def test_nobody_else_gives_one(self, door: Door, database: Database, kin: Kin, now: datetime) -> None:
        with database.begin() as session:
            service.set_no_contact(session, child_id=kin.ming, contact_id=kin.father, reason="court", now=now)
        raw = packed(bands(), "JPEG")
        parent, desk = door.browser(PERSON, kin.mother), door.browser(COORDINATOR, "desk", kin.village)
        refused = {
            "a caregiver": (door.browser(PERSON, kin.grandmother), kin.wang, kin.ming),
            "another family": (door.browser(PERSON, kin.li_mother), kin.wang, kin.ming),
            "another family's child": (parent, kin.wang, kin.hua),
            "of another family": (parent, kin.li, kin.hua),
            "kept apart": (door.browser(PERSON, kin.father), kin.wang, kin.ming),
            "another village": (desk, kin.wang_elsewhere, kin.juan),
            "no family": (desk, "aaaaaaaaaaaaaaaa", kin.ming),
            "no member": (desk, kin.li, kin.ming),
        }
        answers = {
            name: browser.post(f"/api/families/{family}/photos/{person}", raw, "key 1").status_code
            for name, (browser, family, person) in refused.items()
        }
        assert answers == dict.fromkeys(refused, 404)
        path = f"/api/families/{kin.wang}/photos/{kin.ming}"
        assert door.browser(TERMINAL, "terminal", kin.village).post(path, raw, "key 1").status_code == 403
        assert Browser(door.app, {}).post(path, raw, "key 1").status_code == 401
        with database.read() as session:
            assert session.scalars(select(Photo)).all() == []

    @pytest.mark.parametrize(
        ("raw", "status", "code"),
        [
            (b"", 422, "not_a_photo"),
            (b"dear diary", 422, "not_a_photo"),
            (packed(bands(), "JPEG")[:-200], 422, "not_a_photo"),
            (png(width=8000, height=5000), 413, "photo_too_many_pixels"),
            (bytes(8_000_001), 413, "photo_too_large"),
        ],
    )
    def test_what_is_no_photo(self, door: Door, kin: Kin, raw: bytes, status: int, code: str) -> None:
        path = f"/api/families/{kin.wang}/photos/{kin.ming}"
        answer = door.browser(PERSON, kin.mother).post(path, raw, "key 1")
        assert (answer.status_code, answer.get_json()["error"]) == (status, code)
        assert answer.get_json()["message"].endswith(".")

    def test_without_a_key_nothing_is_done(self, door: Door, kin: Kin) -> None:
        path = f"/api/families/{kin.wang}/photos/{kin.ming}"
        answer = door.browser(PERSON, kin.mother).post(path, packed(bands(), "JPEG"), None)
        assert (answer.status_code, answer.get_json()["error"]) == (422, "idempotency_key_missing")
