"""The line and the microphone are tried: on a phone before its call, at a terminal without a word, from the desk."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from sqlalchemy import select

from app.calls.media_models import LineCheck
from app.desk import service as desk
from app.kernel.levels import VoiceLevel
from app.kernel.rungs import RungName
from app.web import media_programs, texts
from app.web.models import MediaProgram
from tests.browser.conftest import Devices, shoot
from tests.browser.modules import serve_modules
from tests.browser.stories import open_desk, open_phone, open_terminal, sees, touch, wait_until
from tests.browser.test_doors_phone import is_heard_of
from tests.browser.village import Village
from tests.media.test_line_rules import CASES
from tests.scene import at
from tests.web.waiting import until

MOST_BYTES = 60_000
PATIENCE_MS = 30_000
TOLD_WITHIN_MS = 6_000  # for a loaded machine
KEPT = "window.tried = []; addEventListener('homethread:line', ({detail}) => window.tried.push(detail))"
NARROW = ViewportSize(width=240, height=480)


@pytest.fixture
def served(village: Village) -> Village:
    """With a media program."""
    village.start("media")
    until(partial(is_served, village))
    return village


def is_served(village: Village, count: int = 1) -> bool:
    """Whether so many media programs have been heard of lately, by the village's clock."""
    with village.scene.database.read() as session:
        programs = session.scalars(select(MediaProgram)).all()
        return sum(media_programs.is_heard(program, village.now()) for program in programs) >= count


def found(village: Village) -> list[LineCheck]:
    with village.scene.database.read() as session:
        return list(session.scalars(select(LineCheck).where(LineCheck.rung.is_not(None))))


def last_told(page: Page) -> dict[str, Any]:
    told: dict[str, Any] = page.evaluate("window.tried.at(-1)")
    return told


def wait_told(page: Page, stage: str) -> dict[str, Any]:
    for _ in range(150):
        if page.evaluate("window.tried.at(-1)?.stage") == stage:
            return last_told(page)
        page.wait_for_timeout(200)
    raise AssertionError(f"never {stage}, but {page.evaluate('window.tried')}")


def test_a_parent_tries_line_and_microphone(served: Village, speaking: Browser) -> None:
    devices = Devices(speaking)
    served.scene.book(served.scene.alice, at(20))
    page = open_phone(devices, served, served.scene.alice)
    page.evaluate(KEPT)
    touch(page, "try-line")
    sees(page, "line")
    expect(page.locator("[data-stage=voice]")).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_timeout(1_000)
    shoot(page, "line-speaking")
    result = page.locator(".line__result")
    expect(result).to_be_visible(timeout=PATIENCE_MS)
    shoot(page, "line-result")
    told = wait_told(page, "over")
    assert told["bytes"] < MOST_BYTES, told
    assert told["bytes"] > 20_000, told
    expect(result).to_have_attribute("data-told", "picture")
    expect(result).to_have_attribute("data-level", "good")
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    shoot(page, "line-result-narrow")
    wait_until(page, "it is written down", lambda: found(served))
    (check,) = found(served)
    assert (check.rung, check.level) == (RungName.VIDEO, VoiceLevel.GOOD)
    print(told)
    touch(page, "line-leave")
    sees(page, "home")
    devices.close()
    assert not devices.complaints


def has_begun(page: Page, times: int) -> bool:
    return bool(page.evaluate("window.tried.filter(({stage}) => stage === 'connecting').length") == times)


