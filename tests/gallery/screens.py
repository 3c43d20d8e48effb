"""The table: every screen and state of the faces, and how one is brought up."""

from playwright.sync_api import Page

from tests.gallery.call import StagedCall
from tests.gallery.desk import DESK
from tests.gallery.in_call import CALL
from tests.gallery.phone import PHONE
from tests.gallery.row import Screen
from tests.gallery.stage import Stage, settle, take
from tests.gallery.terminal import TERMINAL

SCREENS: tuple[Screen, ...] = (*PHONE, *TERMINAL, *DESK, *CALL)
# What most people see most, and so in every language by day and at night: what is idle, a family, a ring, a call, a
# message, a time that is found, a board, who moves in, and what fails.
MOST_SEEN = {
    "phone-home", "phone-series", "phone-call-phone-rings", "phone-call-video", "phone-call-refused",
    "phone-messages-said", "phone-book-chosen", "phone-begin-photo", "phone-error",
    "terminal-idle", "terminal-next", "terminal-faces", "terminal-call-ring", "terminal-call-answer-refused",
    "terminal-call-video", "terminal-message", "terminal-ask", "terminal-pairing", "terminal-cannot-reach",
    "desk-ledger-calls", "desk-tonight", "desk-family", "desk-book", "desk-roster", "desk-texts", "desk-enrol",
    "desk-call-desk-joins", "desk-tonight-error",
}  # fmt: skip


def reach(stage: Stage, screen: Screen, call: StagedCall) -> Page:
    """Bring a screen up; whole, with its pictures."""
    if screen.call:
        page = call.page(screen.face, screen.call)
    else:
        homes = {state: home.family for state, home in stage.cast.homes.items()}
        page = stage.open(screen.face, screen.who, screen.anchor.format(**homes), dict(screen.network))
        for step in screen.steps:
            is_picture = isinstance(step, str) and step.startswith("@")
            take(page, f'[data-family-id="{homes[str(step)[1:]]}"]' if is_picture else step)
    page.locator(screen.shows).first.wait_for()
    settle(page)
    return page
