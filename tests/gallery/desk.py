"""Every screen of the desk, in every state: a further one is a line."""

from playwright.sync_api import Page

from tests.gallery.row import BROKEN, FAILED, NEVER, REFUSED, STATE, Screen, desk, offline, rarely, troubled, wait
from tests.gallery.stage import NOBODY, Answer


def last_call(page: Page) -> None:
    """Of tonight: it is of a series."""
    page.locator(".block").last.click()


def draft(page: Page) -> None:
    wait("[data-act=draft], .roster__week")(page)
    if page.locator("[data-act=draft]").count():
        page.locator("[data-act=draft]").click()


SERIES_KNOWN = wait("dialog[open] [data-act=series]")
NO_FAMILIES = Answer(200, body={"children": [], "promise_days": 7, "weeks": []})
DRAWN = {"strokes": [[60, 120, 120, 60, 180, 140, 260, 70], [300, 90, 420, 90]], "signed_at": "2026-11-22T10:00:00Z"}
SIGNED = {"/api/consents/*/signature": Answer(200, body=DRAWN)}
DESK = (
    Screen("desk", "door", NOBODY, (), "input[name=login]"),
    desk("ledger-calls", "#ledger", "show-calls", "[data-table=calls]"),
    desk("ledger-offline", "#ledger", "", ".banner[data-state=offline]", wait("[data-part=overdue]"), offline),
    desk("tonight", "#tonight", "", ".block"),
    desk("call", "#tonight", "call", "dialog[open] .facts"),
    desk("roster-empty", "#roster", "", "[data-act=draft], .roster__week"),
    desk("roster", "#roster", "", ".roster__week", draft),
    desk("roster-row", "#roster", "", "[data-act=close-row]", draft, ".roster__week [data-act=roster-row]"),
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
        desk("ledger-empty", "#ledger", "", STATE.format("empty"), ledger=NO_FAMILIES),
        desk("ledger-denied", "#ledger", "", STATE.format("error"), ledger=REFUSED),
        desk("tonight-error", "#tonight", "", ".block", waits=FAILED),
        desk("family-loading", "#family={booked}", "", STATE.format("loading"), **{"families_*": NEVER}),
        desk("family-offline", "#family={booked}", "", STATE.format("error"), **{"families_*": BROKEN}),
        desk("family-times-error", "#family={booked}", "", "[data-part=times]", series=FAILED),
        desk("book-error", "#family={empty}", "book", "dialog[open][data-screen=book]", proposals=FAILED),
        desk("call-error", "#tonight", "call", "dialog[open][data-screen=call]", **{"/api/calls/*": FAILED}),
        desk("account-error", "#ledger", "account", "dialog[open] .state[data-state=error]", devices=FAILED),
        *troubled(desk, "roster", "#roster", "", "/api/rosters"),
        *troubled(desk, "texts", "#texts", "", "/api/desk/texts"),
        *troubled(desk, "prompts", "#prompts", "", "/api/desk/prompts"),
        *troubled(desk, "village", "#village", "", "/api/village"),
        *troubled(desk, "audit", "#audit", "", "/api/audit"),
        desk("error", "", "", STATE.format("error"), now=FAILED),
        desk("loading", "", "", STATE.format("loading"), now=NEVER),
        desk("cannot-reach", "", "", STATE.format("offline"), now=BROKEN),
        desk("promise", "#ledger", "change-promise", "[name='promise.days']"),
        desk("roster-publish", "#roster", "", "dialog[open] [data-act=yes]", draft, "publish"),
        desk("troubles", "#troubles", "", ".page-head, .state"),
        desk("family-error", "#family={booked}", "", STATE.format("error"), **{"families_*": FAILED}),
        desk("family-denied", "#family=none", "", STATE.format("error")),
        desk("call-now", "#family={empty}", "call-now", "dialog[open]"),
        desk("account", "#ledger", "account", "dialog[open]"),
        desk("pushes", "#ledger", "account pushes", "dialog[open] .pushes[data-state]"),
        desk("camera", "#family={booked}", "camera", "dialog[open] video"),
        desk("revoke-consent", "#family={letters}", "revoke-consent", "dialog[open] [data-act=revoke]"),
        desk("cancel", "#tonight", "call cancel", "dialog[open] [data-act=cancel-confirm]"),
        desk("clear-pin", "#family={locked}", "clear-pin", "dialog[open] [data-act=clear]"),
        desk("end-member", "#family={many}", ".fold>summary end-member", "dialog[open] [data-act=end]"),
        desk("roster-drop", "#roster", "", "dialog[open] [data-act=yes]", draft, "drop-roster"),
        desk("say-hours", "#family={booked}", "say-hours", "dialog[open][data-screen=hours] .dialog__body *"),
        desk("series", "#family={booked}", "show-series", "dialog[open][data-screen=series]"),
        desk("series-end", "#family={booked}", "end-series", "dialog[open][data-screen=end-series]"),
        desk("series-which", "#tonight", "", "dialog[open][data-screen=which]", last_call, SERIES_KNOWN, "move"),
        desk("signature", "#family={letters}", "show-signature", "dialog[open] svg.signature", **SIGNED),
        desk("retire-terminal", "#village", "retire-terminal", "dialog[open] [data-act=retire]"),
    ),
)  # fmt: skip
