"""Instead of which bars of the ring somebody speaks, asked of the terminal's own module; no program runs."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import TERMINAL, Devices
from tests.browser.modules import HOST, serve_modules

SENTENCE = "terminal.screen.ring"
RINGS = """async ([screen, isRecorded, isAllowed]) => {
  const { RingVoice } = await import("/terminal/ring_voice.js");
  const cache = await import("/voice/cache.js");
  const said = [];
  const from = (ms) => new Date(Date.now() + ms).toISOString();
  const parent = { id: "mother", recorded_name: isRecorded ? "/api/recorded_names/hers" : null };
  const call = { id: "call", state: "ringing", opens_at: from(-6e5), ends_at: from(6e5), family: { id: "f" }, parent };
  const prompts = {
    isSounding: false,
    has: () => true,
    voice: async (_blob, name, next) => (said.push(name + " " + next), isAllowed),
    say: async (key) => (said.push(key), isAllowed),
  };
  const live = { view: { now: { calls: [call] }, reach: "online" }, subscribe: () => {} };
  const calling = { seat: null, ringing: call };
  const main = document.createElement("main");
  main.dataset.screen = screen;
  const voice = new RingVoice(live, calling, prompts, main);
  const turn = (ms) => new Promise((done) => setTimeout(done, ms));
  const isHere = async () => prompts.waits("terminal.screen.ring") && (await cache.names()).has("caller/mother/hers");
  while (isRecorded && !(await isHere())) await turn(10);
  const waits = prompts.waits("terminal.screen.ring");
  let bars = "";
  for (let bar = 0; bar < 8; bar++) {
    bars += calling.between(bar) ? "V" : "-";
    await turn(0);
  }
  return { waits, bars, said };
}"""


@pytest.fixture
def page(devices: Devices) -> Page:
    page = devices.device(TERMINAL).new_page()
    serve_modules(page)
    page.route(f"{HOST}/api/recorded_names/hers", lambda route: route.fulfill(body=b"OggS", content_type="audio/ogg"))
    return page


def rings(page: Page, screen: str, *, is_recorded: bool, is_allowed: bool = True) -> tuple[bool, str, list[str]]:
    """Whether the sentence waits, a letter a bar, and what was said."""
    told: dict[str, Any] = page.evaluate(RINGS, [screen, is_recorded, is_allowed])
    return told["waits"], told["bars"], told["said"]


def test_a_voice_says_who_calls_between_the_bars_of_the_ring(page: Page) -> None:
    own = ["recorded_name " + SENTENCE, "recorded_name ", "recorded_name "]
    assert rings(page, "ring", is_recorded=True) == (True, "-V--V--V", own)
    assert rings(page, "ring", is_recorded=False) == (False, "--V--V--", [SENTENCE] * 2)
    assert rings(page, "auto-answer", is_recorded=True)[1:] == ("--------", [])
    assert rings(page, "ring", is_recorded=True, is_allowed=False)[1:] == ("-V------", own[:1]), "the tones go on"
