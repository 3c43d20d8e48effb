"""What a desk learns of texts that don't leave: since when, by which gateway, whom to call instead, nobody else's."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.desk import rules
from app.families.models import Person
from app.notices import deciding, service
from app.notices.models import Delivery, GatewayState, Notice, PushSubscription, StoppedNumber
from app.notices.words import DeliveryState, NoticeState
from app.storage.database import Database, new_id
from app.web import sessions
from app.web.models import PrincipalKind
from tests.scene import Household, at
from tests.web.open_house import Guest, OpenHouse

PAGE = "/api/desk/texts"


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


@pytest.fixture
def desk(house: OpenHouse) -> Guest:
    return house.desk(house.scene.alice)


def texts_now(desk: Guest) -> Any:
    return desk.get("/api/now").get_json()["texts"]


def called(desk: Guest) -> list[str]:
    return [each["name"] for each in texts_now(desk)["to_call"]]


def plan(house: OpenHouse, whom: Household, key: str, due_at: datetime) -> str:
    with house.database.begin() as session:
        return service.plan(
            session, template="booked", subject="call:1", due_at=due_at, key=key, now=house.clock.now(),
            params={"parent": "Wang", "child": "Yu", "place": "Redstone", "starts_at": at(19), "by": "Granny"},
            person_id=whom.parent, family_id=whom.family,
        )  # fmt: skip


def gateway(house: OpenHouse, name: str, **facts: Any) -> None:
    with house.database.begin() as session:
        session.add(GatewayState(name=name, failures=0, **facts))


def fail(house: OpenHouse, notice_id: str) -> str:
    """It was tried, and nobody got it; the delivery's id."""
    with house.database.begin() as session:
        session.get_one(Notice, notice_id).state = NoticeState.OUT
        delivery = Delivery(
            id=new_id(session), notice_id=notice_id, number=1, channel="text", state=DeliveryState.FAILED,
            settled_at=house.clock.now(), error="undelivered",
        )  # fmt: skip
        session.add(delivery)
        return delivery.id


def test_a_desk_with_texts_that_leave_in_time_is_told_nothing(house: OpenHouse, desk: Guest) -> None:
    house.scene.book(house.scene.alice, house.clock.now() + timedelta(hours=1))
    gateway(house, "kannel")
    plan(house, house.scene.alice, "a moment ago", house.clock.now() - timedelta(minutes=1))
    assert texts_now(desk) == {
        "waiting_since": None, "waiting": 0, "silent": [], "can_leave": True, "to_call": [], "notices": 0,
    }  # fmt: skip


def test_texts_that_wait_are_said_with_whom_to_call(house: OpenHouse, desk: Guest) -> None:
    alice, now = house.scene.alice, house.clock.now()
    house.scene.book(alice, now + timedelta(hours=1))
    house.scene.book(house.scene.bob, now + timedelta(hours=3))  # there is time
    house.scene.book(house.scene.charlie, now + timedelta(hours=1))  # another village's
    plan(house, alice, "stuck", now - timedelta(minutes=12))
    shown = texts_now(desk)
    assert datetime.fromisoformat(shown["waiting_since"]) == now - timedelta(minutes=12)
    assert (shown["waiting"], shown["can_leave"]) == (1, True)
    # She booked it herself, so that she knows of it; Granny does not yet.
    assert [(each["name"], each["is_confirmed"]) for each in shown["to_call"]] == [
        ("Granny of Alice", False), ("Alice", True),
    ]  # fmt: skip
    assert "138" not in str(shown)


def test_who_could_not_be_told_by_text_or_is_told_otherwise_is_not_called(house: OpenHouse, desk: Guest) -> None:
    alice, bob, now = house.scene.alice, house.scene.bob, house.clock.now()
    for home, start in ((alice, 1), (bob, 2)):
        house.scene.book(home, now + timedelta(hours=start) - timedelta(minutes=30))
    plan(house, alice, "stuck", now - timedelta(minutes=12))
    with house.database.begin() as session:
        session.get_one(Person, alice.parent).phone_confirmed_at = None
        session.add(StoppedNumber(number=session.get_one(Person, alice.caregiver).phone, stopped_at=now))
        deciding.change(session, alice.village, {"is_push_on": True})
    house.parent(bob)
    assert sorted(called(desk)) == ["Bob", "Granny of Bob"]
    subscribe(house, bob.parent)
    assert called(desk) == ["Granny of Bob"]
    with house.database.begin() as session:
        deciding.change(session, alice.village, {"is_push_on": False})
    assert sorted(called(desk)) == ["Bob", "Granny of Bob"]


