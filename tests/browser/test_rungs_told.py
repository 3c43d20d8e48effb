"""What an end proposes is told again where it may be lost; what is held and carried in a call outlives a reload."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import faultless_page

Told = list[list[Any]]  # a rung, and whether a person holds it

# A seat in the call of this name, whose server this page is.
SIT = """async ([id, start]) => {
  const { Seat } = await import("/call/seat.js");
  const told = [];
  const mine = { seat: "mine.1", side: "parent", peers: [], ice_servers: [], ice_policy: "all", rung: start };
  const heard = {};
  const socket = { connections: 1, on: (name, run) => ((heard[name] = run), () => {}) };
  let connected;
  const live = {
    socket,
    press: () => {},
    onconnect: (run) => ((connected = run), () => {}),
    emit: async () => ({ ...mine }),
    report: async () => {},
    tellRung: async ({ call, rung, held }) => {
      if (call === id) told.push([rung, held]);
      return window.isHeard ?? true;
    },
  };
  const call = { id, state: "ringing", my_side: "parent", rings: [], rings_there: [], rung_again_at: null };
  const seat = new Seat(live, call, { onchange: () => {}, silence: () => null, onmore: async () => true });
  await seat.open();
  const takeAgain = async (known) => {
    told.length = 0;
    socket.connections += 1;
    mine.rung = known;
    await connected();
    return told;
  };
  Object.assign(window, { seat, told, takeAgain, live, mine, heard });
}"""
# So many seconds more on a link that carries everything, with such a round trip.
LOOK_ON = """([seconds, rtt_ms]) => {
  const good = {
    rtt_ms, loss_in: 0, loss_out: 0, jitter_ms: 5, concealed: 0, received_kbps: 300, sent_kbps: 300,
    available_kbps: 2000, drain_kbps: 500, late_ms: 0, heard: true,
  };
  window.at_ms ??= performance.now();
  for (let second = 1; second <= seconds; second++)
    seat.flow.rungs.look({ look: { ...good, at_ms: (window.at_ms += 1000) }, bytes: null });
}"""

# So much has been carried by the connection that stands: what is shown of it, and what the server is told.
CARRY = """([sent, received]) => {
  const look = { at_ms: performance.now(), jitter_ms: null, concealed: null };
  const told = seat.flow.rungs.look({ look, bytes: { sent, received } });
  return [Object.values(seat.flow.rungs.bytes), [told.sent_bytes, told.received_bytes]];
}"""

# A voice that was heard for five seconds comes no more, while the way stands: by a bridge or directly.
NOTHING_HEARD = """(isBridge) => {
  let weigh = () => {};
  const done = async () => {};
  const watch = (run) => (weigh = run);
  seat.flow.use({ remote: new MediaStream(), setTracks: done, setRung: done, watch, close() {} }, "other.1", isBridge);
  seat.flow.share("all");
  const began_ms = performance.now();
  for (let second = 1; second <= 30; second++) {
    const [at, heard] = [began_ms + second * 1000, second <= 5];
    const before = heard ? {} : { jitter_ms: 400, late_ms: 900, concealed: 0.9 };
    const look = { at_ms: at, rtt_ms: 1300, loss_in: null, loss_out: null, received_kbps: 3, heard, ...before };
    weigh({ figures: {}, look, bytes: { sent: 0, received: second * 375 }, heard, seen: false, isFirst: false, at });
  }
}"""

# The other end proposes a rung, and perhaps another one while the seat is taken again: which one is in effect then.
TAKES = """async ([answered, meanwhile]) => {
  const other = { call: "one", seat: "other.1", side: "village", here: true, offerer: true, name: null };
  let answer;
  live.emit = () => new Promise((given) => (answer = given));
  const taking = seat.open();
  if (meanwhile) heard.peer({ ...other, state: "rung", rung: meanwhile });
  answer({ ...mine, peers: [{ ...other, state: "seated", rung: answered }] });
  await taking;
  return seat.flow.rungs.rung.name;
}"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with faultless_page(chromium) as opened:
        yield opened


def sits(page: Page, call: str = "one", start: str = "video") -> None:
    page.evaluate(SIT, [call, start])
    page.wait_for_function("seat.flow.rungs !== null")


def hold(page: Page, rung: str | None) -> None:
    page.evaluate("(rung) => seat.flow.rungs.hold(rung)", rung)


def told(page: Page) -> Told:
    found: Told = page.evaluate("told")
    return found


def told_again(page: Page, known: str) -> Told:
    """With the seat over another socket, where the server knew of this rung."""
    found: Told = page.evaluate("(known) => takeAgain(known)", known)
    return found


def carries(page: Page, sent: int, received: int) -> list[list[int]]:
    found: list[list[int]] = page.evaluate(CARRY, [sent, received])
    return found


def shown(page: Page) -> list[int]:
    found: list[int] = page.evaluate("Object.values(seat.flow.rungs.bytes)")
    return found


