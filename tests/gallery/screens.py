"""The table: every screen and state of the faces, who sees it, what is touched to get there, and what shows that it is.

A further screen is a line. `who` is a family of `people.py` by what it stands for; steps are acts, selectors, a
family's picture (@), or what is done to a page; `network` says what comes instead of the server's answers.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from playwright.sync_api import Page

from tests.gallery.call import RUNGS, StagedCall
from tests.gallery.stage import CAREGIVER, NEW, NOBODY, Answer, Face, Stage, Step, settle, take

NOW, NEVER, BROKEN, FAILED = "**/api/now*", Answer(None), Answer(0), Answer(500)
REFUSED, TAKEN = Answer(403, "not_allowed"), Answer(409, "slot_taken")
HOME, STATE = "main[data-screen=home]", ".state[data-state={}]"


@dataclass(frozen=True)
class Screen:
    face: Face
    name: str
    who: str
    steps: Sequence[Step]
    shows: str
    network: Mapping[str, Answer] = field(default_factory=dict)
    anchor: str = ""
    call: str = ""  # of which state of the one real call it is
    is_rare: bool = False  # much like another: looked at by the acceptance run and the gallery alone

    @property
    def title(self) -> str:
        return f"{self.face}-{self.name}"


def offline(page: Page) -> None:
    """What was asked for just before may still come; then the page is told again."""
    page.context.set_offline(True)
    page.wait_for_timeout(300)
    page.evaluate("dispatchEvent(new Event('offline'))")


def wait(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).first.wait_for()


def pause(page: Page) -> None:
    """What is recorded in less was a slip of the finger; what stands there has settled."""
    page.wait_for_timeout(1_500)


def hold_the_corner(page: Page) -> None:
    """So that nobody does it unawares it takes some seconds."""
    page.mouse.move(40, 40)
    page.mouse.down()
    wait("main[data-screen=self-test]")(page)
    page.mouse.up()


def fill(selector: str, text: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).first.fill(text)


def comes_in(number: str) -> Callable[[Page], None]:
    """By the code that is texted to a parent's simulated phone, of whose number the page of them shows the end."""

    def come(page: Page) -> None:
        fill("input[name=number]", f"+861380000{number}")(page)
        take(page, "send-code")
        code = page.locator("input[name=code]")
        code.wait_for()
        for _ in range(100):
            told = page.request.get(page.url.partition("/phone")[0] + "/demo/phones/texts").json()["phones"]
            texts = [one["newest"]["text"] for one in told if one["newest"] and number.endswith(one["number"][1:])]
            if found := re.findall(r"(?<!\d)\d{6}(?!\d)", " ".join(texts)):
                break
            page.wait_for_timeout(100)
        code.fill(found[-1])  # the last digit sends them

    return come


def phone(
    name: str, who: str, steps: str, shows: str, *last: Step, anchor: str = "", **network: Answer
) -> Screen:  # fmt: skip
    """`steps` are acts, one after the other; `last` comes after them."""
    return Screen("phone", name, who, [*steps.split(), *last], shows, _patterns(network), anchor)


def terminal(name: str, who: str, steps: str, shows: str, *last: Step, **network: Answer) -> Screen:
    """`who` is the family whose picture is touched first, if any."""
    first: list[Step] = [] if who == NOBODY else [wait(".wall"), f"@{who}"]
    return Screen("terminal", name, "booked", [*first, *steps.split(), *last], shows, _patterns(network))


def desk(name: str, anchor: str, steps: str, shows: str, *last: Step, **network: Answer) -> Screen:
    """`anchor` may name a family in braces."""
    return Screen("desk", name, "Teacher Li", [*steps.split(), *last], shows, _patterns(network), anchor)


def _patterns(network: Mapping[str, Answer]) -> dict[str, Answer]:
    """`now` is /api/now, `call_cancel` the command at the end of such an address."""
    return {f"**/api/{name.replace('_', '/')}*": answer for name, answer in network.items()}


def in_call(face: Face, state: str, shows: str) -> Screen:
    return Screen(face, f"call-{state.replace('_', '-')}", "calling", (), shows, call=state)


def rarely(*screens: Screen) -> list[Screen]:
    return [replace(screen, is_rare=True) for screen in screens]


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


