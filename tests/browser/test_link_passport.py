"""What links do, at the desk: a terminal by the hour, and a call when it is over. And what data costs, on a phone."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from app.calls.models import Call
from app.calls.words import CallState, Outcome
from app.desk import service as desk
from app.families.models import Person
from app.kernel.rungs import RungName
from app.storage.database import new_id
from tests.browser.conftest import PHONE, Devices, shoot
from tests.browser.stories import open_desk, open_phone, sees, touch
from tests.browser.village import Village
from tests.scene import at

# By hour: (calls, round trip, loss, rung).
HOURS = {
    8: (1, 300, 5, RungName.VIDEO), 12: (3, 240, 4, RungName.VIDEO), 17: (2, 480, 30, RungName.MICRO_VIDEO),
    18: (3, 300, 10, RungName.THIN_VIDEO), 19: (12, 560, 40, RungName.STILLS), 20: (9, 900, 90, RungName.THIN_VOICE),
    21: (4, 420, 20, None),
}  # fmt: skip


@pytest.fixture
def lee(village: Village) -> str:
    with village.scene.database.begin() as session:
        return desk.add_coordinator(session, village.scene.alice.village, "Teacher Lee", "en", village.now()).id


def remember(village: Village, hour: int, day: int, rtt_ms: int, loss_permille: int, rung: RungName | None) -> str:
    """A call of ten minutes that is over."""
    alice, starts_at = village.scene.alice, at(hour, day=1) + timedelta(days=day)
    ends_at, seconds = starts_at + timedelta(minutes=15), {"thin_video": 480, "stills": 120}
    with village.scene.database.begin() as session:
        call = Call(
            id=new_id(session), village_id=alice.village, terminal_id=alice.terminal, family_id=alice.family,
            parent_id=alice.parent, child_id=alice.child, starts_at=starts_at, ends_at=ends_at,
            state=CallState.ENDED, outcome=Outcome.HELD, made_at=starts_at, talked_seconds=600,
            live_at=starts_at, ended_at=starts_at + timedelta(seconds=600), link_rtt_ms=rtt_ms,
            link_loss_permille=loss_permille, link_rung=rung, link_kbps=54, rung_seconds=seconds,
            rung_reasons={"delay": 2, "nothing": 1}, parent_bytes=4_120_000, village_bytes=4_310_000,
        )  # fmt: skip
        session.add(call)
        return call.id


def test_a_terminals_link_is_drawn_by_the_hour(village: Village, devices: Devices, lee: str) -> None:
    page = open_desk(devices, village, village.scene.alice, lee)
    page.goto(f"{village.url}/desk#village")
    row = page.locator(".terminal-row").first
    row.locator(".passport > summary").click()
    expect(row.locator(".passport")).to_contain_text("No call was measured here")
    for hour, (calls, rtt_ms, loss_permille, rung) in HOURS.items():
        for day in range(calls):
            remember(village, hour, day + 2, rtt_ms, loss_permille, rung)
    page.reload()
    row.locator(".passport > summary").click()
    expect(row.get_by_role("img", name="Redstone office, the last four weeks: 34 calls")).to_be_visible()
    states = row.locator(".passport__hour")
    expect(states).to_have_count(len(HOURS))
    assert [each.get_attribute("data-state") for each in states.all()] == [
        "few", "good", "fair", "good", "fair", "bad", "fair",
    ]  # fmt: skip
    expect(states.nth(4).locator("title")).to_have_text("19:00: 12 calls · Photos · In between · 560 ms · 4 %")
    shoot(page, "desk-passport")
    row.locator("[data-key=numbers] summary").click()
    expect(row.locator("tbody tr").nth(5)).to_have_text("20:009Thin voice900 ms9 %Bad")
    page.set_viewport_size(PHONE)
    assert row.evaluate("(row) => row.querySelector('.passport').scrollWidth <= row.clientWidth")
    row.scroll_into_view_if_needed()
    shoot(page, "desk-passport-narrow")


def test_a_call_that_is_over_tells_what_its_link_carried(village: Village, devices: Devices, lee: str) -> None:
    call_id = remember(village, 12, 22, 320, 15, RungName.THIN_VIDEO)
    page = open_desk(devices, village, village.scene.alice, lee)
    page.goto(f"{village.url}/desk#tonight")
    page.locator(f"[data-act=call][data-call-id='{call_id}']").first.click()
    dialog = page.locator("dialog")
    expect(dialog.locator("[data-fact=link]")).to_have_text("54 kbit/s · round trip 320 ms · 1.5 % lost")
    expect(dialog.locator("[data-fact=rungs]")).to_have_text("Small video 8:00 · Photos 2:00")
    expect(dialog.locator("[data-fact=went_down]")).to_have_text("long delay ×2 · line gone ×1")
    expect(dialog.locator("[data-fact=data]")).to_have_text("Child of Alice 4.3 MB · Alice 4.1 MB")
    shoot(page, "desk-call-link")


def test_a_parent_says_what_data_costs(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    page = open_phone(devices, village, alice)
    touch(page, "settings")
    expect(page.locator("[data-act=price]")).to_contain_text("Then a call shows what it costs")
    touch(page, "price")
    page.locator("dialog input[name=price]").fill("free")
    page.locator("[data-act=save-price]").click()
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("as a number")
    page.locator("dialog input[name=price]").fill("4,5")
    page.locator("dialog select[name=currency]").select_option("AED")
    shoot(page, "phone-price")
    page.locator("[data-act=save-price]").click()
    expect(page.locator("dialog input[name=price]")).to_have_count(0)
    with village.scene.database.read() as session:
        person = session.get_one(Person, alice.parent)
        assert (person.mb_price_milli, person.mb_currency) == (4.5, "AED")
    sees(page, "home")
    touch(page, "settings")
    expect(page.locator("[data-act=price]")).to_contain_text(re.compile(r"AED.?4\.50 for 1 GB"))
    touch(page, "price")
    page.locator("[data-act=forget-price]").click()
    expect(page.locator("dialog input[name=price]")).to_have_count(0)
    with village.scene.database.read() as session:
        assert session.get_one(Person, alice.parent).mb_price_milli is None
