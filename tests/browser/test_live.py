"""When a page reads the server's picture of its world anew, while a call wants the link for itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.modules import HOST, serve_modules
from tests.web.waiting import until

# A server that lets everybody in and answers nothing; what it says comes by `tell`.
SERVER = """() => {
  window.WebSocket = class extends EventTarget {
    static OPEN = 1;
    readyState = 1;
    constructor() {
      super();
      window.tell = (said) => this.say(said);
      setTimeout(() => this.say('0{"sid":"s","upgrades":[],"pingTimeout":1000000,"pingInterval":1000000}'), 1);
    }
    say(data) {
      const event = new MessageEvent("message", { data });
      this.onmessage?.(event);
      this.dispatchEvent(event);
    }
    send(said) {
      if (said.startsWith("40")) setTimeout(() => this.say('40{"sid":"t"}'), 1);
    }
    close() {}
  };
}"""
BEGIN = """async () => {
  const { Live } = await import("/net/live.js");
  window.live = new Live("phone");
  live.start();
}"""


@dataclass
class Reader:
    page: Page
    readings: int = 0
    _known: int = field(default=0)

    def hint(self) -> None:
        self.page.evaluate("""tell('42["hint",{"topic":"person","id":"x"}]')""")

    def press(self, for_ms: float) -> None:
        self.page.evaluate("ms => live.press(ms)", for_ms)

    def passes(self, ms: int) -> None:
        self.page.clock.run_for(ms)
        self.page.wait_for_timeout(50)  # what was asked for is asked of no clock

    def new(self) -> int:
        """Since it was asked last."""
        found, self._known = self.readings - self._known, self.readings
        return found


@pytest.fixture
def reader(chromium: Browser) -> Iterator[Reader]:
    page = chromium.new_page()
    serve_modules(page)
    found = Reader(page)

    def answer(route: Route) -> None:
        found.readings += 1
        now: dict[str, Any] = {"server_time": "2026-11-23T12:00:00+00:00", "face": "phone", "calls": []}
        route.fulfill(json=now)

    page.route(f"{HOST}/api/now", answer)
    page.evaluate(SERVER)
    page.clock.install()
    page.evaluate(BEGIN)
    page.clock.run_for(1_000)
    until(lambda: page.evaluate("live.view.reach") == "online")
    found.passes(1_000)
    found.new()
    yield found
    page.close()


def test_a_hint_is_read_soon_and_several_once(reader: Reader) -> None:
    reader.hint()
    reader.hint()
    reader.passes(300)
    assert reader.new() == 1


def test_what_a_hint_asks_for_waits_while_somebody_speaks(reader: Reader) -> None:
    for _ in range(10):
        reader.press(3_000)
        reader.hint()
        reader.passes(500)
    assert reader.new() == 0
    reader.passes(2_400)
    assert reader.new() == 0, "who pauses for a moment goes on"
    reader.passes(400)
    assert reader.new() == 1, "all of them once"


def test_nobody_speaks_for_so_long_that_nothing_is_read(reader: Reader) -> None:
    reader.hint()
    reader.press(1_000_000)
    reader.passes(59_000)
    assert reader.new() == 0
    reader.passes(1_500)
    assert reader.new() == 1


def test_what_the_person_does_is_read_at_once(reader: Reader) -> None:
    reader.press(10_000)
    reader.hint()
    reader.passes(300)
    assert reader.new() == 0
    reader.page.evaluate("live.refresh()")
    reader.passes(10_000)
    assert reader.new() >= 1
    reader.press(10_000)
    reader.page.evaluate("live.refresh()")
    reader.passes(10)
    assert reader.new() == 1
