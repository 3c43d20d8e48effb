"""Signals come late on a thin link, and some twice: none may be taken for the answer to what was asked since."""

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
