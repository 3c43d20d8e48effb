"""Goes through the table of screens in one language and takes each in all its looks."""

from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Error, Page

from tests.gallery import people
from tests.gallery.call import StagedCall
from tests.gallery.looks import LOOKS, Look
from tests.gallery.people import Cast
from tests.gallery.row import Screen
from tests.gallery.screens import SCREENS, reach
from tests.gallery.stage import SIZES, Stage, settle

SETTLES_MS = 120
WHY_LINES = 2


class Photographer:
    def __init__(self, browser: Browser, cast: Cast, out: Path, widths: Sequence[int] | None) -> None:
        self._browser, self._cast, self._out, self._widths = browser, cast, out, widths
        self.taken = 0
        self.failed: list[str] = []

    def visit(self, language: str, face: str | None, only: str) -> None:
        people.call_by_names(self._cast, language)
        people.leave_messages(self._cast, self._browser)
        stage = Stage(self._browser, self._cast, language)
        call = StagedCall(stage)
        for screen in SCREENS:
            looks = [look for look in LOOKS[screen.face] if look.language == language and self._wants(look)]
            if looks and face in (None, screen.face) and only in screen.title:
                self._visit(stage, call, screen, looks)
        stage.close()

    def _wants(self, look: Look) -> bool:
        return not self._widths or look.width in self._widths

    def _visit(self, stage: Stage, call: StagedCall, screen: Screen, looks: list[Look]) -> None:
        try:
            page = reach(stage, screen, call)
        except (Error, AssertionError) as missing:
            why = " ".join(str(missing).strip().splitlines()[:WHY_LINES])
            self.failed.append(f"{screen.title} ({stage.language}): {why}")
            print(f"not reached: {self.failed[-1]}", flush=True)
            return
        for look in looks:
            self._shoot(page, screen, look)
        page.set_viewport_size(SIZES[screen.face])
        page.emulate_media(color_scheme="light")

    def _shoot(self, page: Page, screen: Screen, look: Look) -> None:
        page.set_viewport_size({"width": look.width, "height": look.height})
        page.emulate_media(color_scheme=look.scheme)
        settle(page)
        page.wait_for_timeout(SETTLES_MS)
        page.screenshot(path=self._out / f"{screen.title}--{look.name}.png")
        self.taken += 1
