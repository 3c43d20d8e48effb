"""When an offer is said again, and when another path is asked for, by the clock; the connection is made up."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import faultless_page

# What was asked for, by the second. An offer of this end is said by `offer`, and is there when `sent` says so; what the
# other end says comes by `hear`. Each has its path.
BEGIN = """async ([isOfferer, isOwn]) => {
  const { Restarts } = await import("/call/restarts.js");
  const began_ms = performance.now();
  const asked = [];
  const tell = (what) => asked.push(`${Math.round((performance.now() - began_ms) / 1000)}: ${what}`);
  const said = (path, type = "offer") => ({ type, sdp: `a=ice-ufrag:${path}` });
  const pc = {
    connectionState: "connected", signalingState: "stable", localDescription: said("old"),
    currentLocalDescription: said("old"), pendingLocalDescription: null, remoteDescription: said("theirs"),
    restartIce: () => tell("restart"),
  };
  const ways = { say: () => (tell("say"), say()), ...(isOwn ? { restart: () => tell("own") } : {}) };
  const restarts = new Restarts(pc, isOfferer, ways);
  const say = () => void restarts.said(new Promise((there) => (window.sent = there)));
  const offer = (path) => {
    pc.signalingState = "have-local-offer";
    pc.pendingLocalDescription = pc.localDescription = said(path);
    say();
  };
  const hear = (path) => {
    Object.assign(pc, { signalingState: "stable", remoteDescription: said(path), pendingLocalDescription: null });
    pc.currentLocalDescription = pc.localDescription;
    restarts.taken();
  };
  const turn = (state) => {
    pc.connectionState = state;
    restarts.turned();
  };
  Object.assign(window, { asked, restarts, offer, hear, turn });
}"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with faultless_page(chromium) as opened:
        opened.clock.install()
        yield opened


def begin(page: Page, *, is_offerer: bool = True, is_own: bool = False) -> None:
    page.evaluate(BEGIN, [is_offerer, is_own])


def asked(page: Page, seconds: float = 0) -> list[str]:
    """Since that was asked last."""
    page.clock.run_for(int(seconds * 1_000))
    found: list[str] = page.evaluate("asked.splice(0)")
    return found


def test_an_offer_is_said_again_when_the_server_has_had_it_for_a_while_and_later_each_time(page: Page) -> None:
    begin(page)
    page.evaluate("offer('new')")
    assert asked(page, 30) == [], "it stands in the queue of a thin link, and another one would stand behind it"
    for wait in (5, 10, 20, 20):
        page.evaluate("sent(true)")
        assert asked(page, wait - 0.1) == []
        assert len(asked(page, 0.2)) == 1
    page.evaluate("hear('other')")
    page.evaluate("sent(true)")
    assert asked(page, 60) == []
    page.evaluate("offer('new')")
    page.evaluate("sent(true)")
    assert len(asked(page, 5.1)) == 1, "another offer is another matter, though by the same path"


def test_one_that_was_lost_is_said_when_somebody_is_back(page: Page) -> None:
    begin(page)
    page.evaluate("offer('new')")
    page.evaluate("sent(false)")
    assert asked(page, 60) == []
    assert page.evaluate("restarts.retry()")
    assert len(asked(page)) == 1
    page.evaluate("restarts.retry()")
    assert asked(page) == [], "it is on its way"
    page.evaluate("sent(false)")
    assert len(asked(page, 0.1)) == 1, "it was on the way that was lost"
    page.evaluate("sent(true)")
    assert len(asked(page, 5.1)) == 1, "no other has come there"


def test_another_path_is_not_asked_for_again_before_the_answer_and_a_while_after(page: Page) -> None:
    begin(page)
    page.evaluate("turn('disconnected')")
    assert asked(page, 6) == ["4: restart"]
    page.evaluate("offer('new')")
    page.evaluate("turn('failed')")
    assert asked(page, 25) == []
    page.evaluate("hear('other')")
    assert asked(page, 7.9) == [], "its checks have just begun"
    assert asked(page, 0.2) == ["39: restart"]
    page.evaluate("turn('connected')")
    assert asked(page, 30) == []


def test_an_offer_by_the_same_path_is_none_for_another(page: Page) -> None:
    begin(page)
    page.evaluate("offer('old')")
    page.evaluate("turn('failed')")
    assert asked(page, 1) == ["0: restart"]


def test_who_answers_asks_later_and_not_beside_the_offerer(page: Page) -> None:
    begin(page, is_offerer=False)
    page.evaluate("turn('failed')")
    assert asked(page, 9.9) == []
    page.evaluate("hear('other')")
    assert asked(page, 17.9) == []
    assert asked(page, 0.2) == ["28: restart"]


def test_whoever_has_a_way_of_their_own_is_asked_each_time(page: Page) -> None:
    begin(page, is_own=True)
    page.evaluate("offer('new')")
    page.evaluate("turn('failed')")
    assert asked(page, 17) == ["0: own", "8: own", "16: own"]
