"""What people do in the stories, in the words of the stories: open, book, join, answer, hear, hang up."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from playwright.sync_api import Page, expect

from app.calls.models import Call
from app.web.models import PrincipalKind
from tests.browser.conftest import DESK, PATIENCE_MS, PHONE, TERMINAL, Devices
from tests.browser.village import Village
from tests.scene import Household

GOES_ON_MS = 500
NO_VOICE = """async () => {
  const { Rungs } = await import(`${document.documentElement.dataset.assets}/call/rungs.js`);
  const { look } = Rungs.prototype;
  const rungs = await new Promise((found) => {
    Rungs.prototype.look = function (seen) {
      found(this);
      return look.call(this, seen);
    };
  });
  Rungs.prototype.look = look;
  rungs.hold("clips");
}"""
NEGOTIATED = "['connection', 'description'].map((what) => watched.marks.filter(({ state }) => state === what).length)"
BOTH_CAME = "Boolean(watched.first.audio && watched.first.video)"


@dataclass(frozen=True)
class Figures:
    """What really arrived at one end: decoded frames, voice energy, open connections."""

    frames: int
    audio_energy: float
    audio_bytes: int
    samples: int
    open: int


def open_phone(devices: Devices, village: Village, whom: Household) -> Page:
    page = devices.open(village.enter(PrincipalKind.PERSON, whom.parent, None), PHONE)
    expect(page.locator("main[data-screen=home]")).to_be_visible(timeout=PATIENCE_MS)
    return page


def open_terminal(devices: Devices, village: Village, whom: Household) -> Page:
    page = devices.open(village.enter(PrincipalKind.TERMINAL, whom.terminal, whom.village), TERMINAL)
    expect(page.locator("main[data-screen=idle]")).to_be_visible(timeout=PATIENCE_MS)
    return page


def open_desk(devices: Devices, village: Village, whom: Household, coordinator: str) -> Page:
    return devices.open(village.enter(PrincipalKind.COORDINATOR, coordinator, whom.village), DESK)


def touch(page: Page, act: str, **named: str) -> None:
    more = "".join(f'[data-{key.replace("_", "-")}="{value}"]' for key, value in named.items())
    place = page.locator(f'[data-act="{act}"]{more}').first
    expect(place).to_be_visible(timeout=PATIENCE_MS)  # looks more often than a click
    place.click(timeout=PATIENCE_MS)


def sees(page: Page, screen: str, seconds: float = 15) -> None:
    """Wait for one of the screens, named with | between."""
    expect(page.locator("main")).to_have_attribute("data-screen", re.compile(f"^({screen})$"), timeout=seconds * 1000)


def book_by_hand(page: Page, starts_at: datetime) -> None:
    """Book the slot at `starts_at` on a parent's phone."""
    touch(page, "book")
    touch(page, "slot", starts_at=starts_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    touch(page, "send-booking")
    sees(page, "home")


def hang_up(page: Page) -> None:
    page.locator("[data-act=hang-up]").click()
    page.locator("[data-act=hang-up-confirm]").click()


def figures(page: Page) -> Figures:
    found: dict[str, Any] = page.evaluate("watched.figures()")
    return Figures(found["frames"], found["audioEnergy"], found["audioBytes"], found["samples"], found["open"])


def both_arrive(*pages: Page, seconds: float = 20) -> None:
    """Voice with energy and moving pictures come in at every end, and go on coming."""
    for page in pages:
        # Asked from outside: waiting inside the page would need eval, which the page's own policy forbids.
        wait_until(page, "voice and picture", partial(page.evaluate, BOTH_CAME), seconds)
    before = [figures(page) for page in pages]
    pages[0].wait_for_timeout(GOES_ON_MS)
    for page, earlier in zip(pages, before, strict=True):
        wait_until(page, "voice and picture to go on", partial(_goes_on, page, earlier), seconds)


def _goes_on(page: Page, earlier: Figures) -> bool:
    later = figures(page)
    is_heard = later.audio_bytes > earlier.audio_bytes and later.audio_energy > earlier.audio_energy
    return is_heard and later.frames > earlier.frames


@contextmanager
def nothing_is_negotiated(*pages: Page) -> Iterator[None]:
    """Meanwhile no connection is made and no description sent: what stands is used."""
    before = [page.evaluate(NEGOTIATED) for page in pages]
    yield
    assert [page.evaluate(NEGOTIATED) for page in pages] == before
    assert all(count > 0 for counts in before for count in counts)


def looks_again(page: Page) -> None:
    """At once, and not at its next beat."""
    with page.expect_response("**/api/now*"):
        page.evaluate("dispatchEvent(new Event('online'))")


def carries_no_voice(page: Page) -> None:
    """As where not even the thinnest one gets through: the end at this page stays on the last rung."""
    page.evaluate(NO_VOICE)


def last_touch(page: Page) -> float:
    marks: list[dict[str, Any]] = page.evaluate("watched.marks")
    return max(float(mark["at"]) for mark in marks if mark["state"] == "touch")


def call_of(village: Village, call_id: str) -> Call:
    return village.scene.call(call_id)


def wait_until(page: Page, what: str, check: Any, seconds: float = 20) -> None:
    """Poll the database from outside; a page is given its time meanwhile."""
    for _ in range(int(seconds * 10)):
        if check():
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{what} did not happen within {seconds} s")
