"""Two real calls, the one after the other at the same terminal, brought from state to state and never back.

Which rung the first one's link carries is said by the other end, as if its own link were so thin: a rung is the lower
of both. The second is of a family for whom the terminal answers by itself; then a further parent comes in.
"""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from playwright.sync_api import Page, expect

from app.calls import booking
from app.calls.rules import CALL_MINUTES, CELL
from app.kernel.local_time import whole_minute
from app.web.texts import texts_of
from tests.browser.stories import sees, touch, wait_until
from tests.browser.test_doors_phone import is_heard_of
from tests.gallery.stage import GUEST, Face, Stage

RUNGS = ("video", "thin_video", "micro_video", "stills", "voice", "thin_voice", "clips")
STATES = (
    "soon",
    "refused",
    "here",
    "waiting",
    "ring",
    "answer_refused",
    "video",
    "wrong_person",
    "desk_asks",
    "desk_joins",
    *RUNGS[1:-2],
    "old_still",
    *RUNGS[-2:],
    "moved",
    "lost_phone",
    "lost_terminal",
    "armed",
    "over",
    "change_over",
    "phone_rings",
    "by_itself",
    "alone",
    "company",
)
# What nothing later stands upon: left out where nobody looks at it.
PASSING = {
    "refused", "answer_refused", "wrong_person", "desk_asks", "desk_joins", *RUNGS[1:], "old_still", "moved",
    "lost_phone", "lost_terminal", "armed",
}  # fmt: skip
SAYS = "(said) => newestSocket.send('42' + said)"
# The next time that this page wants a seat.
REFUSES_SEAT = """(said) => {
  const { send } = newestSocket;
  newestSocket.send = (data) => {
    const [, id] = /^42(\\d+)\\["take_seat"/.exec(data) ?? [];
    if (!id) return send.call(newestSocket, data);
    delete newestSocket.send;
    newestSocket.onmessage({ data: `43${id}[${said}]` });
  };
}"""
LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"
AFTER_OTHERS = timedelta(minutes=15)
ALONE = timedelta(seconds=80)  # some time after that the terminal asks whether somebody is there


