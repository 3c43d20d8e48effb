"""What a minute of speech weighs: by our encoding, and by the browser's recorder as it comes."""

import base64
import shutil
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, Route, sync_playwright

from app.factory import static_folder
from tests.browser.conftest import FLAGS
from tests.browser.speech import speak
from tests.browser.test_voice_files import HOST, MADE_SMALL

SPOKEN_SECONDS, RATE, TAPED_SECONDS = 60, 16_000, 30
TAPED = """async ([seconds]) => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(stream);
  let bytes = 0;
  recorder.ondataavailable = ({ data }) => (bytes += data.size);
  const over = new Promise((done) => (recorder.onstop = done));
  recorder.start();
  await new Promise((done) => setTimeout(done, seconds * 1000));
  recorder.stop();
  await over;
  return bytes;
}"""


@dataclass(frozen=True)
class Minute:
    """A recording of a minute, silence at its ends cut off; and what the same voice weighs elsewhere, a minute each."""

    recording: bytes
    our_kb: float
    their_kb: float


def minute(folder: Path) -> Minute:
    """By Chromium at whose microphone somebody speaks. Its recorder takes the time that it records."""
    voice, path = speak(folder / "spoken.wav", SPOKEN_SECONDS), shutil.which("chromium")
    assert path, "chromium is missing"
    with sync_playwright() as playwright:
        flags = [*FLAGS, f"--use-file-for-fake-audio-capture={voice}"]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        page = browser.new_context(permissions=["microphone"]).new_page()
        _serve(page, voice)
        made = page.evaluate(MADE_SMALL, [RATE])
        taped = page.evaluate(TAPED, [TAPED_SECONDS])
        browser.close()
    assert made, "this browser lends no encoder"
    recording = base64.b64decode(made["bytes"])
    return Minute(recording, len(recording) * 60 / made["seconds"] / 1000, taped * 60 / TAPED_SECONDS / 1000)


def _serve(page: Page, voice: Path) -> None:
    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(f"{HOST}/")
        if name.endswith(".wav"):
            route.fulfill(path=voice, content_type="audio/wav")
        elif name:
            route.fulfill(path=static_folder() / name, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    page.route(f"{HOST}/**", answer)
    page.goto(f"{HOST}/")
