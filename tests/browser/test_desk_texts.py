"""The desk while texts don't leave, and its page of texts, in real Chromium with the real programs.

The village texts by a smsbox of the test's own, which takes texts or says that it can't. It begins at 18:00.
"""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.desk import service as desk_service
from app.families.models import Person
from app.notices import service as notices
from app.notices import terms
from app.notices.models import Delivery, GatewayState, Notice, StoppedNumber
from app.notices.terms import Terms
from app.notices.words import DeliveryState, NoticeState
from app.sms.models import TextIn
from app.sms.words import Outcome
from app.storage.database import new_id
from app.web.models import PrincipalKind
from tests.browser.conftest import DESK, Devices, shoot
from tests.browser.stories import sees, touch, wait_until
from tests.browser.village import Village, open_village
from tests.scene import Household, at
from tests.services.vendors import LoopbackVendor, Said, Sent

T = TypeVar("T")

PATIENCE_MS = 20_000
PROBED, TAKEN = "Missing receiver number, rejected", "0: Accepted for delivery"
BUSY = "Temporal failure, try again later."


class Smsbox(LoopbackVendor):
    """Kannel's, as far as its sendsms goes. `is_down`: it has no way to the phones."""

    def __init__(self) -> None:
        self.is_down = False
        self.texts: list[str] = []
        super().__init__(self._answer)

    def _answer(self, sent: Sent) -> Said:
        if self.is_down:
            return Said(503, BUSY.encode(), "text/plain")
        if "x-kannel-to" not in sent.headers:
            return Said(400, PROBED.encode(), "text/plain")
        self.texts.append(sent.body.decode("latin-1"))
        return Said(202, TAKEN.encode(), "text/plain")


@pytest.fixture(scope="module")
def smsbox() -> Iterator[Smsbox]:
    running = Smsbox()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, smsbox: Smsbox) -> Iterator[Village]:
    """One for all, since each has families of its own to look at."""
    folder = tmp_path_factory.mktemp("texts")
    shutil.copyfile(sqlite_template, folder / "homethread.db")
    running = open_village(
        folder, f"sqlite:///{folder / 'homethread.db'}", at(18), SMS_GATEWAYS=f"kannel://u:p@127.0.0.1:{smsbox.port}/"
    )
    yield running
    running.stop()
    log = running.logs()
    assert "Traceback" not in log, log


@pytest.fixture(scope="module")
def dora(village: Village) -> Household:
    """She wants no texts; her granny's number was written down and never confirmed, and granny writes."""
    home = village.scene.move_in("Dora", "boat", 4)
    with village.scene.database.begin() as session:
        parent, granny = session.get_one(Person, home.parent), session.get_one(Person, home.caregiver)
        granny.phone_confirmed_at = None
        session.add(StoppedNumber(number=parent.phone, stopped_at=village.now()))
        session.add(
            TextIn(
                id=new_id(session), gateway="kannel", ref="1", sender=granny.phone, number=granny.phone, text="hello",
                sent_at=village.now(), at=village.now(), outcome=Outcome.STRANGER,
            )
        )  # fmt: skip
    return home


def lee(village: Village, devices: Devices, language: str = "en") -> Page:
    alice = village.scene.alice
    with village.scene.database.begin() as session:
        coordinator = desk_service.add_coordinator(session, alice.village, "Teacher Lee", language, village.now())
    page = devices.open(village.enter(PrincipalKind.COORDINATOR, coordinator.id, alice.village, language), DESK)
    sees(page, "ledger|tonight")
    return page


def plan(village: Village, whom: Household) -> str:
    """A text to a parent that falls due now; its notice's id."""
    with village.scene.database.begin() as session:
        return notices.plan(
            session, template="cancelled", subject="call:1", due_at=village.now(), key=new_id(session),
            params={"parent": "Wang", "child": "Yu", "place": "Redstone", "starts_at": at(20), "reason": "sick"},
            person_id=whom.parent, family_id=whom.family, now=village.now(),
        )  # fmt: skip


def lose(village: Village, notice_id: str) -> None:
    """The text left, and did not reach the phone."""
    with village.scene.database.begin() as session:
        delivery = session.scalars(select(Delivery).where(Delivery.notice_id == notice_id)).one()
        delivery.state, delivery.settled_at, delivery.error = DeliveryState.FAILED, village.now(), "undelivered"


def is_out(village: Village, notice_id: str) -> bool:
    with village.scene.database.read() as session:
        return session.get_one(Notice, notice_id).state is NoticeState.OUT


def is_failing(village: Village) -> bool:
    with village.scene.database.read() as session:
        state = session.get(GatewayState, "kannel")
        return state is not None and state.failing_since is not None


def reread(page: Page, look: Callable[[], T]) -> T:
    """Have the page ask again, as it does every half minute."""
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_timeout(200)
    return look()