def stands(page: Page) -> list[str | None]:
    """On which rung it sends, and which one is held."""
    found: list[str | None] = page.evaluate("[seat.flow.rungs.sending[0].name, seat.flow.rungs.held]")
    return found


def test_data_that_a_person_saves_is_told_again_with_the_seat(page: Page) -> None:
    sits(page)
    hold(page, "voice")
    assert told(page) == [["voice", True]]
    assert told_again(page, "video") == [["voice", True]], "it was lost with its socket"
    hold(page, None)
    assert told_again(page, "voice") == [["voice", False]], "so may be that it is saved no more"


def test_a_climb_is_told_again_with_the_seat(page: Page) -> None:
    sits(page, start="voice")
    page.evaluate(LOOK_ON, [60, 40])
    assert told(page)[-1] == ["video", False]
    assert told_again(page, "voice") == [["video", False]]


def test_where_nothing_can_be_lost_nothing_is_said(page: Page) -> None:
    """The seat is taken again at the touch that answers."""
    sits(page)
    assert told_again(page, "video") == []
    assert told_again(page, "stills") == [["video", False]], "of a seat that begins anew the server knows another"


def test_what_the_server_did_not_take_is_told_anew(page: Page) -> None:
    page.clock.install()
    sits(page)
    page.evaluate("void (window.isHeard = false)")
    hold(page, "voice")
    page.clock.run_for(4_900)
    assert told(page) == [["voice", True]]
    page.clock.run_for(200)
    assert told(page) == [["voice", True]] * 2
    page.evaluate("void (window.isHeard = true)")
    page.clock.run_for(30_000)
    assert told(page) == [["voice", True]] * 3


@pytest.mark.parametrize(
    ("meanwhile", "more"), [("seat.flow.rungs.hold('thin_voice')", [["thin_voice", True]]), ("seat.flow.close()", [])]
)
def test_what_was_told_since_or_in_a_call_that_is_over_is_not(page: Page, meanwhile: str, more: Told) -> None:
    page.clock.install()
    sits(page)
    page.evaluate("void (window.isHeard = false)")
    hold(page, "voice")
    page.evaluate("void (window.isHeard = true)")
    page.evaluate(meanwhile)
    page.clock.run_for(30_000)
    assert told(page) == [["voice", True], *more]


def test_an_answer_to_who_takes_the_seat_is_older_than_what_was_told_meanwhile(page: Page) -> None:
    sits(page)
    assert page.evaluate(TAKES, ["video", "voice"]) == "voice"
    assert page.evaluate(TAKES, ["stills", None]) == "stills"


def test_what_is_held_stays_so_over_a_reload_in_this_call_alone(page: Page) -> None:
    sits(page)
    hold(page, "voice")
    page.reload()
    sits(page)
    assert stands(page) == ["voice", "voice"]
    assert told(page) == [["voice", True]]
    page.reload()
    sits(page, "another")
    assert stands(page) == ["video", None]
    assert told(page) == []


def test_what_is_let_go_is_not_held_after_a_reload(page: Page) -> None:
    sits(page)
    hold(page, "voice")
    hold(page, None)
    page.reload()
    sits(page)
    assert stands(page) == ["video", None]


def test_what_was_carried_goes_on_after_a_reload_and_the_server_is_told_once(page: Page) -> None:
    """It adds up what each page has counted."""
    sits(page)
    assert carries(page, 700, 300) == [[700, 300], [700, 300]]
    page.evaluate("seat.flow.rungs.startAnew()")
    assert carries(page, 20, 10) == [[720, 310], [720, 310]]
    hold(page, "voice")
    for carried in ([720, 310], [725, 311]):
        page.reload()
        sits(page)
        assert shown(page) == carried
        assert carries(page, 5, 1) == [[carried[0] + 5, carried[1] + 1], [5, 1]]
    assert stands(page) == ["voice", "voice"]
    page.reload()
    sits(page, "another")
    assert shown(page) == [0, 0]


@pytest.mark.parametrize(
    ("start", "is_bridge", "rung"),
    [("thin_voice", False, "clips"), ("thin_voice", True, "thin_voice"), ("voice", True, "voice")],
)
def test_no_voice_is_given_up_for_the_silence_of_a_bridge(page: Page, start: str, is_bridge: bool, rung: str) -> None:
    """It is silent for who speaks alone; what the browser says of the last that came is of before."""
    sits(page, start=start)
    page.evaluate(NOTHING_HEARD, is_bridge)
    assert stands(page) == [rung, None]


def test_over_another_connection_a_longer_way_is_no_queue(page: Page) -> None:
    sits(page, start="voice")
    page.evaluate(LOOK_ON, [10, 40])
    page.evaluate("seat.flow.rungs.startAnew()")
    page.evaluate(LOOK_ON, [40, 700])
    assert stands(page)[0] == "video"
