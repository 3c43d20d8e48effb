"""A seat is taken again: where no database answers, where somebody went on elsewhere, after a look at another page.

And it is left by who leaves before they know that it is theirs.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.browser.conftest import Devices
from tests.browser.modules import HOST, serve_modules
from tests.browser.stories import sees, touch, wait_until
from tests.browser.test_call import before_the_minute
from tests.browser.test_live import BEGIN, CALL
from tests.browser.village import Village
from tests.web.waiting import until

# A server that lets everybody in. It gives its `answers` one after the other, by what was asked, and the last of them
# again and again; null comes by `late`. All that was asked is kept.
SERVER = """() => {
  Object.assign(window, { asked: [], answers: {}, links: [] });
  window.WebSocket = class {
    constructor() {
      links.push(this);
      setTimeout(() => this.say('0{"sid":"s","upgrades":[],"pingTimeout":1000000,"pingInterval":1000000}'), 1);
    }
    say(data) {
      this.onmessage?.(new MessageEvent("message", { data }));
    }
    send(said) {
      if (said.startsWith("40")) setTimeout(() => this.say('40{"sid":"t"}'), 1);
      const [, id, event] = /^42(\\d+)(.*)/.exec(said) ?? [];
      if (!id) return;
      const [name, body] = JSON.parse(event);
      asked.push({ name, ...body });
      const left = answers[name] ?? [{}];
      const answer = left.length > 1 ? left.shift() : left[0];
      const give = (answer) => this.say(`43${id}${JSON.stringify([answer])}`);
      if (answer) setTimeout(() => give(answer), 1);
      else window.late = give;
    }
    close() {}
  };
}"""
JOIN = {
    "an end": """async (call) => {
      const { Seat } = await import("/call/seat.js");
      window.seat = new Seat(live, call, { onchange() {}, silence: () => null, onmore: async () => true });
      seat.join();
    }""",
    "a desk": """async (call) => {
      const { DeskSeat } = await import("/call/deskseat.js");
      window.seat = new DeskSeat(live, call, () => {});
      seat.join();
    }""",
}
LEAVE = "seat.hangUp ? seat.hangUp() : seat.leave()"
SEATED = {"seat": "s.1", "side": "village", "peers": [], "ice_servers": [], "ice_policy": "all", "rung": "voice"}
UNAVAILABLE = {"error": "unavailable", "detail": {"retry_seconds": 2}, "message": "Later."}
ELSEWHERE = {"error": "seat_taken_elsewhere", "detail": {}, "message": "It is elsewhere."}
LIVE = CALL | {"state": "live", "desk": {"name": "Li"}}


class Sitting:
    """A page for a call that is live; its person is in it, or about to join."""

    def __init__(self, page: Page, joins: str) -> None:
        self.page, self._joins = page, joins

    @property
    def phase(self) -> str:
        return str(self.page.evaluate("seat.phase"))

    def joins(self) -> None:
        self.page.evaluate(self._joins, LIVE)
        self.until_asked("take_seat", 1)

    def answers(self, **answers: list[Any]) -> None:
        self.page.evaluate("(answers) => Object.assign(window.answers, answers)", answers)

    def asked(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page.evaluate("(name) => asked.filter((one) => one.name === name)", name)
        return found

    def passes(self, ms: int) -> None:
        self.page.clock.run_for(ms)
        self.page.wait_for_timeout(20)  # what was asked for is asked of no clock

    def until(self, is_so: Callable[[], bool]) -> None:
        """Time passes until then."""

        def after_a_moment() -> bool:
            self.passes(100)
            return is_so()

        until(after_a_moment)

    def until_asked(self, name: str, times: int) -> None:
        self.until(lambda: len(self.asked(name)) >= times)

    def loses_its_socket(self) -> None:
        self.page.evaluate("links.at(-1).onclose()")


@pytest.fixture(params=list(JOIN))
def outside(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Sitting]:
    now = {"server_time": "2026-11-23T12:00:00+00:00", "face": "phone", "calls": [LIVE]}
    context = chromium.new_context(permissions=["camera", "microphone"])
    page = context.new_page()
    serve_modules(page)
    page.route(f"{HOST}/api/now", lambda route: route.fulfill(json=now))
    page.evaluate(SERVER)
    page.clock.install()
    page.evaluate(BEGIN)
    found = Sitting(page, JOIN[request.param])
    found.until(lambda: bool(page.evaluate("live.socket.life.state === 'connected'")))
    yield found
    context.close()


@pytest.fixture
def sitting(outside: Sitting) -> Sitting:
    outside.answers(take_seat=[SEATED])
    outside.joins()
    outside.passes(100)
    return outside


def test_a_call_outlives_a_database_that_is_away_and_so_does_its_end(sitting: Sitting) -> None:
    """Voice goes on between the ends meanwhile; and who hangs up then is not waited for in vain."""
    phase = sitting.phase
    sitting.answers(take_seat=[UNAVAILABLE, UNAVAILABLE, SEATED])
    sitting.loses_its_socket()
    sitting.until_asked("take_seat", 4)
    sitting.passes(5_000)
    assert (len(sitting.asked("take_seat")), sitting.phase) == (4, phase)
    sitting.answers(leave_seat=[UNAVAILABLE, {}])
    sitting.page.evaluate(LEAVE)
    assert len(sitting.asked("leave_seat")) == 1
    sitting.until_asked("leave_seat", 2)
    sitting.passes(12_000)
    assert len(sitting.asked("leave_seat")) == 2


def test_who_comes_back_leaves_a_call_that_went_on_elsewhere(sitting: Sitting) -> None:
    """It says which seat it had, which who joins for the first time does not."""
    sitting.answers(take_seat=[ELSEWHERE])
    sitting.loses_its_socket()
    sitting.until_asked("take_seat", 2)
    sitting.until(lambda: sitting.phase == "moved")
    assert [each.get("had") for each in sitting.asked("take_seat")] == [None, "s.1"]
    assert sitting.asked("leave_seat") == []


def test_who_leaves_before_the_seat_is_theirs_does_not_stay_in_it(outside: Sitting) -> None:
    outside.answers(take_seat=[None])
    outside.joins()
    outside.page.evaluate(LEAVE)
    outside.page.evaluate("(seat) => late(seat)", SEATED)
    outside.passes(12_000)
    ((asked,), (left,)) = outside.asked("take_seat"), outside.asked("leave_seat")
    assert (left["call"], left["page"]) == (asked["call"], asked["page"])


def test_who_leaves_while_no_answer_comes_leaves_what_may_be_theirs(outside: Sitting) -> None:
    outside.answers(take_seat=[None])
    outside.joins()
    outside.passes(11_000)
    outside.page.evaluate(LEAVE)
    outside.passes(3_000)
    assert len(outside.asked("leave_seat")) == 1


@pytest.mark.parametrize("outside", ["an end"], indirect=True)
@pytest.mark.parametrize("code", ["", "unavailable", "timeout", "not_found", "stale_seat", "call_over"])
def test_what_the_server_did_not_take_is_said_again_where_that_may_help(outside: Sitting, code: str) -> None:
    """A signal that is only late is there some time, and one that is lost is made good by whoever is back."""
    answer = {"error": code, "detail": {}, "message": code} if code else {}
    outside.answers(signal=[answer], rung=[answer])
    outside.page.evaluate("""() => {
      window.given = {};
      for (const name of ["signal", "tellRung"]) live[name]({}).then((isTaken) => (given[name] = isTaken));
    }""")
    outside.passes(100)
    rung = code not in ("unavailable", "timeout", "not_found")
    assert outside.page.evaluate("given") == {"signal": code in ("", "unavailable"), "tellRung": rung}


@pytest.mark.parametrize("outside", ["an end"], indirect=True)
def test_what_is_lost_with_its_socket_is_not_said_again_over_it(outside: Sitting) -> None:
    outside.answers(signal=[None], rung=[None])
    outside.page.evaluate("void (window.given = Promise.all([live.signal({}), live.tellRung({})]))")
    outside.loses_its_socket()
    assert outside.page.evaluate("given") == [False, True], "with the seat the rung is"


# Where photos go, by every connection of a page.
CHANNELS = """
  window.channels = [];
  const create = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function (...more) {
    channels.push(create.apply(this, more));
    return channels.at(-1);
  };
"""
STAND = "channels.map(({ readyState }) => readyState)"


def listened_to(device: Callable[..., BrowserContext], size: ViewportSize, **more: str) -> BrowserContext:
    context = device(size, **more)
    context.add_init_script(CHANNELS)
    return context


def test_after_a_look_at_another_page_photos_have_their_way_again(
    village: Village, devices: Devices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who stands ready gives the connection up for another page, and makes it anew with the call's."""
    monkeypatch.setattr(devices, "device", partial(listened_to, devices.device))
    phone, terminal, _call = before_the_minute(village, devices)
    for page in (phone, terminal):
        wait_until(page, "they are connected ahead", lambda page=page: page.evaluate(STAND) == ["open"])
    touch(phone, "book")
    sees(phone, "book")
    wait_until(terminal, "it is given up", lambda: terminal.evaluate(STAND) == ["closed"])
    touch(phone, "home")
    touch(phone, "join")
    sees(phone, "waiting")
    for page in (phone, terminal):
        wait_until(page, "there is another way", lambda page=page: page.evaluate(STAND)[1:] == ["open"])
