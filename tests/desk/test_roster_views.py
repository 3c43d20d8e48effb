"""The routes of the fair roster: a week from draft to calls over HTTP, who may ask, what is refused and how."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.desk import drafting
from app.jobs.words import Lane
from app.jobs.worker import Handlers, Worker
from app.roster import service
from app.roster.greedy import LongestWaitingFirst
from app.storage.database import Database
from tests.desk.weeks import evening
from tests.web.open_house import Guest, OpenHouse

WEEK = "2026-11-30"


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


@pytest.fixture
def desk(house: OpenHouse) -> Guest:
    return house.desk(house.scene.alice)


def work(house: OpenHouse) -> None:
    errands = {service.SOLVE: drafting.drafter(house.database, house.clock, LongestWaitingFirst)}
    while Worker(house.database, house.clock, Handlers(steps={}, errands=errands)).run_due(Lane.ERRAND):
        pass


def drafted(house: OpenHouse, desk: Guest) -> dict[str, Any]:
    asked = desk.command("/api/rosters", {"week": WEEK, "minutes": 20})
    assert asked.status_code == 201
    assert (asked.get_json()["state"], asked.get_json()["progress"]) == ("draft", "queued")
    work(house)
    found: dict[str, Any] = desk.get(f"/api/rosters/{asked.get_json()['id']}").get_json()
    return found


def do(desk: Guest, roster: dict[str, Any], what: str, **more: Any) -> dict[str, Any]:
    answer = desk.command(f"/api/rosters/{roster['id']}/{what}", {"version": roster["version"], **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def wall(starts_at: str) -> str:
    return starts_at.replace("+00:00", "Z")


def test_a_week_from_draft_to_calls(house: OpenHouse, desk: Guest) -> None:
    alice = house.scene.alice
    assert desk.get(f"/api/rosters?week={WEEK}").get_json() == {"roster": None}
    roster = drafted(house, desk)
    assert desk.get(f"/api/rosters?week={WEEK}").get_json() == {"roster": roster}
    assert (roster["progress"], roster["minutes"], roster["zone"]) == ("done", 20, "Asia/Shanghai")
    assert [terminal["id"] for terminal in roster["terminals"]] == [alice.terminal]
    assert len(roster["openings"]) == 7
    assert roster["figures"] | {"seconds": 0.0} == {
        "families": 2, "served": 2, "seconds": 0.0, "gap_percent": roster["figures"]["gap_percent"],
        "is_optimal": roster["figures"]["is_optimal"],
    }  # fmt: skip
    row = next(each for each in roster["assignments"] if each["child"]["id"] == alice.child)
    noon = wall(evening(12, day=3).isoformat())
    slot = {"assignment_id": row["id"], "terminal_id": alice.terminal, "starts_at": noon, "minutes": 30}
    picked = do(desk, roster, "assign", **slot)
    shown = next(each for each in picked["assignments"] if each["id"] == row["id"])
    assert (shown["starts_at"], shown["minutes"], shown["pinned"]) == (noon, 30, True)
    undone = do(desk, picked, "undo")
    assert undone["assignments"] == roster["assignments"]
    again = do(desk, do(desk, undone, "assign", **slot), "redraft")
    assert again["progress"] == "queued"
    work(house)
    published = do(desk, desk.get(f"/api/rosters/{roster['id']}").get_json(), "publish")
    assert (published["state"], published["can_undo"]) == ("published", False)
    assert all(each["call_id"] and not each["confirmed"] for each in published["assignments"])
    assert house.scene.call(shown_call(published, row["id"])).starts_at == evening(12, day=3)
    assert desk.get(f"/api/rosters?week={WEEK}").get_json() == {"roster": published}


def shown_call(roster: dict[str, Any], row_id: str) -> str:
    return next(str(each["call_id"]) for each in roster["assignments"] if each["id"] == row_id)


def test_a_stale_version_is_refused_in_words(house: OpenHouse, desk: Guest) -> None:
    roster = drafted(house, desk)
    row = roster["assignments"][0]
    do(desk, roster, "assign", assignment_id=row["id"], terminal_id=None, starts_at=None)
    for what in ("publish", "undo", "redraft", "drop"):
        stale = desk.command(f"/api/rosters/{roster['id']}/{what}", {"version": roster["version"]})
        assert (stale.status_code, stale.get_json()["error"]) == (409, "stale_roster"), what
        assert stale.get_json()["detail"] == {"version": roster["version"] + 1}
        assert "meanwhile" in stale.get_json()["message"]


def test_what_is_not_understood(house: OpenHouse, desk: Guest) -> None:
    roster = drafted(house, desk)
    path, row = f"/api/rosters/{roster['id']}/assign", roster["assignments"][0]["id"]
    half = {
        "version": roster["version"],
        "assignment_id": row,
        "terminal_id": None,
        "starts_at": "2026-12-01T10:00:00Z",
    }
    for wrong, code in (
        (desk.command(path, half), "half_a_slot"),
        (desk.command(path, {"version": roster["version"]}), "not_understood"),
        (desk.command("/api/rosters", {"week": "2026-12-01"}), "not_a_monday"),
        (desk.command("/api/rosters", {"week": "soon"}), "not_understood"),
        (desk.get("/api/rosters"), "not_understood"),
    ):
        assert (wrong.status_code, wrong.get_json()["error"]) == (422, code)


def test_a_repeated_publishing_gets_the_first_answer(house: OpenHouse, desk: Guest) -> None:
    roster = drafted(house, desk)
    path, body = f"/api/rosters/{roster['id']}/publish", {"version": roster["version"]}
    first = desk.command(path, body, key="the same")
    assert first.status_code == 200
    assert desk.command(path, body, key="the same").data == first.data


def test_only_the_villages_own_desk_may(house: OpenHouse, desk: Guest) -> None:
    roster = drafted(house, desk)
    path = f"/api/rosters/{roster['id']}"
    other = house.desk(house.scene.charlie)
    assert other.get(path).status_code == 404
    assert other.get(f"/api/rosters?week={WEEK}").get_json() == {"roster": None}
    for what in ("publish", "undo", "redraft", "drop"):
        assert other.command(f"{path}/{what}", {"version": roster["version"]}).status_code == 404, what
    for guest in (house.parent(house.scene.alice), house.terminal(house.scene.alice)):
        assert guest.get(path).status_code == 403
        assert guest.command("/api/rosters", {"week": WEEK}).status_code == 403


def test_a_web_program_never_loads_the_solver(tmp_path: Path) -> None:
    """It is large, and solving would stop everybody who is served by the same process."""
    program = (
        "import sys; from app import bootstrap, factory; from app.config import load; from app.programs import web;"
        f"services = bootstrap.build(load({{'HOMETHREAD_DATA_DIR': {str(tmp_path)!r}}}));"
        "factory.create(services); bootstrap.handlers(services);"
        "print([name for name in sys.modules if 'highs' in name])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_worker_has_a_solver() -> None:
    program = "from app import bootstrap; print(type(bootstrap.solver()).__name__)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "Highs"
