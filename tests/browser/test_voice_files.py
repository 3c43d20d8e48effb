"""What becomes of a voice on the device, asked of the modules themselves: the file, its size, level, pace, failures.

No program of ours runs here; files are read by a reader of our own, by PyAV and by the browser's decoder.
"""

import base64
import io
import itertools
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import av
import numpy as np
import pytest
from av import AudioResampler
from pesq import pesq
from playwright.sync_api import Page, Route

from app.factory import static_folder
from tests.browser.conftest import PHONE, Devices
from tests.browser.speech import speak

HOST = "http://localhost:9"  # never asked: every request is answered here; and a secure origin
MINUTE_BYTES = 68_000
# Mean opinion, as ITU-T P.862.2 guesses it (1.04..4.64), over parts of a length that it was made for.
LEAST_PESQ, PART_SECONDS = 3.3, 10
DECODE = """async ([encoded]) => {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const heard = await new OfflineAudioContext(1, 1, 48000).decodeAudioData(bytes.buffer);
  const loudest = heard.getChannelData(0).reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  return { samples: heard.length, loudest };
}"""
# The whole way of a take, without a microphone: samples of a file, trimmed, of one loudness, encoded.
MADE_SMALL = """async ([rate]) => {
  const of = await import('/voice/level.js');
  const { canEncode, encode } = await import('/voice/encode.js');
  const file = await (await fetch('/spoken.wav')).arrayBuffer();
  const heard = (await new OfflineAudioContext(1, 1, rate).decodeAudioData(file)).getChannelData(0);
  const { from, until, speech_rms } = of.spoken(heard, rate);
  const loud = of.amplified(heard.slice(from, until), of.gainFor(speech_rms));
  if (!(await canEncode(rate))) return null;
  const bytes = await encode(loud, rate);
  const again = of.spoken(loud, rate).speech_rms;
  const letters = (bytes) => btoa(Array.from(bytes, (one) => String.fromCharCode(one)).join(''));
  const before = Int16Array.from(loud, (one) => Math.round(one * 32767));
  return { bytes: letters(bytes), before: letters(new Uint8Array(before.buffer)), seconds: loud.length / rate,
           loudness: 20 * Math.log10(again), loudest: loud.reduce((most, one) => Math.max(most, Math.abs(one)), 0) };
}"""


@dataclass(frozen=True)
class OggPage:
    """As RFC 3533 lays it out."""

    flags: int
    granule: int
    serial: int
    sequence: int
    packets: list[bytes]


