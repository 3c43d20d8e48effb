"""Turns: what comes while two speak plays by itself and is answered; a photo goes along; a call comes before all of it.

At the other end stands what a phone asks the server, without its pages; what plays is really played by the browser.
"""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Browser, Page, Route, expect
from sqlalchemy import select

from app.families.words import ConsentKind
from app.messages.models import Blob, Message
from app.messages.words import From, MessageState
from app.web.models import PrincipalKind
from tests.browser import stories, voices
from tests.browser.conftest import PHONE, Devices
from tests.browser.said import allow, allow_messages, phone_of, put, say
from tests.browser.stories import sees, touch, wait_until
from tests.browser.test_terminal_messages import looks
from tests.browser.village import Village, open_village
from tests.browser.voices import fits, leaves_at_once, may_send, open_messages, phase, shelf, speak_for, to_messages
from tests.messages.recordings import recorded
from tests.messages.test_looking import photo_with_a_place
from tests.scene import Household, at
from tests.web.waiting import until

# A browser that lets nothing sound before a touch, until it is told to.
SILENT = """() => {
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException("", "NotAllowedError"));
  addEventListener("pointerdown", () => (HTMLMediaElement.prototype.play = play), true);
}"""

# What plays by itself where, without a server: ids in their order, while something else goes on and after it.
WHAT_PLAYS = """async () => {
  const { takeTurns } = await import(`${document.documentElement.dataset.assets}/voice/turns.js`);
  const said = (id, more) => ({ id, from: "parent", child_id: "c", contact_id: "p", state: "due", repeat: null,
    sent_at: "2026-11-23T10:00:00Z", deliver_at: "2026-11-23T10:00:00Z", ...more });
  const later = "2026-11-23T12:00:00Z";
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const played = [];
  let isFree = false;
  const turns = takeTurns({ child_id: "c", contact_id: "p", end: "village" }, {
    live: { socket: { on: () => () => {} } }, read: () => {}, redraw: () => {}, isFree: () => isFree,
    isHeard: ({ id }) => id === "by-hand", play: async ({ id }) => (played.push(id), true) });
  const before = said("before");
  const all = [said("second"), said("withdrawn"), said("by-hand"), said("first"), said("story", { repeat: "daily" }),
    said("sealed", { state: "sealed", deliver_at: later }), said("hour", { deliver_at: later }),
    said("stranger", { contact_id: "q" }), said("own", { from: "village" }), before, said("turned-back-to")];
  turns.look([before]);
  turns.look(all);
  await wait(900);
  const busy = [...played];
  const due = (one) => (one.id === "sealed" ? { ...one, state: "due" } : one);
  turns.look(all.filter(({ id }) => id !== "withdrawn").map(due));
  isFree = true;
  turns.tend();
  await wait(2200);
  return [busy, played, turns.turn, turns.heard.id];
}"""


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Village]:
    """One for all stories, each of another family; the clock goes on from one to the next."""
    folder = tmp_path_factory.mktemp("village")
    shutil.copyfile(sqlite_template, folder / "homethread.db")
    running = open_village(folder, f"sqlite:///{folder / 'homethread.db'}", at(18))
    may_send(running, running.scene.alice, running.scene.bob)
    yield running
    running.stop()
    assert "Traceback" not in running.logs(), running.logs()


@pytest.fixture
def devices(speaking: Browser, request: pytest.FixtureRequest) -> Iterator[Devices]:
    opened = Devices(speaking)
    yield opened
    opened.shoot_all(request.node.name)
    opened.close()
    if "expects_complaints" not in request.keywords:
        assert not opened.complaints, opened.complaints


def granny_of(devices: Devices, village: Village, home: Household) -> APIRequestContext:
    asking = devices.device(PHONE).request
    asking.get(village.enter(PrincipalKind.PERSON, home.caregiver, None))
    return asking


def says(
    village: Village, granny: APIRequestContext, home: Household, seconds: float, deliver: str = "now", **more: str
) -> str:
    """A message from the village, looked at by the worker, before which the other end isn't told of it; its id."""
    said = {"filetype": "audio/ogg", "child_id": home.child, "contact_id": home.parent, "deliver": deliver}
    before = {message.id for message in spoken(village, home, From.VILLAGE)}
    put(village, granny, recorded(seconds), said | more)
    (message,) = [message.id for message in spoken(village, home, From.VILLAGE) if message.id not in before]
    until(lambda: all(one.state is not MessageState.LOOKED_AT for one in spoken(village, home, From.VILLAGE)))
    return message


def spoken(village: Village, home: Household, end: From) -> list[Message]:
    with village.scene.database.read() as session:
        return list(
            session.scalars(
                select(Message).where(Message.family_id == home.family, Message.from_ == end).order_by(Message.id)
            )
        )


def said(page: Page, message: str) -> Any:
    return page.locator(f".said[data-message-id='{message}']")


