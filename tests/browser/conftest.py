"""Chromium with a fake camera and microphone, and a running village, for the stories."""

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, ViewportSize, expect, sync_playwright

from tests.browser.eager import look_often
from tests.browser.speech import speak
from tests.browser.village import Village, open_village
from tests.scene import at

OUT = Path(__file__).parent.parent / "out"
PHONE = ViewportSize(width=360, height=740)
TERMINAL = ViewportSize(width=1024, height=600)
DESK = ViewportSize(width=1440, height=900)
SPOKEN_SECONDS = 12
PATIENCE_MS = 15_000  # what is expected comes at once, where nothing else keeps the machine busy
# The last such switch counts, so what Playwright switches off itself stands here again. And every window would bring up
# the list that drops from its address bar: half of the time in which a page comes.
OFF = (
    "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter",
    "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch", "TcpPortRandomizationWin",
    "ThirdPartyStoragePartitioning", "WebUIOmniboxAimPopup", "WebUIOmniboxPopup",
)  # fmt: skip
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    f"--disable-features={','.join(OFF)}",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
expect.set_options(timeout=PATIENCE_MS)
look_often()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("chromium is missing: run python3 -m tests, or apt-get install chromium")
    browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def speaking(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser at whose microphone somebody speaks."""
    path = shutil.which("chromium")
    assert path is not None
    voice = speak(tmp_path_factory.mktemp("voice") / "voice.wav", SPOKEN_SECONDS)
    browser = playwright.chromium.launch(
        executable_path=path, args=[*FLAGS, f"--use-file-for-fake-audio-capture={voice}"]
    )
    yield browser
    browser.close()


@pytest.fixture
def village(tmp_path: Path, sqlite_url: str) -> Iterator[Village]:
    """The scene's village at 18:00 by its clock, on the embedded database."""
    running = open_village(tmp_path, sqlite_url, at(18))
    yield running
    running.stop()
    log = running.logs()
    assert "Traceback" not in log, log


FAILED: set[str] = set()  # names of tests


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """When it is made: of a test that may be tried again, a report is told only when its fixtures are gone."""
    report = yield
    if report.when == "setup":
        FAILED.discard(item.name)
    if report.failed:
        FAILED.add(item.name)
    return report


class Devices:
    """Browsers of several people, each with its own cookies; what their consoles said is kept and must be nothing."""

    def __init__(self, chromium: Browser) -> None:
        self._chromium = chromium
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []
        self._meant: list[str] = []
        self.service_workers: Literal["allow", "block"] = "allow"  # what one fetches can't be kept from a page

    def device(self, size: ViewportSize, *, zone: str = "Asia/Shanghai") -> BrowserContext:
        context = self._chromium.new_context(
            viewport=size,
            timezone_id=zone,
            locale="en-GB",
            permissions=["camera", "microphone"],
            service_workers=self.service_workers,
        )
        context.add_init_script(path=Path(__file__).parent / "watch.js")
        context.on("page", self._listen)
        self._contexts.append(context)
        return context

    def open(self, address: str, size: ViewportSize) -> Page:
        page = self.device(size).new_page()
        page.goto(address)
        return page

    def forgive(self, *statuses: str) -> None:
        """Refusals with these statuses were meant; the browser logs each as an error."""
        self._forgive(*(f"status of {status}" for status in statuses))

    def forgive_no_network(self) -> None:
        """It was cut on purpose; the last is what a service worker says of what it was asked for then."""
        self._forgive("ERR_INTERNET_DISCONNECTED", "ERR_NETWORK_CHANGED", "ERR_FAILED")

    def _forgive(self, *parts: str) -> None:
        """Also what is said of it from now on."""
        self._meant += parts
        self.complaints = [said for said in self.complaints if not self._is_meant(said)]

    def _is_meant(self, said: str) -> bool:
        return any(part in said for part in self._meant)

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def shoot_all(self, name: str) -> None:
        """What every screen showed at the end of a test that failed, for whoever looks."""
        if name not in FAILED and not self.complaints:
            return
        for place, page in enumerate(page for context in self._contexts for page in context.pages):
            keep(page, f"last-{name}-{place}")

    def _listen(self, page: Page) -> None:
        page.on("console", lambda said: self._hear(page, said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self._hear(page, str(error)))

    def _hear(self, page: Page, said: str) -> None:
        if not self._is_meant(said):
            self.complaints.append(f"{page.url}: {said}")


@pytest.fixture
def devices(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Devices]:
    opened = Devices(chromium)
    yield opened
    opened.shoot_all(request.node.name)
    opened.close()
    if "expects_complaints" not in request.keywords:
        assert not opened.complaints, opened.complaints


SHOOTS: dict[str, bool] = {}
# A page that lies behind another one draws nothing.
DRAWN = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => done()));
  setTimeout(done, 200);
})"""


def pytest_configure(config: pytest.Config) -> None:
    """Screenshots take half a minute: in the ordinary run they are left out."""
    SHOOTS["each"] = config.option.markexpr != "not long"


def shoot(page: Page, name: str) -> None:
    """Keep a screenshot for whoever looks; never compared. Where none is kept, the page is drawn all the same."""
    if SHOOTS.get("each", True):
        keep(page, name)
    else:
        page.evaluate(DRAWN)


def keep(page: Page, name: str) -> None:
    OUT.mkdir(exist_ok=True)
    page.screenshot(path=OUT / f"{name}.png")
