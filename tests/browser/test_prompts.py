"""A terminal that speaks: what the coordinator says into the desk's microphone is what a touch says at the terminal."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from app.desk import service as desk
from app.villages.models import Prompt
from tests.browser import stories
from tests.browser.conftest import Devices, shoot
from tests.browser.stories import sees, touch, wait_until
from tests.browser.village import Village

EARS = """
globalThis.heard = [];
const blobs = new Map();
const address = URL.createObjectURL;
URL.createObjectURL = (blob) => {
  const made = address.call(URL, blob);
  blobs.set(made, blob);
  return made;
};
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  const { key, url } = this.dataset;
  if (key) summed(blobs.get(this.src)).then((sha256) => heard.push({ key, url, sha256 }));
  return play.call(this);
};
async function summed(blob) {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return [...sum].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
"""


FAMILY = "terminal.act.family"
LEVEL = "Number(document.querySelector('.prompt__level span').style.getPropertyValue('--level'))"
IS_SPEAKING = "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/terminal/prompting.js'))"
FETCHED = (
    "caches.open('homethread.prompts').then((kept) => kept.keys()).then((all) => all.map(({ url }) => url).join())"
)


def heard(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("heard")
    return found


def kept(village: Village, key: str) -> str | None:
    with village.scene.database.read() as session:
        found = session.scalars(select(Prompt.sha256).where(Prompt.key == key, Prompt.removed_at.is_(None)))
        return found.one_or_none()


def test_what_the_coordinator_says_is_what_a_touch_says(village: Village, spoken_to: Devices) -> None:
    """Recorded, listened to, kept while the network is away; heard at the terminal, also without a network."""
    terminal, office = listening_terminal(spoken_to, village), open_office(spoken_to, village)
    row = office.locator(f".prompt[data-key='{FAMILY}']")
    expect(row).to_have_attribute("data-speech", "none")
    touch(office, "prompt-record", prompt=FAMILY)
    expect(row.locator(".prompt__time")).to_have_text(re.compile(r"^([2-9]|1\d) of 15 s$"))
    wait_until(office, "the meter moves", lambda: office.evaluate(LEVEL) > 0)
    office.keyboard.press("Escape")
    expect(row.locator(".prompt__review")).to_have_attribute("data-level", "good")
    touch(office, "prompt-play", prompt=FAMILY)
    expect(row.locator("[data-act=prompt-play][aria-pressed=true]")).to_be_visible()
    shoot(office, "desk-prompts-review")
    office.context.set_offline(True)
    touch(office, "prompt-keep", prompt=FAMILY)
    expect(row).to_have_attribute("data-state", "sending")
    assert kept(village, FAMILY) is None
    office.context.set_offline(False)
    expect(row).to_have_attribute("data-speech", "village", timeout=20_000)
    expect(office.locator(".prompts-head__count")).to_contain_text("1 of ")
    recorded = kept(village, FAMILY)

    hears_at_a_long_touch(terminal, recorded)
    terminal.reload()
    sees(terminal, "idle")
    terminal.mouse.click(5, 300)
    wait_until(terminal, "the parts are there again", lambda: terminal.evaluate(IS_SPEAKING))
    terminal.context.set_offline(True)
    hears_at_a_long_touch(terminal, recorded)
    brings_back_what_was_deleted(village, office, recorded)


def hears_at_a_long_touch(terminal: Page, recorded: str | None) -> None:
    """Its own recording, to the byte, fetched ahead; and the touch does nothing else."""
    terminal.mouse.click(5, 300)
    wait_until(terminal, "the parts are there", lambda: terminal.evaluate(IS_SPEAKING))
    wait_until(terminal, "fetched ahead", lambda: recorded in terminal.evaluate(FETCHED))
    terminal.locator("[data-act=family]").first.click(delay=900)
    said = {"key": FAMILY, "url": f"/api/prompts/recordings/{recorded}", "sha256": recorded}
    wait_until(terminal, "heard", lambda: said in heard(terminal))
    sees(terminal, "idle")


def brings_back_what_was_deleted(village: Village, office: Page, recorded: str | None) -> None:
    row = office.locator(f".prompt[data-key='{FAMILY}']")
    touch(office, "prompt-remove", prompt=FAMILY)
    expect(row).to_have_attribute("data-speech", "none")
    assert kept(village, FAMILY) is None
    office.keyboard.press("Enter")
    expect(row).to_have_attribute("data-speech", "village")
    assert kept(village, FAMILY) == recorded
    shoot(office, "desk-prompts")


def listening_terminal(devices: Devices, village: Village) -> Page:
    page = stories.open_terminal(devices, village, village.scene.alice)
    page.context.add_init_script(EARS)
    page.reload()
    sees(page, "idle")
    return page


def open_office(devices: Devices, village: Village) -> Page:
    with village.scene.database.begin() as session:
        lee = desk.add_coordinator(session, village.scene.alice.village, "Lee", "en", village.now())
    page = stories.open_desk(devices, village, village.scene.alice, lee.id)
    page.goto(f"{village.url}/desk#prompts")
    return page


@pytest.fixture
def spoken_to(speaking: Browser, request: pytest.FixtureRequest) -> Iterator[Devices]:
    """Devices at whose microphones somebody speaks."""
    opened = Devices(speaking)
    yield opened
    opened.shoot_all(request.node.name)
    opened.close()
    complaints = [
        said
        for said in opened.complaints
        if "ERR_INTERNET_DISCONNECTED" not in said and "ERR_NETWORK_CHANGED" not in said
    ]
    assert not complaints, complaints
