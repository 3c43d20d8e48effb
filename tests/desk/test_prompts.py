"""Prompts at the desk: recorded, removed, brought back, shared, sent out, taken in; by the village's own alone."""

import base64
from pathlib import Path
from typing import Any

import pytest

from app.storage.database import Database
from tests.villages.spoken import spoken
from tests.web.open_house import Guest, OpenHouse

RING, IDLE = "terminal.screen.ring", "terminal.screen.idle"
PAGE, PACK = "/api/desk/prompts", "/api/prompts/pack"


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


@pytest.fixture
def desk(house: OpenHouse) -> Guest:
    return house.desk(house.scene.alice, "zh-CN")


@pytest.fixture
def next_village(house: OpenHouse) -> Guest:
    return house.desk(house.scene.charlie)


def recorded(desk: Guest, key: str = RING, raw: bytes | None = None) -> str:
    body = {"key": key, "recording": base64.b64encode(raw or spoken()).decode()}
    answer = desk.command("/api/prompts", body)
    assert answer.status_code == 201, answer.text
    prompt_id: str = answer.get_json()["id"]
    return prompt_id


def shown(desk: Guest, key: str = RING) -> Any:
    page = desk.get(PAGE).get_json()
    return next(each for place in page["places"] for each in place["prompts"] if each["key"] == key)


def counted(desk: Guest) -> tuple[int, int]:
    page = desk.get(PAGE).get_json()
    assert page["count"] == sum(len(place["prompts"]) for place in page["places"])
    return page["recorded"], page["heard"]


def done(desk: Guest) -> list[str]:
    """What stands in the audit, by name: here all of it was done in one moment."""
    return sorted(entry["action"] for entry in desk.get("/api/audit").get_json()["entries"])


def test_a_prompt_is_recorded_heard_removed_and_brought_back(house: OpenHouse, desk: Guest) -> None:
    silent = shown(desk)
    assert (silent["speech"], silent["url"], silent["prompt_id"]) == (None, None, None)
    assert silent["text"] == "家里人打来了！点绿色的圆。"
    terminal = house.terminal(house.scene.alice)
    before = terminal.get("/api/now").get_json()["prompts"]
    prompt_id = recorded(desk)
    mine = shown(desk)
    assert (mine["speech"], mine["prompt_id"], mine["duration_ms"]) == ("village", prompt_id, 1994)
    assert desk.get(mine["url"]).data == spoken()
    assert (before, counted(desk)) == ("", (1, 1))
    assert terminal.get("/api/now").get_json()["prompts"]
    assert desk.command(f"/api/prompts/{prompt_id}", method="DELETE").status_code == 200
    assert shown(desk)["speech"] is None
    assert terminal.get("/api/now").get_json()["prompts"] == ""
    assert desk.command(f"/api/prompts/{prompt_id}/bring_back").status_code == 200
    assert shown(desk)["prompt_id"] == prompt_id
    assert done(desk) == ["bring_back_prompt", "record_prompt", "remove_prompt"]


def test_the_same_again_is_recorded_once(desk: Guest) -> None:
    body = {"key": RING, "recording": base64.b64encode(spoken()).decode()}
    first, again = (desk.command("/api/prompts", body, key="one take") for _ in range(2))
    assert first.get_json() == again.get_json()
    assert done(desk) == ["record_prompt"]


@pytest.mark.parametrize(
    ("key", "recording", "status", "code"),
    [
        (RING, "no base64!", 422, "not_audio"),
        (RING, base64.b64encode(b"RIFF....WAVE").decode(), 422, "not_audio"),
        (RING, base64.b64encode(spoken(16)).decode(), 413, "recording_too_large"),
        (RING, "A" * 60_001, 422, "not_understood"),
        ("desk.prompts", base64.b64encode(spoken()).decode(), 422, "bad_prompt_key"),
    ],
)
def test_what_is_not_taken(desk: Guest, key: str, recording: str, status: int, code: str) -> None:
    answer = desk.command("/api/prompts", {"key": key, "recording": recording})
    assert (answer.status_code, answer.get_json()["error"]) == (status, code)
    assert counted(desk) == (0, 0)


def test_nobody_records_but_a_coordinator_and_none_for_another_village(
    house: OpenHouse, desk: Guest, next_village: Guest
) -> None:
    prompt_id = recorded(desk)
    assert next_village.command(f"/api/prompts/{prompt_id}", method="DELETE").status_code == 404
    assert next_village.command(f"/api/prompts/{prompt_id}/bring_back").status_code == 404
    assert next_village.get(shown(desk)["url"]).status_code == 404
    assert shown(next_village)["speech"] is None
    for guest in (house.parent(house.scene.alice), house.terminal(house.scene.alice)):
        body = {"key": RING, "recording": base64.b64encode(spoken()).decode()}
        for path, what in (("/api/prompts", body), (PACK, b""), ("/api/village/region", {"region": "x"})):
            assert guest.command(path, what).status_code == 403
        assert guest.get(PAGE).status_code == guest.get(PACK).status_code == 403


def test_a_pack_goes_to_the_next_village(desk: Guest, next_village: Guest) -> None:
    recorded(desk)
    recorded(desk, IDLE, spoken(voice=2))
    recorded(next_village, IDLE, spoken(voice=3))
    pack = desk.get(PACK)
    assert pack.headers["Content-Type"] == "application/zip"
    assert "prompts.zip" in pack.headers["Content-Disposition"]
    taken = next_village.command(PACK, pack.data)
    assert taken.get_json() == {"taken": 1, "standing": 1, "unknown": 0}
    assert next_village.get(shown(next_village)["url"]).data == spoken()
    assert next_village.get(shown(next_village, IDLE)["url"]).data == spoken(voice=3), "what one recorded stays"
    assert "take_prompts" in done(next_village)
    broken = next_village.command(PACK, pack.data[:-30])
    assert (broken.status_code, broken.get_json()["error"]) == (422, "not_a_pack")
    damaged = pack.data.replace(b"OpusTags", b"OpusXXXX")
    answer = next_village.command(PACK, damaged)
    assert (answer.status_code, answer.get_json()["error"]) == (422, "pack_file_broken")
    assert f"prompts/{IDLE}.ogg" in answer.get_json()["message"]


def test_a_region_shares_what_one_of_it_recorded(desk: Guest, next_village: Guest) -> None:
    recorded(desk)
    recorded(desk, IDLE, spoken(voice=2))
    pack = desk.get(PACK).data
    assert desk.command("/api/prompts/share").get_json()["error"] == "no_region"
    assert desk.command("/api/village/region", {"region": " 黔东南 "}).status_code == 200
    assert desk.command("/api/prompts/share").get_json() == {"taken": 2, "standing": 0, "unknown": 0}
    page = next_village.get(PAGE).get_json()
    assert (page["region"], page["regions"], page["heard"]) == ("", ["黔东南"], 0)
    next_village.command("/api/village/region", {"region": "黔东南"})
    assert counted(next_village) == (0, 2)
    assert (shown(next_village)["speech"], shown(next_village)["prompt_id"]) == ("region", None)
    assert next_village.get(shown(next_village)["url"]).data == spoken()
    taken = next_village.command(f"{PACK}/region", pack)
    assert taken.get_json() == {"taken": 0, "standing": 2, "unknown": 0}
    recorded(next_village, RING, spoken(voice=4))
    assert counted(next_village) == (1, 2)
    assert shown(desk)["speech"] == "village"
