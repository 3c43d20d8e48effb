"""What the desk is told of links: a terminal's by the hour, and a call's when it is over."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.calls import timetable
from app.calls.models import Call
from app.calls.words import RUNG, CallState, Outcome
from app.kernel.rungs import RungName
from app.storage.database import Database, new_id
from tests.scene import NOW, at
from tests.web.open_house import OpenHouse


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


def ended(house: OpenHouse, day: int, rtt_ms: int | None, rung: RungName | None) -> str:
    alice, starts_at = house.scene.alice, at(17, day=day)
    with house.database.begin() as session:
        call = Call(
            id=new_id(session), village_id=alice.village, terminal_id=alice.terminal, family_id=alice.family,
            parent_id=alice.parent, child_id=alice.child, starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=15), state=CallState.ENDED, outcome=Outcome.HELD, made_at=NOW,
            ended_at=starts_at + timedelta(minutes=9), link_rtt_ms=rtt_ms, link_rung=rung,
            rung_seconds={"video": 60, "stills": 30} if rung else None, rung_reasons={"loss": 1} if rung else None,
            village_bytes=1_000 if rung else None,
        )  # fmt: skip
        session.add(call)
        timetable.log(session, call, RUNG, None, starts_at, side="parent", rung="video", reason="start")
        timetable.log(session, call, "live", None, starts_at)
        return call.id


def test_a_terminals_passport_is_on_the_village_page_of_its_own_desk(house: OpenHouse) -> None:
    for day, rung in ((20, RungName.VIDEO), (21, RungName.STILLS), (22, RungName.STILLS)):
        ended(house, day, 300, rung)
    (terminal,) = house.desk(house.scene.alice).get("/api/village").get_json()["terminals"]
    assert terminal["passport"] == [
        {
            "hour": 17, "calls": 3, "rtt_ms": 300, "loss_permille": None, "rung": "stills", "is_good": True,
            "is_bad": False,
        }
    ]  # fmt: skip
    (other,) = house.desk(house.scene.charlie).get("/api/village").get_json()["terminals"]
    assert other["passport"] == []


def test_a_call_tells_its_link_and_keeps_its_rungs_out_of_the_trail(house: OpenHouse) -> None:
    trail = house.desk(house.scene.alice).get(f"/api/calls/{ended(house, 22, 300, RungName.VIDEO)}/trail").get_json()
    assert [event["kind"] for event in trail["events"]] == ["live"]
    assert trail["link"] == {
        "rtt_ms": 300, "loss_permille": None, "kbps": None, "rung": "video", "seconds": {"video": 60, "stills": 30},
        "reasons": {"loss": 1}, "parent_bytes": None, "village_bytes": 1_000,
    }  # fmt: skip


def test_a_call_of_which_nothing_was_measured_tells_none(house: OpenHouse) -> None:
    trail = house.desk(house.scene.alice).get(f"/api/calls/{ended(house, 22, None, None)}/trail").get_json()
    assert trail["link"] is None
