"""The first minutes on a phone up to a first call; everything read aloud; a parent with children in two villages."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from sqlalchemy import select, update

from app.demo.portraits import portrait
from app.desk import service as desk
from app.families import service as families
from app.families.models import Pattern, Person
from app.families.words import ConsentKind, MemberRole
from app.web.models import PrincipalKind
from tests.browser.conftest import PHONE, Devices, shoot
from tests.browser.said import SHELF
from tests.browser.stories import hang_up, open_desk, open_phone, sees, touch, wait_until
from tests.browser.test_doors_phone import code_texted_to, is_welcomed_as, newest
from tests.browser.test_terminal_texts import ENGINE
from tests.browser.village import Village
from tests.scene import at

MOST_TOUCHES = 8
FEATURE_PHONE = ViewportSize(width=240, height=320)
IS_SHELL_KEPT = "caches.has('homethread.shell /phone')"


class Thumb:
    """Counts what somebody touches; digits that are typed and what the phone's own pictures ask aren't counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.touches = page, 0

    def touch(self, act: str, **named: str) -> None:
        self.touches += 1
        touch(self.page, act, **named)


def has_no_photo(village: Village, person_id: str) -> None:
    with village.scene.database.begin() as session:
        session.execute(update(Person).where(Person.id == person_id).values(photo_id=None))


def person_of(village: Village, person_id: str) -> Person:
    with village.scene.database.read() as session:
        return session.get_one(Person, person_id)


def hours_of(village: Village, person_id: str) -> list[Pattern]:
    with village.scene.database.read() as session:
        return list(session.scalars(select(Pattern).where(Pattern.person_id == person_id)))


@pytest.mark.expects_complaints
def test_from_a_number_to_a_first_call_in_a_few_touches(village: Village, devices: Devices, tmp_path: Path) -> None:
    """A network that goes away and a page that the camera cost lose nothing; afterwards it opens without a network."""
    alice = village.scene.alice
    has_no_photo(village, alice.parent)
    (tmp_path / "me.png").write_bytes(portrait(3, "mother"))
    phone = devices.open(f"{village.url}/phone", PHONE)
    thumb = Thumb(phone)
    sees(phone, "door-number")
    phone.locator("input[name=number]").fill("138 0000 0011")
    thumb.touch("send-code")
    sees(phone, "door-code")
    phone.locator("input[name=code]").press_sequentially(code_texted_to(village, phone, "Alice"))
    is_welcomed_as(phone, "Alice")
    thumb.touch("thats-me")
    sees(phone, "begin")
    shoot(phone, "begin-photo")
    with phone.expect_file_chooser() as choosing:
        thumb.touch("begin-choose")
    choosing.value.set_files(tmp_path / "me.png")
    expect(phone.locator("img.begin__photo")).to_be_visible()
    phone.context.set_offline(True)
    touch(phone, "begin-send")
    expect(phone.locator(".banner")).to_contain_text("kept")
    phone.context.set_offline(False)
    phone.reload()
    expect(phone.locator("img.begin__photo")).to_be_visible()
    thumb.touch("begin-send")
    expect(phone.locator("[data-step=hours]")).to_be_visible()
    assert person_of(village, alice.parent).photo_id
    shoot(phone, "begin-hours")
    thumb.touch("begin-shift", kind="night")
    expect(phone.locator("[data-step=ready]")).to_be_visible()
    assert [hours.detail["from_minute"] for hours in hours_of(village, alice.parent)] == [1200]
    shoot(phone, "begin-ready")
    thumb.touch("begin-book")
    thumb.touch("propose")
    thumb.touch("send-booking")
    sees(phone, "home")
    call = newest(village)
    assert call
    assert call.parent_id == alice.parent
    assert thumb.touches <= MOST_TOUCHES
    opens_without_a_network(phone, village)


def is_kept(phone: Page) -> bool:
    known = [row["id"] for row in phone.evaluate(SHELF, "known")]
    return "phone" in known and bool(phone.evaluate(IS_SHELL_KEPT))


def opens_without_a_network(phone: Page, village: Village) -> None:
    """Also when the tab was closed, which takes its own memory along."""
    wait_until(phone, "the page and what it was told are kept", lambda: is_kept(phone))
    expect(phone.locator("link[rel=manifest]")).to_have_count(1)
    when = phone.locator(".next-call__when").inner_text()
    village.kill("web")
    again = phone.context.new_page()
    phone.close()
    again.goto(f"{village.url}/phone")
    expect(again.locator(".next-call__when")).to_have_text(when)
    expect(again.locator(".banner")).to_contain_text("This is what was known today")
    touch(again, "messages")
    sees(again, "messages")
    again.set_viewport_size(FEATURE_PHONE)
    expect(again.locator("[data-act=messages-again]")).to_be_in_viewport(ratio=0.99)
    shoot(again, "messages-no-network")
    village.start("web")


