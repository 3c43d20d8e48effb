"""A photo every few seconds over the data channel: small, at a pace, checked by whoever gets it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from app.media.picker import DRAINS
from tests.browser.modules import serve_modules
from tests.media.replay import LADDER

Record = Callable[[str, object], None]

# What is sent by data channels, and the channels themselves.
LISTEN = """
  window.channels = [];
  window.poured = [];
  const create = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function (...more) {
    const channel = create.apply(this, more);
    channels.push(channel);
    return channel;
  };
  const send = RTCDataChannel.prototype.send;
  RTCDataChannel.prototype.send = function (data) {
    const place = channels.indexOf(this);
    poured.push({ place, at: performance.now(), bytes: data.length, before: this.bufferedAmount });
    return send.call(this, data);
  };
"""
EVERY = """(seconds) => {
  const often = peers.rung("stills");
  const rung = { ...often, stills: { ...often.stills, every_seconds: seconds } };
  return Promise.all([ends.a.setRung(rung), ends.b.setRung(rung)]);
}"""
NOISE = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const context = canvas.getContext("2d");
  const image = context.createImageData(640, 480);
  setInterval(() => {
    for (let at = 0; at < image.data.length; at++) image.data[at] = at % 4 === 3 ? 255 : Math.random() * 256;
    context.putImageData(image, 0, 0);
  }, 200);
  return ends.a.setTracks({ ...ends.tracks, video: canvas.captureStream(5).getVideoTracks()[0] });
}"""
# Of a browser that writes no WebP (Safari); what it was asked for is kept.
NO_WEBP = """() => {
  window.asked = [];
  const write = HTMLCanvasElement.prototype.toBlob;
  HTMLCanvasElement.prototype.toBlob = function (done, kind, quality) {
    asked.push(kind);
    return write.call(this, done, kind === "image/webp" ? "image/png" : kind, quality);
  };
}"""
AROUND_BYTES = 90
SHOWN = """async (end) => {
  const { url, at_ms } = ends.stills[end].at(-1);
  const picture = await (await fetch(url)).blob();
  const { width, height } = await createImageBitmap(picture);
  return { bytes: picture.size, type: picture.type, px: Math.max(width, height), age_ms: performance.now() - at_ms };
}"""


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(chromium: Browser, complaints: list[str]) -> Iterator[Page]:
    context = chromium.new_context(permissions=["camera", "microphone"])
    opened = context.new_page()
    opened.add_init_script(LISTEN)
    opened.add_init_script(path="tests/browser/two_peers.js")
    opened.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    serve_modules(opened)
    opened.mouse.click(10, 10)
    yield opened
    context.close()
    assert not complaints, complaints


def come(page: Page, count: int, end: str = "b") -> None:
    page.evaluate(
        "([end, count]) => peers.until(() => ends.stills[end].length >= count, 40)",
        [end, page.evaluate("(end) => ends.stills[end].length", end) + count],
    )


def test_photos_come_both_ways_at_a_pace_also_while_somebody_speaks(page: Page, record_property: Record) -> None:
    page.evaluate("peers.meet({ rung: 'stills' })")
    page.evaluate("peers.speak(0)")
    come(page, 2)
    for end in ("a", "b"):
        shown = page.evaluate(SHOWN, end)
        record_property("figure", f"a still: {shown}")
        assert shown["type"] == "image/webp"
        assert 1000 < shown["bytes"] <= 3500
        assert shown["px"] == 240
        assert shown["age_ms"] < 7000
    pieces = poured(page)
    assert {one["before"] for one in pieces} == {0}, "none before the one before has left"
    assert max(one["bytes"] for one in pieces) <= 605
    assert pieces[1]["at"] - pieces[0]["at"] > 120, "40 kbit/s at first"
    look = page.evaluate("ends.a.look()")["look"]
    record_property("figure", f"the pace of a still: {look['drain_kbps']} kbps")
    assert look["drain_kbps"] > 10
    assert look["available_kbps"] is None, "without feedback there is no estimate"
    page.evaluate("peers.speak(1)")
    page.evaluate(EVERY, 1)
    page.wait_for_timeout(3000)
    count = len(poured(page))
    voice = page.evaluate("peers.measure('b', 6000)")["audio"]
    assert voice["pps"] == pytest.approx(16.7, rel=0.25)
    beside = poured(page)[count:]
    kbps = sum(one["bytes"] + AROUND_BYTES for one in beside) * 8 / 6000
    record_property("figure", f"stills beside a voice without a pause: {kbps:.1f} kbps, {len(beside)} pieces")
    carried = page.evaluate("ends.a.look()")["look"]["drain_kbps"]
    assert len(beside) > 2, "there is room for them"
    assert kbps < carried - 15, "and more than they take of it"


