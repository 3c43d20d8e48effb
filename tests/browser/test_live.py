"""When a page asks again: what is new, while a call wants the link; for a seat that is not free yet."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.modules import HOST, serve_modules
from tests.web.waiting import until

# A server that lets everybody in, has no seat and answers nothing else; what it says comes by `tell`.
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
      const [, id] = /^42(\\d+)\\["take_seat"/.exec(said) ?? [];
      if (!id) return;
      window.refused = (window.refused ?? 0) + 1;
      setTimeout(() => this.say(`43${id}[{"error":"terminal_busy","detail":{},"message":"Another call."}]`), 1);
    }
    close() {}
  };
}"""
PERSON = {"id": "p", "name": "Wang"}
CALL = {
    "id": "c", "state": "booked", "my_side": "village", "family": {"id": "f"}, "child": PERSON, "parent": PERSON,
    "opens_at": "2026-11-23T11:55:00Z", "starts_at": "2026-11-23T12:05:00Z", "ends_at": "2026-11-23T12:20:00Z",
    "rings": [], "rings_there": [], "talked_seconds": 0, "talking_since": None, "can": [], "rung_again_at": None,
    "sides": {side: {"seated": False, "here": False, "lost_at": None} for side in ("village", "parent")},
}  # fmt: skip
STAND_READY = """async () => {
  const { Calling } = await import("/ui/calling.js");
  window.calling = new Calling(live, { redraw() {}, standsReady: () => true, rejoinsAlone: true });
  await live.refresh();
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
        now: dict[str, Any] = {"server_time": "2026-11-23T12:00:00+00:00", "face": "phone", "calls": [CALL]}
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


# Where the browser says by what kind of network it goes, as Chrome on Android does.
NETWORK = """async () => {
  Object.defineProperty(navigator, "connection", { value: Object.assign(new EventTarget(), { type: "wifi" }) });
  window.first = tell;
  live.setInCall(true);
  await import("/net/path.js");
}"""
CHANGE = """(type) => {
  navigator.connection.type = type;
  navigator.connection.dispatchEvent(new Event("change"));
}"""
ANOTHER_SOCKET = "tell !== first"


def test_another_network_is_another_socket_before_anything_is_felt(reader: Reader) -> None:
    reader.page.evaluate(NETWORK)
    for kind in ("wifi", "none"):
        reader.page.evaluate(CHANGE, kind)
        reader.passes(1_500)
        assert not reader.page.evaluate(ANOTHER_SOCKET), f"{kind} is no other network that leads anywhere"
    reader.page.evaluate(CHANGE, "cellular")
    reader.passes(1_500)
    assert reader.page.evaluate(ANOTHER_SOCKET)


@pytest.mark.parametrize("speaks", [True, False])
def test_a_late_answer_gives_no_socket_up_over_which_something_comes(reader: Reader, speaks: bool) -> None:
    reader.page.evaluate(NETWORK)
    reader.passes(1_000)
    for _ in range(30):  # no beat is ever answered
        reader.passes(500)
        if speaks:
            reader.hint()
    assert reader.page.evaluate(ANOTHER_SOCKET) is not speaks


@pytest.mark.parametrize(("came_ms", "patience_ms"), [(500, 12_000), (5_000, 4_000)])
def test_while_the_call_comes_another_socket_has_its_time(reader: Reader, came_ms: int, patience_ms: int) -> None:
    """Behind a queue it takes long; in the dark none comes to stand, and the next must be tried soon."""
    reader.page.evaluate(NETWORK)
    reader.passes(100)
    reader.page.evaluate("(ms) => { live.link = { rtt_ms: 500 }; live.came_ms = performance.now() - ms; }", came_ms)
    reader.page.evaluate("live.socket.renew()")
    assert reader.page.evaluate("live.socket.patience_ms") == patience_ms


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


def test_a_seat_at_a_terminal_that_is_busy_yet_is_asked_for_again_soon(reader: Reader) -> None:
    """A call that is about to be over tells nobody else when it is."""
    refused = "window.refused ?? 0"
    reader.page.evaluate(STAND_READY)
    for _ in range(20):
        reader.passes(50)
    assert reader.page.evaluate(refused) == 1
    reader.passes(3_000)
    assert reader.page.evaluate(refused) == 1, "not without a pause"
    reader.passes(4_000)
    assert reader.page.evaluate(refused) == 2