def subscribe(house: OpenHouse, person_id: str) -> None:
    with house.database.begin() as session:
        device_id = sessions.devices_of(session, PrincipalKind.PERSON, person_id, house.clock.now())[0].id
        session.add(
            PushSubscription(
                id=new_id(session), principal=f"person:{person_id}", device_id=device_id, made_at=house.clock.now(),
                endpoint="https://push.example/1", endpoint_hash="1", p256dh="BA", auth="AA",
            )
        )  # fmt: skip


def test_silent_gateways_are_named_before_anything_waits(house: OpenHouse, desk: Guest) -> None:
    now = house.clock.now()
    house.scene.book(house.scene.alice, now + timedelta(hours=1))
    gateway(house, "kannel", silent_since=now - timedelta(minutes=4), probe_error="Kannel is not reachable")
    shown = texts_now(desk)
    assert [each["name"] for each in shown["silent"]] == ["kannel"]
    assert (shown["can_leave"], len(shown["to_call"])) == (False, 2)
    gateway(house, "modem")
    shown = texts_now(desk)
    assert (shown["can_leave"], shown["to_call"]) == (True, [])


def test_the_page_says_how_each_gateway_does_and_no_secret(house: OpenHouse, desk: Guest) -> None:
    now = house.clock.now()
    gateway(
        house, "kannel", opened_until=now, failing_since=now, last_error="no answer from http://u:secret@10.0.0.1/",
        last_taken_at=now - timedelta(hours=1),
    )  # fmt: skip
    gateway(house, "modem", last_error="was mended", last_taken_at=now)
    shown = desk.get(PAGE).get_json()
    failing, well = shown["gateways"]
    assert (failing["name"], failing["is_open"], failing["error"]) == ("kannel", True, "no answer from …")
    assert (well["is_open"], well["error"], well["silent_since"]) == (False, None, None)
    assert shown["notices"] == []


def test_what_was_sent_again_says_what_became_of_it(house: OpenHouse, desk: Guest) -> None:
    delivery_id = fail(house, plan(house, house.scene.alice, "lost", house.clock.now()))
    assert desk.get(PAGE).get_json()["sent_again"] == []
    desk.command(f"/api/deliveries/{delivery_id}/send_again", {})
    (again,) = desk.get(PAGE).get_json()["sent_again"]
    assert (again["what"], again["who"], again["state"], again["error"]) == ("booked", "Alice", "waiting", None)
    with house.database.begin() as session:
        sent = session.get_one(Delivery, again["id"])
        sent.state, sent.settled_at = DeliveryState.DELIVERED, house.clock.now()
    assert desk.get(PAGE).get_json()["sent_again"][0]["state"] == "delivered"
    assert house.desk(house.scene.charlie).get(PAGE).get_json()["sent_again"] == []


def test_a_family_page_marks_who_stopped_texts(house: OpenHouse, desk: Guest) -> None:
    alice = house.scene.alice
    with house.database.begin() as session:
        number = session.get_one(Person, alice.parent).phone
        session.add(StoppedNumber(number=number, stopped_at=house.clock.now()))
    members = desk.get(f"/api/families/{alice.family}").get_json()["members"]
    assert {each["name"] for each in members if each["has_stopped_texts"]} == {"Alice"}


def test_two_minutes_are_late() -> None:
    assert not rules.is_late(at(19), at(19) + timedelta(seconds=119))
    assert rules.is_late(at(19), at(19, 2))


def test_addresses_are_left_out_of_what_a_gateway_says() -> None:
    assert rules.without_addresses("502 from https://u:p@x.example/?pw=1 today") == "502 from … today"
    assert rules.without_addresses("password=secret wrong") == "… wrong"
    assert rules.without_addresses("Kannel is not reachable") == "Kannel is not reachable"
