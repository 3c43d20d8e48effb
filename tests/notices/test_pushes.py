"""Browsers that want pushes: whose they are, when they end, and how all of a reader's are tried at once."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from app.gateways.careful_http import CarefulHttp
from app.gateways.web_push import WebPush
from app.jobs import service as jobs
from app.jobs.words import Lane
from app.notices import pushes
from app.notices.models import Notice, PushSubscription
from app.notices.ports import GatewayError, NoAnswer, PushSender, Subscription, Urgency
from app.notices.push_message import trial
from app.notices.pushes import Outcome, Target
from app.notices.words import NoticeState
from app.storage.database import Database
from app.web import sessions
from app.web.principals import COORDINATOR, PERSON, Principal
from tests.scene import NOW, Household
from tests.services.push_service import HANGS, PushedTo, PushService
from tests.web.open_house import OpenHouse


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    running = PushService(lambda: NOW)
    yield running
    running.stop()


@pytest.fixture
def house(database: Database, tmp_path: Path) -> OpenHouse:
    return OpenHouse(database, tmp_path)


@pytest.fixture
def sender(house: OpenHouse) -> WebPush:
    http = CarefulHttp(allows_loopback=True, whole_seconds=0.4)
    return WebPush(ec.generate_private_key(ec.SECP256R1()), "mailto:desk@example.org", house.clock, http)


def signed_in(house: OpenHouse, whose: Household, *, desk: bool = False, language: str = "en") -> Principal:
    kind, village = (COORDINATOR, whose.village) if desk else (PERSON, None)
    subject = house.coordinators[whose.village] if desk else whose.parent
    with house.database.begin() as session:
        device, _ = sessions.open_session(
            session, kind, subject, village, language, house.clock.now(), opened_by="link"
        )
    return Principal(kind, subject, village, device.id, language)


def subscribe(house: OpenHouse, who: Principal, browser: PushedTo) -> None:
    with house.database.begin() as session:
        pushes.subscribe(session, who, browser.subscription, house.clock.now())


def notice(house: OpenHouse, whose: Household, *, desk: bool = False, template: str = "series_ended") -> Notice:
    return Notice(
        id="n1", key="k", person_id=None if desk else whose.parent, village_id=whose.village, template=template,
        params={"parent": "Alice", "child": "Ann"}, subject="series:s", due_at=house.clock.now(),
        state=NoticeState.PLANNED, planned_at=house.clock.now(),
    )  # fmt: skip


def targets(house: OpenHouse, about: Notice) -> list[Target]:
    with house.database.read() as session:
        found = pushes.targets(session, about, house.clock.now())
        assert pushes.has_push(session, about, house.clock.now()) is bool(found)
        return found


def rows(house: OpenHouse) -> list[PushSubscription]:
    with house.database.read() as session:
        return list(session.scalars(select(PushSubscription).order_by(PushSubscription.made_at)))


def push_out(house: OpenHouse, sender: PushSender, about: Notice) -> Outcome:
    outcome = pushes.push_out(sender, targets(house, about))
    with house.database.begin() as session:
        pushes.settle(session, outcome, house.clock.now())
    return outcome


class TestWhose:
    def test_a_person_is_reached_on_each_of_their_browsers(self, house: OpenHouse, service: PushService) -> None:
        alice = house.scene.alice
        for _ in range(2):
            subscribe(house, signed_in(house, alice), service.browser())
        subscribe(house, signed_in(house, house.scene.bob), service.browser())
        assert len(targets(house, notice(house, alice))) == 2
        assert targets(house, notice(house, house.scene.charlie)) == []

    def test_told_again_it_is_the_same_subscription(self, house: OpenHouse, service: PushService) -> None:
        who, browser = signed_in(house, house.scene.alice), service.browser()
        subscribe(house, who, browser)
        with house.database.begin() as session:
            pushes.unsubscribe(session, who, browser.endpoint, house.clock.now())
        assert targets(house, notice(house, house.scene.alice)) == []
        subscribe(house, who, browser)
        assert len(targets(house, notice(house, house.scene.alice))) == 1
        assert len(rows(house)) == 1

    def test_a_browser_is_whose_phone_it_is_now(self, house: OpenHouse, service: PushService) -> None:
        browser = service.browser()
        subscribe(house, signed_in(house, house.scene.alice), browser)
        subscribe(house, signed_in(house, house.scene.bob), browser)
        assert targets(house, notice(house, house.scene.alice)) == []
        assert len(targets(house, notice(house, house.scene.bob))) == 1

    def test_a_desk_and_a_phone_in_one_browser_have_each_their_own(
        self, house: OpenHouse, service: PushService
    ) -> None:  # fmt: skip
        alice, browser = house.scene.alice, service.browser()
        subscribe(house, signed_in(house, alice), browser)
        subscribe(house, signed_in(house, alice, desk=True), browser)
        assert len(targets(house, notice(house, alice))) == 1
        (at_desk,) = targets(house, notice(house, alice, desk=True))
        assert b'"url":"/desk#troubles"' in at_desk.push.payload

    def test_the_desk_is_every_coordinator_who_is_signed_in_there(self, house: OpenHouse, service: PushService) -> None:
        for language in ("en", "zh-CN"):
            who = signed_in(house, house.scene.alice, desk=True, language=language)
            subscribe(house, who, service.browser())
        subscribe(house, signed_in(house, house.scene.charlie, desk=True), service.browser())
        found = targets(house, notice(house, house.scene.alice, desk=True))
        assert len(found) == 2
        assert sum("家线".encode() in each.push.payload for each in found) == 1

    def test_nobody_else_can_end_it(self, house: OpenHouse, service: PushService) -> None:
        browser = service.browser()
        subscribe(house, signed_in(house, house.scene.alice), browser)
        for other in (signed_in(house, house.scene.bob), signed_in(house, house.scene.alice, desk=True)):
            with house.database.begin() as session:
                pushes.unsubscribe(session, other, browser.endpoint, house.clock.now())
        assert len(targets(house, notice(house, house.scene.alice))) == 1

    def test_the_oldest_of_too_many_gives_way(self, house: OpenHouse, service: PushService) -> None:
        who = signed_in(house, house.scene.alice)
        for _ in range(pushes.MOST_OF_ONE + 2):
            house.clock.step(seconds=1)
            subscribe(house, who, service.browser())
        ended = [row.ended_reason for row in rows(house)]
        assert ended == ["too_many"] * 2 + [None] * pushes.MOST_OF_ONE

    def test_a_bare_number_has_no_browser_and_a_code_is_never_pushed(
        self, house: OpenHouse, service: PushService
    ) -> None:  # fmt: skip
        alice = house.scene.alice
        subscribe(house, signed_in(house, alice), service.browser())
        to_number = notice(house, alice, desk=True)
        to_number.number = "+8613800000099"
        assert targets(house, to_number) == []
        with house.database.read() as session:
            assert pushes.targets(session, notice(house, alice, template="sign_in_code"), NOW) == []


class TestEnds:
    def test_with_the_session_of_its_device(self, house: OpenHouse, service: PushService) -> None:
        who = signed_in(house, house.scene.alice)
        subscribe(house, who, service.browser())
        with house.database.begin() as session:
            sessions.end_all(session, PERSON, who.subject_id, house.clock.now())
        assert targets(house, notice(house, house.scene.alice)) == []
        with house.database.read() as session:
            assert not pushes.has_subscription(session, who.name, house.clock.now())
        self.sweep(house)
        assert [row.ended_reason for row in rows(house)] == ["signed_out"]

    def test_of_a_desk_when_its_day_is_over(self, house: OpenHouse, service: PushService) -> None:
        subscribe(house, signed_in(house, house.scene.alice, desk=True), service.browser())
        house.clock.step(hours=15)
        assert targets(house, notice(house, house.scene.alice, desk=True)) == []
        self.sweep(house)
        assert [row.ended_reason for row in rows(house)] == ["signed_out"]

    def test_and_is_forgotten_after_a_month(self, house: OpenHouse, service: PushService) -> None:
        who, browser = signed_in(house, house.scene.alice), service.browser()
        subscribe(house, who, browser)
        with house.database.begin() as session:
            pushes.unsubscribe(session, who, browser.endpoint, house.clock.now())
        house.clock.at += pushes.ENDED_KEPT - timedelta(hours=1)
        self.sweep(house)
        assert len(rows(house)) == 1
        house.clock.step(hours=2)
        self.sweep(house)
        assert rows(house) == []

    def test_those_that_stand_are_left_alone(self, house: OpenHouse, service: PushService) -> None:
        subscribe(house, signed_in(house, house.scene.alice), service.browser())
        self.sweep(house)
        assert [row.ended_at for row in rows(house)] == [None]

    def sweep(self, house: OpenHouse) -> None:
        with house.database.begin() as session:
            pushes.start(session, house.clock.now())
            (row,) = jobs.lease(session, "w", Lane.STEP, house.clock.now(), 1)
            pushes.sweep(session, row, house.clock.now())


class TestPushingOut:
    def test_one_that_takes_it_is_enough_and_one_that_is_gone_is_ended(
        self, house: OpenHouse, service: PushService, sender: WebPush
    ) -> None:
        alice = house.scene.alice
        good, gone, down = service.browser(), service.browser(410), service.browser(500)
        for browser in (good, gone, down):
            house.clock.step(seconds=1)
            subscribe(house, signed_in(house, alice), browser)
        outcome = push_out(house, sender, notice(house, alice))
        assert (outcome.ref, outcome.error) == (f"{service.origin}/message/1", None)
        assert good.taken[0].said["body"].startswith("The regular calls of Alice and Ann")
        assert [(row.ended_reason, row.taken_at is not None) for row in rows(house)] == [
            (None, True), ("gone", False), (None, False)
        ]  # fmt: skip
        assert not service.complaints

    @pytest.mark.parametrize(
        ("answers", "is_like"),
        [
            ([410], lambda error: isinstance(error, GatewayError) and error.permanent),
            ([403, 410], lambda error: isinstance(error, GatewayError) and error.permanent),
            ([410, 503], lambda error: isinstance(error, GatewayError) and not error.permanent),
            ([503, HANGS, 410], lambda error: isinstance(error, NoAnswer)),
        ],
    )  # fmt: skip
    def test_where_none_takes_it_doubt_comes_before_hope_and_hope_before_none(
        self, house: OpenHouse, service: PushService, sender: WebPush, answers: list[int | str],
        is_like: Callable[[Exception | None], bool],
    ) -> None:  # fmt: skip
        for answer in answers:
            subscribe(house, signed_in(house, house.scene.alice), service.browser(answer))
        outcome = push_out(house, sender, notice(house, house.scene.alice))
        assert outcome.ref is None
        assert is_like(outcome.error)

    def test_without_any_browser_it_fails_for_good(self, sender: WebPush) -> None:
        error = pushes.push_out(sender, []).error
        assert isinstance(error, GatewayError)
        assert error.permanent

    def test_slow_ones_are_tried_side_by_side(self, house: OpenHouse, service: PushService, sender: WebPush) -> None:
        for _ in range(4):
            subscribe(house, signed_in(house, house.scene.alice), service.browser(HANGS))
        quick = service.browser()
        subscribe(house, signed_in(house, house.scene.alice), quick)
        began = time.monotonic()
        assert push_out(house, sender, notice(house, house.scene.alice)).error is None
        assert time.monotonic() - began < 1.2
        assert len(quick.taken) == 1

    def test_one_that_never_ends_does_not_hold_up_the_rest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pushes, "LONGEST_CALL_SECONDS", 1.3)
        both = [Target(id_, Subscription(id_, "", ""), trial("en", "phone", NOW)) for id_ in ("slow", "quick")]
        outcome = pushes.push_out(Stuck(), both)
        assert outcome.ref == "quick"
        (slow,) = [answer for answer in outcome.answers if answer.target_id == "slow"]
        assert isinstance(slow.error, NoAnswer)

    def test_the_newest_about_a_call_is_all_that_waits(
        self, house: OpenHouse, service: PushService, sender: WebPush
    ) -> None:  # fmt: skip
        browser = service.browser()
        subscribe(house, signed_in(house, house.scene.alice), browser)
        for _ in range(2):
            push_out(house, sender, notice(house, house.scene.alice))
        assert (len(browser.taken), len(browser.waiting)) == (2, 1)


class Stuck:
    """Sends to whoever is quick."""

    public_key = "none"

    def accepts(self, endpoint: str) -> bool:
        return bool(endpoint)

    def send(
        self, subscription: Subscription, payload: bytes, *, urgency: Urgency, topic: str, ttl_seconds: int
    ) -> str:  # fmt: skip
        if subscription.endpoint == "slow":
            time.sleep(1)
        return subscription.endpoint