def test_pieces_follow_each_other_fast_enough_to_tell_that_a_moving_picture_has_room(page: Page) -> None:
    page.evaluate("peers.meet({ rung: 'stills' })")
    page.evaluate("peers.speak(0)")
    page.evaluate(EVERY, 1)
    stills = LADDER.rungs[LADDER.still].stills
    assert stills
    tells = "(kbps) => peers.until(async () => (await ends.a.look()).look.drain_kbps >= kbps, 20)"
    page.evaluate(tells, DRAINS * stills.kbps)


def poured(page: Page) -> list[dict[str, float]]:
    """The pieces that the first end has sent."""
    return [one for one in page.evaluate("poured") if one["place"] == 0 and one["bytes"] > 5]


def test_only_while_the_rung_says_so_and_the_camera_is_there(page: Page) -> None:
    page.evaluate("peers.meet({ rung: 'voice' })")
    page.wait_for_timeout(1500)
    assert page.evaluate("poured.length") == 0
    page.evaluate("peers.speak(0)")
    page.evaluate(EVERY, 1)
    come(page, 2)
    page.evaluate(NOISE)
    come(page, 3)
    assert page.evaluate(SHOWN, "b")["bytes"] <= 3500, "whatever is before the camera"
    page.evaluate("ends.a.setTracks({ ...ends.tracks, video: null })")
    page.wait_for_timeout(1500)
    count = page.evaluate("ends.stills.b.length")
    come(page, 2, "a")
    assert page.evaluate("ends.stills.b.length") == count, "the last picture stays"
    assert page.evaluate(SHOWN, "b")["age_ms"] > 1000, "and can be seen"
    assert page.evaluate("ends.a.look()")["look"]["drain_kbps"] is None
    page.evaluate("ends.a.setTracks(ends.tracks)")
    come(page, 1)
    page.evaluate("ends.tracks.video.stop()")  # taken away in the middle
    page.wait_for_timeout(1500)
    count = page.evaluate("ends.stills.b.length")
    page.wait_for_timeout(2000)
    assert page.evaluate("ends.stills.b.length") == count
    assert page.evaluate("ends.a.look()")["look"]["drain_kbps"] is None, "nothing tells of the link any more"
    page.evaluate("peers.speak(1)")
    assert page.evaluate("peers.measure('b', 2000)")["audio"]["pps"] == pytest.approx(16.7, rel=0.3)