@pytest.fixture
def page(devices: Devices, tmp_path: Path) -> Page:
    opened = devices.device(PHONE).new_page()

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(f"{HOST}/")
        if name == "spoken.wav":
            route.fulfill(path=tmp_path / name, content_type="audio/wav")
        elif name:
            route.fulfill(path=static_folder() / name, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    opened.route(f"{HOST}/**", answer)
    opened.goto(f"{HOST}/")
    return opened


def ask(page: Page, module: str, expression: str) -> Any:
    return page.evaluate(f"import('/voice/{module}.js').then((of) => {expression})")


def checksum(page: bytes) -> int:
    """CRC-32 of RFC 3533 over a page whose own sum stands as zero, bit by bit."""
    total = 0
    for byte in page[:22] + bytes(4) + page[26:]:
        total ^= byte << 24
        for _ in range(8):
            total = ((total << 1) ^ 0x04C11DB7 if total & 0x80000000 else total << 1) & 0xFFFFFFFF
    return total


def pages_of(file: bytes) -> list[OggPage]:
    """Every page, with its checksum compared."""
    found, at = [], 0
    while at < len(file):
        assert file[at : at + 5] == b"OggS\0"
        lacing = file[at + 27 : at + 27 + file[at + 26]]
        start = at + 27 + len(lacing)
        end = start + sum(lacing)
        assert int.from_bytes(file[at + 22 : at + 26], "little") == checksum(file[at:end])
        packets, packet = [], b""
        for size in lacing:
            packet += file[start : start + size]
            start += size
            if size < 255:
                packets.append(packet)
                packet = b""
        assert packet == b"", "no packet reaches over a page's end"
        granule, serial, sequence = (
            int.from_bytes(file[at + a : at + b], "little") for a, b in ((6, 14), (14, 18), (18, 22))
        )
        found.append(OggPage(file[at + 5], granule, serial, sequence, packets))
        at = end
    return found


def test_packets_become_an_ogg_file(page: Page) -> None:
    made = """(() => {
      const packet = (size) => ({data: new Uint8Array(size).fill(size % 251), samples: 2880});
      const packets = [10, 255, 600, 0, 254, 7].map(packet);
      const more = Array.from({length: 100}, () => packet(70));
      const bytes = of.oggOpus([...packets, ...more], {preSkip: 312, samples: 100 * 2880 + 5, rate: 16000, serial: 7});
      return btoa(String.fromCharCode(...bytes));
    })()"""
    pages = pages_of(base64.b64decode(ask(page, "ogg", made)))
    head, tags = pages[0].packets[0], pages[1].packets[0]
    assert head == b"OpusHead\x01\x01" + (312).to_bytes(2, "little") + (16000).to_bytes(4, "little") + bytes(3)
    assert tags == b"OpusTags\x0a\0\0\0homethread\0\0\0\0"
    assert [one.sequence for one in pages] == list(range(len(pages)))
    assert {one.serial for one in pages} == {7}
    assert [one.flags for one in pages] == [2, 0, *[0] * (len(pages) - 3), 4]
    sizes = [len(packet) for one in pages[2:] for packet in one.packets]
    assert sizes[:6] == [10, 255, 600, 0, 254, 7]
    assert len(sizes) == 101, "what lies wholly behind the end is left out"
    granules = [one.granule for one in pages[2:]]
    assert granules[-1] == 312 + 100 * 2880 + 5, "the end cuts off what the encoder added"
    assert granules[0] == 2880 * len(pages[2].packets)
    assert all(later - earlier <= 5 * 48_000 + 2880 for earlier, later in itertools.pairwise(granules))


def samples_of(file: bytes, rate: int) -> "array[int]":
    found, resampler = array("h"), AudioResampler("s16", "mono", rate)
    with av.open(io.BytesIO(file), "r") as container:
        for frame in itertools.chain(container.decode(audio=0), [None]):
            for part in resampler.resample(frame):
                found.frombytes(bytes(part.planes[0])[: part.samples * 2])
    return found


def quality(before: "array[int]", after: "array[int]") -> list[float]:
    """How well each part of a sound at 16 kHz came through; it is aligned within each."""
    size = PART_SECONDS * 16_000
    starts = range(0, min(len(before), len(after)) - size // 2, size)
    sounds = [(np.array(before[at : at + size]), np.array(after[at : at + size])) for at in starts]
    return [float(pesq(16_000, one, other, "wb")) for one, other in sounds]


def test_a_minute_of_speech_stays_small_and_whole(
    page: Page, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    speak(tmp_path / "spoken.wav", 60)
    made = page.evaluate(MADE_SMALL, [16_000])
    assert made is not None, "this browser lends no encoder"
    file = base64.b64decode(made["bytes"])
    record_property("figure", f"a minute of espeak-ng's speech: {len(file) * 60 / made['seconds']:.0f} bytes")
    assert len(file) * 60 / made["seconds"] <= MINUTE_BYTES
    assert 55 < made["seconds"] < 59, "the silence at its end is cut off"
    assert made["loudness"] == pytest.approx(-20, abs=1.5)
    assert made["loudest"] < 1
    pages_of(file)
    decoded = samples_of(file, 48_000)
    assert len(decoded) == pytest.approx(made["seconds"] * 48_000, abs=2880), "an encoder's lead-in more or less"
    parts = quality(array("h", base64.b64decode(made["before"])), samples_of(file, 16_000))
    record_property("figure", f"its PESQ-WB: {fmean(parts):.2f} ({min(parts):.2f} to {max(parts):.2f} in parts)")
    assert fmean(parts) >= LEAST_PESQ
    heard = page.evaluate(DECODE, [made["bytes"]])
    assert heard["samples"] == pytest.approx(made["seconds"] * 48_000, abs=3)
    assert heard["loudest"] > 0.3


def test_where_speech_begins_and_ends(page: Page) -> None:
    thirds = "[[0, 0, 0], [1e-5, 1e-5, 1e-5], [3e-4, .2, 3e-4], [.02, .2, .02], [.2, .2, .2], [3e-4, .004, 3e-4]]"
    found = """.map((parts) => {
      const samples = Float32Array.from({length: 16000 * 6}, (_, at) =>
        parts[Math.floor(at / 32000)] * Math.sqrt(2) * Math.sin(at * .3));
      const heard = of.spoken(samples, 16000);
      const told = heard && [heard.from / 16000, heard.until / 16000, heard.speech_rms];
      return told && told.map((one) => Math.round(one * 1000) / 1000);
    })"""
    assert ask(page, "level", thirds + found) == [
        None, None, [1.8, 4.35, 0.2], [1.8, 4.35, 0.2], [0, 6, 0.2], [1.8, 4.35, 0.004],
    ]  # fmt: skip


def test_a_gain_has_bounds_and_cuts_nothing_off(page: Page) -> None:
    assert ask(page, "level", "[.1, 1e-6, .9, .01].map((one) => Math.round(of.gainFor(one) * 100) / 100)") == [
        1, 12, 0.25, 10,
    ]  # fmt: skip
    bent = ask(page, "level", "[...of.amplified(Float32Array.from([0, .05, -.07, .2, -.9, 1]), 10)]")
    assert bent[:2] == [0, 0.5]
    assert all(-1 <= one <= 1 for one in bent)
    assert bent == sorted(bent, key=abs)
    assert ask(page, "level", "[...of.peaks(Float32Array.from([0, .1, -.2, .4, 0, 0, .1, 0]), 4)]") == [64, 255, 0, 64]
    assert ask(page, "level", "[0, .001, 1, 2].map((one) => Math.round(of.meter(one) * 100))") == [0, 0, 100, 100]


def test_pieces_are_sized_to_the_link(page: Page) -> None:
    went = """(() => { const pace = new of.Pace(); const sizes = [];
      for (const kbps of [%s]) { sizes.push(pace.bytes); pace.went(pace.bytes, 500 + pace.bytes * 8 / kbps); }
      return [...sizes, pace.bytes]; })()"""
    slow = ask(page, "upload", went % "32, 32, 32, 32, 32")
    assert slow[0] == 4096
    assert slow[-1] * 8 / 32 + 500 == pytest.approx(8000, rel=0.1), "eight seconds by a link of 32 kbit/s"
    assert ask(page, "upload", went % "1e5, 1e5, 1e5, 1e5, 1e5, 1e5") == [4096, 8192, 16384, 32768, 65536, 65536, 65536]
    assert ask(page, "upload", went % "1e5, 1e5, 1e5, 1, 1, 1, 1, 1")[3:] == [32768, 16384, 8192, 4096, 4096, 4096]
    broke = "(() => { const pace = new of.Pace(); for (let n = 0; n < 5; n++) pace.broke(); return pace.bytes; })()"
    assert ask(page, "upload", broke) == 4096


def test_failures_are_of_three_kinds(page: Page) -> None:
    def turn(status: int, code: str = "x") -> str:
        return str(ask(page, "failures", f"of.turnOf({{status: {status}, code: '{code}'}})"))

    assert {turn(status) for status in (0, 401, 410, 423, 429, 460, 500, 503, 507)} == {"wait"}
    assert turn(409, "wrong_offset") == "wait"
    assert {turn(409, code) for code in ("family_full", "deliver_past", "pin_needed", "upload_differs")} == {"ask"}
    assert turn(422, "not_a_time") == "ask"
    assert {turn(404, "not_found"), turn(413), turn(415), turn(422, "not_a_kind"), turn(403)} == {"drop"}
    pauses = ask(page, "failures", "[0, 1, 2, 20].flatMap((tries) => [of.pauseOf(tries, 0), of.pauseOf(tries, 1)])")
    assert pauses == [1000, 2000, 2000, 4000, 4000, 8000, 150_000, 300_000]
