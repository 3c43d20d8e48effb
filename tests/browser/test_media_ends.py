"""Chromium and an end of the media program, either of them offering; signals that come twice or make no sense."""

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.media_end import HOST
from tests.browser.modules import serve_modules

MEET = """async ({ isOfferer, rung }) => {
  const [{ Peer }, { readLadder }] = await Promise.all([import("/call/peer.js"), import("/call/ladder.js")]);
  const { rungs } = await readLadder();
  window.told = [];
  window.stills = [];
  const context = new AudioContext();
  const throat = new OscillatorNode(context, { type: "sawtooth", frequency: 140 });
  const destination = context.createMediaStreamDestination();
  throat.connect(destination);
  throat.start();
  const send = (message) => told.push(JSON.parse(JSON.stringify(message)));
  const end = (window.end = new Peer({
    iceServers: [], icePolicy: "all", isOfferer, send, onstate: () => {}, ondoubt: () => {},
    onstill: (still) => stills.push(still),
  }));
  await end.setRung(rungs.find(({ name }) => name === rung));
  await end.setTracks({ audio: destination.stream.getAudioTracks()[0], video: null });
}"""
HEARD = """async () => (await end.look()).figures.received_audio_bytes"""


class MediaEnd:
    """What the end said and heard so far: signals to be carried, and time stamp and duration of each packet."""

    def __init__(self, rung: str) -> None:
        self.said: queue.Queue[dict[str, Any]] = queue.Queue()
        self.heard: list[tuple[int, float]] = []
        self.stands = threading.Event()
        command = [sys.executable, "-m", "tests.browser.media_end", rung]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._listening = threading.Thread(target=self._listen)
        self._listening.start()

    def tell(self, signal: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(signal) + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        assert self._process.wait(40) == 0
        self._listening.join()
        assert self._process.stdout
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            told = json.loads(line)
            if "say" in told:
                self.said.put(told["say"])
            elif "heard" in told:
                self.heard.append((told["heard"][0], told["heard"][1]))
            elif "stands" in told:
                self.stands.set()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page()
    serve_modules(opened)
    yield opened
    opened.close()


@pytest.fixture
def media() -> Iterator[MediaEnd]:
    end = MediaEnd("voice")
    yield end
    end.close()


def carry(page: Page, media: MediaEnd, until: Callable[[], Any], seconds: float = 40) -> None:
    """Carry signals between the two until something is so."""
    give_up = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < give_up
        for message in page.evaluate("() => told.splice(0)"):
            media.tell(message)
        while not media.said.empty():
            page.evaluate("(message) => end.take(message)", media.said.get())
        page.wait_for_timeout(30)


@pytest.mark.parametrize("offers", ["browser", "media"])
def test_either_may_offer_and_voice_goes_both_ways_as_the_rung_says(page: Page, media: MediaEnd, offers: str) -> None:
    page.evaluate(MEET, {"isOfferer": offers == "browser", "rung": "voice"})
    if offers == "media":
        media.tell("offer")
    carry(page, media, media.stands.is_set)
    carry(page, media, lambda: len(media.heard) > 20 and page.evaluate(HEARD) > 500)
    assert {duration_ms for _, duration_ms in media.heard[5:]} == {120}
    stamps = [stamp for stamp, _ in media.heard[5:20]]
    assert {later - earlier for earlier, later in pairwise(stamps)} == {5_760}


def offered(page: Page) -> dict[str, Any]:
    """The browser's offer."""
    page.evaluate(MEET, {"isOfferer": True, "rung": "voice"})
    page.wait_for_function("told.some(({ description }) => description)")
    offer: dict[str, Any] = page.evaluate("told.find(({ description }) => description)")
    return offer


def test_an_answer_is_small_and_names_no_server(page: Page, media: MediaEnd) -> None:
    media.tell(offered(page))
    answer = media.said.get(timeout=30)["description"]
    assert len(json.dumps(answer)) < 2_600
    candidates = [line for line in answer["sdp"].splitlines() if line.startswith("a=candidate:")]
    assert {line.split()[4] for line in candidates} == {HOST}
    assert all("typ host" in line for line in candidates)
    assert "a=ptime:120" in answer["sdp"]


def test_an_offer_that_comes_twice_is_answered_twice_alike(page: Page, media: MediaEnd) -> None:
    offer = offered(page)
    for _ in range(2):
        media.tell(offer)
    assert media.said.get(timeout=30) == media.said.get(timeout=30)


NONSENSE: list[dict[str, Any]] = [
    {"description": {"type": "offer", "sdp": "v=0"}}, {"description": {"type": "offer", "sdp": ""}},
    {"description": {"type": "offer", "sdp": "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\nm=audio x\r\na=ice-ufrag:a\r\n"}},
    {"description": {"type": "answer", "sdp": "v=0"}}, {"description": 7}, {}, {"candidate": {}},
    {"candidate": {"candidate": "candidate:x", "sdpMid": "0"}},
    {"candidate": {"candidate": "candidate:1 1 udp 5 no.host 9 typ", "sdpMid": "0"}},
]  # fmt: skip


def test_what_makes_no_sense_changes_nothing(page: Page, media: MediaEnd) -> None:
    page.evaluate(MEET, {"isOfferer": True, "rung": "voice"})
    for signal in NONSENSE:
        media.tell(signal)
    carry(page, media, media.stands.is_set)
    for signal in NONSENSE:
        media.tell(signal)
    carry(page, media, lambda: len(media.heard) > 5)