TO_KINDS = "settings my-hours hours-kinds"
RECORDING = wait(".voice[data-phase=recording]")
RECORDED = wait(".voice[data-phase=ready]")
SENT_OFFLINE: tuple[Step, ...] = (
    RECORDING, pause, "voice-record", RECORDED, offline, "voice-send", "messages-outbox",
)  # fmt: skip
PHONE = (
    phone("home", "booked", "", ".next-call"),
    phone("home-empty", "empty", "", STATE.format("empty")),
    phone("home-asked", "asked", "", ".next-call"),
    phone("home-freed", "freed", "", ".freed"),
    phone("home-offline", "booked", "", ".banner[data-state=offline]", wait(".next-call"), offline),
    phone("cannot-reach", "booked", "", STATE.format("offline"), now=BROKEN),
    phone("details", "booked", "details", "dialog[open]"),
    phone("series", "booked", "details series", "dialog[open][data-screen=series], dialog[open] [data-act=end-series]"),
    phone("cancel", "booked", "cancel", "dialog[open]"),
    phone("decline", "asked", "decline", "dialog[open]"),
    phone("book-chosen", "empty", "book slot", "[data-act=send-booking]"),
    phone("book-none-suits", "busy", "book", ".none-suits"),
    phone("settings", "booked", "settings", "dialog[open] [data-device-id]"),
    phone("parents", "booked", "settings parents", "[data-part=asked] li"),
    phone("price", "booked", "settings price", "dialog[open] [name=price]"),
    phone("calendar", "booked", "settings calendar", "dialog[open] [data-act=make-feed]"),
    phone("hours", "booked", "settings my-hours", ".hours-day"),
    phone("hours-day", "booked", "settings my-hours hours-day", "[data-act=hours-swap-other], [data-act=hours-swap]"),
    phone("hours-weekly", "booked", TO_KINDS, "[data-act=hours-save]", "[data-kind=weekly]"),
    phone("hours-rotation", "booked", TO_KINDS, "[data-act=hours-save]", "[data-kind=rotation]", "rotation-name"),
    phone("messages-said", "letters" + CAREGIVER, "messages", ".said"),
    phone("recorded", "letters", "messages voice-record", ".voice[data-phase=ready]", RECORDING, pause, "voice-record"),
    phone("line", "booked", "try-line", "main[data-screen=line]"),
    phone("door-code", NOBODY, "", "input[name=code]", fill("input[name=number]", "+8613800000021"), "send-code"),
    phone("begin-photo", "booked", "settings own-photo", "[data-act=begin-take]"),
    *rarely(
        phone("home-asking", "asking", "", ".next-call"),
        phone("home-called-off", "refused", "", HOME),
        phone("home-waiting", "wished", "", ".waiting"),
        phone("home-to-confirm", "unsure", "", ".next-call"),
        phone("home-caregiver", "booked" + CAREGIVER, "", ".next-call"),
        phone("loading", "booked", "", STATE.format("loading"), now=NEVER),
        phone("error", "booked", "", STATE.format("offline"), now=FAILED),
        phone("counter", "asked", "counter", "[data-act=slot]"),
        phone("book", "empty", "book", "[data-act=propose]"),
        phone("book-taken", "empty", "book slot send-booking", ".toast, .banner, dialog[open]", calls=TAKEN),
        phone("book-loading", "empty", "book", "main[data-screen=book]", slots=NEVER, proposals=NEVER),
        phone("book-error", "empty", "book", "main[data-screen=book] .state", slots=FAILED, proposals=FAILED),
        phone("book-denied", "empty", "book", "main[data-screen=book] .state", slots=REFUSED, proposals=REFUSED),
        phone("call-now-refused", "empty", "call-now", "dialog[open]", calls_now=TAKEN),
        phone("settings-error", "booked", "settings", "dialog[open] .field__error", devices=FAILED),
        phone("install", "booked", "settings install", "dialog[open]"),
        phone("own-name", "booked", "settings own-name", ".own-name .voice__button"),
        phone("own-name-said", "booked", "settings own-name name-record", "[data-act=name-use]", pause, "name-record"),
        phone("aloud", "wished" + CAREGIVER, "settings aloud", ".aloud"),
        phone("sign-out", "booked", "settings sign-out", "dialog[open]"),
        phone("pushes", "booked", "settings pushes", "dialog[open]"),
        phone("hours-kinds", "booked", TO_KINDS, "[data-act=hours-form]"),
        phone("hours-away", "booked", TO_KINDS, "[data-act=hours-save]", "[data-kind=away]"),
        phone("messages", "letters", "messages", "[data-act=voice-record]"),
        phone("messages-denied", "empty", "messages", "main[data-screen=messages]"),
        phone("recording", "letters", "messages voice-record", ".voice[data-phase=recording]"),
        phone("outbox", "letters", "messages voice-record", ".outbox__item", *SENT_OFFLINE),
        phone("door", NOBODY, "", "input[name=number]"),
        phone("door-wrong", NOBODY, "", ".banner[data-state=bad]", fill("input[name=number]", "1"), "send-code"),
        phone("door-card", NOBODY, "to-card", "input[name=card]"),
        phone("begin-hours", NEW + "empty", "", "[data-act=begin-turns]", comes_in("0041"), "thats-me"),
        phone("begin-ready", NEW + "wished", "", "[data-act=begin-done]", comes_in("0091"), "thats-me"),
        phone("welcome", NEW + "busy", "", "dialog[open] [data-act=thats-me]", comes_in("0101")),
        phone("door-spent", NOBODY, "", STATE.format("error"), anchor="#join=000000000000"),
    ),
)  # fmt: skip

