"""Voice messages at the terminal: fetched ahead, heard without a network, sealed until their hour, gone when they go.

Recordings are real ones, uploaded as a phone does it; what plays is really played by the browser.
"""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.families import service as families
from app.families.words import MemberRole
from app.messages.models import Message
from app.messages.words import From
from app.web import sessions
from app.web.models import PrincipalKind
from tests.browser import stories
from tests.browser.conftest import TERMINAL, Devices, shoot
from tests.browser.said import allow_messages, keeps, kept, phone_of, say, shelf, take_photo
from tests.browser.stories import sees, touch, wait_until
from tests.browser.test_terminal_scheduling import is_touchable
from tests.browser.village import Village, open_village
from tests.browser.voices import hearings, leaves_at_once, lit
from tests.scene import Household, at

# What a hint of the server's does; those of another program than the web's come some seconds later.
LOOK_AGAIN = "dispatchEvent(new Event('online'))"


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Village]:
    """One for all stories; each is of another family."""
    folder = tmp_path_factory.mktemp("village")
    shutil.copyfile(sqlite_template, folder / "homethread.db")
    running = open_village(folder, f"sqlite:///{folder / 'homethread.db'}", at(18))
    yield running
    running.stop()
    assert "Traceback" not in running.logs(), running.logs()


def looks(page: Page, name: str) -> None:
    """On a terminal's screen and on an upright tablet nothing is cut off, and all can be touched."""
    for size in ({"width": 800, "height": 1280}, TERMINAL):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.wait_for_timeout(80)
        shoot(page, f"terminal-{name}-{size['width']}")
        is_touchable(page, f"{name}-{size['width']}")


