"""The line of those who wait, over HTTP: who sees whom, in what order, and what the desk's audit keeps of it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.calls import booking
from app.calls.booking import Actor, Wish
from app.calls.models import Call
from app.calls.words import CallState, Origin, Outcome
from app.desk.models import AuditEntry
from app.families import service as families
from app.families.words import MemberRole
from app.storage.database import new_id
from app.web.principals import PERSON
from tests.scene import Household, at
from tests.web.open_house import Guest, OpenHouse


@pytest.fixture
def house(house_on_both: OpenHouse) -> OpenHouse:
    return house_on_both


def heard(house: OpenHouse, whom: Household, days_ago: int) -> None:
    ended_at = house.clock.now() - timedelta(days=days_ago)
    with house.database.begin() as session:
        session.add(
            Call(
                id=new_id(session), village_id=whom.village, terminal_id=whom.terminal, family_id=whom.family,
                parent_id=whom.parent, child_id=whom.child, starts_at=ended_at - timedelta(minutes=15),
                ends_at=ended_at, state=CallState.ENDED, outcome=Outcome.HELD, made_at=ended_at, ended_at=ended_at,
            )
        )  # fmt: skip


def line(guest: Guest) -> list[dict[str, Any]]:
    waits: list[dict[str, Any]] = guest.get("/api/waits").get_json()["waits"]
    return waits


def test_the_desk_sees_the_village_in_order_with_the_reason_and_the_offer(house: OpenHouse) -> None:
    alice, bob = house.scene.alice, house.scene.bob
    carol = house.scene.move_in("Carol", "drum", 4)
    heard(house, alice, 1)
    heard(house, bob, 9)
    house.scene.book(alice, at(20, day=25))
    desk = house.desk(alice)
    assert [one["family"]["id"] for one in line(desk)] == [carol.family, bob.family]
    assert house.parent(alice).command("/api/waits", {"child_id": alice.child}).status_code == 201
    with house.database.begin() as session:
        wish = Wish(
            bob.family, bob.child, bob.parent, at(19, day=24), is_proposal=True, origin=Origin.WAIT,
            expires_at=house.clock.now() + timedelta(minutes=30),
        )  # fmt: skip
        offered = booking.book(session, wish, Actor("", None), house.clock.now()).id
    never, overdue, asked = line(desk)
    assert (never["family"]["id"], never["is_asked"], never["last_heard_at"]) == (carol.family, False, None)
    assert (overdue["family"]["id"], overdue["offer"]["call_id"], overdue["has_call_at"]) == (bob.family, offered, None)
    assert (asked["is_asked"], asked["has_call_at"]) == (True, "2026-11-25T12:00:00Z")
    with house.database.begin() as session:
        booking.confirm(session, offered, bob.parent_acts, house.clock.now())
    assert [one["family"]["id"] for one in line(desk)] == [carol.family, alice.family], "Bob has a call ahead"
    assert desk.get("/api/waits").get_json()["promise_days"] == 7


def test_an_offer_stands_beside_who_has_it(house: OpenHouse) -> None:
    alice = house.scene.alice
    house.parent(alice).command("/api/waits", {"child_id": alice.child})
    with house.database.begin() as session:
        wish = Wish(
            alice.family, alice.child, alice.parent, at(19, day=24), is_proposal=True, origin=Origin.WAIT,
            expires_at=house.clock.now() + timedelta(minutes=30),
        )  # fmt: skip
        call_id = booking.book(session, wish, Actor("", None), house.clock.now()).id
    for guest in (house.desk(alice), house.parent(alice)):
        (shown,) = [one["offer"] for one in line(guest) if one["child"]["id"] == alice.child]
        assert shown == {
            "call_id": call_id, "starts_at": "2026-11-24T11:00:00Z", "expires_at": "2026-11-23T10:30:00Z",
        }  # fmt: skip
    assert house.parent(alice).command(f"/api/calls/{call_id}/confirm").get_json()["state"] == "booked"


def test_a_wish_is_made_once_and_ended(house: OpenHouse) -> None:
    alice, parent = house.scene.alice, house.parent(house.scene.alice)
    first = parent.command("/api/waits", {"child_id": alice.child}).get_json()["waits"]
    again = parent.command("/api/waits", {"child_id": alice.child}).get_json()["waits"]
    assert [one["wait_id"] for one in first] == [one["wait_id"] for one in again]
    ended = parent.command(f"/api/waits/{first[0]['wait_id']}/end")
    assert ended.get_json() == {"waits": [], "promise_days": None}
    assert parent.command(f"/api/waits/{first[0]['wait_id']}/end").status_code == 200, "again says the same"


def test_the_desk_does_it_for_them_and_it_is_kept(house: OpenHouse) -> None:
    alice, desk = house.scene.alice, house.desk(house.scene.alice)
    body = {"child_id": alice.child, "parent_id": alice.parent}
    waits = desk.command("/api/waits", body).get_json()["waits"]
    (wait_id,) = [one["wait_id"] for one in waits if one["is_asked"]]
    desk.command(f"/api/waits/{wait_id}/end")
    with house.database.read() as session:
        kept = session.execute(select(AuditEntry.action, AuditEntry.subject).order_by(AuditEntry.action)).all()
    assert [tuple(row) for row in kept] == [("end_wait", f"person:{alice.child}"), ("wait", f"person:{alice.child}")]


def test_who_brings_the_child_sees_and_ends_it_and_another_parent_does_not(house: OpenHouse) -> None:
    alice, now = house.scene.alice, house.clock.now()
    with house.database.begin() as session:
        other = families.add_person(session, name="Other", zone="UTC", language="en").id
        families.add_member(session, family_id=alice.family, person_id=other, role=MemberRole.PARENT, now=now)
    (wait,) = house.parent(alice).command("/api/waits", {"child_id": alice.child}).get_json()["waits"]
    other_parent, granny = (Guest(house, house.badge(PERSON, who, None)) for who in (other, alice.caregiver))
    assert line(other_parent) == []
    assert other_parent.command(f"/api/waits/{wait['wait_id']}/end").status_code == 404
    assert [one["wait_id"] for one in line(granny)] == [wait["wait_id"]]
    assert granny.command(f"/api/waits/{wait['wait_id']}/end").get_json()["waits"] == []


def test_without_consent_nobody_waits(house: OpenHouse) -> None:
    alice, parent = house.scene.alice, house.parent(house.scene.alice)
    with house.database.begin() as session:
        ban = {"child_id": alice.child, "contact_id": alice.parent, "reason": "court"}
        families.set_no_contact(session, **ban, now=house.clock.now())
    house.clock.step(seconds=1)
    refused = parent.command("/api/waits", {"child_id": alice.child})
    assert (refused.status_code, refused.get_json()["error"]) == (409, "no_contact")
    assert alice.family not in [one["family"]["id"] for one in line(house.desk(alice))]
