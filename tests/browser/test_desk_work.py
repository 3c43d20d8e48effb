"""The desk's own work in a real browser: signing in, enrolling a family, withdrawing a consent, terminals, audit."""

import json
import re
import urllib.request
from dataclasses import dataclass
from datetime import timedelta

import pyotp
from playwright.sync_api import FilePayload, Locator, Page, expect

from app.demo.portraits import portrait
from app.doors import credentials
from app.web.sealing import Sealer, key_in
from tests.browser.conftest import DESK, TERMINAL, Devices, shoot
from tests.browser.stories import sees, touch, wait_until
from tests.browser.village import Village

LOGIN, PASSWORD = "lee@redstone.example", "seven lamps, one door"
TELLS_ITS_TEST = """fetch("/api/self_test", {
  method: "POST",
  headers: {
    "Content-Type": "application/json", "Homethread-Face": "terminal", "Idempotency-Key": crypto.randomUUID(),
  },
  body: JSON.stringify({ failed: ["camera"], untried: ["touch"] }),
}).then(({ status }) => status)"""
INK = """pad => pad.getContext("2d").getImageData(0, 0, pad.width, pad.height).data.some(byte => byte)"""
DRAWN = re.compile(r"^M1[45]\d 2[12]\dL3[45]\d (?:9|10)\d 6[45]\d 3[34]\d$")  # one stroke alone
DRAFTS = "Object.keys(sessionStorage).filter(name => name.startsWith('homethread.desk.')).length"
STEPS_APART = timedelta(seconds=31)  # a second factor is good once


@dataclass
class Lee:
    """A coordinator of Alice's village who knows a password and has an authenticator."""

    village: Village
    totp: pyotp.TOTP

    def signs_in(self, page: Page, password: str = PASSWORD) -> None:
        """By the keyboard alone."""
        expect(page.locator("input[name=login]")).to_be_focused()
        for typed in (LOGIN, password, self.totp.at(self.village.now())):
            page.keyboard.press("ControlOrMeta+a")
            page.keyboard.type(typed)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")


def lee_of(village: Village) -> Lee:
    with village.scene.database.begin() as session:
        issued = credentials.add(
            session, Sealer(key_in(village.folder)), login=LOGIN, password=PASSWORD, name="Teacher Lee",
            village_id=village.scene.alice.village, language="en", is_operator=False, now=village.now(),
        )  # fmt: skip
    totp = pyotp.parse_uri(issued.uri)
    assert isinstance(totp, pyotp.TOTP)
    return Lee(village, totp)


def code_texted_to(village: Village, page: Page, ending: str) -> str:
    """The six digits in the newest text on the simulated phone whose number ends like this."""
    found: list[str] = []

    def look() -> bool:
        with urllib.request.urlopen(f"{village.url}/demo/phones/texts", timeout=5) as answer:
            phones = json.load(answer)["phones"]
        its = [phone["newest"] for phone in phones if phone["number"].endswith(ending)]
        texts = [newest["text"] for newest in its if newest]
        found[:] = [code for text in texts for code in re.findall(r"(?<!\d)\d{6}(?!\d)", text)]
        return bool(found)

    wait_until(page, f"a code on …{ending}", look)
    return found[0]


def part(page: Page, step: str) -> Locator:
    return page.locator(f"[data-part=step-{step}]")


def enrols(page: Page) -> None:
    """Write the family down, with a reload before it is saved."""
    page.locator("a[href='#enrol']").click()
    page.locator("input[name=name]").fill("Dora's family")
    page.keyboard.press("Enter")  # leads on, and sends nothing
    page.locator("label.emblem-choice").first.click()
    page.locator("[data-submit=save-family] button[type=submit]").click()
    expect(part(page, "persons").locator("[aria-invalid=true]")).to_have_count(3)
    for place, name in enumerate(("Dora's child", "Dora", "Grandpa")):
        page.locator(".person-row input").nth(place).fill(name)
    page.reload()
    expect(page.locator("input[name=name]")).to_have_value("Dora's family")
    expect(page.locator(".person-row input").nth(2)).to_have_value("Grandpa")
    shoot(page, "desk-enrol")
    page.locator("[data-submit=save-family] button[type=submit]").click()
    expect(part(page, "photos").locator(".step-row")).to_have_count(3)
    expect(part(page, "photos")).to_be_focused()


