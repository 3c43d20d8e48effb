"""The terminal's doors in real Chromium: paired by a code, shown out, paired again; four pictures; who is next."""

from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from app.desk import service as desk
from app.families.models import PicturePin, Visit
from app.web.models import DeviceSession, PrincipalKind
from tests.browser import stories
from tests.browser.conftest import DESK, TERMINAL, Devices, shoot
from tests.browser.stories import hang_up, sees, touch, wait_until
from tests.browser.village import Village
from tests.scene import at

RIGHT = ["fish", "cat", "fish", "star"]
WRONG = ["cat", "fish", "fish", "star"]


class Office:
    """A signed-in coordinator of Alice's village, who speaks to the API as the desk's page does."""

    def __init__(self, village: Village, devices: Devices) -> None:
        self._village, alice = village, village.scene.alice
        with village.scene.database.begin() as session:
            coordinator = desk.add_coordinator(session, alice.village, "Teacher Li", "en", village.now()).id
        self._context: BrowserContext = devices.device(DESK)
        address = village.enter(PrincipalKind.COORDINATOR, coordinator, alice.village)
        assert self._context.request.get(address).ok

    def does(self, path: str, body: dict[str, str] | None = None) -> None:
        headers = {"Idempotency-Key": str(uuid4()), "Homethread-Face": "desk"}
        answer = self._context.request.post(f"{self._village.url}{path}", data=body or {}, headers=headers)
        assert answer.ok, answer.text()


def shown_code(page: Page) -> str:
    sees(page, "pairing")
    code = page.locator("[data-code]").get_attribute("data-code", timeout=10_000)
    assert code
    assert len(code) == 8
    return code


@pytest.mark.expects_complaints  # the browser notes each 401
def test_a_terminal_is_paired_revoked_and_paired_again(village: Village, devices: Devices) -> None:
    alice, office = village.scene.alice, Office(village, devices)
    page = devices.open(f"{village.url}/terminal", TERMINAL)
    first = shown_code(page)
    shoot(page, "terminal-pairing")
    office.does("/api/pairing/approve", {"user_code": first, "terminal_id": alice.terminal})
    sees(page, "idle")
    expect(page.locator("[data-act=family]")).to_have_count(2)
    was = bound(village)

    village.move_clock_to(village.now() + timedelta(hours=13))
    page.reload()
    sees(page, "idle")
    wait_until(page, "a new token", lambda: bound(village).token_hash != was.token_hash)
    assert bound(village).previous_hash == was.token_hash
    page.reload()
    sees(page, "idle")

    office.does(f"/api/terminals/{alice.terminal}/revoke")
    second = shown_code(page)
    assert second != first
    expect(page.locator("main img")).to_have_count(0)
    expect(page.locator("[data-act=family]")).to_have_count(0)
    office.does("/api/pairing/approve", {"user_code": second, "terminal_id": alice.terminal})
    sees(page, "idle")


@pytest.mark.expects_complaints
def test_a_terminal_that_slept_too_long_comes_back_by_its_key(village: Village, devices: Devices) -> None:
    alice, office = village.scene.alice, Office(village, devices)
    page = devices.open(f"{village.url}/terminal", TERMINAL)
    office.does("/api/pairing/approve", {"user_code": shown_code(page), "terminal_id": alice.terminal})
    sees(page, "idle")
    page.goto("about:blank")
    village.move_clock_to(village.now() + timedelta(days=8))
    page.goto(f"{village.url}/terminal")
    sees(page, "idle")
    page.goto("about:blank")
    village.move_clock_to(village.now() - timedelta(days=8))  # so that what is torn down is dated sanely


def bound(village: Village) -> DeviceSession:
    with village.scene.database.read() as session:
        return session.scalars(select(DeviceSession).where(DeviceSession.public_key.is_not(None))).one()


@pytest.mark.expects_complaints  # it notes each refusal, too
def test_four_pictures_stand_before_a_familys_page(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    page = stories.open_terminal(devices, village, alice)
    touch(page, "help")
    expect(page.locator(".toast")).to_contain_text("Each picture is a family")  # nobody has recorded it
    touch(page, "family", family_id=alice.family)
    sees(page, "family")
    shoot(page, "terminal-family-lock")
    touch(page, "lock")
    sees(page, "pin")
    give(page, RIGHT, "again")
    give(page, WRONG, "new")
    shoot(page, "terminal-pin-set")
    give(page, RIGHT, "again")
    give(page, RIGHT)
    sees(page, "family")
    touch(page, "back")
    sees(page, "idle")
    wait_until(page, "the visit's end", lambda: not rows(village, Visit))

    touch(page, "family", family_id=alice.family)
    state(page, "try")
    assert "Alice" not in page.locator("body").inner_text()
    for _ in range(2):
        give(page, WRONG)
    give(page, WRONG, "waiting")
    shoot(page, "terminal-pin-waiting")
    page.mouse.click(512, 590)  # somebody is still there
    village.move_clock_to(village.now() + timedelta(seconds=31))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    state(page, "try")
    give(page, RIGHT)
    sees(page, "family")

    block(village)
    touch(page, "back")
    sees(page, "idle")
    wait_until(page, "the visit's end", lambda: not rows(village, Visit))
    touch(page, "family", family_id=alice.family)
    state(page, "blocked")
    shoot(page, "terminal-pin-blocked")


def test_after_a_call_the_next_familys_picture_stands_there(village: Village, devices: Devices) -> None:
    alice, bob = village.scene.alice, village.scene.bob
    village.move_clock_to(at(18, 55))
    for whom, starts_at in ((alice, at(19)), (bob, at(19, 10))):  # a short one, so that who is next is soon
        village.scene.book(whom, starts_at, whom.desk_acts, minutes=5)
    phone, page = stories.open_phone(devices, village, alice), stories.open_terminal(devices, village, alice)
    village.move_clock_to(at(18, 59) + timedelta(seconds=58))
    touch(phone, "join")
    sees(page, "ring", 20)
    touch(page, "answer")
    sees(page, "live", 20)
    village.move_clock_to(village.now() + timedelta(seconds=5))  # a page may think it is three seconds earlier
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    hang_up(phone)
    sees(page, "goodbye")
    page.locator("[data-act=done]").first.click()
    sees(page, "change-over")
    expect(page.locator(f"[data-family-id='{bob.family}']")).to_be_visible()
    assert "Bob" not in page.locator("body").inner_text()
    shoot(page, "terminal-change-over")
    touch(page, "wall")
    sees(page, "idle")


def give(page: Page, pictures: list[str], then: str | None = None) -> None:
    for picture in pictures:
        touch(page, "pin", picture=picture)
    expect(page.locator(".pin__grid[aria-busy]")).to_have_count(0)
    if then:
        state(page, then)


def state(page: Page, stage: str) -> None:
    expect(page.locator(".pin")).to_have_attribute("data-state", stage)


def rows(village: Village, kind: type[Visit] | type[PicturePin]) -> list[object]:
    with village.scene.database.read() as session:
        return list(session.scalars(select(kind)).all())


def block(village: Village) -> None:
    with village.scene.database.begin() as session:
        session.scalars(select(PicturePin)).one().blocked_at = village.now()
