"""A family settles its times at the terminal by pictures and places alone: asks, answers, calls off, waits."""

from dataclasses import replace
from datetime import timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.calls import agreement, booking
from app.calls.booking import Actor, Wish
from app.calls.models import Call
from app.calls.words import CallState, Origin, Outcome, Side
from app.families import schedule
from app.families.schedule import Said
from app.families.words import Occupation, PatternKind
from app.roster.models import Wait
from tests.browser import stories
from tests.browser.conftest import Devices, shoot
from tests.browser.stories import sees, touch, wait_until
from tests.browser.village import Village
from tests.scene import Household, at

BY_ITSELF = Actor("", None)
SMALLEST_PX = 72
BOXES = """() => [...document.querySelectorAll("main button")]
  .filter((place) => place.checkVisibility({ visibilityProperty: true }))
  .map((place) => place.getBoundingClientRect())
  .filter(({ width, height }) => width && height)
  .map(({ x, width, height }) => ({ x, width, height }))"""


def made(village: Village, wish: Wish, by: Actor) -> str:
    village.scene.clock.at = village.now()
    with village.scene.database.begin() as session:
        return booking.book(session, wish, by, village.now()).id


def newest(village: Village) -> Call:
    with village.scene.database.read() as session:
        return session.scalars(select(Call).order_by(Call.made_at.desc())).first()  # type: ignore[return-value]


def say(page: Page, *marks: str) -> None:
    """What the pictures of the faces say: first the child's, then the parent's."""
    for who, mark in enumerate(marks):
        if mark:
            expect(page.locator(".saying").nth(who).locator(".mark")).to_have_attribute("data-said", mark)


def is_touchable(page: Page, name: str) -> None:
    """Every place lies on the screen and is large enough for a finger that is not sure; and a picture is kept."""
    page.wait_for_timeout(100)
    boxes = page.evaluate(BOXES)
    assert boxes
    for box in boxes:
        assert min(box["width"], box["height"]) >= SMALLEST_PX, name
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= 1024, name
    shoot(page, f"terminal-{name}")


def test_another_time_goes_to_and_fro_until_both_say_yes(village: Village, devices: Devices) -> None:
    alice, page = village.scene.alice, stories.open_terminal(devices, village, village.scene.alice)
    touch(page, "family", family_id=alice.family)
    sees(page, "family")
    touch(page, "ask")
    sees(page, "ask")
    expect(page.locator("[data-act=slot][data-best=true]")).to_have_count(1)
    is_touchable(page, "ask")
    touch(page, "visit.more")
    sees(page, "ask-more")
    page.locator(".day").first.wait_for()
    touch(page, "back")
    page.locator("[data-act=slot]").nth(1).click()
    sees(page, "ask-confirm")
    touch(page, "send-ask")
    sees(page, "proposed")
    say(page, "check", "hourglass")
    touch(page, "back")
    sees(page, "idle")
    asked = newest(village)
    assert (asked.state, asked.proposed_by) == (CallState.PROPOSED, Side.VILLAGE)

    with village.scene.database.begin() as session:
        other = agreement.counter(session, asked.id, at(16, day=27), alice.parent_acts, village.now()).id
    expect(page.locator(f".window[data-family-id='{alice.family}'][data-lit=true]")).to_be_visible()
    assert page.locator(".wall").inner_text().strip() == "", "something waits for this picture, and that is all"
    assert page.locator("main img").count() == 0
    touch(page, "family", family_id=alice.family)
    sees(page, "asked")
    say(page, "", "clock")
    is_touchable(page, "asked")
    touch(page, "visit.other", call_id=other)
    sees(page, "ask")
    page.locator("[data-act=slot]").first.click()
    touch(page, "send-ask")
    sees(page, "proposed")
    assert stories.call_of(village, other).outcome is Outcome.MOVED

    with village.scene.database.begin() as session:
        booking.confirm(session, newest(village).id, alice.parent_acts, village.now())
    sees(page, "next")
    say(page, "check", "check")
    is_touchable(page, "next")


def test_a_bell_brings_a_time_and_it_is_called_off_with_a_reason(village: Village, devices: Devices) -> None:
    alice, page = village.scene.alice, stories.open_terminal(devices, village, village.scene.alice)
    is_always_at_work(village, alice)
    touch(page, "family", family_id=alice.family)
    touch(page, "ask")
    sees(page, "ask-none")
    is_touchable(page, "ask-none")
    touch(page, "visit.wish")
    sees(page, "wished")
    is_touchable(page, "wished")

    expires_at = village.now() + timedelta(minutes=30)
    freed = replace(alice.wish(at(20)), is_proposal=True, origin=Origin.WAIT, expires_at=expires_at)
    offer = made(village, freed, BY_ITSELF)
    sees(page, "offered")
    is_touchable(page, "offered")
    touch(page, "decline")
    sees(page, "undo")
    is_touchable(page, "undo")
    touch(page, "visit.undo")
    sees(page, "offered")
    touch(page, "confirm")
    sees(page, "next")
    assert stories.call_of(village, offer).state is CallState.BOOKED, "nothing of the no was sent"
    wait_until(page, "the wish's end", lambda: not open_wishes(village))
    calls_off(page, village, offer)

    made(village, replace(alice.wish(at(8, day=28)), confirm_by=at(2, day=28)), BY_ITSELF)
    sees(page, "to-confirm")
    is_touchable(page, "to-confirm")
    touch(page, "confirm")
    sees(page, "next")


def calls_off(page: Page, village: Village, call_id: str) -> None:
    """On second thoughts not, then with a picture; only after some seconds it is so."""
    touch(page, "visit.cancel")
    sees(page, "cancel")
    is_touchable(page, "cancel")
    touch(page, "visit.because.sick")
    sees(page, "cancel-confirm")
    touch(page, "visit.keep")
    sees(page, "next")
    touch(page, "visit.cancel")
    touch(page, "visit.because.weather")
    sees(page, "cancel-confirm")
    is_touchable(page, "cancel-confirm")
    touch(page, "visit.sure")
    sees(page, "undo")
    assert stories.call_of(village, call_id).state is CallState.BOOKED
    sees(page, "called-off", 20)
    called_off = stories.call_of(village, call_id)
    assert (called_off.outcome, called_off.reason) == (Outcome.CANCELLED, "weather")
    say(page, "close")
    is_touchable(page, "called-off")


def is_always_at_work(village: Village, whom: Household) -> None:
    day_and_night = {"weekdays": [*range(7)], "from_minute": 0, "until_minute": 0}
    said = Said(PatternKind.WEEKLY, Occupation.SHIFT, day_and_night)
    with village.scene.database.begin() as session:
        schedule.add(session, whom.parent, said, whom.parent_acts.name, village.now())


def open_wishes(village: Village) -> list[Wait]:
    with village.scene.database.read() as session:
        return [wait for wait in session.scalars(select(Wait)) if wait.ended_at is None]