def takes_photo_and_number(page: Page, village: Village) -> None:
    child = part(page, "photos").locator(".step-row").filter(has_text="Dora's child")
    picture = FilePayload(name="child.png", mimeType="image/png", buffer=portrait(5, "girl"))
    child.locator("input[type=file]").set_input_files(picture)
    expect(child.locator("img[src^='/api/photos/']")).to_be_visible()
    parent = part(page, "numbers").locator(".step-row").first
    parent.locator("input").fill("139 0000 0077")
    page.keyboard.press("Enter")
    expect(parent.locator("input[name$='.code']")).to_be_focused()
    code = code_texted_to(village, page, "77")
    page.keyboard.type(f"{(int(code) + 1) % 10**6:06}")
    page.keyboard.press("Enter")
    expect(parent.locator(".field__error:visible")).to_contain_text("4")
    parent.locator("input").fill(code)
    page.keyboard.press("Enter")
    expect(parent.locator(".lamp--on")).to_have_text("number confirmed")


def consents_and_prints(page: Page, village: Village) -> None:
    consent = part(page, "consent")
    consent.locator("[name$=' call']").first.check()
    consent.locator("input[name='consent.note']").fill("folder 3")
    signs(page, consent)
    consent.locator("button[type=submit]").click()
    row = consent.locator("[data-table=consents] tbody tr").first
    expect(row).to_contain_text("folder 3")
    row.locator("[data-act=show-signature]").click()
    expect(page.locator("dialog svg.signature path")).to_have_attribute("d", DRAWN)
    shoot(page, "desk-signature-shown")
    page.locator("dialog [data-act=close]").click()

    part(page, "invitations").locator("[data-act=invite-card]").first.click()
    card = page.locator(".print-card")
    digits = card.locator(".print-card__code").inner_text().replace(" ", "")
    assert len(digits) == 12
    assert card.get_attribute("data-url") == f"{village.url}/phone#join={digits}"
    wait_until(page, "the QR code", lambda: card.locator("img").evaluate("image => image.naturalWidth > 50"))
    shoot(page, "desk-card")
    page.locator("dialog [data-act=close]").click()


def signs(page: Page, consent: Locator) -> None:
    """On the screen: not without drawing, a line too many taken back, kept over a reload, good for what was ticked."""
    consent.locator("[name='consent.evidence'][value=screen]").check(force=True)
    pad, back = consent.locator(".signature-pad"), consent.locator("[data-act=signature-back]")
    consent.locator("button[type=submit]").click()
    expect(consent.locator(".consent-form [role=alert]")).to_contain_text("signed in the box")
    draws(page, pad, (0.15, 0.55), (0.35, 0.25), (0.65, 0.85))
    draws(page, pad, (0.7, 0.5), (0.9, 0.5))
    expect(back).to_be_enabled()
    back.click()
    page.reload()
    expect(back).to_be_enabled()
    wait_until(page, "what was drawn to stand there again", lambda: pad.evaluate(INK))
    message = consent.locator("[name$=' message']").first
    message.check()
    expect(back).to_be_disabled()
    wait_until(page, "the box to be empty: it was not signed for this", lambda: not pad.evaluate(INK))
    message.uncheck()
    expect(back).to_be_enabled()
    shoot(page, "desk-signature")


def draws(page: Page, pad: Locator, *places: tuple[float, float]) -> None:
    """One stroke from place to place, in parts of the box."""
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    for number, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if number == 0:
            page.mouse.down()
    page.mouse.up()


def lets_go_and_takes_back(page: Page) -> None:
    grandpa = page.locator("[data-part=people] .member").filter(has_text="Grandpa")
    grandpa.locator("details:has([data-act=end-member]) > summary").click()
    grandpa.locator("[data-act=end-member]").click()
    page.locator("dialog [data-act=end]").click()
    expect(grandpa).to_have_count(0)
    touch(page, "take-back")
    expect(grandpa).to_have_count(1)
    expect(page.locator("[data-act=take-back]")).to_have_count(0)


