"""What a device keeps of a voice: sealed on its disk, sent also when no page is open, and its owner's alone."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request, ViewportSize, expect
from sqlalchemy import select

from app.demo.portraits import portrait
from app.families import service as families
from app.messages.models import Hearing
from app.web import sessions
from app.web.models import PrincipalKind
from tests.browser import disk, said
from tests.browser.conftest import FLAGS, PHONE, TERMINAL, Devices, shoot
from tests.browser.speech import speak
from tests.browser.stories import sees, touch, wait_until
from tests.browser.test_terminal_messages import LOOK_AGAIN, asks
from tests.browser.village import Village, open_village
from tests.browser.voices import (
    IS_KEPT,
    THIN_LINK,
    arrived,
    fits,
    may_send,
    open_messages,
    shelf,
    speak_for,
    to_messages,
    under_way,
)
from tests.scene import Household, at

Profile = Callable[[ViewportSize], BrowserContext]
# What goes into a seal: 40 bytes from the middle of each, as hexadecimal digits.
LISTEN_TO_SEALS = """(() => {
  window.spoken = [];
  const encrypt = crypto.subtle.encrypt;
  crypto.subtle.encrypt = function (named, key, bytes) {
    const middle = [...new Uint8Array(bytes).slice(bytes.byteLength / 2, bytes.byteLength / 2 + 40)];
    window.spoken.push(middle.map((byte) => byte.toString(16).padStart(2, "0")).join(""));
    return encrypt.call(this, named, key, bytes);
  };
})()"""
# The same bytes, unsealed, in the same place: a search that doesn't find these finds nothing.
KEEP_PLAIN = """async (digits) => {
  const opened = await new Promise((done) => {
    const asked = indexedDB.open("homethread");
    asked.onsuccess = () => done(asked.result);
  });
  const bytes = Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
  const writing = opened.transaction("heard", "readwrite", { durability: "strict" });
  writing.objectStore("heard").put({ message_id: "plain", owner: "nobody", bytes });
  await new Promise((done) => (writing.oncomplete = done));
  opened.close();
}"""
KEEP_FETCHED = """import(`${document.documentElement.dataset.assets}/voice/cache.js`).then((cache) =>
  cache.keep("a message", new Blob(["its sound"]), { family_id: "a family", mime: "audio/ogg" }))"""
WIDTHS = """(part) => Promise.all([...part.querySelectorAll("img")].map((image) =>
  image.decode().then(() => image.naturalWidth)))"""
KEPT_FILES = (
    "caches.open('homethread.shell /terminal').then((shell) => shell.keys()).then((all) => all.map(({url}) => url))"
)


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Village]:
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
    assert not opened.complaints, opened.complaints


@pytest.fixture
def profile(playwright: Playwright, tmp_path: Path) -> Iterator[Profile]:
    """A browser with its own folder on the disk, `profile`, which it finds again when it is started anew."""
    opened: list[BrowserContext] = []
    voice = speak(tmp_path / "voice.wav", 4)

    def start(size: ViewportSize) -> BrowserContext:
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=shutil.which("chromium"), viewport=size, locale="en-GB",
            args=[*FLAGS, f"--use-file-for-fake-audio-capture={voice}"], permissions=["microphone"],
        )  # fmt: skip
        opened.append(context)
        return context

    yield start
    for context in opened:
        context.close()


def test_it_leaves_although_the_page_is_gone(village: Village, devices: Devices) -> None:
    """The page is closed in the seconds in which sending could be taken back; the browser wakes the service worker."""
    alice = village.scene.alice
    page = open_messages(devices, village, alice)
    page.context.grant_permissions(["background-sync", "microphone"], origin=village.url)
    wait_until(page, "the page is kept", lambda: page.evaluate(IS_KEPT))
    blank = page.context.new_page()
    page.bring_to_front()
    speak_for(page, 3)
    touch(page, "voice-send")
    expect(page.locator(".said--waiting")).to_be_visible()
    (item,) = shelf(page, "outbox")
    page.evaluate("void dispatchEvent(new PageTransitionEvent('pagehide'))")  # as it is told when it goes
    page.wait_for_timeout(500)
    page.close()
    assert arrived(village, alice) == []
    wait_until(blank, "it arrived", lambda: len(arrived(village, alice)) == 1)
    assert arrived(village, alice) == [(item["sent_as"], item["bytes"], item["bytes"])]


@pytest.mark.long
def test_the_service_worker_waits_while_a_page_sends(village: Village, devices: Devices) -> None:
    """By a thin link; both want to send, and each piece goes once."""
    bob = village.scene.bob
    page = open_messages(devices, village, bob)
    wait_until(page, "the page is kept", lambda: page.evaluate(IS_KEPT))
    link = page.context.new_cdp_session(page)
    link.send("Network.enable")
    link.send("Network.emulateNetworkConditions", THIN_LINK)
    sizes: list[int] = []

    def note(request: Request) -> None:
        if "/uploads" in request.url and request.method in ("POST", "PATCH"):
            sizes.append(int(request.headers.get("content-length") or len(request.post_data_buffer or b"")))

    page.on("request", note)
    speak_for(page, 11)
    touch(page, "voice-send")
    wait_until(page, "a piece is there", lambda: under_way(village, bob) > 0, seconds=30)
    wake(page, village)
    wait_until(page, "it arrived", lambda: len(arrived(village, bob)) == 1, seconds=40)
    ((_, length, _offset),) = arrived(village, bob)
    assert sum(sizes) == length, "the page sent all of it"


def wake(page: Page, village: Village) -> None:
    """As the browser does when it has a network."""
    session = page.context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda news: found.extend(one["registrationId"] for one in news["registrations"] if not one["isDeleted"]),
    )
    session.send("ServiceWorker.enable")
    wait_until(page, "the service worker is known", lambda: found)
    session.send(
        "ServiceWorker.dispatchSyncEvent",
        {"origin": village.url, "registrationId": found[0], "tag": "homethread.outbox", "lastChance": False},
    )


@pytest.mark.long
def test_no_plain_voice_lies_on_the_disk(village: Village, profile: Profile, tmp_path: Path) -> None:
    """Neither of a take nor of what waits to be sent; the same search finds what was put beside it unsealed."""
    bob = village.scene.bob
    context = profile(PHONE)
    context.add_init_script(LISTEN_TO_SEALS)
    page = context.new_page()
    page.goto(village.enter(PrincipalKind.PERSON, bob.parent, None))
    sees(page, "home")
    to_messages(page)
    wait_until(page, "the page is kept", lambda: page.evaluate(IS_KEPT))
    context.set_offline(True)
    speak_for(page, 3)
    touch(page, "voice-send")
    expect(page.locator(".said--waiting")).to_be_visible()
    speak_for(page, 2)
    assert len(shelf(page, "outbox")) == 1
    assert len(shelf(page, "takes")) == 2
    (key,) = shelf(page, "keys")
    assert key["name"] == "spoken"
    spoken = [bytes.fromhex(one) for one in page.evaluate("window.spoken") if len(set(bytes.fromhex(one))) > 8]
    assert len(spoken) >= 5, "each second, and the whole"
    plain = os.urandom(40)
    page.evaluate(KEEP_PLAIN, (plain * 100).hex())
    context.close()
    disk = [path.read_bytes() for path in (tmp_path / "profile").rglob("*") if path.is_file()]
    assert any(plain in file for file in disk)
    assert [one.hex() for one in spoken if any(one in file for file in disk)] == []


def test_who_signs_out_is_asked_about_what_is_not_sent(village: Village, devices: Devices) -> None:
    page = open_messages(devices, village, village.scene.alice)
    page.route("**/uploads*", lambda route: route.abort("connectionfailed"))
    speak_for(page, 2)
    touch(page, "voice-send")
    expect(page.locator(".said--waiting")).to_be_visible()
    touch(page, "messages-back")
    for answer, screen in (("send", "messages"), ("discard", "home")):
        touch(page, "settings")
        touch(page, "sign-out")
        expect(page.locator(".dialog [data-act=discard]")).to_be_visible()
        fits(page, "unsent")
        touch(page, answer)
        sees(page, screen)
        if answer == "send":
            touch(page, "messages-back")
    expect(page.locator("[data-act=settings]")).to_have_count(0)
    wait_until(
        page, "nothing is left", lambda: shelf(page, "outbox") == shelf(page, "takes") == shelf(page, "keys") == []
    )
    devices.complaints = [said for said in devices.complaints if "ERR_CONNECTION_FAILED" not in said]
    devices.forgive("401")


def test_a_phone_that_was_given_up_from_afar_keeps_nothing_that_was_fetched(village: Village, devices: Devices) -> None:
    """What was spoken on it waits for its owner, sealed; here there is nothing."""
    bob = village.scene.bob
    page = open_messages(devices, village, bob)
    page.evaluate(KEEP_FETCHED)
    assert [key["name"] for key in shelf(page, "keys")] == ["cache"]
    with village.scene.database.begin() as session:
        sessions.end_all(session, PrincipalKind.PERSON, bob.parent, village.now())
    page.close()
    page = page.context.new_page()
    page.goto(f"{village.url}/phone")
    expect(page.locator("main[data-screen^=door]")).to_be_visible()
    wait_until(page, "nothing is left", lambda: not shelf(page, "cache") and not shelf(page, "keys"))
    devices.forgive("401")


def test_a_terminal_starts_and_plays_without_a_network(
    village: Village, profile: Profile, devices: Devices, tmp_path: Path
) -> None:
    """Fetched ahead, then the browser is closed and the server gone: what waits plays, whose page was open or who has
    a call tonight is seen, but nothing behind pictures. No photo lies readable on the disk."""
    finn, alice = village.scene.move_in("Finn", "drum", 9), village.scene.alice
    take_photos(village, finn)
    opened, tonight = disk.photos_of(village, finn), disk.photos_of(village, alice)
    village.scene.book(alice, at(21), alice.desk_acts)
    said.allow_messages(village, finn.child, finn.parent)
    message = said.say(village, said.phone_of(devices, village, finn), finn, 1.5)
    page = profile(TERMINAL).new_page()
    page.goto(village.enter(PrincipalKind.TERMINAL, finn.terminal, finn.village))
    sees(page, "idle")
    touch(page, "family", family_id=finn.family)
    expect(page.locator(".letter--voice")).to_be_visible()
    expect(page.locator(".family__next img[src^='blob:']")).to_have_count(2)
    wait_until(page, "it is whole", lambda: is_whole(page, message) and known(page) >= {finn.family, alice.family})
    wait_until(page, "photos", lambda: disk.has_photos(page, opened, 320) and disk.has_photos(page, tonight, 96))
    asks(page, village, f"families/{alice.family}/pin", {"pictures": ["fish", "boat", "bird", "tree"]})
    asks(page, village, "visit/end", {})
    page.evaluate(LOOK_AGAIN)
    wait_until(page, "all of it is gone", lambda: alice.family not in known(page) and disk.has_none(page, tonight))
    village.move_clock_to(at(20, 30))
    with page.expect_response(lambda answer: "/320.webp" in answer.url):  # who is about to ring, all the same
        page.evaluate(LOOK_AGAIN)
    plain = disk.leave_plain(page)
    page.context.close()
    village.kill("web")
    assert disk.found_in(tmp_path / "profile", plain, *disk.middles(opened + tonight)) == [plain]

    page = profile(TERMINAL).new_page()
    page.goto(f"{village.url}/terminal")
    sees(page, "idle")
    shoot(page, "terminal-started-offline")
    shows_whom_it_kept(page, village, finn)
    touch(page, "visit.message.open", message_id=message)
    expect(page.locator(f"section[data-message-id='{message}'][data-phase=playing]")).to_be_visible()
    shoot(page, "terminal-plays-offline")
    sees(page, "message-over")
    wait_until(page, "it is noted", lambda: [row["id"] for row in said.shelf(page, "heard")] == [message])
    village.start("web")
    page.evaluate(LOOK_AGAIN)
    wait_until(page, "the sender knows", lambda: is_known_heard(village, message))


def shows_whom_it_kept(page: Page, village: Village, whom: Household) -> None:
    touch(page, "family", family_id=village.scene.alice.family)
    page.wait_for_timeout(500)
    sees(page, "idle")  # only the server can look at four pictures
    touch(page, "family", family_id=village.scene.bob.family)
    expect(page.locator(".family .photo--none")).to_have_count(2)  # they were not here
    touch(page, "back")
    touch(page, "family", family_id=whom.family)
    expect(page.locator(".family__next img[src^='blob:']")).to_have_count(2)
    assert page.locator(".family__next").evaluate(WIDTHS) == [320, 320]
    expect(page.locator(".letter--voice img[src^='blob:']")).to_have_count(1)


def take_photos(village: Village, whom: Household) -> None:
    with village.scene.database.begin() as session:
        for person, drawn in ((whom.parent, portrait(4, "father")), (whom.child, portrait(4, "girl"))):
            families.set_photo(session, person, drawn, village.now())


def known(page: Page) -> set[str]:
    """Families whose thread this terminal keeps, and `now`."""
    return {row["id"] for row in said.shelf(page, "known")}


def is_whole(page: Page, message: str) -> bool:
    files: list[str] = page.evaluate(KEPT_FILES)
    return (
        any(url.endswith("/terminal/messages.js") for url in files)
        and "now" in known(page)
        and message in said.kept(page)
    )


def is_known_heard(village: Village, message: str) -> bool:
    with village.scene.database.read() as session:
        return session.scalars(select(Hearing).where(Hearing.message_id == message)).first() is not None
