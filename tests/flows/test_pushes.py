"""A push first, where somebody has one; a text when nobody looked, or when no browser took it; nothing twice."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from app.calls.booking import Actor
from app.doors.parent_request_models import Kinship, ParentRequest, RequestState
from app.gateways.careful_http import CarefulHttp
from app.gateways.web_push import WebPush
from app.jobs import service as jobs
from app.kernel.events import ParentRequestAnswered
from app.notices import deciding, pushes, reading
from app.storage.database import Database
from app.web import sessions
from app.web.principals import PERSON, Principal
from tests.flows.conftest import Evening, evening_on
from tests.scene import NOW, StepClock, at
from tests.services.push_service import PushedTo, PushService

CLOCK = StepClock()
NOBODY = Actor("system", None)  # so that everybody is told


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    running = PushService(CLOCK.now)
    yield running
    running.stop()
    assert not running.complaints


@pytest.fixture
def evening(database: Database, tmp_path: Path) -> Evening:
    http = CarefulHttp(allows_loopback=True, whole_seconds=0.4)
    key = ec.generate_private_key(ec.SECP256R1())
    opened = evening_on(database, tmp_path, WebPush(key, "mailto:desk@example.org", CLOCK, http))
    CLOCK.at = NOW
    with database.begin() as session:
        deciding.change(session, opened.scene.alice.village, {"is_push_on": True})
    return opened


def subscribed(evening: Evening, browser: PushedTo) -> Principal:
    """Alice's mother has pushes on this browser."""
    database, parent = evening.scene.database, evening.scene.alice.parent
    with database.begin() as session:
        device, _ = sessions.open_session(session, PERSON, parent, None, "en", NOW, opened_by="link")
        who = Principal(PERSON, parent, None, device.id, "en")
        pushes.subscribe(session, who, browser.subscription, NOW)
    return who


def booked(evening: Evening) -> str:
    call_id = evening.scene.book(evening.scene.alice, at(21), NOBODY)
    evening.settle()
    return call_id


def test_who_looks_at_a_push_gets_no_text(evening: Evening, service: PushService) -> None:
    browser, alice = service.browser(), evening.scene.alice
    subscribed(evening, browser)
    call_id = booked(evening)
    assert [(push.said["kind"], push.said["url"]) for push in browser.taken] == [("booked", f"/phone#call={call_id}")]
    assert evening.templates(alice.parent) == []
    with evening.scene.database.begin() as session:
        assert reading.read(session, alice.parent, None, evening.scene.clock.now()) == 1
    evening.until(NOW + timedelta(minutes=20))
    assert evening.templates(alice.parent) == []
    assert evening.templates(alice.caregiver) == ["booked"], "who has no browser is texted at once"


def test_who_does_not_look_gets_a_text_once(evening: Evening, service: PushService) -> None:
    browser, alice = service.browser(), evening.scene.alice
    subscribed(evening, browser)
    booked(evening)
    evening.until(NOW + timedelta(minutes=14))
    assert evening.templates(alice.parent) == []
    evening.until(NOW + timedelta(minutes=40))
    assert evening.templates(alice.parent) == ["booked"]
    assert len(browser.taken) == 1


def test_an_answer_of_the_desk_is_pushed_and_texted_to_who_does_not_look(
    evening: Evening, service: PushService
) -> None:  # fmt: skip
    browser, alice = service.browser(), evening.scene.alice
    subscribed(evening, browser)
    with evening.scene.database.begin() as session:
        session.add(
            ParentRequest(
                id="r1", family_id=alice.family, asked_by=alice.parent, name="Wei", number="+8613900000055",
                kinship=Kinship.FATHER, language="en", state=RequestState.ACCEPTED, asked_at=NOW, decided_at=NOW,
            )
        )  # fmt: skip
        jobs.emit(session, ParentRequestAnswered(NOW, "r1"), NOW)
    evening.until(NOW + timedelta(minutes=59))
    (push,) = browser.taken
    assert (push.said["url"], push.said["body"]) == (
        "/phone#parents", "The coordinator has taken Wei in, as you asked."
    )  # fmt: skip
    assert evening.templates(alice.parent) == []
    evening.until(NOW + timedelta(days=1))
    assert evening.templates(alice.parent) == ["parent_accepted"]
    assert len(browser.taken) == 1


@pytest.mark.parametrize("answers", [410, 403])
def test_where_no_browser_takes_it_a_text_goes_at_once(evening: Evening, service: PushService, answers: int) -> None:
    subscribed(evening, service.browser(answers))
    booked(evening)
    assert evening.templates(evening.scene.alice.parent) == ["booked"]


def test_who_signs_out_is_texted_again(evening: Evening, service: PushService) -> None:
    browser = service.browser()
    who = subscribed(evening, browser)
    with evening.scene.database.begin() as session:
        sessions.end_all(session, PERSON, who.subject_id, NOW)
    booked(evening)
    assert evening.templates(who.subject_id) == ["booked"]
    assert browser.taken == []


def test_a_ring_that_nobody_sees_is_texted_within_the_half_minute(evening: Evening, service: PushService) -> None:
    browser, alice = service.browser(), evening.scene.alice
    subscribed(evening, browser)
    call_id = booked(evening)
    evening.until(at(21) - timedelta(seconds=1))
    CLOCK.at = at(21)
    with evening.scene.database.begin() as session:
        reading.read(session, alice.parent, None, evening.scene.clock.now())
    evening.until(at(21) + timedelta(seconds=2))
    ring = browser.taken[-1]
    assert (ring.said["kind"], ring.said["url"], ring.urgency) == ("ring_parent", f"/phone#call={call_id}", "high")
    assert "ring_parent" not in evening.templates(alice.parent)
    evening.until(at(21) + timedelta(seconds=30))
    assert evening.templates(alice.parent)[-1] == "ring_parent"
    assert [push.said["kind"] for push in browser.waiting] == ["ring_parent"], "the older about this call are replaced"