def test_a_family_is_enrolled_to_the_end_and_a_consent_withdrawn(village: Village, devices: Devices) -> None:
    lee = lee_of(village)
    page = devices.open(f"{village.url}/desk", DESK)
    sees(page, "door")
    lee.signs_in(page, "not this one at all")
    expect(page.locator("[role=alert] .banner")).to_be_visible()
    expect(page.locator("input[name=login]")).to_have_value(LOGIN)
    expect(page.locator("input[name=code]")).to_have_value("")
    page.locator("input[name=login]").focus()
    lee.signs_in(page)
    sees(page, "ledger")
    enrols(page)
    takes_photo_and_number(page, village)

    consents_and_prints(page, village)

    page.locator("a[href^='#family=']").click()
    sees(page, "family")
    page.locator("[data-act=show-number]").click()
    expect(page.locator("a[href='tel:+8613900000077']")).to_be_visible()
    lets_go_and_takes_back(page)
    touch(page, "revoke-consent")
    page.locator("dialog [data-act=revoke]").click()
    expect(page.locator("[data-table=consents] tr[data-state=over]")).to_have_count(1)
    expect(page.locator("[data-table=consents] tr[data-state=holds]")).to_have_count(0)
    shoot(page, "desk-family")
    page.locator("a[href='#audit']").click()
    for action in ("enrol", "set_photo", "confirm_number", "give_consent", "invite", "show_number", "revoke_consent"):
        expect(page.locator(f"[data-action={action}]")).to_contain_text("Teacher Lee")
    expect(page.locator("[data-action]").first).to_contain_text("withdrew a consent: Dora's child – Dora")
    shoot(page, "desk-audit")
    devices.forgive("401", "409")


def test_a_terminal_is_paired_revoked_and_paired_again(village: Village, devices: Devices) -> None:
    lee = lee_of(village)
    page = devices.open(f"{village.url}/desk#village", DESK)
    lee.signs_in(page)
    row = page.locator(f".terminal-row[data-terminal-id='{village.scene.alice.terminal}']")
    terminal = devices.open(f"{village.url}/terminal", TERMINAL)
    row.locator("[data-act=pair]").click()
    for _ in range(2):
        shown = terminal.locator("[data-code]")
        expect(page.locator("input[name=digits]")).to_be_focused()
        page.keyboard.type(shown.get_attribute("data-code", timeout=15_000) or "")
        page.keyboard.press("Enter")
        sees(terminal, "idle")
        expect(row.locator(".lamp").first).to_have_text("terminal is there")
        assert terminal.evaluate(TELLS_ITS_TEST) == 200
        expect(row.locator("[data-key=self-test]")).to_contain_text("Camera: plug it in again")
        row.locator("[data-act=revoke-terminal]").click()
        expect(row.locator(".lamp").first).to_have_text("not paired")
        expect(row.locator("form")).to_contain_text("To undo this, pair it again")
        shoot(page, "desk-village")
    expect(terminal.locator("[data-code]")).to_be_visible()
    changes_hours_and_has_them_back(page)
    devices.forgive("401", "409")


def changes_hours_and_has_them_back(page: Page) -> None:
    monday = page.locator("[data-act=drop-span][data-day='0']")
    monday.click()
    page.locator("[data-submit=save-hours] button[type=submit]").click()
    touch(page, "hours-back")
    expect(monday).to_have_count(1)
    expect(page.locator(".toast")).to_contain_text("stand again")


def test_a_session_that_is_ended_asks_for_the_password_and_keeps_the_work(village: Village, devices: Devices) -> None:
    lee = lee_of(village)
    page, other = (devices.open(f"{village.url}/desk", DESK) for _ in range(2))
    lee.signs_in(page)
    sees(page, "ledger")
    page.locator("a[href='#enrol']").click()
    page.locator("input[name=name]").fill("Half a family")
    village.move_clock_to(village.now() + STEPS_APART)
    lee.signs_in(other)
    sees(other, "ledger")
    touch(other, "account")
    other.locator("[data-act=end-device]").click()
    sees(page, "door")
    assert page.locator("text=Half a family").count() == 0
    village.move_clock_to(village.now() + STEPS_APART)
    lee.signs_in(page)
    sees(page, "enrol")
    expect(page.locator("input[name=name]")).to_have_value("Half a family")
    touch(page, "account")
    page.locator("[data-act=sign-out]").click()
    sees(page, "door")
    wait_until(page, "what was typed to be gone", lambda: not page.evaluate(DRAFTS))
    devices.forgive("401")
