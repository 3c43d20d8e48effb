"""Scheduling at the desk in a real browser: a call from one of the best times, regular calls until they are ended."""

from datetime import datetime
from threading import Event

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from app.calls.models import Call, Series
from app.calls.words import CallState, Origin
from app.desk import service as desk
from app.families.rules import EMBLEMS
from tests.browser.conftest import Devices, shoot
from tests.browser.stories import open_desk, touch, wait_until
from tests.browser.village import Village
from tests.scene import at

LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture
def page(village: Village, devices: Devices) -> Page:
    """The desk of Alice's village, on her family's page."""
    alice = village.scene.alice
    with village.scene.database.begin() as session:
        lee = desk.add_coordinator(session, alice.village, "Teacher Lee", "en", village.now()).id
    opened = open_desk(devices, village, alice, lee)
    touch(opened, "family", family_id=alice.family)
    expect(opened.locator("[data-part=times] .fortnight").first).to_be_visible()
    return opened


def calls(village: Village) -> list[Call]:
    with village.scene.database.read() as session:
        found = select(Call).where(Call.child_id == village.scene.alice.child, Call.state != CallState.ENDED)
        return list(session.scalars(found.order_by(Call.starts_at)))


def chooses_best(page: Page) -> str:
    """Take the first of the best times; the instant that it is."""
    touch(page, "book")
    best = page.locator("dialog .best__one").first
    expect(best).to_be_visible()
    expect(best.locator(".best__why")).not_to_be_empty()
    starts_at = best.get_attribute("data-starts-at") or ""
    page.locator(f"dialog .best__one[data-starts-at='{starts_at}']").click()
    return starts_at


def test_a_call_is_booked_from_one_of_the_best_times(village: Village, page: Page) -> None:
    starts_at = chooses_best(page)
    shoot(page, "desk-best-times")
    page.locator("dialog [data-act=send]").click()
    wait_until(page, "the call to stand", lambda: len(calls(village)) == 1)
    (call,) = calls(village)
    assert f"{call.starts_at:%Y-%m-%dT%H:%M:%SZ}" == starts_at
    assert (call.state, call.origin) == (CallState.BOOKED, Origin.ASKED)
    expect(page.locator(".page-head")).to_contain_text("next:")
    finds_a_family(page, village)
    page.evaluate("location.hash = 'tonight'")
    phones_who_is_late(page, village)
    books_again_what_was_cancelled(page, village)


def finds_a_family(page: Page, village: Village) -> None:
    """Among many, by the name of anybody in it, with the keyboard."""
    for number, emblem in enumerate(EMBLEMS[8:]):
        village.scene.move_in(f"Dora {number}", emblem, 20 + number)
    page.evaluate(LOOK_AGAIN)
    seek = page.locator("input[name=seek]")
    expect(seek).to_be_visible()
    seek.press_sequentially("granny of bob")
    rows = page.locator(".desk__side .row")
    expect(rows).to_have_count(1)
    seek.press("Enter")
    expect(rows).to_be_focused()
    seek.fill("zebra")
    expect(page.locator(".desk__side [role=status]")).to_be_visible()
    seek.fill("")


def phones_who_is_late(page: Page, village: Village) -> None:
    bob = village.scene.bob
    call = village.scene.book(bob, at(18, 10), by=bob.desk_acts)
    village.move_clock_to(at(18, 12))
    page.evaluate(LOOK_AGAIN)
    touch(page, "call", call_id=call)
    dialog = page.locator("dialog[data-screen=call]")
    for side in ("village", "parent"):
        expect(dialog.locator(f"[data-side={side}]")).to_contain_text("minutes late")
    expect(page.locator("[data-part=summary]")).to_contain_text("1 late")
    page.emulate_media(media="print")
    expect(page.locator(".paper--evening .paper__row").first).to_contain_text("18:10")
    expect(page.locator(".timeline")).to_be_hidden()
    page.emulate_media(media="screen")
    expect(dialog.locator("[data-act=phone]")).to_have_text(["Phone Granny of Bob", "Phone Bob"])
    shoot(page, "desk-late")
    dialog.locator("[data-act=phone]").first.press("Enter")
    expect(dialog.locator("a[href^='tel:+86']")).to_be_focused()
    page.keyboard.press("Escape")


def books_again_what_was_cancelled(page: Page, village: Village) -> None:
    bob, near = village.scene.bob, at(18, 31)  # too near to be offered to whoever waits
    cancelled = village.scene.book(bob, near, by=bob.desk_acts)
    page.evaluate(LOOK_AGAIN)
    touch(page, "call", call_id=cancelled)
    touch(page, "cancel")
    touch(page, "cancel-confirm")
    expect(page.locator(f".block[data-call-id='{cancelled}']")).to_have_attribute("data-state", "cancelled")
    touch(page, "call", call_id=cancelled)
    touch(page, "book-again")
    wait_until(page, "it to stand again", lambda: near in standing_starts(village))


def standing_starts(village: Village) -> list[datetime]:
    with village.scene.database.read() as session:
        found = select(Call.starts_at).where(Call.child_id == village.scene.bob.child, Call.state == CallState.BOOKED)
        return list(session.scalars(found))


def test_regular_calls_are_booked_and_ended(village: Village, page: Page) -> None:
    chooses_best(page)
    page.locator("dialog label.pill", has_text="Every week").click()
    page.locator("dialog label.pill", has_text="a number of times").click()
    page.locator("dialog input[name=count]").fill("3")
    page.locator("dialog [data-act=send]").click()
    expect(page.locator("dialog[data-screen=series]")).to_contain_text("3 times")
    made = calls(village)
    assert len(made) == 3
    assert {call.origin for call in made} == {Origin.SERIES}
    shoot(page, "desk-series-booked")
    page.locator("dialog [data-act=close]").click()
    is_asked_which_calls_are_to_move(page, made[0])

    row = page.locator(".series-row")
    expect(row).to_contain_text("every")
    row.locator("[data-act=end-series]").click()
    page.locator("dialog [name=scope][value=later]").check()
    page.locator("dialog [data-act=confirm-end]").click()
    wait_until(page, "the later ones to be cancelled", lambda: [call.id for call in calls(village)] == [made[0].id])

    row.locator("[data-act=end-series]").click()
    page.locator("dialog [data-act=confirm-end]").click()
    expect(row).to_contain_text("ended")
    assert calls(village) == []
    with village.scene.database.read() as session:
        assert session.scalars(select(Series.ended_at)).one() is not None


def is_asked_which_calls_are_to_move(page: Page, call: Call) -> None:
    """Also where it was touched before the call's series had come."""
    held: list[Route] = []
    gate = Event()
    back, series = page.evaluate("location.hash"), "**/api/series?*"
    page.evaluate("location.hash = 'tonight'")
    page.route(series, lambda route: route.continue_() if gate.is_set() else held.append(route))
    touch(page, "call", call_id=call.id)
    move = page.locator("dialog [data-act=move]")
    move.click()
    expect(move).to_have_attribute("aria-busy", "true")
    wait_until(page, "the series to be asked for", lambda: bool(held))
    gate.set()
    for route in held:
        route.continue_()
    which = page.locator("dialog[data-screen=which]")
    expect(which.locator("[data-act=move-one]")).to_be_visible()
    which.locator("[data-act=close]").click()
    page.unroute(series)
    page.evaluate(f"location.hash = '{back}'")
