"""One real call between a phone and a terminal, brought from state to state and never back.

Which rung a link carries is said by the other end, as if its own link were so thin: a rung is the lower of both.
"""

import json
from dataclasses import replace
from datetime import timedelta

from playwright.sync_api import Page, expect

from app.calls import booking
from app.kernel.local_time import whole_minute
from tests.browser.stories import sees, touch, wait_until
from tests.browser.test_doors_phone import is_heard_of
from tests.gallery.stage import Face, Stage

RUNGS = ("video", "micro_video", "stills", "voice", "thin_voice", "clips")
STATES = ("soon", "waiting", "ring", *RUNGS, "armed", "over")
SAYS = "(said) => newestSocket.send('42' + said)"


class StagedCall:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._pages: dict[Face, Page] = {}
        self._reached = -1
        self._call_id = ""

    def page(self, face: Face, state: str) -> Page:
        while STATES[self._reached] != state or self._reached < 0:
            self._reached += 1
            self._turn(STATES[self._reached])
        page = self._pages[face]
        page.bring_to_front()
        if state == "armed":
            self._arm(page)
        return page

    def _turn(self, state: str) -> None:
        turns = {
            "soon": self._come, "waiting": self._join, "ring": self._ring, "video": self._answer, "armed": lambda: None,
            "over": self._hang_up,
        }  # fmt: skip
        if state in turns:
            turns[state]()
        else:
            self._stand_on(state)

    def _come(self) -> None:
        """Three minutes before the call."""
        village, home = self._stage.cast.village, self._stage.cast.homes["calling"]
        self._starts_at = whole_minute(village.now() + timedelta(minutes=3))
        with village.scene.database.begin() as session:
            wish = replace(home.wish(self._starts_at), terminal_id=home.terminal)
            self._call_id = booking.book(session, wish, home.desk_acts, village.now()).id
        phone, terminal = self._stage.step_in("phone", "calling"), self._stage.step_in("terminal", "calling")
        self._pages = {"phone": phone, "terminal": terminal}
        sees(terminal, "idle")
        wait_until(phone, "the terminal is heard of", lambda: is_heard_of(village, home.terminal))

    def _join(self) -> None:
        touch(self._pages["phone"], "join")
        sees(self._pages["phone"], "waiting")

    def _ring(self) -> None:
        self._stage.cast.village.move_clock_to(self._starts_at - timedelta(seconds=1))
        sees(self._pages["terminal"], "ring", 25)

    def _answer(self) -> None:
        touch(self._pages["terminal"], "answer")
        for page in self._pages.values():
            sees(page, "live", 25)
            expect(page.locator(".call[data-picture=video][data-rung]")).to_be_visible(timeout=20_000)

    def _stand_on(self, rung: str) -> None:
        said = {"call": self._call_id, "rung": rung, "reason": "link", "held": False}
        for page in self._pages.values():
            page.evaluate(SAYS, json.dumps(["rung", said]))
        for page in self._pages.values():
            page.bring_to_front()
            expect(page.locator(f".call[data-rung={rung}]")).to_be_visible(timeout=20_000)
        if rung == "stills":
            for page in self._pages.values():
                expect(page.locator(".call__still img")).to_be_visible(timeout=20_000)

    def _arm(self, page: Page) -> None:
        """It stays so for some seconds only."""
        if page.locator("[data-act=hang-up-confirm]").count() == 0:
            page.locator("[data-act=hang-up]").click()

    def _hang_up(self) -> None:
        phone = self._pages["phone"]
        self._arm(phone)
        touch(phone, "hang-up-confirm")
        sees(self._pages["terminal"], "goodbye", 20)
        sees(phone, "ended", 20)
