"""What a child and a grandmother who can't read do at the terminal: by pictures, where they stand, and what is said.

Nothing here looks for a text. A picture is a drawing of a sprite, a face, a sky; `hears` is what the page really plays.
"""

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from app.calls.models import Call, CallEvent
from app.calls.words import CallState
from app.families.models import Person
from app.families.words import ConsentKind
from app.messages.models import Message
from app.messages.words import From
from app.villages import prompts
from app.villages.models import Terminal
from app.web.models import PrincipalKind
from tests.browser import stories
from tests.browser.conftest import TERMINAL, Devices, shoot
from tests.browser.said import allow, allow_messages, fetches, kept, phone_of, say, says_who_calls
from tests.browser.stories import sees, wait_until
from tests.browser.village import Village, open_village
from tests.browser.voices import leaves_at_once
from tests.messages.recordings import recorded
from tests.scene import Household, at

SCREENS = (
    "family", "ask", "ask-confirm", "proposed", "speak", "message-over", "ring", "live", "goodbye", "idle",
    "auto-answer", "next",
)  # fmt: skip
# What a player that names its sentence begins to play.
LISTEN = """(() => {
  window.heard = [];
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (this.dataset.key) window.heard.push(this.dataset.key);
    return play.call(this);
  };
})()"""
LEARNT = "caches.open('homethread.prompts').then((kept) => kept.keys()).then((all) => all.length)"
LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Village]:
    """One for all stories, where the sentences of its screens were recorded; each story is of another family."""
    folder = tmp_path_factory.mktemp("village")
    shutil.copyfile(sqlite_template, folder / "homethread.db")
    running = open_village(folder, f"sqlite:///{folder / 'homethread.db'}", at(18))
    with running.scene.database.begin() as session:
        for place, name in enumerate(SCREENS):
            spoken = recorded(0.4 + place / 100)
            prompts.record(session, running.scene.alice.village, f"terminal.screen.{name}", spoken, running.now())
    yield running
    running.stop()
    assert "Traceback" not in running.logs(), running.logs()


def comes(devices: Devices, village: Village, whom: Household) -> Page:
    """Somebody comes to a terminal that was touched before, and so has learnt to speak."""
    context = devices.device(TERMINAL)
    context.add_init_script(LISTEN)
    page = context.new_page()
    page.goto(village.enter(PrincipalKind.TERMINAL, whom.terminal, whom.village))
    sees(page, "idle")
    page.mouse.click(512, 580)
    wait_until(page, "it has learnt to speak", lambda: page.evaluate(LEARNT) > len(SCREENS))
    return page


def picture(page: Page, name: str) -> Locator:
    """Places to touch on which this is drawn."""
    return page.locator(f"main button:has(use[href$='#{name}'])")


def hears(page: Page, screen: str) -> None:
    key = f"terminal.screen.{screen}"
    wait_until(page, f"{key} is said", lambda: key in page.evaluate("heard.splice(0)"))


