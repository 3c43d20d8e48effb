"""What two ends learn of each other by socket: the rung that each proposes, and who came while one was away."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.calls import timetable
from app.calls.models import Call
from app.calls.words import CallState, Outcome
from app.kernel.rungs import RungName
from app.storage.database import Database, new_id
from tests.scene import NOW, at
from tests.web.open_house import OpenHouse
from tests.web.wire import Wire

SEEN = {"page": "home", "visible": True}
LONGER_THAN_A_LEASE = timedelta(seconds=25)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


@pytest.fixture
def ends(house: OpenHouse, port: int, call: str) -> Iterator[tuple[Wire, Wire]]:
    alice = house.scene.alice
    with house.parent(alice).connect(port) as parent, house.terminal(alice).connect(port) as terminal:
        assert seat(parent, call)["peers"] == []
        assert [peer["rung"] for peer in seat(terminal, call)["peers"]] == ["micro_video"]
        told = parent.event("peer")
        assert (told["state"], told["rung"]) == ("seated", "micro_video")
        yield parent, terminal


def seat(wire: Wire, call: str, page: str = "p1") -> dict[str, Any]:
    taken = wire.emit("take_seat", {"call": call, "here": True, "page": page})
    assert "error" not in taken, taken
    return taken


def test_the_other_end_is_told_and_who_comes_back_as_well(ends: tuple[Wire, Wire], call: str) -> None:
    parent, terminal = ends
    assert parent.emit("rung", {"call": call, "rung": "stills", "reason": "link", "held": False}) == {}
    told = terminal.event("peer")
    assert (told["state"], told["rung"], told["side"]) == ("rung", "stills", "parent")
    assert [peer["rung"] for peer in seat(terminal, call)["peers"]] == ["stills"]
    assert parent.event("peer")["rung"] == "micro_video"
    assert seat(parent, call)["rung"] == "stills", "it goes on by what it had proposed"
    assert seat(parent, call, "another page")["rung"] == "micro_video"


def test_what_is_said_again_is_told_to_nobody(ends: tuple[Wire, Wire], call: str) -> None:
    parent, terminal = ends
    for reason in ("link", "other"):
        assert parent.emit("rung", {"call": call, "rung": "voice", "reason": reason}) == {}
    assert parent.emit("rung", {"call": call, "rung": "voice", "reason": "held", "held": True}) == {}
    assert [terminal.event("peer")["rung"] for _ in range(2)] == ["voice", "voice"]
    terminal.emit("beat", SEEN)
    assert not [name for name, _said in terminal.heard if name == "peer"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"rung": "hd", "reason": "link"}, "rung"),
        ({"rung": "voice", "reason": "bored"}, "reason"),
        ({"rung": "voice"}, "reason"),
        ({"rung": "voice", "reason": "link", "held": "yes"}, "held"),
        ({"rung": ["voice"], "reason": "link"}, "rung"),
    ],
)
def test_nonsense_names_its_field(ends: tuple[Wire, Wire], call: str, more: dict[str, Any], field: str) -> None:
    answer = ends[0].emit("rung", {"call": call, **more})
    assert answer["error"] == "not_understood"
    assert list(answer["detail"]["fields"]) == [field]


def test_figures_carry_what_is_new(ends: tuple[Wire, Wire], call: str) -> None:
    more = {"rung": "voice", "jitter_ms": 30, "concealed_permille": 2, "sent_bytes": 10, "received_bytes": 20}
    assert ends[0].emit("figures", {"call": call, "received_audio_bytes": 1, **more}) == {}
    for wrong in ({"rung": "hd"}, {"jitter_ms": -1}, {"concealed_permille": 1001}, {"sent_bytes": 10**15}):
        said = ends[0].emit("figures", {"call": call, "received_audio_bytes": 1, **wrong})
        assert list(said["detail"]["fields"]) == list(wrong)


def held_before(house: OpenHouse, day: int, rung: RungName) -> None:
    alice, ends_at = house.scene.alice, at(19, 45, day=day)
    with house.database.begin() as session:
        session.add(
            Call(
                id=new_id(session), village_id=alice.village, terminal_id=alice.terminal, family_id=alice.family,
                parent_id=alice.parent, child_id=alice.child, starts_at=at(19, 30, day=day), ends_at=ends_at,
                state=CallState.ENDED, outcome=Outcome.HELD, made_at=NOW, ended_at=ends_at, link_rung=rung,
            )
        )  # fmt: skip


def test_a_call_begins_with_what_its_terminal_had_at_this_hour(house: OpenHouse, port: int, call: str) -> None:
    with house.parent(house.scene.alice).connect(port) as parent:
        assert seat(parent, call)["rung"] == "micro_video", "nothing is known"
        for day in (20, 21, 22):
            held_before(house, day, RungName.THIN_VIDEO)
        assert seat(parent, call, "p2")["rung"] == "thin_video"
        held_before(house, 23, RungName.VOICE)
        assert seat(parent, call, "p3")["rung"] == "voice", "the last one failed"


def test_who_is_back_is_told_who_came_meanwhile(house: OpenHouse, port: int, call: str) -> None:
    """The terminal was told that nobody is there; the parent's next beat tells both of each other."""
    alice = house.scene.alice
    with house.parent(alice).connect(port) as parent, house.terminal(alice).connect(port) as terminal:
        mine = seat(parent, call)["seat"]
        house.clock.at += LONGER_THAN_A_LEASE
        with house.database.begin() as session:
            timetable.tick(session, call, house.clock.now())
        taken = seat(terminal, call)
        assert taken["peers"] == []
        assert "at" in parent.emit("beat", SEEN)
        told = terminal.event("peer")
        assert (told["seat"], told["state"], told["here"]) == (mine, "back", True)
        told = parent.event("peer")
        assert (told["seat"], told["state"], told["here"]) == (taken["seat"], "seated", True)


def test_only_over_another_socket_is_somebody_back(
    house: OpenHouse, port: int, ends: tuple[Wire, Wire], call: str
) -> None:
    """What was said over the same one has come: nothing of it need be said again."""
    parent, terminal = ends
    seat(terminal, call)
    assert parent.event("peer")["state"] == "seated"
    with house.terminal(house.scene.alice).connect(port) as other_socket:
        seat(other_socket, call)
        assert parent.event("peer")["state"] == "back"
        seat(other_socket, call)
        assert parent.event("peer")["state"] == "seated"
