"""A family's four pictures: who gets in, how wrong tries slow down, and what a locked family shows at a terminal."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.desk.models import AuditEntry
from app.families import pin_rules as rules
from app.families import service as families
from app.families.models import PicturePin
from app.families.pin_rules import Picture
from app.storage.database import Database
from tests.families.pictures import bands, packed
from tests.scene import Household, at
from tests.web.open_house import Guest, OpenHouse

RIGHT = ["fish", "boat", "fish", "cat"]
WRONG = ["boat", "fish", "fish", "cat"]


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


@pytest.fixture
def terminal(house: OpenHouse) -> Guest:
    """A terminal at which Alice's family set its PIN and left."""
    guest = house.terminal(house.scene.alice)
    assert set_pin(guest, house.scene.alice).status_code == 200
    assert guest.command("/api/visit/end").status_code == 200
    return guest


def set_pin(guest: Guest, whose: Household, **more: list[str]) -> TestResponse:
    return guest.command(f"/api/families/{whose.family}/pin", {"pictures": RIGHT, **more})


def visit(guest: Guest, whose: Household, pictures: list[str]) -> TestResponse:
    return guest.command(f"/api/families/{whose.family}/visit", {"pictures": pictures})


def fails(guest: Guest, whose: Household, pictures: list[str] = WRONG) -> tuple[str, dict[str, int]]:
    answer = visit(guest, whose, pictures)
    assert answer.status_code == 409
    return answer.get_json()["error"], answer.get_json()["detail"]


def shown(guest: Guest, whose: Household) -> dict[str, object]:
    found = guest.get("/api/now").get_json()["families"]
    family: dict[str, object] = next(one for one in found if one["id"] == whose.family)
    return family


def test_waits_double_and_the_tenth_blocks() -> None:
    waits = [int(rules.wait_after(tries).total_seconds()) for tries in range(1, 10)]
    assert waits == [0, 0, 30, 60, 120, 240, 480, 960, 1920]
    assert [rules.is_blocked_after(tries) for tries in (9, 10)] == [False, True]
    assert len(Picture) == 12


def test_four_pictures_in_their_order_open_a_visit(house: OpenHouse, terminal: Guest) -> None:
    alice, bob = house.scene.alice, house.scene.bob
    locked = shown(terminal, alice)
    assert (locked["locked"], locked["has_pin"], locked["members"], locked["next_call"]) == (True, True, [], None)
    assert shown(terminal, bob)["members"], "a family without a PIN is open as ever"
    assert fails(terminal, alice, sorted(RIGHT)) == ("wrong_pictures", {"tries_left": 9, "wait_seconds": 0})
    assert visit(terminal, alice, RIGHT).get_json() == {"until": "2026-11-23T10:03:00Z"}
    opened = shown(terminal, alice)
    assert (opened["locked"], len(opened["members"])) == (False, 3)  # type: ignore[arg-type]
    assert shown(house.terminal(alice), alice)["locked"], "at this device alone"


def test_a_visit_lasts_while_somebody_is_there(house: OpenHouse, terminal: Guest) -> None:
    alice = house.scene.alice
    visit(terminal, alice, RIGHT)
    house.clock.step(minutes=2)
    assert terminal.command("/api/visit/stay").status_code == 200
    house.clock.step(minutes=2)
    assert not shown(terminal, alice)["locked"]
    house.clock.step(minutes=1)
    assert shown(terminal, alice)["locked"]
    assert terminal.command("/api/visit/stay").get_json()["error"] == "pin_needed"


def test_another_family_at_the_device_ends_the_visit(house: OpenHouse, terminal: Guest) -> None:
    alice, bob = house.scene.alice, house.scene.bob
    visit(terminal, alice, RIGHT)
    assert set_pin(terminal, bob).status_code == 200
    assert (shown(terminal, alice)["locked"], shown(terminal, bob)["locked"]) == (True, False)


def test_wrong_tries_slow_down_until_only_the_desk_opens_it(house: OpenHouse, terminal: Guest) -> None:
    alice = house.scene.alice
    for tries in range(1, 10):
        wait = int(rules.wait_after(tries).total_seconds())
        assert fails(terminal, alice) == ("wrong_pictures", {"tries_left": 10 - tries, "wait_seconds": wait})
        if wait:
            house.clock.step(seconds=wait - 1)
            assert fails(terminal, alice, RIGHT) == ("pin_wait", {"wait_seconds": 1})
            house.clock.step(seconds=1)
    assert fails(terminal, alice)[0] == "pin_blocked"
    house.clock.step(days=30)
    assert fails(terminal, alice, RIGHT)[0] == "pin_blocked"
    assert shown(terminal, alice)["blocked"]
    assert house.desk(alice).command(f"/api/families/{alice.family}/pin/unblock").status_code == 200
    assert visit(terminal, alice, RIGHT).status_code == 200


def test_the_right_one_forgives_the_wrong_ones(house: OpenHouse, terminal: Guest) -> None:
    alice = house.scene.alice
    for _ in range(3):
        for _ in range(2):
            assert fails(terminal, alice)[1]["wait_seconds"] == 0
        assert visit(terminal, alice, RIGHT).status_code == 200


def test_thousands_of_tries_at_once_are_ten(house: OpenHouse, terminal: Guest) -> None:
    """Whatever races, no more are judged than if they had come one after the other."""
    alice, start = house.scene.alice, Barrier(8)
    guests = [house.terminal(alice) for _ in range(8)]

    def guess(guest: Guest) -> list[str]:
        start.wait()
        return [fails(guest, alice)[0] for _ in range(5)]

    for judged in (3, 1, 1):
        with ThreadPoolExecutor(8) as threads:
            told = [error for errors in threads.map(guess, guests) for error in errors]
        assert (told.count("wrong_pictures"), told.count("pin_wait")) == (judged, 40 - judged)
        house.clock.step(minutes=5)
    with house.database.read() as session:
        assert session.get_one(PicturePin, alice.family).tries == 5