@pytest.mark.long
def test_a_media_program_is_killed_and_another_one_tries_it_or_one_is_told(served: Village, speaking: Browser) -> None:
    devices = Devices(speaking)
    served.scene.book(served.scene.alice, at(20))
    page = open_phone(devices, served, served.scene.alice)
    page.evaluate(KEPT)
    touch(page, "try-line")
    served.start("media2")
    until(partial(is_served, served, 2))
    expect(page.locator("[data-stage=voice]")).to_be_visible(timeout=PATIENCE_MS)
    served.kill("media")
    wait_until(page, "a beginning anew", partial(has_begun, page, 2), TOLD_WITHIN_MS / 1_000)
    expect(page.locator(".line__result")).to_be_visible(timeout=PATIENCE_MS)
    wait_told(page, "over")
    (check,) = found(served)
    assert check.rung is RungName.VIDEO

    touch(page, "line-again")
    expect(page.locator("[data-stage=voice]")).to_be_visible(timeout=PATIENCE_MS)
    served.kill("media2")
    expect(page.locator("[data-stage=broken]")).to_contain_text("Try again", timeout=TOLD_WITHIN_MS)
    expect(page.locator("[data-act=line-again]")).to_be_visible()
    shoot(page, "line-forsaken")
    assert len(found(served)) == 1
    devices.close()
    assert not devices.complaints


def test_it_says_so_where_nobody_can_try_it(village: Village, devices: Devices) -> None:
    village.scene.book(village.scene.alice, at(20))
    page = open_phone(devices, village, village.scene.alice)
    touch(page, "try-line")
    expect(page.locator("[data-stage=refused]")).to_contain_text("away at the moment", timeout=PATIENCE_MS)
    shoot(page, "line-refused")


# A first screen that tries its line, where the check is not begun for this reason.
TRY = """async ([texts, code, message]) => {
  document.documentElement.dataset.assets = "";
  const { setTexts } = await import("/core/texts.js");
  const { LinePage } = await import("/phone/line.js");
  const { SocketError } = await import("/net/socket.js");
  setTexts("zh-CN", texts);
  const emit = () => Promise.reject(new SocketError(code, {}, message));
  const page = new LinePage({ live: { socket: { on: () => () => {} }, emit }, calling: {}, show() {} });
  await page.start();
  return page.screen().querySelector("[data-stage=refused]").textContent;
}"""


def test_people_are_told_in_their_language_why_nothing_was_tried(chromium: Browser) -> None:
    page = chromium.new_page()
    serve_modules(page)
    words = texts.texts_of("zh-CN")
    refusal = words["error.no_media_program"]
    told = [page.evaluate(TRY, [words, code]) for code in ("offline", "lost", "timeout")]
    told.append(page.evaluate(TRY, [words, "no_media_program", refusal]))
    page.close()
    assert told == [*[words["common.cannot_reach"]] * 2, words["common.timeout"], refusal]


def test_people_are_told_what_the_rules_found(chromium: Browser) -> None:
    """The table of cases that the media program's rules are held to has the words as well."""
    page = chromium.new_page()
    serve_modules(page)
    rungs = [case["rung"] for case in CASES]
    told = page.evaluate("async (rungs) => rungs.map((await import('/core/lines.js')).toldOf)", rungs)
    page.close()
    assert told == [case["told"] for case in CASES]


def test_a_terminal_tries_its_line_before_a_call_and_for_the_desk(served: Village, devices: Devices) -> None:
    alice = served.scene.alice
    with served.scene.database.begin() as session:
        lee = desk.add_coordinator(session, alice.village, "Teacher Lee", "en", served.now()).id
    served.move_clock_to(at(18, 59) + timedelta(seconds=56))
    until(partial(is_served, served))
    terminal = open_terminal(devices, served, alice)
    terminal.evaluate(KEPT)
    served.scene.book(alice, at(20))
    told = wait_told(terminal, "over")
    assert told["verdict"]["level"] == "unknown"
    assert told["bytes"] < MOST_BYTES
    sees(terminal, "idle")
    until(partial(is_heard_of, served, alice.terminal))
    page = open_desk(devices, served, alice, lee)
    page.goto(f"{served.url}/desk#village")
    line = page.locator(".terminal-line").first
    expect(line).to_contain_text("Line tried", timeout=PATIENCE_MS)
    touch(page, "check-line")
    expect(line).to_have_attribute("data-state", "trying", timeout=PATIENCE_MS)
    shoot(page, "desk-line-trying")
    expect(line).to_have_attribute("data-state", "tried", timeout=PATIENCE_MS)
    expect(line).to_contain_text("this minute")
    shoot(page, "desk-line")
    wait_until(page, "both are written down", lambda: len(found(served)) == 2)
