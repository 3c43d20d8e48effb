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


def promise(client: FlaskClient, body: bytes) -> TestResponse:
    headers = {"Idempotency-Key": "promise", "Homethread-Face": "desk"}
    return client.post("/api/village/promise", data=body, headers=headers)


def test_the_ledger_on_the_wire(desk: Desk, browser: Browser) -> None:
    desk.ended(desk.scene.alice, NOW, Outcome.HELD, seconds=120)
    desk.scene.clock.step(minutes=10)
    shown = browser(desk.lee).get("/api/ledger").get_json()
    (call,) = shown["calls"]
    assert (call["outcome"], call["talked_seconds"], call["starts_at"]) == ("held", 120, "2026-11-23T10:00:00Z")
    assert shown["children"][1] == {
        "child": {"id": desk.scene.alice.child, "name": "Child of Alice", "photo": None},
        "family": {"id": desk.scene.alice.family, "name": "Alice", "emblem": "fox"},
        "last_heard_at": "2026-11-23T10:02:00Z", "next_call_at": None, "minutes_week": 2, "minutes_month": 2,
        "weeks": [0] * 11 + [2], "held": 1, "missed": 0, "reasons": [], "overdue": False,
    }  # fmt: skip
    assert (shown["promise_days"], shown["failures"], len(shown["weeks"])) == (7, [], 12)
    assert shown["weeks"][-1] == {
        "week": "2026-11-23", "children": 2, "heard": 1, "calls_held": 1, "calls_missed": 0, "minutes": 2,
    }  # fmt: skip


def test_a_promise_is_changed_once_and_shown(desk: Desk, browser: Browser) -> None:
    client = browser(desk.lee)
    answers = [promise(client, b'{"days": 10}') for _ in range(2)]
    assert [(answer.status_code, answer.get_json()) for answer in answers] == [(200, {})] * 2
    assert client.get("/api/ledger").get_json()["promise_days"] == 10
    assert len(desk.audit()) == 1


@pytest.mark.parametrize(
    "body", [b"{}", b'{"days": 0}', b'{"days": 32}', b'{"days": "7"}', b'{"days": 7.5}', b'{"days": null}', b"[]", b"7"]
)
def test_what_is_no_promise_is_not_understood(desk: Desk, browser: Browser, body: bytes) -> None:
    assert promise(browser(desk.lee), body).status_code == 422
    assert desk.audit() == []


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