def test_what_comes_while_the_thread_is_open_plays_by_itself_and_is_answered(
    village: Village, devices: Devices
) -> None:
    alice = village.scene.alice
    granny = granny_of(devices, village, alice)
    before = says(village, granny, alice, 1.0)
    page = devices.open(village.enter(PrincipalKind.PERSON, alice.parent, None), PHONE)
    sees(page, "home")
    page.route("**/api/families/*/thread*", lambda route: route.abort())
    to_messages(page)
    expect(page.locator(".state[data-state=offline]")).to_be_visible()
    page.unroute("**/api/families/*/thread*")
    touch(page, "messages-again")  # what couldn't be read was no empty thread: all in it didn't just arrive
    devices.forgive_no_network()
    expect(said(page, before)).to_have_attribute("data-state", "sent")

    comes = says(village, granny, alice, 1.2)
    says(village, granny, alice, 1.1, "2026-11-23T19:30")
    expect(said(page, comes)).to_have_attribute("data-state", "heard", timeout=20_000)
    expect(said(page, before)).to_have_attribute("data-state", "sent")  # it waited before: it is left to a touch
    expect(page.locator(".voice[data-turn]")).to_be_visible()
    expect(page.locator(".messages__answers")).to_be_visible()
    fits(page, "turn")
    speak_for(page, 1.5)
    touch(page, "voice-send")
    expect(page.locator(".said--waiting .said__answers")).to_be_visible()
    expect(page.locator(".voice[data-turn]")).to_have_count(0)
    assert [item["wished"]["answers"] for item in shelf(page, "outbox")] == [comes]