def test_a_desk_sees_that_texts_do_not_leave_and_phones_until_they_do(
    village: Village, devices: Devices, smsbox: Smsbox
) -> None:
    alice, bob = village.scene.alice, village.scene.bob
    smsbox.is_down = True
    village.scene.book(alice, at(19), alice.desk_acts)
    village.scene.book(bob, at(19, 30), bob.desk_acts)
    page = lee(village, devices)
    outage = page.locator("[data-part=outage]")
    expect(outage).to_be_hidden()
    plan(village, alice)
    planned_at = village.now()
    village.move_clock_to(planned_at + timedelta(seconds=65))
    wait_until(page, "it was found to fail", lambda: is_failing(village))
    village.move_clock_to(planned_at + timedelta(minutes=12))
    wait_until(page, "the desk knows", lambda: "have not left for 12 minutes" in reread(page, outage.inner_text))
    wait_until(page, "who is silent", lambda: "No answer from Kannel" in reread(page, outage.inner_text))
    expect(outage).to_contain_text("4 people have a call soon")
    granny = outage.locator(".outage__person", has_text="Granny of Alice")
    granny.locator("[data-act=outage-number]").focus()
    page.keyboard.press("Enter")
    expect(granny.locator("a")).to_be_focused()
    expect(granny.locator("a")).to_have_attribute("href", "tel:+8613800000012")
    page.goto(f"{village.url}/desk#tonight")
    expect(page.locator("[data-part=waiting]")).to_be_visible()
    shoot(page, "desk-gateway-down")

    outage.locator("a[href='#texts']").click()
    gateway = page.locator("[data-gateway=kannel]")
    expect(gateway).to_have_attribute("data-state", "silent")
    expect(gateway).to_contain_text("Tell whoever looks after the server")
    expect(page.locator("[data-part=texts-notices] li")).to_contain_text("Texts are not leaving")
    page.set_viewport_size({"width": 768, "height": 1024})
    shoot(page, "desk-texts-down-tablet")

    smsbox.is_down = False
    village.move_clock_to(village.now() + timedelta(minutes=6))
    wait_until(page, "it is there again", lambda: reread(page, outage.is_hidden))
    expect(gateway).to_have_attribute("data-state", "well", timeout=PATIENCE_MS)
    expect(page.locator("[data-part=texts-notices] li")).to_have_count(0)
    wait_until(page, "what was held back left", lambda: smsbox.texts)


def test_a_text_is_sent_again_and_one_to_everybody_is_looked_at_and_sent(
    village: Village, devices: Devices, smsbox: Smsbox, dora: Household
) -> None:
    notice_id = plan(village, village.scene.bob)
    page = lee(village, devices)
    wait_until(page, "it left", lambda: is_out(village, notice_id))
    lose(village, notice_id)
    page.goto(f"{village.url}/desk#texts")
    lost = page.locator("[data-part=texts-undelivered] .trouble")
    wait_until(page, "what nobody rang for is read", lambda: reread(page, lost.count))
    expect(lost).to_contain_text("it left, but did not reach the phone")
    touch(page, "again")
    again = page.locator("[data-part=sent-again] li")
    expect(again).to_have_attribute("data-state", "sent", timeout=PATIENCE_MS)
    expect(again).to_contain_text("Bob")
    expect(lost).to_have_count(0)

    page.locator("[name=broadcast]").fill("No power tomorrow. Please come at noon.")
    count = page.locator("[data-part=broadcast-count]")
    expect(count).to_contain_text("39 characters")
    expect(count).to_contain_text("4 people", timeout=PATIENCE_MS)
    page.reload()
    expect(page.locator("[name=broadcast]")).to_have_value("No power tomorrow. Please come at noon.")
    page.locator("[data-submit=preview-broadcast] button[type=submit]").press("Enter")
    send = page.locator("[data-act=send-broadcast]")
    expect(send).to_be_focused(timeout=PATIENCE_MS)
    expect(send).to_contain_text("Send it to 4 people")
    expect(page.locator(".broadcast__part")).to_contain_text("No power tomorrow")
    expect(page.locator("[data-fact=unreachable]")).to_contain_text("Dora and Granny of Dora")
    shoot(page, "desk-broadcast")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=broadcast-sent]")).to_contain_text("on its way to 4 people", timeout=PATIENCE_MS)
    wait_until(page, "it left", lambda: sum("No power" in text for text in smsbox.texts) == 4)


def test_the_terms_are_changed_refused_at_the_field_and_taken_back(
    village: Village, devices: Devices, dora: Household
) -> None:
    page = lee(village, devices, "zh-CN")
    page.goto(f"{village.url}/desk#texts")
    form = page.locator("[data-submit=save-terms]")
    price, budget = form.locator("[name='terms.price']"), form.locator("[name='terms.village_segments']")
    expect(page.locator("[data-stranger]")).to_contain_text("Granny of Dora")
    price.fill("much")
    budget.fill("200")
    price.press("Enter")
    expect(price).to_be_focused()
    expect(price).to_have_attribute("aria-invalid", "true")
    price.fill("0,05")
    page.reload()
    expect(price).to_have_value("0,05")
    form.locator("summary").press("Enter")
    form.locator("[data-template=booked] input").uncheck()
    form.locator("[name='terms.kinds.chase.minutes']").fill("30")
    shoot(page, "desk-texts-zh")
    form.locator("button[type=submit]").press("Enter")
    undo = form.locator("[data-act=undo-terms]")
    expect(undo).to_be_visible(timeout=PATIENCE_MS)
    held = terms_of(village, dora)
    assert (held.segment_price, held.village_segments) == (500, 200)
    expect(page.locator("[data-part=texts-month] meter")).to_be_visible()
    shoot(page, "desk-texts-saved")
    undo.press("Enter")
    expect(budget).to_have_value("")
    held = terms_of(village, dora)
    assert (held.segment_price, held.village_segments) == (450, None)
    expect(form.locator("[data-template=booked] input")).to_be_checked()
    page.goto(f"{village.url}/desk#family={dora.family}")
    expect(page.locator(f".member[data-person-id='{dora.parent}'] [data-part=stopped]")).to_be_visible()
    expect(page.locator("[data-part=stopped]")).to_have_count(1)


def terms_of(village: Village, whom: Household) -> Terms:
    with village.scene.database.read() as session:
        return terms.terms_of(session, whom.village)
