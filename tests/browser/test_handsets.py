"""The played phones of the demo: somebody types on one as on any old phone, and an answer comes."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, Route, ViewportSize, expect

from app.gateways.simulated_phones import SimulatedPhones
from app.kernel.clock import SystemClock
from app.kernel.numbers import E164
from app.notices.handsets import STRANGER
from tests.browser.conftest import DESK, PHONE, Devices, shoot
from tests.browser.village import Village
from tests.scene import at

ALICE, GRANNY = E164("+8613800000011"), E164("+8613800000012")
TINY = ViewportSize(width=240, height=320)
SMALLEST_PX = 24  # WCAG 2.2, 2.5.8
ANSWER_MS = 20_000  # on a machine that does much else; the figure is told


def phones_of(village: Village) -> SimulatedPhones:
    return SimulatedPhones(village.folder / "simulated-phones.sqlite", SystemClock())


def opened(devices: Devices, village: Village, size: ViewportSize = DESK) -> Page:
    page = devices.open(f"{village.url}/demo/phones", size)
    expect(page.locator(".phone")).to_be_visible()
    return page


def press(page: Page, keys: str) -> None:
    for key in keys:
        page.locator(f"[data-digit='{key}']").click()


def choose(page: Page, name: str) -> None:
    page.locator(".row", has_text=name).first.locator("button").click()
    expect(page.locator(".phone__holder")).to_have_text(name)


def texts(page: Page) -> Locator:
    return page.locator(".text .text__words")


def own(village: Village, number: E164) -> list[str]:
    return [text.text for text in phones_of(village).texts(number) if text.is_own]


def test_a_phone_is_typed_on_with_its_keys_and_with_a_keyboard(village: Village, devices: Devices) -> None:
    village.scene.move_in("Dora", "fish", 10)  # so many phones that one is looked for
    page = opened(devices, village)
    goes_out_once_though_its_answer_is_lost(page, village)
    stays_where_it_is_refused(page, devices)
    page.reload()
    choose(page, "Granny of Alice")
    draft = page.locator("[data-draft]")
    press(page, "12*0#")
    page.locator("[data-act=delete]").click()
    expect(draft).to_have_value("12*0")
    page.locator("[data-act=letters]").click()
    press(page, "44")
    expect(draft).to_have_value("12*0h")
    press(page, "7")
    expect(draft).to_have_value("12*0hp")
    for _key in range(6):
        page.locator("[data-act=delete]").click()
    page.keyboard.type("2")
    expect(draft).to_have_value("2")
    choose(page, "Alice")
    expect(draft).to_have_value("")
    page.keyboard.insert_text("好的 OK")
    page.keyboard.press("Enter")
    expect(page.locator(".text[data-own]").last).to_have_text(re.compile("好的 OK"))
    choose(page, "Granny of Alice")
    expect(draft).to_have_value("2")
    page.locator("[data-act=send]").click()
    expect(page.locator(".text[data-own]")).to_have_text(re.compile("^2"))
    expect(draft).to_have_value("")
    assert (own(village, ALICE), own(village, GRANNY)) == (["I will call later", "好的 OK"], ["2"])

    page.locator("[data-find]").fill("stranger")
    expect(page.locator(".row")).to_have_count(1)
    choose(page, "A stranger")
    press(page, "1")
    page.locator("[data-act=send]").click()
    expect(page.locator(".text[data-own]")).to_have_count(1)
    assert own(village, STRANGER) == ["1"]


def test_a_new_text_is_noticed_on_any_screen_and_answered(
    village: Village, devices: Devices, record_property: Callable[[str, object], None]
) -> None:
    page = opened(devices, village, PHONE)
    tiny = opened(devices, village, TINY)
    for screen in (page, tiny):
        screen.locator("[data-act=list]").click()
        choose(screen, "Alice")
        expect(screen.locator(".screen__empty")).to_be_visible()
    phones = phones_of(village)
    phones.send(ALICE, "booked", {}, "en", "Booked: today 19:00. <b>1</b> yes", "k1")
    phones.send(GRANNY, "booked", {}, "zh-CN", "约好了", "k2")
    for screen in (page, tiny):
        expect(texts(screen)).to_have_text("Booked: today 19:00. <b>1</b> yes")
        expect(screen.locator(".bar .badge")).to_have_text(re.compile("^1"))
        fits(screen)
    shoot(page, "phones-small")
    shoot(tiny, "phones-tiny")
    page.locator("[data-act=list]").click()
    shoot(page, "phones-list")
    choose(page, "Granny of Alice")
    expect(texts(page)).to_have_text("约好了")
    expect(page.locator(".bar .badge")).to_have_count(0)
    two_brings_three_times_and_a_digit_takes_one(village, opened(devices, village), record_property)


def fits(page: Page) -> None:
    """Nothing is cut off, nothing has to be scrolled to, every key has a name and is large enough."""
    size = page.viewport_size
    assert size
    for key in page.locator(".phone button, .bar button:visible").all():
        box = key.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= SMALLEST_PX
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]
        assert box["y"] + box["height"] <= size["height"]
        assert key.get_attribute("aria-label") or key.inner_text().strip()
    log = page.locator(".screen__texts").bounding_box()
    assert log
    assert log["height"] >= 40


def goes_out_once_though_its_answer_is_lost(page: Page, village: Village) -> None:
    choose(page, "Alice")
    lost: list[int] = []

    def lose_the_first_answer(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route("**/demo/phones/texts*", lose_the_first_answer)
    page.keyboard.type("I will call later")
    page.keyboard.press("Enter")
    expect(page.locator("[data-draft]")).to_have_value("")
    assert lost == [201]
    assert own(village, ALICE) == ["I will call later"]
    page.unroute("**/demo/phones/texts*")


def stays_where_it_is_refused(page: Page, devices: Devices) -> None:
    page.route("**/demo/phones/texts*", lambda route: route.continue_(post_data='{"id": "0", "text": "x"}'))
    page.keyboard.type("Sunday")
    page.keyboard.press("Enter")
    expect(page.locator(".screen__refusal")).to_be_visible()
    expect(page.locator("[data-draft]")).to_have_value("Sunday")
    page.unroute("**/demo/phones/texts*")
    devices.complaints = [said for said in devices.complaints if "ERR_FAILED" not in said]
    devices.forgive("404")


WATCH_FOR_AN_ANSWER = """
(() => {
  const count = () => document.querySelectorAll(".text:not([data-own])").length;
  const before = count();
  addEventListener("click", ({ timeStamp }) => (globalThis.sent_at = timeStamp), true);
  new MutationObserver(() => {
    if (count() > before) globalThis.answered_at ??= performance.now();
  }).observe(document.body, { childList: true, subtree: true });
})()
"""


def two_brings_three_times_and_a_digit_takes_one(
    village: Village, page: Page, record_property: Callable[[str, object], None]
) -> None:
    alice = village.scene.alice
    village.scene.clock.at = village.now()
    village.scene.book(alice, at(19, day=25), alice.terminal_acts)
    choose(page, "Alice")
    expect(texts(page)).to_have_count(2)
    page.evaluate(WATCH_FOR_AN_ANSWER)
    press(page, "2")
    page.locator("[data-act=send]").click()
    answer = page.locator(".text:not([data-own])", has_text=re.compile(r"1\).*2\).*3\)"))
    expect(answer).to_be_visible(timeout=ANSWER_MS)
    answered_ms = page.evaluate("answered_at - sent_at")
    record_property("figure", f"played phone: three times offered {answered_ms:.0f} ms after the touch of Send")
    press(page, "3")
    page.locator("[data-act=send]").click()
    expect(page.locator(".text:not([data-own])")).to_have_count(4, timeout=ANSWER_MS)
    shoot(page, "phones-conversation")
