"""The village's page: weekly hours, closures and the calls booked in them; nothing of the next village."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from app.storage.database import Database
from tests.scene import at
from tests.web.open_house import Guest, OpenHouse


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


@pytest.fixture
def desk(house: OpenHouse) -> Guest:
    return house.desk(house.scene.alice)


def village(guest: Guest) -> Any:
    return guest.get("/api/village").get_json()


def closure(from_hour: int = 19, until_hour: int = 21, **other: str | None) -> dict[str, Any]:
    return {"starts_at": at(from_hour).isoformat(), "ends_at": at(until_hour).isoformat(), "reason": "flood", **other}


def test_the_page_of_a_village(house: OpenHouse, desk: Guest) -> None:
    shown, alice = village(desk), house.scene.alice
    assert (shown["name"], shown["zone"], shown["slot_minutes"], shown["buffer_minutes"]) == (
        "Redstone", "Asia/Shanghai", 15, 5,
    )  # fmt: skip
    assert shown["openings"][0] == {"weekday": 0, "opens_minute": 480, "closes_minute": 1320}
    assert shown["terminals"] == [
        {
            "id": alice.terminal, "name": "Redstone office", "present": False, "paired": False, "retired": False,
            "passport": [], "line_check": None, "is_checking": False, "self_test": None,
        }
    ]  # fmt: skip
    house.terminal(alice)
    assert village(desk)["terminals"][0]["paired"] is True


def test_what_a_terminal_found_wrong_with_itself_is_known_at_its_own_desk(house: OpenHouse, desk: Guest) -> None:
    terminal, found = house.terminal(house.scene.alice), {"failed": ["clock", "camera"], "untried": ["touch", "camera"]}
    assert terminal.command("/api/self_test", found).status_code == 200
    assert village(desk)["terminals"][0]["self_test"] == {
        "at": house.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"), "failed": ["camera", "clock"], "untried": ["touch"],
    }  # fmt: skip
    assert desk.get("/api/now").get_json()["terminals"][0]["failed_parts"] == ["camera", "clock"]
    (elsewhere,) = village(house.desk(house.scene.charlie))["terminals"]
    assert elsewhere["self_test"] is None
    assert terminal.command("/api/self_test", {"failed": [], "untried": []}).status_code == 200
    assert desk.get("/api/now").get_json()["terminals"][0]["failed_parts"] == []
    assert terminal.command("/api/self_test", {"failed": ["wings"], "untried": []}).status_code == 422
    assert desk.command("/api/self_test", {"failed": [], "untried": []}).status_code == 403


def test_weekly_hours_are_replaced(house: OpenHouse, desk: Guest) -> None:
    evenings = [{"weekday": day, "opens_minute": 1080, "closes_minute": 1260} for day in (0, 5)]
    assert desk.command("/api/openings", {"openings": evenings}).status_code == 200
    assert village(desk)["openings"] == evenings
    assert len(village(house.desk(house.scene.charlie))["openings"]) == 7
    assert desk.command("/api/openings", {"openings": []}).status_code == 200
    assert village(desk)["openings"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekday": 7, "opens_minute": 0, "closes_minute": 60}, {"weekday": 0, "opens_minute": 60, "closes_minute": 60},
        {"weekday": 0, "opens_minute": -1, "closes_minute": 60}, {"weekday": 0},
        {"weekday": 0, "opens_minute": "0", "closes_minute": 60},
        {"weekday": 0, "opens_minute": 0, "closes_minute": 1441},
    ],
)  # fmt: skip
def test_hours_that_are_none_change_nothing(desk: Guest, wrong: dict[str, Any]) -> None:
    assert desk.command("/api/openings", {"openings": [wrong]}).status_code == 422
    assert len(village(desk)["openings"]) == 7


def test_a_closure_tells_which_calls_are_booked_in_it(house: OpenHouse, desk: Guest) -> None:
    alice, bob = house.scene.alice, house.scene.bob
    touched, later = house.scene.book(alice, at(18, 50), by=alice.desk_acts), house.scene.book(bob, at(21))
    cancelled = house.scene.book(bob, at(20))
    house.desk(alice).command(f"/api/calls/{cancelled}/cancel", {"reason": "other"})
    made = desk.command("/api/closures", closure())
    assert (made.status_code, made.get_json()["calls"]) == (201, [touched])
    assert village(desk)["closures"] == [
        {"id": made.get_json()["id"], "terminal_id": None, "starts_at": "2026-11-23T11:00:00Z",
         "ends_at": "2026-11-23T13:00:00Z", "reason": "flood"}
    ]  # fmt: skip
    assert desk.command("/api/closures", closure(21, 22)).get_json()["calls"] == [later]
    assert desk.get(f"/api/calls/{touched}").get_json()["state"] == "booked", "the desk decides what becomes of it"
    refused = desk.command("/api/calls", {"child_id": bob.child, "starts_at": at(20).isoformat()})
    assert refused.status_code == 409


def test_one_terminal_is_closed_alone(house: OpenHouse, desk: Guest) -> None:
    alice = house.scene.alice
    other = desk.command("/api/terminals", {"name": "School"}).get_json()["id"]
    house.scene.book(alice, at(20))
    on_other = desk.command("/api/closures", closure(terminal_id=other)).get_json()
    on_first = desk.command("/api/closures", closure(terminal_id=alice.terminal)).get_json()
    assert (len(on_other["calls"]) + len(on_first["calls"]), len(village(desk)["closures"])) == (1, 2)


def test_a_closure_is_lifted(house: OpenHouse, desk: Guest) -> None:
    ahead = desk.command("/api/closures", closure()).get_json()["id"]
    assert desk.command(f"/api/closures/{ahead}/lift").status_code == 200
    assert village(desk)["closures"] == []
    assert desk.command(f"/api/closures/{ahead}/lift").status_code == 404
    begun = desk.command("/api/closures", closure()).get_json()["id"]
    house.clock.at = at(20)
    assert desk.command(f"/api/closures/{begun}/lift").status_code == 200
    again = desk.command(f"/api/closures/{begun}/lift")
    assert (again.status_code, again.get_json()["error"]) == (409, "closure_over")
    assert village(desk)["closures"] == []


def test_lifted_by_many_at_once_it_is_lifted_once(house: OpenHouse, desk: Guest) -> None:
    made = desk.command("/api/closures", closure()).get_json()["id"]
    desks = [house.desk(house.scene.alice) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda guest: guest.command(f"/api/closures/{made}/lift").status_code, desks))
    assert sorted(answers) == [200, 404, 404, 404]


@pytest.mark.parametrize(
    "wrong", [closure(21, 19), closure(reason=""), closure() | {"starts_at": "noon"}, closure() | {"why": "x"}]
)
def test_what_is_no_closure(desk: Guest, wrong: dict[str, Any]) -> None:
    assert desk.command("/api/closures", wrong).status_code == 422
    assert village(desk)["closures"] == []


def test_nothing_of_the_next_village_is_closed_or_opened(house: OpenHouse, desk: Guest) -> None:
    charlie = house.desk(house.scene.charlie)
    made = charlie.command("/api/closures", closure()).get_json()["id"]
    assert desk.command(f"/api/closures/{made}/lift").status_code == 404
    assert desk.command("/api/closures", closure(terminal_id=house.scene.charlie.terminal)).status_code == 404
    assert (len(village(charlie)["closures"]), village(desk)["closures"]) == (1, [])
