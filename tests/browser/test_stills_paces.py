"""What the pace at which a photo's pieces came tells of the link, by a channel and a voice on paper."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import serve_modules

# Of the second photo two pieces wait for a voice. Each is told of by whoever is asked.
THREE_PHOTOS = """async ([first, second, third]) => {
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
    speaks = photo === 2 && place === 1;
    if (place === count - 1) over();
  };
  const stills = new Stills({ readyState: "open", bufferedAmount: 0, send }, () => {}, { getStats });
  const stillsRung = (await readLadder()).rungs.find(({ name }) => name === "stills").stills;
  const told = [];
  const whole = () => new Promise((resolve) => (over = resolve));
  let next = whole();
  stills.show({ ...stillsRung, every_seconds: 1 }, canvas.captureStream(5).getVideoTracks()[0]);
  for (const tells of [first, second, third]) {
    await next;
    next = whole();
    const paces = sent.slice(1).map(({ at, bits }, place) => bits / (at - sent[place].at)).sort((a, b) => a - b);
    const kbps = Math.floor({ middle: paces[Math.floor(paces.length / 2)], low: paces[1] }[tells] ?? tells);
    await stills.take(writeReceipt({ number: sent[0].number, kbps }).buffer);
    told.push({ kbps, paces, drain_kbps: stills.drain_kbps });
  }
  stills.close();
  return told;
}"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page()
    serve_modules(opened)
    yield opened
    opened.close()


def test_pieces_that_waited_for_a_voice_are_not_taken_for_a_slow_link(page: Page) -> None:
    """Where others were lost on the way the middle of what came is one of them."""
    fast, waited, slow = page.evaluate(THREE_PHOTOS, ["middle", "low", 9])
    assert fast["drain_kbps"] >= 36, fast
    assert waited["kbps"] < waited["paces"][len(waited["paces"]) // 2] * 0.6, "some waited, most did not"
    assert waited["drain_kbps"] == fast["drain_kbps"], waited
    assert min(slow["paces"]) > 20, "none waited"
    assert slow["drain_kbps"] == 9, "what came so slowly had queued"
