"""Every screen of the terminal, in every state: a further one is a line."""

from playwright.sync_api import Page

from tests.browser.test_terminal_texts import ENGINE
from tests.gallery.row import (
    BROKEN,
    FAILED,
    NEVER,
    REFUSED,
    STATE,
    TAKEN,
    Screen,
    elsewhere,
    hold_the_corner,
    offline,
    pause,
    rarely,
    terminal,
    wait,
)  # fmt: skip
from tests.gallery.stage import NOBODY, Answer, take

SPOKEN = wait(".letter--voice img")
PAIRING = "main[data-screen=pairing] .state[data-state=offline]"
COMING, BREAKS = "main[data-screen=message-coming]", "main[data-screen=message-broken]"
OVER, ALBUM = "main[data-screen=message-over]", "main[data-screen=messages]"
VOICE, GONE = "/api/messages/*/", Answer(410, "not_found")
TOLD_NOBODY = {"/api/messages/hearings": BROKEN}
NO_SLOTS = Answer(200, body={"slots": [], "minutes": 15})
FORBIDDEN = Answer(
    200, body={"minutes": 15, "proposals": [], "obstacles": [{"code": "no_consent", "share": 1}], "sentences": {}}
)


def reads_aloud(page: Page) -> None:
    """As where a voice is installed, which takes its time."""
    page.evaluate(ENGINE % '["zh-CN", "en"]')
    page.evaluate("globalThis.takes_ms = 60_000")


def hears(page: Page) -> None:
    wait(".letter--voice img")(page)
    pause(page)
    take(page, "visit.message.open")
    wait(OVER)(page)
    take(page, "back")


TERMINAL = (
    terminal("idle", NOBODY, "", ".wall"),
    terminal("idle-offline", NOBODY, "", ".terminal-bar .lamp--lost", wait(".wall"), offline),
    Screen("terminal", "pairing", NOBODY, (), "[data-code]"),
    terminal("next", "booked", "", "main[data-screen=next]"),
    terminal("asked", "asking", "", "main[data-screen=asked]"),
    terminal("offered", "freed", "", "main[data-screen=offered]"),
    terminal("called-off", "refused", "", "main[data-screen=called-off]"),
    terminal("faces", "many", "", "main[data-screen=faces]"),
    terminal("pin", "locked", "", ".pin[data-state=try]"),
    terminal("ask", "empty", "ask", "[data-act=slot]"),
    terminal("ask-more", "empty", "ask visit.more", ".day"),
    terminal("cancel", "booked", "visit.cancel", "main[data-screen=cancel]"),
    terminal("cancel-confirm", "booked", "visit.cancel visit.because.sick", "main[data-screen=cancel-confirm]"),
    terminal("undo", "freed", "decline", "main[data-screen=undo]", **{"calls_*_decline": NEVER}),
    terminal("letter", "letters", "visit.text.open", "main[data-screen=text-shown]"),
    terminal("message", "letters", "", "main[data-screen^=message]", SPOKEN, pause, "visit.message.open"),
    terminal("speak", "letters", "visit.speak", "main[data-screen=speak]"),
    *rarely(
        terminal("self-test", NOBODY, "", "main[data-screen=self-test]", wait(".clock svg"), hold_the_corner),
        terminal("help", NOBODY, "help", ".toast"),
        terminal("loading", NOBODY, "", STATE.format("loading"), now=NEVER),
        terminal("cannot-reach", NOBODY, "", STATE.format("offline"), now=BROKEN),
        terminal("family", "empty", "", "main[data-screen=family]"),
        terminal("proposed", "asked", "", "main[data-screen=proposed]"),
        terminal("wished", "wished", "", "main[data-screen=wished]"),
        terminal("to-confirm", "unsure", "", "main[data-screen=to-confirm]"),
        terminal("pin-set", "empty", "lock", ".pin"),
        terminal("ask-loading", "empty", "ask", "main[data-screen=ask]", proposals=NEVER),
        terminal("error", NOBODY, "", STATE.format("error"), now=FAILED),
        terminal("ask-offline", "empty", "ask", ".toast", proposals=BROKEN),
        terminal("ask-error", "empty", "ask", ".toast", proposals=FAILED),
        terminal("ask-more-loading", "empty", "ask visit.more", STATE.format("loading"), slots=NEVER),
        terminal("ask-more-empty", "empty", "ask visit.more", STATE.format("empty"), slots=NO_SLOTS),
        terminal("ask-more-error", "empty", "ask visit.more", ".toast", slots=FAILED),
        terminal("ask-confirm-refused", "empty", "ask slot send-ask", ".toast", calls=TAKEN),
        terminal("ask-confirm-offline", "empty", "ask slot send-ask", ".toast", calls=BROKEN),
        Screen("terminal", "pairing-offline", NOBODY, (), PAIRING, {"**/api/pairing": BROKEN}),
        terminal("ask-refused", "empty", "ask", ".toast", proposals=REFUSED),
        terminal("ask-confirm", "empty", "ask slot", "main[data-screen=ask-confirm]"),
        terminal("ask-none", "busy", "ask", "main[data-screen=ask-none]"),
        terminal("letters", "letters", "", ".letter"),
        terminal("ask-forbidden", "empty", "ask", "main[data-screen=ask-forbidden]", proposals=FORBIDDEN),
        terminal("letter-read", "letters", "", "main[data-screen=text]", SPOKEN, reads_aloud, "visit.text.open"),
        terminal("whom", "by_itself", "face visit.speak", "main[data-screen=whom]"),
        elsewhere(terminal("message-coming", "letters", "visit.message.open", COMING, **{VOICE: NEVER})),
        elsewhere(terminal("message-broken", "letters", "visit.message.open", BREAKS, **{VOICE: GONE})),
        elsewhere(terminal("message-over", "by_itself", "", OVER, SPOKEN, pause, "visit.message.open", **TOLD_NOBODY)),
        elsewhere(terminal("messages", "by_itself", "face", ALBUM, hears, "visit.message.album", **TOLD_NOBODY)),
    ),
)  # fmt: skip
