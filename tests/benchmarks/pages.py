"""How long a face takes to open over a thin link, and all bytes that cross it: behind Caddy with TLS and HTTP/2, as
deployed. Beside it the same pages straight from gunicorn, without TLS, by HTTP/1.1.

`first`: nothing of it was there before; `again`: the same device comes back. A face has opened when its first screen
stands, and is ready when all has come by which a ring can be answered. Bytes are IP packets, both ways, counted by the
link, lost ones and handshakes with them.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, Playwright, ViewportSize, sync_playwright

from app.web.principals import PERSON, TERMINAL
from tests.benchmarks.proxied import trusting, village_behind, village_in
from tests.benchmarks.result import Figure, Result
from tests.browser.conftest import FLAGS, PHONE
from tests.browser.conftest import TERMINAL as TABLET
from tests.browser.village import Village
from tests.thinlink.calls import Thin
from tests.thinlink.emulator import ThinLink, thin_link

RUNS = 5
LINKS = {"edge": Thin(64, 500, 0.03), "3g": Thin(300, 150, 0.01)}
FACES: dict[str, ViewportSize] = {"phone": PHONE, "terminal": TABLET}
PATIENCE_SECONDS = 120
LATER_SECONDS = 20  # what comes when the page is idle
OPENED = '() => /^(home|idle)$/.test(document.querySelector("main")?.dataset.screen ?? "")'
READY = '() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/call/seat.js"))'


@dataclass
class House:
    """Two villages alike, one behind a proxy and one without, seen from behind the link."""

    link: ThinLink
    browser: Browser
    doors: dict[str, tuple[Village, str]]


def run(runs: int = RUNS) -> Result:
    found: dict[str, dict[str, list[float]]] = {"ours": {}, "plain": {}}
    with TemporaryDirectory() as folder, sync_playwright() as playwright, _house(Path(folder), playwright) as house:
        for seed in range(1, runs + 1):
            for door in found:
                for face in FACES:
                    for link, thin in LINKS.items():
                        _opens(house, door, face, f"{face} {link}", thin, seed, found[door])
    ours, plain = ({name: Figure.of(values) for name, values in found[door].items()} for door in found)
    return Result("pages", ours, plain, "the same from gunicorn, HTTP/1.1 without TLS")


def _opens(house: House, door: str, face: str, name: str, thin: Thin, seed: int, found: dict[str, list[float]]) -> None:
    """A device that was never here, and the same one again."""
    context = house.browser.new_context(viewport=FACES[face], locale="en-GB", timezone_id="Asia/Shanghai")
    house.link.shape(20_000, 20_000, 0)
    village, address = house.doors[door]
    entrance = context.new_page()
    entrance.goto(_entrance(village, face).replace(village.url, address))
    _forget_pages(entrance)
    entrance.close()
    for visit in ("first", "again"):
        page = context.new_page()
        house.link.shape(thin.kbps, thin.kbps, thin.rtt_ms, thin.loss)
        house.link.begin(seed)
        for what, value in _opened(house, page, f"{address}/{face}").items():
            found.setdefault(f"{name} {visit} {what}", []).append(value)
        house.link.shape(20_000, 20_000, 0)
        page.wait_for_timeout(LATER_SECONDS * 1000 if visit == "first" else 0)
        page.close()
    context.close()


def _opened(house: House, page: Page, url: str) -> dict[str, float]:
    began = time.monotonic()
    page.goto(url, timeout=PATIENCE_SECONDS * 1000, wait_until="commit")
    page.wait_for_function(OPENED, timeout=PATIENCE_SECONDS * 1000)
    opened = time.monotonic() - began
    page.wait_for_function(READY, timeout=PATIENCE_SECONDS * 1000)
    ready = time.monotonic() - began
    carried = house.link.carried()
    kb = (carried.up.ip_bytes + carried.down.ip_bytes) / 1000
    return {"opened_seconds": round(opened, 2), "ready_seconds": round(ready, 2), "ip_kb": round(kb, 1)}


def _entrance(village: Village, face: str) -> str:
    alice = village.scene.alice
    if face == "phone":
        return village.enter(PERSON, alice.parent, None)
    return village.enter(TERMINAL, alice.terminal, alice.village)


def _forget_pages(page: Page) -> None:
    """All but who is signed in."""
    page.evaluate(
        """async () => {
          for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
          for (const name of await caches.keys()) await caches.delete(name);
          for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
        }"""
    )
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")


@contextmanager
def _house(folder: Path, playwright: Playwright) -> Iterator[House]:
    with ExitStack() as stack:
        link = stack.enter_context(thin_link(20_000, 20_000, 0))
        behind, caddy = village_behind(stack, folder, link.near)
        plain = village_in(stack, folder / "plain", HOST="0.0.0.0")
        address = f"http://{link.near}:{plain.port}"
        script = link.script(folder / "far.sh", "chromium")
        flags = [*FLAGS, *trusting(caddy, link.near), f"--unsafely-treat-insecure-origin-as-secure={address}"]
        browser = playwright.chromium.launch(executable_path=script, args=flags)
        stack.callback(browser.close)
        yield House(link, browser, {"ours": (behind, caddy.url), "plain": (plain, address)})
