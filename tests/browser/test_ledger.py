"""The desk's first page on a Sunday evening: who waits to be heard, what was promised, the weeks drawn; or tonight."""

import csv
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.calls.models import Call
from app.calls.words import CallState, Outcome
from app.desk import service as desk
from app.storage.database import new_id
from app.web.models import PrincipalKind
from tests.browser.conftest import DESK, Devices, shoot
from tests.browser.stories import open_desk, sees, wait_until
from tests.browser.village import Village
from tests.scene import Household, at

SUNDAY = at(18, day=29)


@pytest.fixture
def lee(village: Village) -> str:
    """The coordinator of Alice's and Bob's village, on a Sunday evening; the id."""
    village.move_clock_to(SUNDAY)
    with village.scene.database.begin() as session:
        return desk.add_coordinator(session, village.scene.alice.village, "Teacher Lee", "en", village.now()).id


def remember(
    village: Village, whom: Household, starts_at: datetime, outcome: Outcome, reason: str | None = None
) -> None:  # fmt: skip
    """Write a call that is over; one that was held took ten minutes."""
    seconds = 600 if outcome is Outcome.HELD else 0
    with village.scene.database.begin() as session:
        session.add(
            Call(
                id=new_id(session), village_id=whom.village, terminal_id=whom.terminal, family_id=whom.family,
                parent_id=whom.parent, child_id=whom.child, starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=15), state=CallState.ENDED, outcome=outcome, reason=reason,
                made_at=starts_at, talked_seconds=seconds, ended_at=starts_at + timedelta(seconds=600),
            )
        )  # fmt: skip


def proposed(village: Village, whom: Household) -> list[Call]:
    with village.scene.database.read() as session:
        asked = select(Call).where(Call.child_id == whom.child, Call.state == CallState.PROPOSED)
        return list(session.scalars(asked))


def saved(page: Page, which: str) -> list[list[str]]:
    """The rows of a table as the file that is downloaded."""
    with page.expect_download() as kept:
        page.locator(f"[data-act=csv-{which}]").click()
    return list(csv.reader(Path(kept.value.path()).read_text("utf-8-sig").splitlines()))


def reads_the_weeks(page: Page) -> None:
    """With the eyes, by the numbers behind the drawing, and by what a screen reader says."""
    heard = page.locator("figure[data-plot=heard]")
    expect(heard.get_by_role("img", name="Heard this week: 1 of 2 children")).to_be_visible()
    expect(heard.locator(".plot__column")).to_have_count(12)
    heard.locator("summary").click()
    expect(heard.locator("tbody tr").last).to_have_text("11/2321")
    expect(page.locator("[data-reason=parent_absent]")).to_have_text("The parent did not come1")
    spark = page.locator("[data-table=children] tbody tr").first.locator("svg")
    expect(spark).to_have_attribute("aria-label", re.compile("11/16: 10, 11/23: 0$"))


def promises(page: Page, days: str) -> None:
    page.locator("[data-act=change-promise]").click()
    expect(page.locator("input[name='promise.days']")).to_be_focused()
    page.keyboard.type(days)
    page.keyboard.press("Enter")


def changes_the_promise(page: Page) -> None:
    promises(page, "40")
    expect(page.locator(".field__error:visible")).to_contain_text("from 1 to 31")
    expect(page.locator("input[name='promise.days']")).to_have_value("40")
    page.locator("[data-act=keep-promise]").click()
    promises(page, "14")
    expect(page.locator("[data-part=promise] h2")).to_have_text("Every child is heard within 14 days")
    expect(page.locator(".banner[data-state=good]")).to_contain_text("Every child was heard in time")
    promises(page, "5")


def test_a_teacher_sees_on_sunday_who_waits_and_offers_a_time(village: Village, devices: Devices, lee: str) -> None:
    alice, bob = village.scene.alice, village.scene.bob
    remember(village, alice, SUNDAY - timedelta(days=9), Outcome.HELD)
    remember(village, alice, SUNDAY - timedelta(days=2), Outcome.MISSED, "parent_absent")
    remember(village, bob, SUNDAY - timedelta(days=1), Outcome.HELD)
    page = open_desk(devices, village, alice, lee)
    sees(page, "ledger")
    waiting = page.locator("[data-part=overdue] li")
    expect(waiting).to_have_count(1)
    expect(waiting).to_contain_text(re.compile("Child of Alice.*not heard for 8 days.*The parent did not come"))
    reads_the_weeks(page)
    shoot(page, "desk-ledger")
    changes_the_promise(page)

    waiting.locator("[data-act=overdue-offer]").click()
    wait_until(page, "an offer", lambda: proposed(village, alice))
    expect(waiting).to_contain_text("next:")
    expect(waiting.locator("[data-act=overdue-offer]")).to_have_count(0)
    assert all(call.starts_at > SUNDAY for call in proposed(village, alice))
    waiting.locator("[data-act=overdue-book]").click()
    expect(page.locator("dialog[data-screen=book]")).to_be_visible()
    page.keyboard.press("Escape")


def test_the_ledger_leaves_the_screen_as_files_and_on_paper(village: Village, devices: Devices, lee: str) -> None:
    remember(village, village.scene.alice, SUNDAY - timedelta(days=9), Outcome.HELD)
    remember(village, village.scene.bob, SUNDAY - timedelta(days=1), Outcome.MISSED, "nobody_came")
    page = open_desk(devices, village, village.scene.alice, lee)
    head, *rows = saved(page, "children")
    assert (len(head), head[-1], [row[0] for row in rows]) == (21, "2026-11-23", ["Child of Bob", "Child of Alice"])
    assert (rows[0][-13], rows[1][-2:]) == ("Nobody came", ["10", "0"])
    assert len(saved(page, "calls")) == 3
    page.locator("[data-act=show-calls]").click()
    expect(page.locator("[data-table=calls] tbody tr")).to_have_count(2)
    page.emulate_media(media="print")
    expect(page.locator("[data-act=overdue-book]").first).to_be_hidden()
    expect(page.locator("figure[data-plot=heard]").get_by_role("img")).to_be_visible()


def test_the_desk_opens_on_tonight_while_calls_are_at_hand(village: Village, devices: Devices, lee: str) -> None:
    alice = village.scene.alice
    village.scene.book(alice, SUNDAY + timedelta(minutes=60))
    page = open_desk(devices, village, alice, lee)
    sees(page, "ledger")
    expect(page.locator("[data-tab=tonight] .badge")).to_have_count(0)
    village.move_clock_to(SUNDAY + timedelta(minutes=35))
    page.reload()
    sees(page, "tonight")
    expect(page.locator("[data-tab=tonight] .badge")).to_have_text("1")
    page.locator("[data-tab=ledger]").click()
    sees(page, "ledger")
    page.reload()
    sees(page, "ledger")
    other = devices.device(DESK).new_page()
    other.goto(village.enter(PrincipalKind.COORDINATOR, lee, alice.village))
    sees(other, "tonight")
