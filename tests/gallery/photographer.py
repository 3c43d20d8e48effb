"""Goes to rows in one language, takes each in all its looks, and asks of each what every screen must keep."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from playwright.sync_api import Browser, Error, Page

from tests.gallery import people
from tests.gallery.call import StagedCall
from tests.gallery.checks import complaints, contrast_complaints, narrow_complaints, sized_complaints
from tests.gallery.looks import Look
from tests.gallery.people import Cast
from tests.gallery.plan import Visit
from tests.gallery.row import Screen
from tests.gallery.screens import reach
from tests.gallery.stage import SIZES, Stage, settle
from tests.gallery.told import Told

SETTLES_MS = 120


class Photographer:
    def __init__(self, browser: Browser, cast: Cast, out: Path, told: Told) -> None:
        self._browser, self._cast, self._out, self._told = browser, cast, out, told
        self.taken = 0

    def go(self, visits: Sequence[Visit]) -> None:
        for language, of_it in groupby(visits, lambda visit: visit.language):
            people.call_by_names(self._cast, language)
            people.leave_messages(self._cast, self._browser)
            stage = Stage(self._browser, self._cast, language)
            call = StagedCall(stage)
            for visit in of_it:
                self._told.begin(visit.name)
                wrong = [*dict.fromkeys(self._visit(stage, call, visit))]
                self._told.keep(visit.name, wrong)
                print(*(f"{visit.name}: {one}\n" for one in wrong), sep="", end="", flush=True)
            stage.close()

    def _visit(self, stage: Stage, call: StagedCall, visit: Visit) -> Iterator[str]:
        screen = visit.screen
        try:
            page = reach(stage, screen, call)
            for look in visit.looks:
                self._stand_still(call, screen)
                self._shoot(page, visit, look)
                yield from (f"{look.name}, {one}" for one in sized_complaints(page, screen.face))
                if look == next((one for one in visit.looks if one.scheme == "dark"), None):
                    yield from (f"dark, {one}" for one in contrast_complaints(page, screen.face))
            page.set_viewport_size(SIZES[screen.face])
            page.emulate_media(color_scheme="light")
            self._stand_still(call, screen)
            yield from complaints(page, screen.face)  # which turns it about, so that it scrolls back
            yield from narrow_complaints(page, screen.face)
        except (Error, AssertionError) as missing:
            told = str(missing).strip().splitlines()
            looked_for = [line for line in told if "waiting for" in line]
            yield "not reached: " + " ".join([told[0], *looked_for[:1]])
            for number, standing in enumerate(stage.pages):
                standing.screenshot(path=self._told.instead(visit.name, number))

    @staticmethod
    def _stand_still(call: StagedCall, screen: Screen) -> None:
        """Some states of a call pass in seconds."""
        if screen.call:
            call.page(screen.face, screen.call)

    def _shoot(self, page: Page, visit: Visit, look: Look) -> None:
        page.set_viewport_size({"width": look.width, "height": look.height})
        page.emulate_media(color_scheme=look.scheme)
        settle(page)
        page.wait_for_timeout(SETTLES_MS)
        page.screenshot(path=self._out / f"{visit.screen.title}--{look.name}.png")
        self.taken += 1