def test_a_child_asks_for_a_call_says_something_and_hears_its_mother(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    allow_messages(village, alice.child, alice.parent)
    say(village, phone_of(devices, village, alice), alice, 1.0)
    page = comes(devices, village, alice)
    expect(page.locator("main .clock svg")).to_be_visible()
    expect(page.locator("main button[data-waiting]:has(use[href$='#emblem-fox'])")).to_be_visible()
    shoot(page, "terminal-wall-clock")
    picture(page, "emblem-fox").click()
    hears(page, "family")

    picture(page, "calendar").click()
    hears(page, "ask")
    page.locator("main button:has(.sky)").first.click()
    hears(page, "ask-confirm")
    picture(page, "check").click()
    hears(page, "proposed")
    assert states(village, alice) == [CallState.PROPOSED]

    picture(page, "microphone").click()
    hears(page, "speak")
    picture(page, "microphone").click()
    page.wait_for_timeout(1200)
    picture(page, "stop").click()
    picture(page, "send").click(timeout=15_000)
    leaves_at_once(page)
    wait_until(page, "it arrives", lambda: spoken_by(village, alice) == [From.PARENT, From.VILLAGE])

    picture(page, "arrow-start").click()
    picture(page, "voice").click()
    hears(page, "message-over")
    picture(page, "arrow-start").click()
    sees(page, "proposed")
    picture(page, "arrow-start").click()
    hears(page, "idle")
    expect(page.locator("main button[data-waiting]")).to_have_count(0)


def states(village: Village, whom: Household) -> list[CallState]:
    with village.scene.database.read() as session:
        return [call.state for call in session.scalars(select(Call).where(Call.family_id == whom.family))]


def spoken_by(village: Village, whom: Household) -> list[From]:
    with village.scene.database.read() as session:
        found = session.scalars(select(Message).where(Message.family_id == whom.family))
        return sorted(message.from_ for message in found)


def test_the_coordinator_tests_the_machine_from_its_corner(village: Village, devices: Devices) -> None:
    page = stories.open_terminal(devices, village, village.scene.alice)
    expect(page.locator("main .clock svg")).to_be_visible()
    page.mouse.move(30, 40)
    page.mouse.down()
    sees(page, "self-test")
    page.mouse.up()
    for part in ("camera", "microphone", "network", "version"):
        expect(page.locator(f".tile[data-part={part}]")).to_have_attribute("data-state", "good")
    expect(page.locator(".tile[data-part=clock]")).to_have_attribute("data-state", "bad")  # the village's was moved
    for corner in page.locator("button.corner").all():
        corner.click()
    picture(page, "speaker").click()
    picture(page, "check").click()
    for part in ("touch", "speaker"):
        expect(page.locator(f".tile[data-part={part}]")).to_have_attribute("data-state", "good")
    shoot(page, "terminal-self-test")
    assert page.locator("main img").count() == 0
    assert page.locator("video").evaluate("video => video.muted")
    picture(page, "close").click()
    sees(page, "idle")
    wait_until(page, "the desk knows what was wrong", lambda: "clock" in failed_parts(village))
    assert not {"camera", "microphone", "speaker", "touch", "network"} & failed_parts(village)


def failed_parts(village: Village) -> set[str]:
    with village.scene.database.read() as session:
        return set(session.get_one(Terminal, village.scene.alice.terminal).failed_parts or ())


def test_a_grandmother_answers_says_goodbye_and_leaves_nothing_behind(village: Village, devices: Devices) -> None:
    """The next time is shown before she hangs up; what was forgotten is said at once; then the wall is anybody's."""
    bob = village.scene.bob
    allow_messages(village, bob.child, bob.parent)
    village.scene.clock.at = village.now()
    for when in (at(19), at(19, day=25)):
        village.scene.book(bob, when, bob.desk_acts)
    page, phone = comes(devices, village, bob), stories.open_phone(devices, village, bob)
    asked = fetches(page, "/api/recorded_names/")
    says_who_calls(village, phone, bob)
    assert not asked, "nothing of a family before its call"
    village.move_clock_to(at(18, 55))
    page.evaluate(LOOK_AGAIN)
    wait_until(page, "the name is here", lambda: any(name.startswith("caller/") for name in kept(page)))
    village.move_clock_to(at(18, 59) + timedelta(seconds=57))
    stories.touch(phone, "join")
    both = ("recorded_name", "terminal.screen.ring")
    wait_until(page, "who calls, then what to do", lambda: both in set(pairwise(page.evaluate("heard"))))
    assert len(asked) == 1, "it came once"
    expect(page.locator("main img")).to_have_count(1)
    shoot(page, "terminal-ring-face")
    picture(page, "phone-call").click()
    sees(page, "live", 20)
    page.locator("main button.round--hang-up").click()
    expect(page.locator(".next-time .sleep")).to_have_count(2)
    shoot(page, "terminal-next-before-goodbye")
    picture(page, "wave").click()
    hears(page, "goodbye")
    shoot(page, "terminal-goodbye-say")
    picture(page, "microphone").click()
    hears(page, "speak")
    picture(page, "arrow-start").click()
    picture(page, "arrow-start").click()
    sees(page, "idle")
    leaves_nothing(page, village, bob)


LEFT = """async () => {
  const left = [document.documentElement.outerHTML, JSON.stringify(history.state), location.href, document.title,
    JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) left.push(request.url, await (await cache.match(request)).text());
  }
  for (const { name } of await indexedDB.databases()) {
    const opened = await new Promise((done) => (indexedDB.open(name).onsuccess = ({ target }) => done(target.result)));
    for (const table of opened.objectStoreNames) {
      const asked = opened.transaction(table).objectStore(table).getAll();
      const rows = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
      left.push(JSON.stringify(rows, (_, value) =>
        value instanceof ArrayBuffer ? new TextDecoder("latin1").decode(value) : value));
    }
    opened.close();
  }
  return left;
}"""


# By this a sealed photo is found again; that its picture lies nowhere plain is held where a browser's folder is read.
NAME_OF_SEALED = re.compile(r'"photo/\w+/\d+"')


def leaves_nothing(page: Page, village: Village, whom: Household) -> None:
    """Neither on the screen nor behind it, nor plain in what the page keeps; what is sealed may stay."""
    with village.scene.database.read() as session:
        photos = {session.get_one(Person, each).photo_id or "" for each in (whom.parent, whom.child)}
    assert all(photos)
    left = [NAME_OF_SEALED.sub("", each) for each in page.evaluate(LEFT)]
    assert any('"sealed"' in each for each in left), "there is something to look at"
    secrets = {"Bob", "Granny", *photos}
    assert not [secret for secret in secrets for each in left if secret in each]
    expect(page.locator("main img, body video")).to_have_count(0)
    page.go_back()
    page.wait_for_timeout(300)
    assert not [secret for secret in secrets if secret in page.content()]
    page.go_forward()
    sees(page, "idle")


@pytest.mark.long
def test_for_who_cannot_touch_it_answers_by_itself_and_a_touch_stops_it(village: Village, devices: Devices) -> None:
    carl = village.scene.move_in("Carl", "boat", 7)
    allow(village, carl.child, carl.parent, ConsentKind.AUTO_ANSWER)
    village.scene.clock.at = at(18)
    calls = [
        village.scene.book(carl, when, carl.desk_acts, minutes=10) for when in (at(19, day=24), at(19, 20, day=24))
    ]
    village.move_clock_to(at(18, 30, day=24))
    page, phone = comes(devices, village, carl), stories.open_phone(devices, village, carl)
    begins(village, phone, at(19, day=24))
    hears(page, "auto-answer")
    shoot(page, "terminal-auto-answer")
    assert page.locator("main video").count() == 0
    page.locator("main button.round--hang-up").click()
    sees(page, "ring")
    page.wait_for_timeout(1500)
    assert page.locator("main").get_attribute("data-screen") == "ring", "somebody didn't want it"
    stories.hang_up(phone)
    village.move_clock_to(at(19, 11, day=24))
    page.evaluate(LOOK_AGAIN)
    phone.goto(f"{village.url}/phone")
    begins(village, phone, at(19, 20, day=24))
    sees(page, "auto-answer", 20)
    lit = page.locator(".by-itself__lamps [data-lit]")
    before = lit.count()
    wait_until(page, "a lamp goes out", lambda: lit.count() < before)
    sees(page, "live", 20)
    wait_until(page, "it is noted", lambda: "by_itself" in kinds(village, calls[1]))  # heard before it was told
    assert "by_itself" not in kinds(village, calls[0])
    stays_for_a_while_only(village, page)


def begins(village: Village, phone: Page, when: Any) -> None:
    village.move_clock_to(when - timedelta(seconds=2))
    phone.evaluate(LOOK_AGAIN)
    phone.locator("[data-act=join], [data-act=answer]").first.click(timeout=15_000)


def stays_for_a_while_only(village: Village, page: Page) -> None:
    """Nobody has touched anything since. Ends that aren't heard of for two minutes would end the call: they are."""
    for _ in range(4):
        village.move_clock_to(village.now() + timedelta(seconds=34))
        page.evaluate(LOOK_AGAIN)
        page.wait_for_timeout(5_500)
    expect(page.locator(".alone")).to_be_visible()
    shoot(page, "terminal-alone")
    picture(page, "person").click()
    expect(page.locator(".alone")).to_have_count(0)
    sees(page, "live")


def kinds(village: Village, call_id: str) -> list[str]:
    with village.scene.database.read() as session:
        return [event.kind for event in session.scalars(select(CallEvent).where(CallEvent.call_id == call_id))]