def test_fetched_ahead_and_heard_without_a_network(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    allow_messages(village, alice.child, alice.parent)
    phone = phone_of(devices, village, alice)
    photo = take_photo(village, phone, alice)
    first, second = say(village, phone, alice, 1.8, photo=photo), say(village, phone, alice, 1.1)
    page = stories.open_terminal(devices, village, alice)
    expect(lit(page, alice)).to_be_visible()
    expect(page.locator(".window[data-lit]")).to_have_count(1)
    assert page.locator(".wall").inner_text().strip() == "", "something waits for this picture, and that is all"
    assert page.locator("main img").count() == 0

    touch(page, "family", family_id=alice.family)
    expect(page.locator(".letter--voice img")).to_have_count(2)
    looks(page, "messages-wait")
    keeps(page, first, f"{first}/photo", second)
    assert all(row["begins"] not in ("OggS", "RIFF") for row in shelf(page, "cache")), "sealed"
    assert [row["isReadable"] for row in shelf(page, "keys")] == [False]

    page.context.set_offline(True)
    both_play_and_can_be_heard_again(page, first, second)
    wait_until(page, "both are noted", lambda: {row["id"] for row in shelf(page, "heard")} == {first, second})
    assert hearings(village, first, second) == []
    expect(lit(page, alice)).to_have_count(0)

    page.context.set_offline(False)
    wait_until(page, "told", lambda: hearings(village, first, second) == sorted([first, second]))
    thread = phone.get(f"{village.url}/api/families/{alice.family}/thread", headers={"Homethread-Face": "phone"}).json()
    assert all(message["heard_at"] for message in thread["messages"]), "who spoke sees it"
    expect(lit(page, alice)).to_have_count(0)
    assert hearings(village, first, second) == sorted([first, second]), "once each, however often it was played"
    devices.forgive_no_network()


def both_play_and_can_be_heard_again(page: Page, first: str, second: str) -> None:
    touch(page, "visit.message.open", message_id=first)
    expect(page.locator(f"section[data-message-id='{first}'][data-phase=playing]")).to_be_visible()
    expect(page.locator("img.heard__photo")).to_be_visible()
    assert page.locator("img.heard__photo").evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    looks(page, "message-plays")
    expect(page.locator(f"section[data-message-id='{second}'][data-phase=playing]")).to_be_visible()
    touch(page, "visit.message.slower")
    expect(page.locator("[data-act='visit.message.slower'][aria-pressed=true]")).to_be_visible()
    touch(page, "visit.message.faster")
    sees(page, "message-over")
    looks(page, "message-over")
    touch(page, "visit.message.answer")
    sees(page, "speak")
    touch(page, "back")
    sees(page, "message-over")
    touch(page, "visit.message.again")
    sees(page, "message")
    touch(page, "visit.message.done")
    sees(page, "family")
    expect(page.locator(".letter")).to_have_count(0)
    touch(page, "visit.message.album")
    expect(page.locator(".kept")).to_have_count(2)
    looks(page, "messages-again")
    for _step in range(2):
        touch(page, "back")
    sees(page, "idle")


def test_one_that_is_not_here_yet_comes_by_itself(village: Village, devices: Devices) -> None:
    finn = village.scene.move_in("Finn", "drum", 9)
    consent = allow_messages(village, finn.child, finn.parent)
    page = stories.open_terminal(devices, village, finn)
    page.route("**/recording?*", lambda route: route.abort("connectionfailed"))
    message = say(village, phone_of(devices, village, finn), finn, 1.0)
    touch(page, "family", family_id=finn.family)
    touch(page, "visit.message.open", message_id=message)
    sees(page, "message-coming")
    looks(page, "message-coming")
    assert kept(page) == set()
    page.unroute_all()
    page.evaluate(LOOK_AGAIN)
    sees(page, "message-over")
    keeps(page, message)
    wait_until(page, "told", lambda: hearings(village, message) == [message])
    touch(page, "visit.message.done")
    touch(page, "visit.message.album")
    expect(page.locator(".kept")).to_have_count(1)
    with village.scene.database.begin() as session:
        families.revoke_consent(session, consent, village.now())
    page.evaluate(LOOK_AGAIN)
    sees(page, "family", 20)  # an album without a picture asks for no touch
    devices.complaints = [said for said in devices.complaints if "ERR_CONNECTION_FAILED" not in said]


# id, bytes, sealed
WANTED = [("long", 900, False), ("later", 10, True), ("short", 300, False), ("here", 1, False), ("huge", 5000, False)]
PLANNED = """async ([wanted, left]) => {
  const of = await import(`${document.documentElement.dataset.assets}/voice/ahead.js`);
  const message = ([id, bytes, isSealed]) => ({ familyId: "f", message: { id, bytes, from: "parent", heard_at: null,
    state: isSealed ? "sealed" : "due", deliver_at: "2026-11-23T12:00:00Z" } });
  const at = Date.parse("2026-11-23T11:00:00Z");
  const call = (state, minutes) => ({ now: { calls: [{ state, starts_at: new Date(at + minutes * 6e4).toISOString(),
    ends_at: new Date(at + (minutes + 20) * 6e4).toISOString() }] } });
  const { hasCall } = await import(`${document.documentElement.dataset.assets}/core/busy.js`);
  return [of.plan(wanted.map(message), new Set(["here"]), left, at).map(({ message }) => message.id),
    [call("booked", 11), call("booked", 9), call("proposed", 9), call("live", -30), call("ended", -5)]
      .map((view) => hasCall(view, at))];
}"""

READ_TWICE = """async (id) => {
  const part = (name) => import(`${document.documentElement.dataset.assets}/${name}.js`);
  const [threads, { Api }] = await Promise.all([part("voice/threads"), part("net/api")]);
  const told = [];
  const api = new Api("terminal", (...asked) => fetch(...asked).then((answer) => (told.push(answer.status), answer)));
  await threads.read(api, id);
  const first = JSON.stringify(threads.knownOf(id));
  await threads.read(api, id);
  return [...told, first === JSON.stringify(threads.knownOf(id)) && first.includes("pairs")];
}"""
# Photos: name, when it was kept, bytes.
TOO_MANY = """async (rows) => {
  const { tooMany } = await import(`${document.documentElement.dataset.assets}/terminal/photos.js`);
  const kept = rows.map(([message_id, at, bytes]) => ({ message_id, at, bytes, family_id: "f", mime: "image/webp" }));
  return tooMany(kept).map(({ message_id }) => message_id);
}"""


def test_what_is_due_comes_first_and_least_first_within_the_days_measure(village: Village, devices: Devices) -> None:
    page = stories.open_terminal(devices, village, village.scene.alice)
    order, busy = page.evaluate(PLANNED, [WANTED, 10_000])
    assert order == ["short", "long", "huge", "later"]
    assert busy == [False, True, False, True, False], "a call within ten minutes, or one that lasts"
    assert page.evaluate(PLANNED, [WANTED, 1205])[0] == ["short", "long"]
    assert page.evaluate(PLANNED, [WANTED, 0])[0] == []
    assert page.evaluate(READ_TWICE, village.scene.alice.family)[1:] == [304, True], "nothing new is not told again"
    assert page.evaluate(TOO_MANY, [["a/96", 3, 9], ["b/320", 2, 9], ["c/320", 5, 9]]) == []
    assert page.evaluate(TOO_MANY, [["a/96", 3, 4e5], ["b/320", 2, 3e5], ["c/320", 5, 3e5]]) == ["b/320"]
    assert page.evaluate(TOO_MANY, [["a/96", 3, 8e5], ["b/96", 2, 1]]) == ["b/96"]
    assert page.evaluate(TOO_MANY, [[f"{nth}/96", nth, 1] for nth in range(122)]) == ["1/96", "0/96"]


def test_a_child_speaks_to_one_of_two_parents_without_a_network(village: Village, devices: Devices) -> None:
    bob = village.scene.bob
    father = has_one_more_parent(village, bob)
    page = stories.open_terminal(devices, village, bob)
    touch(page, "family", family_id=bob.family)
    touch(page, "face", person_id=bob.child)
    expect(page.locator("[data-act=ask]")).to_be_visible()
    expect(page.locator("[data-act='visit.speak']")).to_have_count(0)  # nobody has allowed it
    for parent in (bob.parent, father):
        allow_messages(village, bob.child, parent)
    touch(page, "visit.speak")
    sees(page, "whom")
    expect(page.locator("[data-act='visit.speak.whom']")).to_have_count(2)
    looks(page, "whom")
    page.context.set_offline(True)
    touch(page, "visit.speak.whom", person_id=father)
    looks(page, "speak")
    touch(page, "voice-record")
    expect(page.locator(".voice[data-phase=recording]")).to_be_visible()
    page.wait_for_timeout(800)
    looks(page, "speak-recording")
    touch(page, "voice-record")
    expect(page.locator(".voice[data-phase=ready]")).to_be_visible()
    looks(page, "speak-review")
    touch(page, "voice-send")
    expect(page.locator(".way")).to_be_visible()
    looks(page, "speak-on-its-way")
    for _step in range(2):
        touch(page, "back")
    expect(page.locator(f".going[data-parent-id='{father}']")).to_be_visible()
    looks(page, "family-message-goes")
    assert sent(village, bob) == []
    page.context.set_offline(False)
    leaves_at_once(page)
    wait_until(page, "arrived", lambda: sent(village, bob) == [(father, From.VILLAGE)])
    expect(page.locator(".going")).to_have_count(0)
    devices.forgive_no_network()


def has_one_more_parent(village: Village, whom: Household) -> str:
    with village.scene.database.begin() as session:
        father = families.add_person(session, name="Dad", zone="Asia/Shanghai", language="en").id
        families.add_member(
            session, family_id=whom.family, person_id=father, role=MemberRole.PARENT, now=village.now()
        )  # fmt: skip
    return father


def sent(village: Village, whom: Household) -> list[tuple[str, From]]:
    with village.scene.database.read() as session:
        mine = select(Message).where(Message.family_id == whom.family)
        return [(message.contact_id, message.from_) for message in session.scalars(mine)]


def test_behind_four_pictures_it_comes_while_the_family_is_in(village: Village, devices: Devices) -> None:
    erin = village.scene.move_in("Erin", "star", 8)
    allow_messages(village, erin.child, erin.parent)
    page = stories.open_terminal(devices, village, erin)
    pictures = {"pictures": ["fish", "boat", "bird", "tree"]}
    asks(page, village, f"families/{erin.family}/pin", pictures)
    asks(page, village, "visit/end", {})
    message = say(village, phone_of(devices, village, erin), erin, 1.3)
    expect(lit(page, erin)).to_be_visible()
    touch(page, "family", family_id=erin.family)
    sees(page, "pin")
    page.wait_for_timeout(1000)
    assert message not in kept(page), "the server tells nobody else"
    for picture in pictures["pictures"]:
        touch(page, "pin", picture=picture)
    expect(page.locator(".letter--voice")).to_be_visible()
    wait_until(page, "fetched", lambda: message in kept(page))
    touch(page, "back")
    sees(page, "idle")
    page.wait_for_timeout(500)
    assert message in kept(page), "and stays, sealed"


def asks(page: Page, village: Village, path: str, body: dict[str, Any]) -> None:
    """Something that this terminal's page asks the server."""
    headers = {"Homethread-Face": "terminal", "Idempotency-Key": path.replace("/", "-")}
    answer = page.request.post(f"{village.url}/api/{path}", headers=headers, data=body)
    assert answer.ok, answer.text()


def test_sealed_until_its_hour_and_gone_when_it_is_taken_away(village: Village, devices: Devices) -> None:
    dana = village.scene.move_in("Dana", "boat", 7)
    consent = allow_messages(village, dana.child, dana.parent)
    phone = phone_of(devices, village, dana)
    page = stories.open_terminal(devices, village, dana)
    sealed = say(village, phone, dana, 1.2, "2026-11-23T18:10")
    due = say(village, phone, dana, 1.5)
    touch(page, "family", family_id=dana.family)
    keeps(page, sealed, due)
    expect(page.locator(".letter--voice")).to_have_count(1)
    taking_back = {"Homethread-Face": "phone", "Idempotency-Key": "taken-back"}
    assert phone.post(f"{village.url}/api/messages/{due}/withdraw", headers=taking_back, data={}).ok
    expect(page.locator(".letter--voice")).to_have_count(0)
    keeps(page, sealed)

    opens_at_its_hour_without_a_network(village, page, dana, sealed)
    with village.scene.database.begin() as session:
        families.revoke_consent(session, consent, village.now())
    page.evaluate(LOOK_AGAIN)
    expect(page.locator(".letter--voice")).to_have_count(0)
    keeps(page)

    allow_messages(village, dana.child, dana.parent)
    another = say(village, phone, dana, 1.0)
    wait_until(page, "it is fetched", lambda: another in kept(page))
    with village.scene.database.begin() as session:
        sessions.end_all(session, PrincipalKind.TERMINAL, dana.terminal, village.now())
    sees(page, "pairing")
    keeps(page)
    wait_until(page, "the key is gone too", lambda: shelf(page, "keys") == shelf(page, "known") == [])
    devices.forgive_no_network()
    devices.forgive("401")


def opens_at_its_hour_without_a_network(village: Village, page: Page, whom: Household, sealed: str) -> None:
    village.move_clock_to(at(18, 9) + timedelta(seconds=55))
    page.evaluate(LOOK_AGAIN)
    sees(page, "idle")  # it was left alone for ten minutes
    page.context.set_offline(True)
    expect(lit(page, whom)).to_be_visible(timeout=20_000)
    assert village.now() >= at(18, 10), "no sooner than its hour"
    touch(page, "family", family_id=whom.family)
    touch(page, "visit.message.open", message_id=sealed)
    sees(page, "message")
    touch(page, "back")
    page.context.set_offline(False)
