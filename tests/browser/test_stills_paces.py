"""What the pace at which a photo's pieces came tells of the link, by a channel and a voice on paper."""

from collections.abc import Iterator
from statistics import median

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import serve_modules

# Two pieces of the second photo wait for a voice of 20 kbit/s, or every one of each photo that does wait for it: it
# speaks so long after a piece. Each photo is told of by whoever is asked.
PHOTOS = """async ([tells, speaks_ms]) => {
  const [{ Stills }, { writeReceipt }, { readLadder }] = await Promise.all(
    ["stills", "pieces", "ladder"].map((name) => import(`/call/${name}.js`)),
  );
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
  const noise = canvas.getContext("2d").createImageData(320, 240);
  setInterval(() => {
    for (let at = 0; at < noise.data.length; at++) noise.data[at] = at % 4 === 3 ? 255 : Math.random() * 256;
    canvas.getContext("2d").putImageData(noise, 0, 0);
  }, 100);
  let [photo, sent, speaks, bytes, since, over] = [0, [], false, 0, performance.now(), null];
  let timer;
  const getStats = async () => {
    const now = performance.now();
    if (speaks) bytes += (now - since) * 2.5;
    since = now;
    return new Map([["voice", { type: "outbound-rtp", bytesSent: bytes }]]);
  };
  const send = (piece) => {
    const [, high, low, place, count] = piece;
    if (place === 0) [photo, sent] = [photo + 1, []];
    sent.push({ at: performance.now(), number: high * 256 + low, bits: (piece.length + 90) * 8 });
    speaks = speaks_ms > 0 || (photo === 2 && place === 1);
    clearTimeout(timer);
    if (speaks_ms) timer = setTimeout(() => (getStats(), (speaks = false)), speaks_ms);
    if (place === count - 1) over();
  };
  const stills = new Stills({ readyState: "open", bufferedAmount: 0, send }, () => {}, { getStats });
  const stillsRung = (await readLadder()).rungs.find(({ name }) => name === "stills").stills;
  const told = [];
  const whole = () => new Promise((resolve) => (over = resolve));
  let next = whole();
  stills.show({ ...stillsRung, every_seconds: speaks_ms ? 2 : 1 }, canvas.captureStream(5).getVideoTracks()[0]);
  for (const told_kbps of tells) {
    await next;
    next = whole();
    const paces = sent.slice(1).map(({ at, bits }, place) => bits / (at - sent[place].at)).sort((a, b) => a - b);
    const middle = paces[Math.floor(paces.length / 2)];
    const kbps = Math.floor({ middle, slower: middle * 0.8, low: paces[1] }[told_kbps] ?? told_kbps);
    await stills.take(writeReceipt({ number: sent[0].number, kbps }).buffer);
    told.push({ kbps, paces, drain_kbps: stills.drain_kbps });
  }
  stills.close();
  return told;
}"""


SOON_MS, NEVER_MS = 350, 600_000  # until there is a pause


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page()
    serve_modules(opened)
    yield opened
    opened.close()


def test_pieces_that_waited_for_a_voice_are_not_taken_for_a_slow_link(page: Page) -> None:
    """Where others were lost on the way the middle of what came is one of them."""
    fast, waited, slow = page.evaluate(PHOTOS, [["middle", "low", 9], 0])
    assert fast["drain_kbps"] >= 36, fast
    assert waited["kbps"] < waited["paces"][len(waited["paces"]) // 2] * 0.6, "some waited, most did not"
    assert waited["drain_kbps"] == fast["drain_kbps"], waited
    assert min(slow["paces"]) > 20, "none waited"
    assert slow["drain_kbps"] == pytest.approx(9, rel=0.11), "what came so slowly had queued"


def test_beside_a_voice_without_pauses_one_photo_of_each_pace_tells_what_the_link_carries(page: Page) -> None:
    """Else a call stays with photos for good on a link that carries far more."""
    waited, tried, faster, after = page.evaluate(PHOTOS, [["middle"] * 4, SOON_MS])
    assert (max(waited["paces"]) < 10, waited["drain_kbps"]) == (True, None), waited
    assert (min(tried["paces"]) > 20, tried["drain_kbps"]) == (True, 40), tried
    assert (min(faster["paces"]) > 32, faster["drain_kbps"]) == (True, 64), faster
    assert median(after["paces"]) < 40, "no more of them: that tells enough"


def test_one_that_came_slower_tells_what_the_link_carries_beside_the_voice(page: Page) -> None:
    waited, tried, after = page.evaluate(PHOTOS, [["middle", 14, "middle"], SOON_MS])
    assert (waited["drain_kbps"], min(tried["paces"]) > 20) == (None, True)
    assert tried["drain_kbps"] == pytest.approx((14 + 20) * 0.9, rel=0.1)
    assert max(after["paces"]) < 20, "the voice has its room again"
    assert after["drain_kbps"] == tried["drain_kbps"]


def test_one_that_came_slower_takes_nothing_back_of_what_came_before(page: Page) -> None:
    _, tried, faster = page.evaluate(PHOTOS, [["middle", "middle", 34], SOON_MS])
    assert (tried["drain_kbps"], min(faster["paces"]) > 32) == (40, True)
    assert faster["drain_kbps"] == 40


def test_where_there_is_no_pause_the_first_photo_tells(page: Page) -> None:
    """Its pieces would wait for twenty seconds, and a call that could show a face as long."""
    (first,) = page.evaluate(PHOTOS, [["slower"], NEVER_MS])
    assert median(first["paces"]) > 20, "most of them waited no more"
    assert first["drain_kbps"] == pytest.approx(40, rel=0.2), first