def test_everything_is_read_aloud_to_whoever_wants_it(village: Village, devices: Devices) -> None:
    """Each screen, a held button instead of what it does, nothing into a call; off where there is no voice."""
    alice = village.scene.alice
    village.scene.clock.at = village.now()
    village.scene.book(alice, at(18, 5), alice.desk_acts)
    context = devices.device(PHONE)
    context.add_init_script(ENGINE % ["zh-CN", "en-GB"])
    phone = context.new_page()
    phone.goto(f"{village.url}/phone")
    sees(phone, "door-number")
    touch(phone, "aloud")
    hears(phone, "Sign in by number", "Text me a code")
    phone.goto(village.enter(PrincipalKind.PERSON, alice.parent, None))
    sees(phone, "home")
    touch(phone, "aloud-again")
    hears(phone, "Child of Alice", "today 18:05", "Join the call")
    shoot(phone, "home-aloud")
    phone.locator("[data-act=join]").hover()
    phone.evaluate("() => { said.length = 0; }")
    phone.mouse.down()
    hears(phone, "Join the call")
    phone.mouse.up()
    sees(phone, "home")
    touch(phone, "join")
    sees(phone, "waiting|connecting")
    expect(phone.locator(".aloud")).to_be_hidden()
    phone.evaluate("() => { said.length = 0; }")
    hang_up(phone)
    sees(phone, "home|ended")
    touch(phone, "aloud-again")
    phone.evaluate("() => { globalThis.breaks = true; }")
    touch(phone, "aloud-again")
    expect(phone.locator(".toast")).to_contain_text("no voice")
    expect(phone.locator(".aloud")).to_have_count(0)
    devices.forgive("401")


def hears(page: Page, *sentences: str) -> None:
    """Among what was said, in this order."""
    wait_until(
        page, f"{sentences} to be said", lambda: in_order(page.evaluate("said.map(([, text]) => text)"), sentences)
    )


def in_order(said: list[str], sentences: tuple[str, ...]) -> bool:
    return re.search(".*".join(map(re.escape, sentences)), "\n".join(said), re.DOTALL) is not None


@pytest.mark.expects_complaints
def test_a_parent_with_children_in_two_villages_tells_them_apart(village: Village, devices: Devices) -> None:
    alice, charlie = village.scene.alice, village.scene.charlie
    village.scene.clock.at = village.now()
    with village.scene.database.begin() as session:
        for family, role in ((charlie.family, alice.parent), (alice.family, charlie.parent)):
            families.add_member(session, family_id=family, person_id=role, role=MemberRole.PARENT, now=village.now())
        families.give_consent(
            session, child_id=charlie.child, contact_id=alice.parent, kind=ConsentKind.CALL, given_by=charlie.parent,
            evidence="paper", from_at=village.now() - timedelta(days=1), now=village.now(),
        )  # fmt: skip
    village.scene.book(alice, at(20), alice.desk_acts)
    phone = open_phone(devices, village, alice)
    phone.set_viewport_size(FEATURE_PHONE)
    expect(phone.locator(".next-call")).to_contain_text("Redstone")
    touch(phone, "book")
    expect(phone.locator(".child__place")).to_have_text(["Redstone", "Bridge"])
    assert not phone.evaluate("document.documentElement.scrollWidth > innerWidth")
    shoot(phone, "book-two-villages")
    touch(phone, "home")
    touch(phone, "call-now")
    expect(phone.locator("dialog .row__text")).to_have_text(["Redstone", "Bridge"])
    touch(phone, "close")
    touch(phone, "settings")
    touch(phone, "parents")
    letters = phone.locator("[data-letter]")
    expect(letters).to_have_count(2)
    expect(letters.first).to_contain_text(f"Charlie, open {village.url}/phone and sign in with your phone number")
    expect(letters.last).to_contain_text("coordinator in Bridge")
    shoot(phone, "parents")
    asks_for_the_other_parent(phone)
    accepts_at_the_desk(village, devices)
    expect(phone.locator("[data-part=asked] li")).to_have_attribute("data-state", "accepted")
    shoot(phone, "parents-asked")
    assert not phone.evaluate("document.documentElement.scrollWidth > innerWidth")


def asks_for_the_other_parent(phone: Page) -> None:
    """Of the first child, on the smallest screen; a number that is none and a closed dialog lose nothing."""
    asking = phone.locator("dialog [data-family-id]").first
    asking.locator("summary").click()
    asking.locator("[name=name]").fill("Wei")
    asking.locator("[name=kinship]").select_option("father")
    touch(phone, "ask-parent")
    expect(asking.locator("[data-missing=number]")).to_be_visible()
    asking.locator("[name=number]").fill("139 0000")
    touch(phone, "ask-parent")
    expect(phone.locator(".steady__said")).to_contain_text("not a valid phone number")
    touch(phone, "close")
    touch(phone, "settings")
    touch(phone, "parents")
    expect(asking.locator("[name=name]")).to_have_value("Wei")
    asking.locator("[name=number]").fill("139 0000 0055")
    assert not phone.evaluate("document.querySelector('dialog').scrollWidth > innerWidth")
    shoot(phone, "parents-asking")
    touch(phone, "ask-parent")
    expect(phone.locator("[data-part=asked] li")).to_contain_text("Waiting for the coordinator")


def accepts_at_the_desk(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    with village.scene.database.begin() as session:
        lee = desk.add_coordinator(session, alice.village, "Teacher Li", "en", village.now()).id
    page = open_desk(devices, village, alice, lee)
    page.locator("[data-tab=ledger]:has(.badge)").click()
    row = page.locator("[data-part=asked] li")
    expect(row).to_contain_text("Wei, father of Child of Alice")
    row.locator("[data-act=asked-number]").click()
    expect(row.locator("a[href='tel:+8613900000055']")).to_be_visible()
    shoot(page, "desk-asked")
    row.locator("[data-submit=asked-accept] [type=submit]").click()
    expect(page.locator(".print-card__name")).to_have_text("Wei")
    page.locator("dialog [data-act=close]").click()
    expect(row.locator("a[href^='#enrol=']")).to_be_visible()
