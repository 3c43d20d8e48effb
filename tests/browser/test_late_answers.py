"""Signals come late on a thin link, and some twice: none may be taken for the answer to what was asked since.

And none is said twice where the first is on its way: it would stand before all else that is said.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import serve_modules

# The answer of before comes once more while another path is asked for, as one to an offer that was repeated does.
ANSWERED_AGAIN = """async () => {
  const path = ({ sdp }) => /^a=ice-ufrag:.*$/m.exec(sdp)[0];
  const answers = () => ends.signals.filter(({ from, type }) => from === "b" && type === "answer");
  const { type, sdp } = answers().pop();
  const { connection } = ends.a;
  peers.restart("a");
  await peers.until(() => connection.signalingState === "have-local-offer");
  await ends.a.take({ description: { type, sdp } });
  await peers.until(() => connection.signalingState === "stable");
  return [path({ sdp }), path(connection.remoteDescription), path(answers().pop())];
}"""

# While the answer to that is awaited another path is asked for once more, and no answer comes for a while.
ASKED_TWICE = """async () => {
  const path = ({ sdp }) => /^a=ice-ufrag:.*$/m.exec(sdp)[0];
  const offers = () => ends.signals.filter(({ from, type }) => from === "a" && type === "offer");
  const { connection } = ends.a;
  const turn = (state) => {
    if (state) Object.defineProperty(connection, "connectionState", { value: state, configurable: true });
    else delete connection.connectionState;
    connection.dispatchEvent(new Event("connectionstatechange"));
  };
  const before = offers().length;
  turn("failed");
  await peers.until(() => connection.signalingState === "have-local-offer");
  turn("failed");
  await new Promise((done) => setTimeout(done, 200));
  turn();
  await peers.until(() => connection.signalingState === "stable");
  await new Promise((done) => setTimeout(done, 1500));
  return [offers().slice(before).map(path), path(connection.localDescription)];
}"""
FAIL = """() => {
  Object.defineProperty(ends.a.connection, "connectionState", { value: "failed", configurable: true });
  ends.a.connection.dispatchEvent(new Event("connectionstatechange"));
}"""
OFFERS = "ends.signals.filter(({ from, type }) => from === 'a' && type === 'offer').length"
MUTE = """async () => {
  for (const name of ["a", "b"]) ends[name].watch(() => {});
  for (const rung of ["clips", "thin_voice"]) {
    await peers.turn(rung);
    await new Promise((done) => setTimeout(done, 4000));
  }
}"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(permissions=["camera", "microphone"])
    opened = context.new_page()
    opened.add_init_script(path="tests/browser/two_peers.js")
    serve_modules(opened)
    opened.mouse.click(10, 10)
    yield opened
    context.close()


def test_an_answer_to_an_offer_of_before_is_left_out(page: Page) -> None:
    page.evaluate("peers.meet({ rung: 'thin_voice', delay_ms: 300 })")
    before, taken, newest = page.evaluate(ANSWERED_AGAIN)
    assert taken == newest != before
    page.evaluate("peers.until(() => ends.a.state === 'connected')")
    packets = page.evaluate("peers.totals('a').then(({ audio }) => audio.packets)")
    page.evaluate("(old) => peers.until(async () => (await peers.totals('a')).audio.packets > old + 20)", packets)


def test_another_path_is_asked_for_once_while_it_is_not_answered(page: Page) -> None:
    """The answer begins its checks, which yet another path would end at once."""
    page.evaluate("peers.meet({ rung: 'thin_voice', delay_ms: 400 })")
    asked, taken = page.evaluate(ASKED_TWICE)
    assert asked == [taken]


def test_what_asks_for_another_path_is_fetched_at_the_latest_when_one_is_needed(page: Page) -> None:
    page.route("**/call/restarts.js", lambda route: route.abort())
    page.evaluate("peers.meet()")
    page.unroute("**/call/restarts.js")
    before = page.evaluate(OFFERS)
    page.evaluate(FAIL)
    page.evaluate(f"(before) => peers.until(() => {OFFERS} > before)", before)


def test_an_offer_is_not_said_again_before_the_server_has_it(page: Page) -> None:
    page.evaluate("peers.meet({ rung: 'thin_voice' })")
    page.evaluate("Object.assign(ends, { isAway: true, sent: new Promise((there) => (window.there = there)) })")
    before = page.evaluate(OFFERS)
    page.evaluate("peers.restart('a')")
    page.wait_for_timeout(6_000)
    page.evaluate("ends.a.retry()")
    page.wait_for_timeout(500)
    assert page.evaluate(OFFERS) == before + 1
    page.evaluate("Object.assign(ends, { isAway: false, sent: undefined })")
    page.evaluate("there(false)")
    page.evaluate("peers.until(() => ends.a.connection.signalingState === 'stable')")
    assert page.evaluate(OFFERS) == before + 2, "somebody was back meanwhile"


def test_where_no_voice_is_carried_its_silence_asks_for_no_other_path(page: Page) -> None:
    page.evaluate("peers.meet({ rung: 'thin_voice' })")
    before = page.evaluate(OFFERS)
    page.evaluate(MUTE)
    assert page.evaluate(OFFERS) == before
