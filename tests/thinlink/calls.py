"""Real calls over a thin link: a village that runs, its terminal's Chromium at the far end, the parent's on this side.

Everything of the terminal crosses the link, its page and signals as well as the call. The link is wide while pages
open, and thin from just before the ring. Both devices have had a call before: what their pages are made of is there.
Each run is a call of its own at the village's next half hour, on pages of its own.
"""

import base64
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, BrowserType, Error, Page, Playwright, ViewportSize

from app.storage.database import Database
from app.storage.migrate import upgrade
from app.web.principals import PERSON, TERMINAL
from tests.browser import stories
from tests.browser.conftest import FLAGS, PHONE
from tests.browser.conftest import TERMINAL as TABLET
from tests.browser.speech import speak
from tests.browser.stories import sees, touch
from tests.browser.test_doors_phone import is_heard_of
from tests.browser.village import Village, open_village
from tests.scene import at
from tests.thinlink.emulator import ThinLink, thin_link
from tests.thinlink.face import draw
from tests.thinlink.voice import Recording
from tests.web.waiting import until

SPOKEN_SECONDS = 28
VOICES = {"near": "en", "far": "en+f3"}  # the parent's, and the one at the terminal
EAR = Path(__file__).with_name("ear.js")
OPENS_BEFORE_SECONDS = 14
RUNG_WITHIN_SECONDS = 40
MEASURED = 3  # round trips after which TCP knows how long one takes, as on a link that was so before
LATER_PARTS_SECONDS = 22  # after which a page has fetched all that it wants to have at hand
OpenPages = Callable[[], tuple[Page, Page]]
Prepare = Callable[[BrowserContext], None]


@dataclass(frozen=True)
class Thin:
    """A link as tables of them name it: the same rate each way, the whole round trip, the share lost each way."""

    kbps: float
    rtt_ms: float
    loss: float = 0

    def __str__(self) -> str:
        return f"{self.kbps:g} kbit/s, {self.rtt_ms:g} ms, {self.loss:.0%}"


WIDE = Thin(20_000, 0)


@dataclass(frozen=True)
class Heard:
    """What one end's measuring ear kept. Instants are seconds of the wall clock."""

    said: Recording
    heard: Recording
    audible: list[tuple[float, bool]]  # when the page began or stopped to let a person hear
    looks: list[dict[str, Any]]  # the browser's own figures, twice a second, `at` in seconds
    touches: list[float]
    photos: list[float]  # when each was whole
    rungs: list[tuple[float, str]]  # what this end proposed, as it was sent

    @classmethod
    def of(cls, page: Page) -> "Heard":
        kept = page.evaluate("ear.take()")
        said, heard = (_recording(kept[name]) for name in ("said", "heard"))
        return cls(
            said, heard,
            [(change["at"] / 1000, change["is"]) for change in kept["audible"]],
            [look | {"at": look["at"] / 1000} for look in kept["looks"]],
            [touched / 1000 for touched in kept["touches"]],
            [came / 1000 for came in kept["photos"]],
            [(rung["at"] / 1000, rung["said"]) for rung in kept["rungs"]],
        )  # fmt: skip

    def audible_from(self, since: float) -> float | None:
        """From when on, after `since`, whatever comes is heard by a person."""
        before = [is_so for at, is_so in self.audible if at <= since]
        if before and before[-1]:
            return since
        return next((at for at, is_so in self.audible if at > since and is_so), None)


def _recording(kept: dict[str, Any]) -> Recording:
    return Recording.of(kept["ends"], kept["frames"], base64.b64decode(kept["samples"]))


