"""Pushes in real Chromium: what the worker sent is delivered to the real service worker, shown, and touched.

A headless browser subscribes nowhere, so the subscription is one of our own push service, given to the API as a page
would; what came there goes to the service worker by the browser's debugging protocol. And it opens windows for a real
touch alone: the touch is an event made in the worker, and the window it asks for is opened by the test.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from app.desk import service as desk_service
from app.gateways.web_push import make_key
from app.notices import deciding, pushes
from app.notices.models import Delivery, Notice, PushSubscription
from app.notices.words import Channel, DeliveryState, NoticeState
from app.web.models import PrincipalKind
from tests.browser import stories
from tests.browser.conftest import DESK, PHONE, Devices, shoot
from tests.browser.push_worker import ServiceWorker
from tests.browser.stories import sees, touch, wait_until
from tests.browser.village import Village, open_village
from tests.scene import at
from tests.services.push_service import PushedTo, PushService

SUBSCRIBE = """async (subscription) => {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": "k", "Homethread-Face": "phone" };
  await navigator.serviceWorker.register("/sw.js?modules", { type: "module" }); // does all that the plain one does
  await navigator.serviceWorker.ready;
  return (await fetch("/api/push", { method: "POST", headers, body: JSON.stringify(subscription) })).status;
}"""
# What a browser does that is no guest of a test: it subscribes, and remembers it.
SUBSCRIBES = """(() => {
  const given = GIVEN;
  const plain = (key) => atob(key.replace(/-/g, "+").replace(/_/g, "/"));
  const bytes = (key) => Uint8Array.from(plain(key), (one) => one.charCodeAt(0)).buffer;
  const made = () => localStorage.made && {
    endpoint: given.endpoint, options: { applicationServerKey: bytes(localStorage.made) },
    toJSON: () => ({ endpoint: given.endpoint, keys: { p256dh: given.p256dh, auth: given.auth } }),
    unsubscribe: async () => !(delete localStorage.made),
  };
  PushManager.prototype.subscribe = async (wanted) => ((localStorage.made = wanted.applicationServerKey), made());
  PushManager.prototype.getSubscription = async () => made() || null;
})()"""
# Where a window may be opened or fronted only for a real touch, it is said where it would have been.
RENEWED = """async ([old, given]) => {
  const keys = { p256dh: given.p256dh, auth: given.auth };
  PushManager.prototype.subscribe = async () => ({ toJSON: () => ({ endpoint: given.endpoint, keys }) });
  let work = null;
  const event = Object.assign(new Event("pushsubscriptionchange"), { oldSubscription: { endpoint: old } });
  event.waitUntil = (started) => (work = started);
  self.dispatchEvent(event);
  await work;
}"""


@pytest.fixture
def village(tmp_path: Path, sqlite_url: str) -> Iterator[Village]:
    """At 18:00, and with pushes set up and on."""
    make_key(tmp_path / "push.pem")
    running = open_village(
        tmp_path, sqlite_url, at(18), PUSH_KEY=str(tmp_path / "push.pem"), PUSH_CONTACT="mailto:desk@example.org"
    )
    turn(running, is_on=True)
    yield running
    running.stop()
    log = running.logs()
    assert "Traceback" not in log, log


@pytest.fixture
def service(village: Village) -> Iterator[PushService]:
    running = PushService(village.now)
    yield running
    running.stop()
    assert not running.complaints


def turn(village: Village, *, is_on: bool) -> None:
    with village.scene.database.begin() as session:
        deciding.change(session, village.scene.alice.village, {"is_push_on": is_on})


def told_by_pushes(devices: Devices, village: Village, browser: PushedTo) -> Page:
    """Alice's phone, which may notify, with the page open and subscribed."""
    context = devices.device(PHONE)
    allow(context)
    page = open_page(context, village)
    subscription = browser.subscription
    asked = {"endpoint": subscription.endpoint, "p256dh": subscription.p256dh, "auth": subscription.auth}
    assert page.evaluate(SUBSCRIBE, asked) == 200
    return page


def allow(context: BrowserContext) -> None:
    context.grant_permissions(["camera", "microphone", "notifications"])


def open_page(context: BrowserContext, village: Village) -> Page:
    page = context.new_page()
    page.goto(village.enter(PrincipalKind.PERSON, village.scene.alice.parent, None))
    sees(page, "home")
    return page


def put_notice(village: Village, id_: str) -> None:
    """One that was pushed and not read."""
    with village.scene.database.begin() as session:
        session.add(
            Notice(
                id=id_, key=id_, person_id=village.scene.alice.parent, template="ring_parent", params={},
                subject="call:1", due_at=village.now(), state=NoticeState.OUT, planned_at=village.now(),
            )
        )  # fmt: skip
        session.flush()
        session.add(Delivery(id=id_, notice_id=id_, number=1, channel=Channel.PUSH, state=DeliveryState.SENT, doubts=0))


def is_read(village: Village, notice_id: str) -> bool:
    with village.scene.database.read() as session:
        return session.get_one(Notice, notice_id).closed_at is not None


