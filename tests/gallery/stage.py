"""Where screens are brought up: a device for each person of a face, and a fresh page of it for each screen."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Page, Route, ViewportSize

from app.web.models import PrincipalKind
from app.web.texts import texts_of
from tests.browser.conftest import DESK, PHONE, TERMINAL
from tests.gallery.people import Cast

Face = Literal["phone", "terminal", "desk"]
Scheme = Literal["light", "dark"]
Step = str | Callable[[Page], None]
FACES: tuple[Face, ...] = ("phone", "terminal", "desk")
SIZES: dict[Face, ViewportSize] = {"phone": PHONE, "terminal": TERMINAL, "desk": DESK}
NOBODY = ""
NEW = "new to it: "  # a family's parent who has never been here
CAREGIVER = ":caregiver"
GUEST = "by_itself:guest"  # a further parent of that family
PATIENCE_MS = 10_000
# The newest socket of a page, by which it can be made to say what its link carries.
KEEPS_SOCKET = """(() => {
  const Real = WebSocket;
  globalThis.WebSocket = class extends Real {
    constructor(...more) { super(...more); globalThis.newestSocket = this; }
  };
})()"""
ALL_IS_THERE = """() => Promise.all([document.fonts.ready, ...[...document.images]
  .filter(({ loading }) => loading !== "lazy").map((image) => image.decode().catch(() => {}))])"""


@dataclass(frozen=True)
class Answer:
    """What the network answers instead of the server: a status with a problem, or nothing at all."""

    status: int | None  # 0: the network breaks off; None: it never answers
    code: str = "unexpected"
    body: Mapping[str, Any] | None = None  # of an answer that is no problem


def give(answer: Answer, language: str, route: Route) -> None:
    if answer.status == 0:
        route.abort()
    elif answer.status is not None:
        said = answer.body or {
            "error": answer.code,
            "detail": {},
            "message": texts_of(language)[f"error.{answer.code}"],
        }
        route.fulfill(status=answer.status, body=json.dumps(said), content_type="application/json")


class Stage:
    """Pages in one language. What the network is to do otherwise is undone with each new screen."""

    def __init__(self, browser: Browser, cast: Cast, language: str, scheme: Scheme = "light") -> None:
        self._browser, self.cast, self.language, self._scheme = browser, cast, language, scheme
        self._devices: dict[tuple[Face, str], BrowserContext] = {}
        self._page: Page | None = None

    def open(self, face: Face, who: str, anchor: str = "", network: dict[str, Answer] | None = None) -> Page:
        """A page on which nothing was touched yet; the one before is closed."""
        if self._page is not None:
            self._page.context.unroute_all()
            self._page.context.set_offline(False)
            self._page.close()
        context = self._devices.get((face, who)) or self._device(face, who)
        self._page = page = context.new_page()
        for pattern, answer in (network or {}).items():
            context.route(pattern, partial(give, answer, self.language))
        page.goto(f"{self.cast.village.url}/{face}{anchor}")
        return page

    def close(self) -> None:
        for context in self._devices.values():
            context.close()
        self._devices.clear()
        self._page = None

    @property
    def pages(self) -> list[Page]:
        """All that are open."""
        return [page for context in self._devices.values() for page in context.pages]

    def _device(self, face: Face, who: str) -> BrowserContext:
        context = self.device(face)
        self._devices[face, who] = context
        if who != NOBODY and not who.startswith(NEW):
            context.request.get(self._entrance(face, who))
        return context

    def device(self, face: Face) -> BrowserContext:
        """Without what a service worker keeps: each screen comes from the network, or doesn't."""
        context = self._browser.new_context(
            viewport=SIZES[face], locale=self.language, timezone_id="Asia/Shanghai", reduced_motion="reduce",
            color_scheme=self._scheme, permissions=["camera", "microphone"], service_workers="block",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(KEEPS_SOCKET)
        return context

    def _entrance(self, face: Face, who: str) -> str:
        village, homes = self.cast.village, self.cast.homes
        home = homes[who.partition(":")[0]] if face == "phone" else homes["booked"]
        person = home.caregiver if who.endswith(CAREGIVER) else self.cast.guest if who == GUEST else home.parent
        whom = {
            "phone": (PrincipalKind.PERSON, person, None),
            "terminal": (PrincipalKind.TERMINAL, home.terminal, home.village),
            "desk": (PrincipalKind.COORDINATOR, self.cast.coordinator, home.village),
        }[face]
        return village.enter(*whom, self.language)

    def step_in(self, face: Face, who: str) -> Page:
        """A page of somebody that stays beside the others."""
        context = self.device(face)
        self._devices[face, f"{who} beside"] = context
        page = context.new_page()
        page.goto(self._entrance(face, who))
        return page


def take(page: Page, step: Step) -> None:
    """Touch a place by its act, or by a selector; what stands in an open dialog comes before what lies under it."""
    if callable(step):
        step(page)
        return
    place = f'[data-act="{step}"]' if step[0] not in ".[#" else step
    inside = f"dialog[open] {place}"
    page.locator(f"{inside}, body:not(:has(dialog[open])) {place}").first.click()


def settle(page: Page) -> None:
    """All pictures are there."""
    page.evaluate(ALL_IS_THERE)
