"""A browser that dies in the middle of a call, at either end: who stays hears it, and who died is in the call again."""

import pytest
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, expect

from app.calls.words import CallState, Outcome
from tests.browser.conftest import Devices
from tests.browser.said import allow_messages
from tests.browser.stories import both_arrive, call_of, carries_no_voice, looks_again, sees, touch, wait_until
from tests.browser.test_call import before_the_minute, waits_until_it_rings
from tests.browser.village import Village

LOST, BACK = [880, 1760, 659, 1319], [659, 1319, 880, 1760]  # down, and up again: two notes with their octaves
# The locks that a page asked for. The browser's own would be refused: what isn't permitted to a test's pages is.
LOCKS = """(() => {
    const locks = [];
    const request = async (kind) => {
        const lock = { kind, released: false, release: async () => void (lock.released = true) };
        locks.push(lock);
        return lock;
    };
    Object.defineProperty(navigator, "wakeLock", { value: { request } });
    window.locks = locks;
})()"""
SET_CLOCK = """(hours) => {
    window.realNow ??= Date.now;
    Date.now = () => realNow() + hours * 3_600_000;
}"""
LOCKED = "locks.map(({ kind, released }) => `${kind} ${released ? 'may go off' : 'stays on'}`)"
GO_TO_THE_BACK_AND_COME_AGAIN = """() => {
    for (const lock of locks) lock.released = true;  // as a browser does to a page that isn't seen
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_browser_that_crashes_at_either_end_is_in_the_call_again(village: Village, devices: Devices) -> None:
    """The phone by its one button, the terminal by itself; and as long as the call is on, no screen goes off."""
    allow_messages(village, village.scene.alice.child, village.scene.alice.parent)
    phone, terminal, call_id = before_the_minute(village, devices)
    phone.context.add_init_script(LOCKS)
    phone.evaluate(LOCKS)
    waits_until_it_rings(village, phone, terminal)
    touch(terminal, "answer")
    sees(terminal, "live", 20)
    both_arrive(phone, terminal)
    assert phone.evaluate(LOCKED) == ["screen stays on"]
    its_clock_is_set_and_set_back(phone, terminal)
    phone = the_phone_crashes(village, phone, terminal)
    its_screen_stays_on(phone)
    terminal = the_terminal_crashes(village, phone, terminal)
    assert call_of(village, call_id).state is CallState.LIVE
    on_the_phone_something_is_said_instead(phone, terminal)
    wait_until(phone, "it may go off again", lambda: phone.evaluate(LOCKED) == ["screen may go off"] * 2)
    wait_until(phone, "the end", lambda: call_of(village, call_id).outcome is Outcome.HELD)


def its_clock_is_set_and_set_back(phone: Page, terminal: Page) -> None:
    """How long is left can't be told until the server is heard again; the call goes on."""
    before = told_left(phone)
    for hours in (1, 0):
        phone.evaluate(SET_CLOCK, hours)
        wait_until(phone, "it is wrong", lambda: not 0 <= told_left(phone) <= before)
        looks_again(phone)
        wait_until(phone, "it is right", lambda: before - 60 < told_left(phone) <= before)
    sees(phone, "live")
    both_arrive(phone, terminal)


def told_left(phone: Page) -> int:
    """Seconds until the end, as they stand there; -1 where none do."""
    for told in phone.locator(".call__left time").all_inner_texts():
        minutes, _, seconds = told.partition(":")
        return int(minutes) * 60 + int(seconds)
    return -1


def on_the_phone_something_is_said_instead(phone: Page, terminal: Page) -> None:
    """Where no voice is carried: both are told; and from there it is one step home."""
    carries_no_voice(phone)
    for page in (phone, terminal):
        expect(page.locator(".call__note--rung[data-rung=clips] [data-act=turns]")).to_be_visible()
    touch(phone, "turns")
    sees(terminal, "goodbye")
    sees(phone, "messages")
    expect(phone.locator("[data-act=voice-record]")).to_be_visible()
    touch(phone, "messages-back")
    sees(phone, "home")


def the_phone_crashes(village: Village, phone: Page, terminal: Page) -> Page:
    since = crash(phone, terminal)
    again = opened_again(phone, f"{village.url}/phone")
    sees(again, "home")
    assert again.evaluate(LOCKED) == [], "nobody is in the call here yet"
    touch(again, "join")
    all_is_back(again, terminal, since)
    return again


def the_terminal_crashes(village: Village, phone: Page, terminal: Page) -> Page:
    """Nobody has to touch it: what starts it opens its page again, and that is all."""
    since = crash(terminal, phone)
    again = opened_again(terminal, f"{village.url}/terminal")
    all_is_back(again, phone, since)
    expect(again.locator("video.call__remote")).to_have_js_property("paused", False)
    return again


def crash(page: Page, other: Page) -> int:
    """It dies without a word; the other end sees and hears that the line broke. How much had sounded there before."""
    since = len(other.evaluate("watched.tones"))
    with pytest.raises(BrowserError, match="crash"):
        page.goto("chrome://crash")
    sees(other, "lost")
    expect(other.locator(".call__status")).to_contain_text("The line broke")
    wait_until(other, "the tones of a lost line", lambda: sounded(other, since)[:4] == LOST)
    return since


def opened_again(crashed: Page, address: str) -> Page:
    page = crashed.context.new_page()
    crashed.close()
    page.goto(address)
    return page


def all_is_back(again: Page, stayed: Page, since: int) -> None:
    """Both hear and see each other, and who stayed has heard that it is back: once."""
    for page in (again, stayed):
        sees(page, "live", 25)
    both_arrive(again, stayed)
    wait_until(stayed, "the tones of a line that is back", lambda: sounded(stayed, since)[-4:] == BACK)
    lost = sounded(stayed, since)[:-4]
    assert lost == LOST * (len(lost) // 4)


def its_screen_stays_on(phone: Page) -> None:
    assert phone.evaluate(LOCKED) == ["screen stays on"]
    phone.evaluate(GO_TO_THE_BACK_AND_COME_AGAIN)
    wait_until(phone, "asked again", lambda: phone.evaluate(LOCKED) == ["screen may go off", "screen stays on"])


def sounded(page: Page, since: int) -> list[int]:
    tones: list[int] = page.evaluate("watched.tones")
    return tones[since:]