def test_what_is_no_picture_of_ours_is_dropped(page: Page, complaints: list[str]) -> None:
    """And what is one comes after all, also as a JPEG: of a browser that writes no WebP."""
    page.evaluate("peers.meet({ rung: 'voice' })")
    page.evaluate(
        """async () => {
          const piece = (number, bytes, place = 0, count = 1) =>
            new Uint8Array([1, number >> 8, number, place, count, ...bytes]);
          const word = (text) => [...text].map((letter) => letter.charCodeAt(0));
          const low = (size) => [size & 255, size >> 8];
          const high = (size) => [size >> 8, size & 255];
          const webp = (px) => [
            ...word("RIFF"), 22, 0, 0, 0, ...word("WEBPVP8 "), 10, 0, 0, 0, 0, 0, 0, 157, 1, 42, ...low(px), ...low(px),
          ];
          const jpeg = (px) => [
            255, 216, 255, 192, 0, 17, 8, ...high(px), ...high(px), 3, 1, 34, 0, 2, 17, 1, 3, 17, 1, 255, 217,
          ];
          const hostile = [
            "words", new Uint8Array(0), new Uint8Array([1]), new Uint8Array(60_000), piece(1, []),
            piece(2, [1], 5, 5), piece(3, [1], 0, 255), piece(4, webp(16_000)), piece(5, jpeg(60_000)),
            piece(6, webp(0)), piece(7, word("<svg onload=alert(1)>")), piece(8, webp(100)), piece(9, jpeg(100)),
            piece(10, [255, 216, 255, 224, 0, 0, 255, 224, 0, 0, 0, 0]),
            piece(11, jpeg(100), 0, 2), piece(11, jpeg(100), 1, 3),
            new Uint8Array([2, 0, 1, 255, 255]), new Uint8Array([2, 0, 1]), new Uint8Array([9, 9, 9, 9, 9, 9]),
          ];
          for (const one of hostile) channels[0].send(one);
          for (let length = 1; length < 500; length++) {
            channels[0].send(crypto.getRandomValues(new Uint8Array(length % 40)));
            channels[0].send(piece(length * 131, word("no picture")));
          }
        }"""
    )
    page.wait_for_timeout(1500)
    assert page.evaluate("ends.stills.b.length") == 0
    assert page.evaluate("ends.b.look()")["look"]["drain_kbps"] is None
    assert set(complaints) == {"a still was left out: no picture of ours", "a still was left out: broken"}
    complaints.clear()
    page.evaluate("peers.speak(0)")
    page.evaluate(NO_WEBP)
    page.evaluate(EVERY, 1)
    come(page, 2)
    shown = page.evaluate(SHOWN, "b")
    assert (shown["type"], shown["px"]) == ("image/jpeg", 240)
    assert 1000 < shown["bytes"] <= 3500
    assert page.evaluate("asked.filter((kind) => kind === 'image/webp').length") <= 2, "by either end once"


def test_pieces_come_together_in_any_order(page: Page) -> None:
    told = page.evaluate(
        """async () => {
          const { Gathering, cut } = await import("/call/pieces.js");
          const bytes = (length) => Uint8Array.from({ length }, (_, place) => place % 251);
          const whole = new Gathering();
          const told = {};
          const run = (name, gathering, pieces, gap_ms = 100) => {
            const found = pieces.map((piece, at) => gathering.take(piece, at * gap_ms)).filter(Boolean);
            for (const { number } of found) gathering.shown(number);
            const isWhole = (got) => got.every((one, at) => one === at % 251);
            told[name] = found.map(({ number, bytes, kbps }) => [number, bytes.length, isWhole(bytes), kbps]);
          };
          const five = cut(7, bytes(2_700));
          run("in order", whole, five);
          run("again", whole, five);
          run("older", whole, cut(6, bytes(100)));
          run("backwards", whole, cut(8, bytes(2_700)).reverse());
          run("twice each", whole, cut(9, bytes(1_300)).flatMap((piece) => [piece, piece]));
          run("one lost", whole, cut(10, bytes(1_300)).slice(1));
          run("the next after it", whole, cut(11, bytes(1_300)));
          const [one, two, three, four, last] = cut(12, bytes(2_700));
          run("one came later", whole, [one, three, four, last, two], 230);
          const late = new Gathering();
          run("the last number", late, cut(65_535, bytes(10)));
          run("and the first", late, cut(0, bytes(10)));
          return told;
        }"""
    )
    assert told == {
        "in order": [[7, 2700, True, 55]],  # (600 + 90) bytes in 100 ms
        "again": [],
        "older": [],
        "backwards": [[8, 2700, True, 0]],
        "twice each": [[9, 1300, True, 28]],
        "one lost": [],
        "the next after it": [[11, 1300, True, 55]],
        "one came later": [[12, 2700, True, 24]],
        "the last number": [[65535, 10, True, 0]],
        "and the first": [[0, 10, True, 0]],
    }