@dataclass
class Call:
    """One call under way: the parent's page and the terminal's."""

    phone: Page
    terminal: Page
    link: ThinLink
    began_at: float  # when the link became thin and its counting began
    answered_at: float = 0

    def answer(self) -> None:
        touch(self.terminal, "answer")
        self.answered_at = self.terminal.evaluate("ear.take().touches.at(-1)") / 1000

    def wait(self, seconds: float) -> None:
        self.phone.wait_for_timeout(max(0, seconds) * 1000)

    def wait_until(self, moment: float) -> None:
        """Until so many seconds after the answer."""
        self.wait(self.answered_at + moment - time.time())

    def ends(self) -> dict[str, Heard]:
        """`near` is what the parent heard, `far` what was heard at the terminal."""
        return {"near": Heard.of(self.phone), "far": Heard.of(self.terminal)}

    def keep_looks(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for end, page in (("near", self.phone), ("far", self.terminal)):
            lines = map(json.dumps, page.evaluate("ear.judged"))
            (folder / f"{name}-{end}.jsonl").write_text("".join(f"{line}\n" for line in lines))


@dataclass
class Place:
    """A running village and both browsers; `call` makes one call after the other."""

    village: Village
    link: ThinLink
    near: Browser
    far: Browser
    times: Iterator[datetime] = field(default_factory=lambda: half_hours())
    devices: dict[Prepare | None, dict[str, BrowserContext]] = field(default_factory=dict)
    looks: Path | None = None  # a folder for what both pickers judged by, as `tests.media.replay` reads it

    @contextmanager
    def call(
        self, thin: Thin, *, is_warm: bool = True, seed: int = 1, prepare: Prepare | None = None
    ) -> Iterator[Call]:
        """The terminal rings; `is_warm`: both pages stood ready and were connected before, else called at once.

        `prepare` may change what both pages get to see.
        """
        self.link.shape(WIDE.kbps, WIDE.kbps, WIDE.rtt_ms)
        if prepare not in self.devices:
            self.devices[prepare] = self._devices(prepare)
            with self.call(WIDE, prepare=prepare) as first:
                first.answer()
                first.wait(LATER_PARTS_SECONDS - first.terminal.evaluate("performance.now()") / 1000)
        starts_at = next(self.times)
        with ExitStack() as stack:
            ring = self._booked if is_warm else self._at_once
            call = ring(self._pages(stack, prepare), starts_at, thin, seed)
            sees(call.terminal, "ring", RUNG_WITHIN_SECONDS)
            yield call
            if self.looks:
                call.keep_looks(self.looks, str(seed))
            with suppress(Error):
                stories.hang_up(call.phone)

    def _booked(self, open_pages: OpenPages, starts_at: datetime, thin: Thin, seed: int) -> Call:
        village, alice = self.village, self.village.scene.alice
        # The clock must not jump once they sit: their seats would seem lost.
        village.move_clock_to(starts_at - timedelta(seconds=OPENS_BEFORE_SECONDS))
        village.scene.book(alice, starts_at)
        phone, terminal = open_pages()
        for page in (phone, terminal):
            until(partial(page.evaluate, "ear.isOpen()"))
        call = self._thin(phone, terminal, thin, seed)
        touch(phone, "join")
        return call

    def _at_once(self, open_pages: OpenPages, starts_at: datetime, thin: Thin, seed: int) -> Call:
        self.village.move_clock_to(starts_at)
        phone, terminal = open_pages()
        until(partial(is_heard_of, self.village, self.village.scene.alice.terminal))
        call = self._thin(phone, terminal, thin, seed)
        for _ in range(MEASURED):
            terminal.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            call.wait(thin.rtt_ms * 2 / 1000 + 0.3)
        touch(phone, "call-now")
        return call

    def _thin(self, phone: Page, terminal: Page, thin: Thin, seed: int) -> Call:
        self.link.shape(thin.kbps, thin.kbps, thin.rtt_ms, thin.loss)
        self.link.begin(seed)
        return Call(phone, terminal, self.link, time.time())

    def _pages(self, stack: ExitStack, prepare: Prepare | None) -> OpenPages:
        def opened() -> tuple[Page, Page]:
            phone, terminal = (self.devices[prepare][end].new_page() for end in ("near", "far"))
            for page, path, host in ((phone, "/phone", "127.0.0.1"), (terminal, "/terminal", self.link.near)):
                stack.callback(page.close)
                page.goto(f"http://{host}:{self.village.port}{path}")
            sees(phone, "home")
            sees(terminal, "idle")
            return phone, terminal

        return opened

    def _devices(self, prepare: Prepare | None) -> dict[str, BrowserContext]:
        village, alice = self.village, self.village.scene.alice
        address = village.enter(TERMINAL, alice.terminal, alice.village).replace("127.0.0.1", self.link.near)
        return {
            "near": _device(self.near, PHONE, village.enter(PERSON, alice.parent, None), prepare),
            "far": _device(self.far, TABLET, address, prepare),
        }


def _device(browser: Browser, size: ViewportSize, address: str, prepare: Prepare | None) -> BrowserContext:
    """One that is signed in."""
    context = browser.new_context(
        viewport=size, timezone_id="Asia/Shanghai", locale="en-GB", permissions=["camera", "microphone"],
        bypass_csp=True,
    )  # fmt: skip
    context.add_init_script(path=EAR)
    if prepare:
        prepare(context)
    page = context.new_page()
    page.goto(address)
    page.close()
    return context


def half_hours() -> Iterator[datetime]:
    """Of the evenings, day after day: the village is open, and its people are awake."""
    day = at(0)
    while True:
        yield from (day + timedelta(minutes=30 * half) for half in range(19 * 2, 21 * 2))
        day += timedelta(days=1)


@dataclass(frozen=True)
class Studio:
    """Voices and a face for the fake devices, each made once."""

    folder: Path

    def voice(self, end: str, share: float) -> Path:
        path = self.folder / f"{end}-{share}.wav"
        return path if path.exists() else speak(path, SPOKEN_SECONDS, share=share, voice=VOICES[end])

    def face(self) -> Path:
        path = self.folder / "face.y4m"
        return path if path.exists() else draw(path)


@contextmanager
def open_place(playwright: Playwright, folder: Path, studio: Studio, share: float = 0.58) -> Iterator[Place]:
    """Both ends speak for that share of the time."""
    with ExitStack() as stack:
        village = _village(folder)
        stack.callback(village.stop)
        link = stack.enter_context(thin_link(WIDE.kbps, WIDE.kbps, WIDE.rtt_ms))
        secure = f"http://{link.near}:{village.port}"
        browsers = {}
        for end in VOICES:
            script = link.script(folder / "far.sh", "chromium") if end == "far" else None
            browsers[end] = _chromium(playwright.chromium, secure, script, studio.voice(end, share), studio.face())
            stack.callback(browsers[end].close)
        yield Place(village, link, browsers["near"], browsers["far"])


def _village(folder: Path) -> Village:
    url = f"sqlite:///{folder / 'homethread.sqlite'}"
    database = Database(url)
    upgrade(database)
    database.close()
    return open_village(folder, url, at(18), HOST="0.0.0.0")


def _chromium(chromium: BrowserType, secure: str, script: Path | None, wav: Path, face: Path) -> Browser:
    path = script or shutil.which("chromium")
    assert path, "chromium is missing"
    flags = [
        *FLAGS,
        f"--unsafely-treat-insecure-origin-as-secure={secure}",  # in a house without TLS
        f"--use-file-for-fake-audio-capture={wav}",
        f"--use-file-for-fake-video-capture={face}",
        "--autoplay-policy=no-user-gesture-required",  # the measuring ear listens before anybody touches
    ]
    return chromium.launch(executable_path=path, args=flags)