def test_a_ring_reaches_a_closed_page_and_one_touch_opens_the_call(
    village: Village, devices: Devices, service: PushService
) -> None:
    alice, browser = village.scene.alice, service.browser()
    village.move_clock_to(at(18, 59) + timedelta(seconds=40))
    call_id = village.scene.book(alice, at(19), alice.desk_acts)
    phone = told_by_pushes(devices, village, browser)
    terminal = stories.open_terminal(devices, village, alice)
    worker = ServiceWorker(phone)
    phone.goto(f"{village.url}/")  # the page is closed, and only the service worker left of it
    village.move_clock_to(at(19) - timedelta(seconds=3))
    wait_until(terminal, "the ring was pushed", lambda: any(p.said["kind"] == "ring_parent" for p in browser.taken), 30)
    ring = next(push for push in browser.taken if push.said["kind"] == "ring_parent")
    assert (ring.urgency, ring.said["url"]) == ("high", f"/phone#call={call_id}")

    worker.shows(ring.said)
    assert worker.shown == [
        {"title": "A call is waiting for you", "body": ring.said["body"], "tag": f"call:{call_id}", "stays": True,
         "actions": ["Join"]}
    ]  # fmt: skip
    (opened,) = worker.touch()
    assert worker.shown == []
    wait_until(phone, "it was read", lambda: is_read(village, ring.said["id"]))
    phone.goto(village.url + opened)
    sees(phone, "waiting|ready|live", 20)
    assert "#" not in phone.url
    sees(terminal, "ring", 20)
    touch(terminal, "answer")
    sees(phone, "live", 20)


def test_a_page_that_is_looked_at_rings_by_itself_and_one_behind_is_brought_to_its_call(
    village: Village, devices: Devices, service: PushService
) -> None:
    alice = village.scene.alice
    village.move_clock_to(at(18, 59))
    call_id = village.scene.book(alice, at(19), alice.desk_acts)
    browser = service.browser()
    phone = told_by_pushes(devices, village, browser)
    worker = ServiceWorker(phone)
    phone.reload()
    sees(phone, "home")
    said = {
        "id": "pushed", "title": "t", "body": "b", "url": f"/phone#call={call_id}", "tag": f"call:{call_id}",
        "kind": "ring_parent", "at": village.now().isoformat(), "urgency": "high", "join": "Join",
    }  # fmt: skip
    put_notice(village, said["id"])
    worker.deliver(said)
    wait_until(phone, "it was read", lambda: is_read(village, said["id"]))
    assert worker.shown == []

    worker.shows(said | {"id": None, "url": "/phone#parents", "kind": "parent_accepted"})
    assert worker.touch() == []
    expect(phone.locator("dialog [data-letter]").first).to_be_visible()
    phone.locator("dialog [data-act=close]").click()
    expect(phone.locator("dialog")).to_have_count(0)

    worker.shows(said | {"id": None})  # a trial is shown all the same
    assert worker.touch() == []
    sees(phone, "waiting|ready|live", 20)
    expect(phone.locator("main")).not_to_have_attribute("data-screen", "home")

    other = service.browser().subscription
    worker.evaluate(RENEWED, [browser.endpoint, asdict(other)])
    with village.scene.database.read() as session:
        kept = {row.endpoint: row.ended_reason for row in session.scalars(select(PushSubscription))}
    assert kept == {browser.endpoint: "replaced", other.endpoint: None}


def test_it_is_switched_on_tried_gone_on_with_and_switched_off(
    village: Village, devices: Devices, service: PushService
) -> None:
    alice, browser = village.scene.alice, service.browser()
    context = devices.device(PHONE)
    allow(context)
    context.add_init_script(SUBSCRIBES.replace("GIVEN", json.dumps(asdict(browser.subscription))))
    phone = open_page(context, village)
    open_switch(phone)
    touch(phone, "push-on")
    expect(phone.locator(".pushes")).to_have_attribute("data-state", "on")
    touch(phone, "push-trial")
    wait_until(phone, "a trial", lambda: bool(browser.taken))
    shoot(phone, "pushes-on")
    worker = ServiceWorker(phone)
    worker.shows(browser.taken[0].said)  # although somebody looks

    put_notice(village, "pushed")
    phone.reload()
    wait_until(phone, "who comes has read it", lambda: is_read(village, "pushed"))
    open_switch(phone)
    touch(phone, "push-off")
    expect(phone.locator(".pushes")).to_have_attribute("data-state", "off")
    assert phone.evaluate("localStorage.length") == 0
    with village.scene.database.read() as session:
        assert not pushes.has_subscription(session, f"person:{alice.parent}", village.now())


def test_the_switch_says_what_holds_and_how_to_mend_it(village: Village, devices: Devices) -> None:
    turn(village, is_on=False)
    context = devices.device(PHONE)
    phone = open_page(context, village)
    state = phone.locator("[data-act=close]").locator("xpath=ancestor::dialog").locator(".pushes")
    open_switch(phone)
    expect(state).to_have_attribute("data-state", "village")
    shoot(phone, "pushes-village")
    turn(village, is_on=True)
    again(phone)
    expect(state).to_have_attribute("data-state", "blocked")
    expect(phone.locator("[data-act=push-on]")).to_have_count(0)
    shoot(phone, "pushes-blocked")
    allow(context)
    touch(phone, "push-look")
    expect(state).to_have_attribute("data-state", "off")
    shoot(phone, "pushes-off")
    touch(phone, "push-on")
    expect(state).to_have_attribute("data-state", "unreachable")
    shoot(phone, "pushes-unreachable")
    devices.complaints = [said for said in devices.complaints if "Push API in incognito" not in said]

    desk = devices.open(coordinator(village), DESK)
    touch(desk, "account")
    open_switch(desk, "pushes")
    expect(desk.locator(".pushes")).to_have_attribute("data-state", "blocked")
    shoot(desk, "pushes-desk")


def coordinator(village: Village) -> str:
    alice = village.scene.alice
    with village.scene.database.begin() as session:
        lee = desk_service.add_coordinator(session, alice.village, "Lee", "zh-CN", village.now())
    return village.enter(PrincipalKind.COORDINATOR, lee.id, alice.village, "zh-CN")


def open_switch(page: Page, *acts: str) -> None:
    for act in acts or ("settings", "pushes"):
        touch(page, act)


def again(phone: Page) -> None:
    phone.locator("dialog [data-act=close]").last.click()
    open_switch(phone)
