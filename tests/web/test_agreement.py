"""Agreeing on a time over HTTP: who may answer a proposal with what, and what each face offers to do."""

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.scene import at
from tests.web.open_house import Guest, OpenHouse

START, OTHER = at(19, day=25), at(20, day=25)
WHEN = {"starts_at": OTHER.isoformat()}


def asked(house: OpenHouse, by: str = "terminal") -> str:
    alice = house.scene.alice
    actor = alice.terminal_acts if by == "terminal" else alice.parent_acts
    return house.scene.book(alice, START, actor, is_proposal=True)


def guest(house: OpenHouse, who: str) -> Guest:
    faces: dict[str, Callable[..., Guest]] = {"parent": house.parent, "terminal": house.terminal, "desk": house.desk}
    return faces[who](house.scene.alice)


def said(answer: TestResponse) -> tuple[int, str | None]:
    return answer.status_code, answer.get_json().get("error")


@pytest.mark.parametrize(("by", "answers"), [("terminal", "parent"), ("parent", "terminal")])
def test_another_time_is_a_proposal_of_who_answers(house: OpenHouse, by: str, answers: str) -> None:
    old = asked(house, by)
    assert guest(house, answers).get(f"/api/calls/{old}").get_json()["can"] == ["confirm", "decline", "counter"]
    new = guest(house, answers).command(f"/api/calls/{old}/counter", WHEN).get_json()
    assert (new["state"], new["starts_at"], new["proposed_by"]) == (
        "proposed", "2026-11-25T12:00:00Z", "parent" if answers == "parent" else "village",
    )  # fmt: skip
    assert new["can"] == ["move", "cancel"]
    gone = guest(house, by).get(f"/api/calls/{old}").get_json()
    assert (gone["state"], gone["outcome"], gone["moved_to_id"]) == ("ended", "moved", new["id"])
    booked = guest(house, by).command(f"/api/calls/{new['id']}/confirm").get_json()
    assert booked["state"] == "booked"


def test_a_wall_time_is_taken_too(house: OpenHouse) -> None:
    when = {"wall": "2026-11-25T20:15", "zone": "Asia/Shanghai"}
    new = guest(house, "parent").command(f"/api/calls/{asked(house)}/counter", when).get_json()
    assert new["starts_at"] == "2026-11-25T12:15:00Z"


@pytest.mark.parametrize(
    ("who", "when", "refused"),
    [
        ("terminal", WHEN, (409, "own_proposal")),
        ("desk", WHEN, (403, "not_allowed")),
        ("parent", {"starts_at": at(18, 30).isoformat()}, (409, "too_late_to_propose")),
        ("parent", {"starts_at": at(20, 7, day=25).isoformat()}, (409, "not_a_slot")),
        ("parent", {"starts_at": at(23, day=25).isoformat()}, (409, "outside_hours")),
        ("parent", {}, (422, "not_a_time")),
    ],
)
def test_what_is_refused_leaves_the_proposal_as_it_was(
    house: OpenHouse, who: str, when: dict[str, str], refused: tuple[int, str]
) -> None:
    old = asked(house)
    before = guest(house, "parent").get(f"/api/calls/{old}").get_json()
    assert said(guest(house, who).command(f"/api/calls/{old}/counter", when)) == refused
    assert guest(house, "parent").get(f"/api/calls/{old}").get_json() == before


def test_what_is_agreed_is_moved_and_not_answered(house: OpenHouse) -> None:
    booked = house.scene.book(house.scene.alice, START)
    assert said(guest(house, "terminal").command(f"/api/calls/{booked}/counter", WHEN)) == (409, "too_late")


def test_a_taken_time_names_others_and_keeps_the_proposal(house: OpenHouse) -> None:
    house.scene.book(house.scene.bob, OTHER)
    old = asked(house)
    refused = guest(house, "parent").command(f"/api/calls/{old}/counter", WHEN)
    assert said(refused) == (409, "slot_taken")
    assert refused.get_json()["detail"]["nearest"]
    assert guest(house, "parent").get(f"/api/calls/{old}").get_json()["state"] == "proposed"


@pytest.mark.parametrize(("body", "reason"), [({}, "declined"), ({"reason": "sick", "note": "fever"}, "sick")])
def test_no_may_be_said_with_a_reason(house: OpenHouse, body: dict[str, str], reason: str) -> None:
    declined = guest(house, "parent").command(f"/api/calls/{asked(house)}/decline", body).get_json()
    assert (declined["state"], declined["outcome"], declined["reason"]) == ("ended", "cancelled", reason)


def test_a_reason_must_be_one_that_there_is(house: OpenHouse) -> None:
    call_id = asked(house)
    answer = guest(house, "parent").command(f"/api/calls/{call_id}/decline", {"reason": "because"})
    assert said(answer) == (409, "unknown_reason")
    assert guest(house, "parent").get(f"/api/calls/{call_id}").get_json()["state"] == "proposed"


@pytest.mark.parametrize("who", ["parent", "terminal", "desk"])
def test_everybody_cancels_with_a_reason(house: OpenHouse, who: str) -> None:
    booked = house.scene.book(house.scene.alice, START)
    cancelled = guest(house, who).command(f"/api/calls/{booked}/cancel", {"reason": "terminal_broken"}).get_json()
    assert (cancelled["outcome"], cancelled["reason"]) == ("cancelled", "terminal_broken")