def test_a_new_pin_takes_the_current_one(house: OpenHouse, terminal: Guest) -> None:
    alice, new = house.scene.alice, ["ox", "ox", "ox", "star"]
    path = f"/api/families/{alice.family}/pin"
    assert terminal.command(path, {"pictures": new}).get_json()["error"] == "pin_needed"
    assert terminal.command(path, {"pictures": new, "current": WRONG}).get_json()["detail"]["tries_left"] == 9
    assert visit(terminal, alice, RIGHT).status_code == 200
    assert terminal.command(path, {"pictures": new, "current": RIGHT}).status_code == 200
    assert fails(terminal, alice, RIGHT)[0] == "wrong_pictures"
    assert visit(terminal, alice, new).status_code == 200


def test_two_set_a_first_pin_at_once_and_one_wins(house: OpenHouse) -> None:
    bob, start = house.scene.bob, Barrier(2)
    guests = [house.terminal(bob) for _ in range(2)]

    def race(guest: Guest) -> int:
        start.wait()
        return set_pin(guest, bob).status_code

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(race, guests)) == [200, 409]


def test_a_pin_that_was_forgotten_is_cleared_by_the_desk(house: OpenHouse, terminal: Guest) -> None:
    alice, desk = house.scene.alice, house.desk(house.scene.alice)
    path = f"/api/families/{alice.family}/pin"
    assert desk.command(path, method="DELETE").status_code == 200
    assert not shown(terminal, alice)["has_pin"]
    assert desk.command(path, method="DELETE").get_json()["error"] == "no_pin"
    assert desk.command(f"{path}/unblock").get_json()["error"] == "no_pin"
    assert fails(terminal, alice)[0] == "no_pin"
    with house.database.read() as session:
        assert [(one.action, one.subject) for one in session.scalars(select(AuditEntry))] == [
            ("clear_pin", f"family:{alice.family}")
        ]


@pytest.mark.parametrize(
    "pictures", [[], RIGHT[:3], [*RIGHT, "ox"], ["fox", "fish", "fish", "cat"], "fish", [1, 2, 3, 4]]
)
def test_what_is_no_four_pictures_is_no_try(house: OpenHouse, terminal: Guest, pictures: list[str]) -> None:
    assert visit(terminal, house.scene.alice, pictures).status_code == 422
    assert fails(terminal, house.scene.alice)[1]["tries_left"] == 9


def test_a_locked_family_settles_nothing_at_the_terminal(house: OpenHouse, terminal: Guest) -> None:
    alice = house.scene.alice
    call_id = house.scene.book(alice, at(20))
    when = {"from": at(19).isoformat(), "until": at(22).isoformat()}

    def outcomes() -> list[str | None]:
        asked = terminal.ask("GET", "/api/slots", query_string={"child_id": alice.child, **when})
        wish = {"child_id": alice.child, "parent_id": alice.parent, "starts_at": at(21).isoformat()}
        did = [terminal.command("/api/calls", wish)]
        did += [terminal.command(f"/api/calls/{call_id}/{what}") for what in ("confirm", "decline")]
        did += [terminal.command(f"/api/calls/{call_id}/cancel", {"reason": "sick"})]
        return [answer.get_json().get("error") for answer in (asked, *did)]

    assert outcomes() == ["pin_needed"] * 5
    assert house.desk(alice).command(f"/api/calls/{call_id}/cancel", {"reason": "sick"}).status_code == 200
    call_id = house.scene.book(alice, at(20, 30))
    visit(terminal, alice, RIGHT)
    assert "pin_needed" not in outcomes()


def test_faces_behind_a_pin_are_seen_in_their_call_alone(house: OpenHouse, terminal: Guest) -> None:
    alice, now = house.scene.alice, house.clock.now()
    with house.database.begin() as session:
        photo = families.set_photo(session, alice.parent, packed(bands(), "JPEG"), now)
        granny = families.set_photo(session, alice.caregiver, packed(bands(), "JPEG"), now)

    def seen() -> list[int]:
        return [terminal.get(f"/api/photos/{one}/96.webp").status_code for one in (photo, granny)]

    assert seen() == [404, 404]
    house.scene.book(alice, at(19))
    assert seen() == [404, 404], "a call that is far off rings nobody"
    visit(terminal, alice, RIGHT)
    assert seen() == [200, 200]
    terminal.command("/api/visit/end")
    house.clock.at = at(18, 50)
    assert seen() == [200, 404]
    house.clock.at = at(19) + timedelta(minutes=30)
    assert seen() == [404, 404]


def test_only_a_terminal_of_the_village_may_try(house: OpenHouse, terminal: Guest) -> None:
    alice, charlie = house.scene.alice, house.scene.charlie
    assert visit(house.terminal(charlie), alice, RIGHT).status_code == 404
    assert set_pin(house.terminal(charlie), alice, current=RIGHT).status_code == 404
    assert visit(house.desk(alice), alice, RIGHT).status_code == 403
    assert house.desk(charlie).command(f"/api/families/{alice.family}/pin", method="DELETE").status_code == 404
    assert fails(terminal, alice)[1]["tries_left"] == 9


@pytest.mark.usefixtures("real_hashing")
def test_the_pictures_stand_in_no_table(house: OpenHouse, terminal: Guest) -> None:
    with house.database.read() as session:
        kept = session.get_one(PicturePin, house.scene.alice.family).pin_hash
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert "fish" not in kept
