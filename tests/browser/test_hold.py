"""What a browser is asked for besides the description: how long it holds back what comes, how much a picture takes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from app.factory import static_folder
from tests.browser.modules import serve_modules

RUNGS: list[dict[str, Any]] = json.loads((static_folder() / "call/ladder.json").read_text())["rungs"]
PLAYED_MS = 1_000  # after which what comes is heard
# What the receiver is asked for: at first, and after each that is heard; then on another rung.
HELD = """async ([rungs, isLossy, heard, playedMs]) => {
  const { Tuning } = await import("/call/tuning.js");
  const pc = new RTCPeerConnection();
  pc.addTransceiver("audio");
  pc.addTransceiver("video");
  const held = () => pc.getReceivers().map(({ jitterBufferTarget }) => jitterBufferTarget);
  const tuning = new Tuning(pc, {}, null);
  const told = [];
  for (const [place, rung] of rungs.entries()) {
    tuning.set(rung, isLossy);
    await tuning.limit();
    told.push(held());
    for (const what of place ? [] : heard) {
      tuning.hear(what);
      await new Promise((done) => setTimeout(done, 20));
      told.push(held());
      await new Promise((done) => setTimeout(done, playedMs));
      told.push(held());
    }
  }
  tuning.close();
  pc.close();
  return told;
}"""


# What a picture may take, after each estimate.
LIMITED = """async ([rung, estimates]) => {
  const { Tuning } = await import("/call/tuning.js");
  const pc = new RTCPeerConnection();
  const senders = { video: pc.addTransceiver("video").sender };
  const tuning = new Tuning(pc, senders, null);
  tuning.set(rung, false);
  await tuning.limit();
  const told = [];
  for (const estimate of estimates) {
    const isOther = tuning.leaves(estimate);
    if (isOther) await tuning.limit();
    told.push([isOther, senders.video.getParameters().encodings[0].maxBitrate / 1_000]);
  }
  pc.close();
  return told;
}"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page()
    serve_modules(opened)
    yield opened
    opened.close()


def held(page: Page, *rungs: str, is_lossy: bool = False, heard: tuple[str, ...] = ()) -> list[float | None]:
    by_name = {rung["name"]: rung for rung in RUNGS}
    told = page.evaluate(HELD, [[by_name[name] for name in rungs], is_lossy, heard, PLAYED_MS])
    assert all(video is None for _audio, video in told)
    return [audio for audio, _video in told]


@pytest.mark.parametrize(
    ("rung", "is_lossy", "voice_ms", "silence_ms"),
    [("voice", True, 384, 432), ("voice", False, 240, 288), ("stills", False, 120, 144), ("video", False, None, None)],
)
def test_a_thin_voice_is_held_back_and_longer_in_silence(
    page: Page, rung: str, is_lossy: bool, voice_ms: float | None, silence_ms: float | None
) -> None:
    """A voice that comes again after a silence is played first."""
    told = held(page, rung, is_lossy=is_lossy, heard=("voice", "silence", "voice"))
    assert told == [None, voice_ms, voice_ms, silence_ms, silence_ms, silence_ms, voice_ms]


def test_another_rung_is_held_back_by_its_own_packets(page: Page) -> None:
    assert held(page, "stills", "thin_voice", "video", heard=("voice",)) == [None, 120, 120, 240, None]


def test_where_nothing_is_long_a_browser_does_as_it_likes(page: Page) -> None:
    assert held(page, "voice", "thin_voice", is_lossy=True) == [None, None]


@pytest.mark.parametrize(
    ("rung", "limited"),
    [
        ("video", [[False, 600], [True, 320], [False, 320], [True, 240], [True, 150], [True, 600]]),
        ("thin_video", [[False, 64]] * 6),
    ],
)
def test_a_large_picture_leaves_some_of_what_the_link_seems_to_carry(page: Page, rung: str, limited: object) -> None:
    by_name = {one["name"]: one for one in RUNGS}
    assert page.evaluate(LIMITED, [by_name[rung], [None, 400, 402, 310, 60, 2_000]]) == limited
