"""The desk's routes: what they answer, to whom, and that other villages' things are not found."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.calls.words import Outcome
from tests.desk.conftest import Browser, Desk
from tests.desk.test_queries import undelivered
from tests.scene import NOW, at


def command(client: FlaskClient, path: str, key: str = "k1") -> TestResponse:
    return client.post(path, json={}, headers={"Idempotency-Key": key, "Homethread-Face": "desk"})


def test_the_ledger_on_the_wire(desk: Desk, browser: Browser) -> None:
    desk.ended(desk.scene.alice, NOW, Outcome.HELD, seconds=120)
    desk.scene.clock.step(minutes=10)
    shown = browser(desk.lee).get("/api/ledger").get_json()
    (call,) = shown["calls"]
    assert (call["outcome"], call["talked_seconds"], call["starts_at"]) == ("held", 120, "2026-11-23T10:00:00Z")
    assert shown["children"][1] == {
        "child": {"id": desk.scene.alice.child, "name": "Child of Alice", "photo": None},
        "family": {"id": desk.scene.alice.family, "name": "Alice", "emblem": "fox"},
        "last_heard_at": "2026-11-23T10:02:00Z", "minutes_week": 2, "minutes_month": 2, "held": 1, "missed": 0,
        "overdue": False,
    }  # fmt: skip


def test_a_repeated_try_again_is_answered_once(desk: Desk, browser: Browser) -> None:
    row = desk.dead(f"call:{desk.scene.book(desk.scene.alice, at(19))}")
    client = browser(desk.lee)
    answers = [command(client, f"/api/dead/{row}/revive") for _ in range(2)]
    assert [(answer.status_code, answer.get_json()) for answer in answers] == [(200, {})] * 2
    assert len(desk.audit()) == 1
    assert command(client, f"/api/dead/{row}/revive", "k2").status_code == 404


def test_a_text_is_sent_again_once(desk: Desk, browser: Browser) -> None:
    delivery = undelivered(desk, desk.scene.alice)
    client = browser(desk.lee)
    assert command(client, f"/api/deliveries/{delivery}/send_again").status_code == 200
    refused = command(client, f"/api/deliveries/{delivery}/send_again", "k2")
    assert (refused.status_code, refused.get_json()["error"]) == (409, "not_to_send_again")


def test_another_villages_things_are_not_found(desk: Desk, browser: Browser) -> None:
    call_id = desk.scene.book(desk.scene.alice, at(19))
    row, delivery = desk.dead(f"call:{call_id}"), undelivered(desk, desk.scene.alice)
    client = browser(desk.mo)
    assert client.get(f"/api/calls/{call_id}/trail").status_code == 404
    assert command(client, f"/api/dead/{row}/revive").status_code == 404
    assert command(client, f"/api/deliveries/{delivery}/send_again").status_code == 404


@pytest.mark.parametrize("face", ["phone", "terminal"])
def test_the_desk_is_for_coordinators(desk: Desk, browser: Browser, face: str) -> None:
    who = desk.scene.alice.as_parent if face == "phone" else desk.scene.alice.as_terminal
    client = browser(who)
    for path in ("/api/ledger", "/api/calls/x/trail"):
        assert client.get(path, headers={"Homethread-Face": face}).status_code == 403
    assert client.get("/api/ledger", headers={"Homethread-Face": "desk"}).status_code == 401