SPOKEN = wait(".letter--voice img")
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
        terminal("ask-refused", "empty", "ask", ".toast", proposals=REFUSED),
        terminal("ask-confirm", "empty", "ask slot", "main[data-screen=ask-confirm]"),
        terminal("ask-none", "busy", "ask", "main[data-screen=ask-none]"),
        terminal("letters", "letters", "", ".letter"),
    ),
)  # fmt: skip

DESK = (
    Screen("desk", "door", NOBODY, (), "input[name=login]"),
    desk("ledger-calls", "#ledger", "show-calls", "[data-table=calls]"),
    desk("ledger-offline", "#ledger", "", ".banner[data-state=offline]", wait("[data-part=overdue]"), offline),
    desk("tonight", "#tonight", "", ".block"),
    desk("call", "#tonight", "call", "dialog[open] .facts"),
    desk("roster-empty", "#roster", "", "[data-act=draft], .roster__week"),
    desk("roster", "#roster", "", ".roster__week", wait("[data-act=draft], .roster__week"), lambda page: draft(page)),
    desk("roster-row", "#roster", "", "[data-act=close-row]", ".roster__week [data-act=roster-row]"),
    desk("texts", "#texts", "", "[name=broadcast]"),
    desk("prompts", "#prompts", "", "[data-act=prompt-record]"),
    desk("village", "#village", "", ".terminal-row"),
    desk("audit", "#audit", "", ".audit"),
    desk("family", "#family={booked}", "", "[data-part=times]"),
    desk("book", "#family={empty}", "book", "dialog[open] .best__one"),
    desk("card", "#family={booked}", "invite-card", ".print-card img"),
    desk("enrol", "#enrol", "", "[name=emblem]"),
    *rarely(
        desk("ledger", "#ledger", "", "[data-part=asked] li"),
        desk("ledger-loading", "#ledger", "", STATE.format("loading"), ledger=NEVER),
        desk("ledger-error", "#ledger", "", STATE.format("error"), ledger=FAILED),
        desk("loading", "", "", STATE.format("loading"), now=NEVER),
        desk("cannot-reach", "", "", STATE.format("offline"), now=BROKEN),
        desk("promise", "#ledger", "change-promise", "[name='promise.days']"),
        desk("roster-publish", "#roster", "publish", "dialog[open] [data-act=yes]"),
        desk("troubles", "#troubles", "", ".page-head, .state"),
        desk("family-error", "#family={booked}", "", STATE.format("error"), **{"families_*": FAILED}),
        desk("family-denied", "#family=none", "", STATE.format("error")),
        desk("call-now", "#family={empty}", "call-now", "dialog[open]"),
        desk("account", "#ledger", "account", "dialog[open]"),
    ),
)  # fmt: skip

IN_CALL: tuple[Face, ...] = ("phone", "terminal")
CALL = (
    *rarely(in_call("phone", "soon", "[data-act=join]"), in_call("terminal", "soon", ".wall")),
    in_call("phone", "waiting", "main[data-screen=waiting]"),
    in_call("terminal", "ring", "main[data-screen=ring]"),
    *(in_call(face, "video", ".call[data-picture=video]") for face in IN_CALL),
    *rarely(*(in_call(face, rung, f".call[data-rung={rung}]") for rung in RUNGS[1:-2] for face in IN_CALL)),
    *rarely(*(in_call(face, "old_still", ".call__still figcaption") for face in IN_CALL)),
    *rarely(*(in_call(face, RUNGS[-2], f".call[data-rung={RUNGS[-2]}]") for face in IN_CALL)),
    *(in_call(face, RUNGS[-1], f".call[data-rung={RUNGS[-1]}]") for face in IN_CALL),
    *(in_call(face, "armed", "[data-act=hang-up-confirm]") for face in IN_CALL),
    in_call("phone", "over", "main[data-screen=ended]"),
    in_call("terminal", "over", ".goodbye"),
    in_call("terminal", "change_over", ".change-over"),
    in_call("terminal", "by_itself", ".by-itself"),
    in_call("terminal", "alone", ".alone"),
    *(in_call(face, "company", ".company__face") for face in IN_CALL),
)

SCREENS: tuple[Screen, ...] = (*PHONE, *TERMINAL, *DESK, *CALL)


def draft(page: Page) -> None:
    if page.locator("[data-act=draft]").count():
        page.locator("[data-act=draft]").click()
