"""Pushes over HTTP: told honestly whether they are to be had, switched on and off, tried, and what was read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from app.gateways.careful_http import CarefulHttp
from app.gateways.web_push import WebPush
from app.jobs import service as jobs
from app.jobs.words import Lane
from app.notices import deciding, push_trial, push_views
from app.notices.models import Delivery, Notice, PushSubscription
from app.notices.words import Channel, DeliveryState, NoticeState
from app.storage.database import Database
from tests.scene import NOW, Household
from tests.services.push_service import PushedTo, PushService
from tests.web.open_house import Guest, OpenHouse


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    running = PushService(lambda: NOW)
    yield running
    running.stop()


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> OpenHouse:
    """Pushes are set up, and on in Redstone; Bridge, in mainland China, has said nothing about them."""
    opened = OpenHouse(sqlite_database, tmp_path)
    key, http = ec.generate_private_key(ec.SECP256R1()), CarefulHttp(allows_loopback=True)
    opened.web.app.extensions[push_views.SENDER] = WebPush(key, "mailto:desk@example.org", opened.clock, http)
    with sqlite_database.begin() as session:
        deciding.change(session, opened.scene.alice.village, {"is_push_on": True})
    return opened


def body(browser: PushedTo, **more: str) -> dict[str, Any]:
    told = browser.subscription
    return {"endpoint": told.endpoint, "p256dh": told.p256dh, "auth": told.auth} | more


def looked(guest: Guest) -> dict[str, Any]:
    answer = guest.get("/api/push")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


class TestWhetherTheyAreToBeHad:
    def test_a_phone_and_a_desk_get_the_key(self, house: OpenHouse) -> None:
        key = house.web.app.extensions[push_views.SENDER].public_key
        for guest in (house.parent(house.scene.alice), house.desk(house.scene.alice)):
            assert looked(guest) == {"is_on": False, "public_key": key, "why": None}

    def test_where_the_village_has_none_it_says_so(self, house: OpenHouse, service: PushService) -> None:
        for guest in (house.parent(house.scene.charlie), house.desk(house.scene.charlie)):
            assert looked(guest) == {"is_on": False, "public_key": None, "why": "village"}
            refused = guest.command("/api/push", body(service.browser()))
            assert (refused.status_code, refused.get_json()["error"]) == (409, "push_off")

    def test_without_a_key_it_says_so(self, house: OpenHouse, service: PushService) -> None:
        house.web.app.extensions[push_views.SENDER] = None
        guest = house.parent(house.scene.alice)
        assert looked(guest) == {"is_on": False, "public_key": None, "why": "no_key"}
        assert guest.command("/api/push", body(service.browser())).status_code == 409

    def test_a_terminal_is_never_pushed_to(self, house: OpenHouse) -> None:
        assert house.terminal(house.scene.alice).get("/api/push").status_code == 403

    def test_switched_off_by_the_village_it_is_off_on_the_phone(self, house: OpenHouse, service: PushService) -> None:
        guest = house.parent(house.scene.alice)
        guest.command("/api/push", body(service.browser()))
        with house.database.begin() as session:
            deciding.change(session, house.scene.alice.village, {"is_push_on": False})
        assert looked(guest) == {"is_on": False, "public_key": None, "why": "village"}


class TestTheSwitch:
    def test_on_and_off_on_this_device_alone(self, house: OpenHouse, service: PushService) -> None:
        phone, other = house.parent(house.scene.alice), house.parent(house.scene.alice)
        browser = service.browser()
        assert phone.command("/api/push", body(browser)).status_code == 200
        assert (looked(phone)["is_on"], looked(other)["is_on"]) == (True, False)
        assert phone.command("/api/push/end", {"endpoint": browser.endpoint}).status_code == 200
        assert looked(phone)["is_on"] is False

    def test_a_new_endpoint_takes_the_place_of_the_old_one(self, house: OpenHouse, service: PushService) -> None:
        phone, old, new = house.parent(house.scene.alice), service.browser(), service.browser()
        phone.command("/api/push", body(old))
        phone.command("/api/push", body(new, replaces=old.endpoint))
        assert ended(house) == {old.endpoint: "replaced", new.endpoint: None}

    def test_nobody_ends_or_replaces_what_is_somebody_elses(self, house: OpenHouse, service: PushService) -> None:
        phone, stranger, browser = house.parent(house.scene.alice), house.parent(house.scene.bob), service.browser()
        phone.command("/api/push", body(browser))
        stranger.command("/api/push/end", {"endpoint": browser.endpoint})
        stranger.command("/api/push", body(service.browser(), replaces=browser.endpoint))
        assert looked(phone)["is_on"] is True

    def test_signing_out_ends_it(self, house: OpenHouse, service: PushService) -> None:
        phone = house.parent(house.scene.alice)
        browser = service.browser()
        phone.command("/api/push", body(browser))
        phone.command("/api/sign_out")
        assert looked(house.parent(house.scene.alice))["is_on"] is False
        assert ended(house) == {browser.endpoint: "signed_out"}

    @pytest.mark.parametrize(
        "wrong",
        [
            {"endpoint": "https://192.168.1.1/admin"}, {"endpoint": "http://push.example/x"}, {"endpoint": "x"},
            {"p256dh": "AAAA"}, {"p256dh": "B" + "A" * 86}, {"auth": "AAAA"}, {"auth": "A" * 100},
        ],
    )  # fmt: skip
    def test_what_can_not_be_sent_to_is_refused(
        self, house: OpenHouse, service: PushService, wrong: dict[str, str]
    ) -> None:
        refused = house.parent(house.scene.alice).command("/api/push", body(service.browser()) | wrong)
        assert (refused.status_code, refused.get_json()["error"]) == (422, "bad_push_subscription")


class TestATrial:
    def test_it_comes_to_this_device(self, house: OpenHouse, service: PushService) -> None:
        phone, browser = house.parent(house.scene.alice, "zh-CN"), service.browser()
        phone.command("/api/push", body(browser))
        assert phone.command("/api/push/trial").status_code == 200
        self.work_off(house)
        assert [(push.said["title"], push.urgency) for push in browser.taken] == [("家线", "high")]
        assert not service.complaints

    def test_nothing_is_sent_to_who_has_it_off_and_not_too_often(self, house: OpenHouse, service: PushService) -> None:
        phone = house.parent(house.scene.alice)
        assert phone.command("/api/push/trial").status_code == 409
        phone.command("/api/push", body(service.browser()))
        asked = [phone.command("/api/push/trial").status_code for _ in range(12)]
        assert asked == [200] * 10 + [429] * 2

    def test_one_that_is_gone_is_switched_off_by_it(self, house: OpenHouse, service: PushService) -> None:
        phone = house.parent(house.scene.alice)
        phone.command("/api/push", body(service.browser(410)))
        phone.command("/api/push/trial")
        self.work_off(house)
        assert looked(phone)["is_on"] is False

    def work_off(self, house: OpenHouse) -> None:
        send = push_trial.trier(house.database, house.clock, house.web.app.extensions[push_views.SENDER])
        with house.database.begin() as session:
            rows = jobs.lease(session, "w", Lane.ERRAND, house.clock.now(), 10)
        for row in rows:
            send(row)


class TestReading:
    def test_what_was_pushed_is_read_when_somebody_looks(self, house: OpenHouse) -> None:
        phone = house.parent(house.scene.alice)
        put(house, "pushed", house.scene.alice, Channel.PUSH)
        put(house, "texted", house.scene.alice, Channel.TEXT)
        put(house, "bobs", house.scene.bob, Channel.PUSH)
        assert phone.command("/api/notices/read", {"ids": None}).status_code == 200
        assert closed(house) == {"pushed"}

    def test_one_by_one(self, house: OpenHouse) -> None:
        phone = house.parent(house.scene.alice)
        put(house, "pushed", house.scene.alice, Channel.PUSH)
        put(house, "other", house.scene.alice, Channel.PUSH)
        put(house, "bobs", house.scene.bob, Channel.PUSH)
        assert phone.command("/api/notices/read", {"ids": ["pushed", "bobs", "nothing"]}).status_code == 200
        assert closed(house) == {"pushed"}
        house.clock.step(hours=1)
        phone.command("/api/notices/read", {"ids": ["pushed"]})
        with house.database.read() as session:
            assert session.get_one(Notice, "pushed").closed_at == NOW


def put(house: OpenHouse, id_: str, whose: Household, channel: Channel) -> None:
    with house.database.begin() as session:
        session.add(
            Notice(
                id=id_, key=id_, person_id=whose.parent, village_id=whose.village, template="series_ended", params={},
                subject="series:s", due_at=NOW, state=NoticeState.OUT, planned_at=NOW,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            Delivery(id=id_, notice_id=id_, number=1, channel=channel, state=DeliveryState.SENT, attempts=1, doubts=0)
        )


def closed(house: OpenHouse) -> set[str]:
    with house.database.read() as session:
        return {each.id for each in session.query(Notice) if each.closed_at is not None}


def ended(house: OpenHouse) -> dict[str, str | None]:
    with house.database.read() as session:
        return {each.endpoint: each.ended_reason for each in session.query(PushSubscription)}