class StagedCall:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._pages: dict[Face, Page] = {}
        self._reached = -1
        self._call_id = ""
        self._aside: Page | None = None  # what is looked at instead, beside the two

    def page(self, face: Face, state: str) -> Page:
        while STATES[self._reached] != state or self._reached < 0:
            self._reached += 1
            if STATES[self._reached] == state or STATES[self._reached] not in PASSING:
                self._turn(STATES[self._reached])
        page = self._aside or self._pages[face]
        page.bring_to_front()
        if state == "armed":
            self._arm(page)
        return page

    def _turn(self, state: str) -> None:
        self._leave_aside()
        turns = {
            "here": self._open_family, "wrong_person": self._doubt, "desk_asks": self._look_in,
            "desk_joins": self._look_in, "moved": self._move, "lost_phone": self._lose_terminal,
            "lost_terminal": self._lose_phone, "phone_rings": self._ring_phone,
            "refused": lambda: self._refuse("phone", "join"),
            "answer_refused": lambda: self._refuse("terminal", "answer"),
            "soon": self._come, "waiting": self._join, "ring": self._ring, "video": self._answer,
            "old_still": self._grow_old, "armed": lambda: None, "over": self._hang_up, "change_over": self._change_over,
            "by_itself": self._count, "alone": self._stay_alone, "company": self._come_in,
        }  # fmt: skip
        if state in turns:
            turns[state]()
        else:
            self._stand_on(state)

    def _come(self) -> None:
        """Three minutes before the first call; whatever was before in this village is over."""
        village, home = self._stage.cast.village, self._stage.cast.homes["calling"]
        soon = whole_minute(village.now() + AFTER_OTHERS)
        self._starts_at = soon - timedelta(minutes=soon.minute) % CELL
        village.move_clock_to(self._starts_at - timedelta(minutes=3))
        self._call_id = self._book("calling", self._starts_at)
        self._next_at = self._starts_at + timedelta(minutes=20)  # one cell is left between
        self._book("by_itself", self._next_at, minutes=5)
        phone, terminal = self._stage.step_in("phone", "calling"), self._stage.step_in("terminal", "calling")
        self._pages = {"phone": phone, "terminal": terminal}
        sees(terminal, "idle")
        wait_until(phone, "the terminal is heard of", lambda: is_heard_of(village, home.terminal))

    def _book(self, state: str, starts_at: datetime, minutes: int = CALL_MINUTES) -> str:
        village, home = self._stage.cast.village, self._stage.cast.homes[state]
        with village.scene.database.begin() as session:
            wish = replace(home.wish(starts_at, minutes=minutes), terminal_id=home.terminal)
            return booking.book(session, wish, home.desk_acts, village.now()).id

    def _refuse(self, face: Face, act: str) -> None:
        """As where consent is withdrawn in the second of the touch, of which no page has heard yet."""
        said = {"error": "consent_ended", "message": texts_of(self._stage.language)["error.consent_ended"]}
        self._pages[face].evaluate(REFUSES_SEAT, json.dumps(said))
        touch(self._pages[face], act)
        sees(self._pages[face], "refused")

    def _open_family(self) -> None:
        terminal = self._pages["terminal"]
        terminal.locator(f'[data-family-id="{self._stage.cast.homes["calling"].family}"]').first.click()
        sees(terminal, "here")

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

    def _doubt(self) -> None:
        touch(self._pages["phone"], "wrong-person")
        expect(self._pages["phone"].locator("dialog[open]")).to_be_visible()

    def _look_in(self) -> None:
        """From the desk: asked whether one really wants to, and then inside."""
        self._aside = desk = self._stage.step_in("desk", "Teacher Li")
        desk.goto(f"{self._stage.cast.village.url}/desk#tonight")
        desk.locator(f'.block[data-call-id="{self._call_id}"]').click()
        touch(desk, "join")
        expect(desk.locator("dialog[data-screen=join]")).to_be_visible()
        if STATES[self._reached] == "desk_joins":
            touch(desk, "join-confirm")
            expect(desk.locator("dialog.joining")).to_be_visible()

    def _move(self) -> None:
        """A second tab takes the call; the first stays as it is told of it."""
        self._aside = first = self._pages["phone"]
        second = self._pages["phone"] = first.context.new_page()
        second.goto(f"{self._stage.cast.village.url}/phone")
        touch(second, "join")
        sees(second, "live", 25)
        sees(first, "moved")

    def _lose_terminal(self) -> None:
        """As where somebody pulls its plug; it comes back with the next state."""
        terminal = self._pages["terminal"]
        self._pages["terminal"] = terminal.context.new_page()
        terminal.close()
        sees(self._pages["phone"], "lost", 30)

    def _lose_phone(self) -> None:
        phone = self._pages["phone"]
        self._pages["phone"] = phone.context.new_page()
        phone.close()
        sees(self._pages["terminal"], "lost", 30)
        self._aside = self._pages["terminal"]

    def _leave_aside(self) -> None:
        """What was looked at beside the call goes; the dialog that asked is closed."""
        if self._pages and self._pages["phone"].locator("dialog[open]").count():
            touch(self._pages["phone"], "close")
        for page in self._pages.values():
            if page.locator("main[data-screen=refused]").count():
                page.locator("[data-act=home], .state [data-act=done]").click()
        if self._aside and self._aside not in self._pages.values():
            self._aside.close()
        self._aside = None
        self._bring_back()

    def _bring_back(self) -> None:
        """Who was lost."""
        lost = [face for face, page in self._pages.items() if page.url == "about:blank"]
        for face in lost:
            self._pages[face].goto(f"{self._stage.cast.village.url}/{face}")
            if face == "phone":
                touch(self._pages[face], "join")
        for page in self._pages.values() if lost else ():
            sees(page, "live", 30)

    def _stand_on(self, rung: str) -> None:
        """Said again where an end has just said what its link really carries."""
        said = {"call": self._call_id, "rung": rung, "reason": "link", "held": False}
        stands = f".call[data-rung={rung}]"
        for _ in range(40):  # a busy machine carries less for a while
            for page in self._pages.values():
                page.evaluate(SAYS, json.dumps(["rung", said]))
            self._pages["phone"].wait_for_timeout(1_000)
            if all(page.locator(stands).count() for page in self._pages.values()):
                break
        for page in self._pages.values():
            page.bring_to_front()
            expect(page.locator(stands)).to_be_visible()
        if rung == "stills":
            for page in self._pages.values():
                expect(page.locator(".call__still img")).to_be_visible(timeout=20_000)

    def _grow_old(self) -> None:
        """No photo follows the last one."""
        for page in self._pages.values():
            expect(page.locator(".call__still figcaption")).to_be_visible(timeout=30_000)

    def _arm(self, page: Page) -> None:
        """It stays so for some seconds only."""
        if page.locator("[data-act=hang-up-confirm]").count() == 0:
            page.locator("[data-act=hang-up]").click()

    def _hang_up(self) -> None:
        """Not long before the next family's call."""
        phone = self._pages["phone"]
        self._stage.cast.village.move_clock_to(self._next_at - timedelta(minutes=8))
        for page in self._pages.values():
            page.evaluate(LOOK_AGAIN)
        self._arm(phone)
        touch(phone, "hang-up-confirm")
        sees(self._pages["terminal"], "goodbye", 20)
        sees(phone, "ended", 20)

    def _change_over(self) -> None:
        """By itself, when the goodbye has stood there for a while."""
        sees(self._pages["terminal"], "change-over", 30)

    def _ring_phone(self) -> None:
        """Of who has not come to the next call."""
        self._pages["phone"] = phone = self._stage.step_in("phone", "by_itself")
        self._stage.cast.village.move_clock_to(self._next_at)
        phone.evaluate(LOOK_AGAIN)
        sees(phone, "ring", 25)

    def _count(self) -> None:
        """Some seconds are left until it answers."""
        phone = self._pages["phone"]
        phone.locator("[data-act=join], [data-act=answer]").first.click()
        self._pages["terminal"].bring_to_front()
        self._pages["terminal"].evaluate(LOOK_AGAIN)
        sees(self._pages["terminal"], "auto-answer", 25)

    def _stay_alone(self) -> None:
        village, terminal = self._stage.cast.village, self._pages["terminal"]
        sees(terminal, "live", 25)
        alone = terminal.locator(".alone")
        village.move_clock_to(village.now() + ALONE)
        for _ in range(20):  # from when it answered, which may be a while ago
            village.move_clock_to(village.now() + timedelta(seconds=5))  # a page bears less
            terminal.evaluate(LOOK_AGAIN)
            terminal.wait_for_timeout(700)
            if alone.count():
                break
        expect(alone).to_be_visible()

    def _come_in(self) -> None:
        """A further parent, by the media program."""
        village = self._stage.cast.village
        if "media1" not in village.programs:
            village.start("media1")
        touch(self._pages["terminal"], "itself.here")
        guest = self._stage.step_in("phone", GUEST)
        touch(guest, "join")
        sees(guest, "live", 30)
        for page in self._pages.values():
            page.bring_to_front()
            expect(page.locator(".company__face:not(.company__face--away)")).to_have_count(2, timeout=30_000)
