"""Where a path to a bridge is broken: a connection that is about to be made has its time, and no other has as much."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import faultless_page

# One of two who are connected directly, and is told of a bridge. Its connections are made up: they stand in `state`.
SIT = """async () => {
  const { Bridged } = await import("/call/bridged.js");
  const opened = [];
  const open = (mine, other, restart) => {
    const peer = { state: "new", isClosed: false, connection: { createDataChannel: () => ({}) }, restart };
    opened.push(Object.assign(peer, { watch() {}, setTracks: async () => {}, close: () => (peer.isClosed = true) }));
    return peer;
  };
  const direct = { connection: { ondatachannel: () => {}, createDataChannel: () => ({}) } };
  const seat = {
    call: { my_side: "parent", state: "live" }, mine: {}, other: { seat: "c.1" }, isHere: true,
    own: { tracks: { audio: null } }, changed() {}, flow: { to: "c.1", peer: direct, flowsAt: () => false, open },
  };
  const bridged = new Bridged(seat);
  bridged.hear({ side: "media", serves: "bridge", seat: "m.1", state: "seated" });
  window.opened = opened;
}"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with faultless_page(chromium) as opened:
        opened.clock.install()
        yield opened


def asked_after(page: Page, seconds: float) -> list[bool]:
    """Another path is asked for then: which of the connections that were opened are closed."""
    page.clock.run_for(int(seconds * 1_000))
    page.evaluate("opened[0].restart()")
    found: list[bool] = page.evaluate("opened.map(({ isClosed }) => isClosed)")
    return found


@pytest.mark.parametrize("state", ["connecting", "connected"])
def test_a_connection_that_is_under_way_is_not_thrown_away(page: Page, state: str) -> None:
    page.evaluate(SIT)
    page.evaluate("(state) => void (opened[0].state = state)", state)
    assert [asked_after(page, 8) for _ in range(3)] == [[False], [False], [True, False]]


def test_one_of_which_nothing_is_heard_is_made_anew(page: Page) -> None:
    page.evaluate(SIT)
    assert [asked_after(page, seconds) for seconds in (3, 4.9, 3)] == [[False], [True, False], [True, False]]