@pytest.mark.long
def test_where_the_browser_wants_a_touch_first_the_place_lights_up(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    granny = granny_of(devices, village, alice)
    before = says(village, granny, alice, 1.0)
    page = open_messages(devices, village, alice, "zh-CN")
    expect(said(page, before)).to_be_visible()
    page.evaluate(SILENT)
    quiet = says(village, granny, alice, 1.3)
    expect(page.locator(".play[data-wanted]")).to_be_visible(timeout=15_000)
    fits(page, "wants-a-touch")
    said(page, quiet).locator("[data-act=message-play]").click()
    expect(said(page, quiet)).to_have_attribute("data-state", "heard", timeout=10_000)
    expect(page.locator(".voice[data-turn]")).to_be_visible()
    fits(page, "turn-zh")


def test_what_plays_by_itself_and_when(village: Village, devices: Devices) -> None:
    page = stories.open_phone(devices, village, village.scene.charlie)
    assert page.evaluate(WHAT_PLAYS) == [[], ["first", "second"], "yours", "second"]


def test_a_push_opens_the_two_who_speak_and_what_cannot_be_made_is_said(village: Village, devices: Devices) -> None:
    bob = village.scene.bob
    message = says(village, granny_of(devices, village, bob), bob, 1.0)
    page = stories.open_phone(devices, village, bob)
    page.route("**/recording?*", cannot_be_made)
    page.goto(f"{village.url}/phone#messages={bob.child}:{bob.parent}")
    page.reload()
    sees(page, "messages")
    assert "#" not in page.url
    said(page, message).locator("[data-act=message-play]").click()
    expect(said(page, message).locator(".said__failed")).to_contain_text("could not be made ready")
    fits(page, "not-made")
    page.unroute_all()
    said(page, message).get_by_text("Ask for it again").click()
    expect(said(page, message)).to_have_attribute("data-state", "heard", timeout=10_000)
    touch(page, "message-answer")
    expect(page.locator(".messages__answers")).to_be_visible()
    devices.forgive("409")


def cannot_be_made(route: Route) -> None:
    route.fulfill(status=409, json={"error": "rendition_failed", "message": "", "detail": {}})


def give(page: Page, act: str, name: str, body: bytes) -> None:
    with page.expect_file_chooser() as chooser:
        touch(page, act)
    chooser.value.set_files({"name": name, "mimeType": "image/jpeg", "buffer": body})


def test_a_photo_goes_with_it_small_and_kept_until_there_is_a_network(village: Village, devices: Devices) -> None:
    bob = village.scene.bob
    allow(village, bob.child, bob.parent, ConsentKind.PHOTO)
    page = open_messages(devices, village, bob)
    speak_for(page, 1.5)
    give(page, "photo-choose", "notes.jpg", b"no picture at all")
    expect(page.locator(".photo-place__trouble")).to_contain_text("without it")
    fits(page, "photo-trouble")
    give(page, "photo-take", "house.jpg", photo_with_a_place())
    expect(page.locator(".photo-place__photo")).to_be_visible()
    fits(page, "photo")
    page.reload()  # a camera costs small phones the page
    to_messages(page)
    expect(page.locator(".photo-place__photo")).to_be_visible()
    touch(page, "photo-remove")
    expect(page.locator(".photo-place__photo")).to_have_count(0)
    give(page, "photo-choose", "house.jpg", photo_with_a_place())
    expect(page.locator(".photo-place__photo")).to_be_visible()
    page.context.set_offline(True)
    touch(page, "voice-send")
    expect(page.locator(".said--waiting")).to_be_visible()
    (item,) = shelf(page, "outbox")
    assert item["photo"]["size"] < 60_000
    page.context.set_offline(False)
    leaves_at_once(page)
    wait_until(page, "it arrived", lambda: len(spoken(village, bob, From.PARENT)) == 1)
    with village.scene.database.read() as session:
        (sent,) = spoken(village, bob, From.PARENT)
        assert sent.photo_blob_id is not None
        assert session.get_one(Blob, sent.photo_blob_id).length_bytes <= 60_000
    touch(page, "message-photo")
    expect(page.locator("img.said__photo")).to_be_visible()
    assert page.locator("img.said__photo").evaluate("image => image.decode().then(() => image.naturalWidth)") > 400
    devices.complaints = [said for said in devices.complaints if "ERR_" not in said]


@pytest.mark.long
def test_a_photo_that_is_refused_stays_behind_and_the_voice_goes(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    before = len(spoken(village, alice, From.PARENT))
    page = open_messages(devices, village, alice)
    speak_for(page, 1.5)
    give(page, "photo-choose", "house.jpg", photo_with_a_place())
    expect(page.locator(".photo-place__photo")).to_be_visible()
    touch(page, "voice-send")
    expect(page.locator(".toast")).to_contain_text("Photos between these two are not allowed", timeout=15_000)
    wait_until(page, "it arrived", lambda: len(spoken(village, alice, From.PARENT)) == before + 1)
    assert spoken(village, alice, From.PARENT)[-1].photo_blob_id is None
    devices.forgive("409")


def test_at_the_terminal_it_plays_while_somebody_speaks_there_and_never_to_an_empty_room(
    village: Village, devices: Devices
) -> None:
    dana = village.scene.move_in("Dana", "boat", 7)
    allow_messages(village, dana.child, dana.parent)
    phone = phone_of(devices, village, dana)
    page = stories.open_terminal(devices, village, dana)
    before = say(village, phone, dana, 1.0)
    expect(voices.lit(page, dana)).to_be_visible(timeout=15_000)
    sees(page, "idle")
    touch(page, "family", family_id=dana.family)
    expect(page.locator(".letter--voice")).to_have_count(1)
    touch(page, "visit.speak")
    sees(page, "speak")

    comes = say(village, phone, dana, 1.2)
    sealed = say(village, phone, dana, 1.1, "2026-11-23T19:30")
    expect(page.locator(f"section[data-message-id='{comes}'][data-phase=playing]")).to_be_visible(timeout=15_000)
    sees(page, "speak")
    expect(page.locator(".voice[data-turn]")).to_be_visible()
    looks(page, "speak-turn")
    speak_for(page, 1)
    touch(page, "voice-send")
    expect(page.locator(".mark[data-said=hourglass]")).to_be_visible()
    leaves_at_once(page)
    wait_until(page, "answered", lambda: [one.answers_id for one in spoken(village, dana, From.VILLAGE)] == [comes])
    wait_until(page, "told", lambda: voices.hearings(village, before, comes, sealed) == [comes])


def test_a_ring_comes_first_and_what_was_being_said_is_kept(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    village.move_clock_to(at(19, 59) + timedelta(seconds=30))
    village.scene.book(alice, at(20), alice.desk_acts)
    page = open_messages(devices, village, alice)
    touch(page, "voice-record")
    phase(page, "recording")
    village.move_clock_to(at(19, 59) + timedelta(seconds=58))
    sees(page, "ring", 25)
    touch(page, "answer")
    sees(page, "waiting|connecting|ready")
    stories.hang_up(page)
    touch(page, "later")  # nobody has come, and it rings on
    sees(page, "messages")
    phase(page, "ready")
    expect(page.locator(".voice__note")).to_contain_text("cut off")


@pytest.mark.long
def test_a_ring_that_is_put_off_leaves_the_playing_halted(village: Village, devices: Devices) -> None:
    bob = village.scene.bob
    village.move_clock_to(at(20, 29) + timedelta(seconds=30))
    message = says(village, granny_of(devices, village, bob), bob, 40.0)
    village.scene.book(bob, at(20, 30), bob.desk_acts)
    page = open_messages(devices, village, bob)
    said(page, message).locator("[data-act=message-play]").click()
    expect(said(page, message).locator(".said__paces")).to_be_visible(timeout=10_000)
    village.move_clock_to(at(20, 29) + timedelta(seconds=58))
    sees(page, "ring", 25)
    touch(page, "later")
    sees(page, "messages")
    expect(said(page, message).get_by_label("Listen")).to_be_visible()
    said(page, message).locator("[data-act=message-play]").click()
    expect(said(page, message).get_by_label("Pause")).to_be_visible()
    speak_for(page, 1.0)  # and one can speak again
    expect(said(page, message).get_by_label("Listen")).to_be_visible()
