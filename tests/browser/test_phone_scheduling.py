"""Scheduling from a phone, as families do it: hours, a time found, every week, agreement, freed times, a calendar.

One village runs for all the stories; each has a family of its own.
"""

import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.calls import booking, timetable
from app.calls.models import Call
from app.calls.series import Change, change_series
from app.calls.words import CallState, Outcome
from app.families import schedule
from app.families.words import Occupation
from app.web.models import PrincipalKind
from tests.browser.conftest import PHONE, Devices, shoot
from tests.browser.scheduling import calls_of, fits, is_busy, said_of, series_of, unheard
from tests.browser.stories import hang_up, looks_again, open_phone, open_terminal, sees, touch, wait_until
from tests.browser.test_doors_phone import is_heard_of
from tests.browser.village import Village, open_village, soon
from tests.scene import Household, at

FRIDAY, SATURDAY, SUNDAY = at(19, day=27), at(19, day=28), at(19, day=29)
HAS_ENDING = "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('common.ending.json'))"


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Village]:
    """The scene's village at 18:00, for all stories of this file."""
    folder = tmp_path_factory.mktemp("village")
    shutil.copyfile(sqlite_template, folder / "homethread.db")
    running = open_village(folder, f"sqlite:///{folder / 'homethread.db'}", at(18))
    yield running
    running.stop()
    assert "Traceback" not in running.logs(), running.logs()


def open_caregiver(devices: Devices, village: Village, whom: Household) -> Page:
    page = devices.open(village.enter(PrincipalKind.PERSON, whom.caregiver, None), PHONE)
    sees(page, "home")
    return page


def test_shifts_in_few_touches_and_a_swap_in_two(village: Village, devices: Devices) -> None:
    dora = village.scene.move_in("Dora", "boat", 4)
    phone = open_phone(devices, village, dora)
    touch(phone, "settings")
    phone.locator("dialog [data-device-id].row").wait_for()
    fits(phone, "settings")
    touch(phone, "my-hours")
    touch(phone, "hours-form", kind="rotation")
    touch(phone, "rotation-name", name="four_two")
    fits(phone, "rotation")
    phone.locator("[data-act=rotation-place]").nth(2).click()
    touch(phone, "hours-save")
    days = phone.locator(".hours-day")
    expect(days).to_have_count(28)
    words = ["Day shift"] * 2 + ["Off"] * 2 + ["Day shift"] * 4 + ["Off"]
    for place, word in enumerate(words):
        expect(days.nth(place)).to_contain_text(word)
    (rotation,) = said_of(village, dora.parent)
    assert (rotation.detail["anchor"], rotation.detail["cycle"]) == ("2026-11-21", ["day"] * 4 + ["off"] * 2)

    days.nth(1).click()
    fits(phone, "swap")
    touch(phone, "hours-swap", shift="off")
    expect(days.nth(1)).to_contain_text("swapped")
    assert said_of(village, dora.parent)[-1].detail == {"day": "2026-11-24", "shift": "off"}
    touch(phone, "hours-undo")
    expect(days.nth(1)).not_to_contain_text("swapped")
    assert len(said_of(village, dora.parent)) == 1
    fits(phone, "days")


@pytest.mark.expects_complaints
def test_a_childs_hours_outlast_a_dead_network(village: Village, devices: Devices) -> None:
    enya = village.scene.move_in("Enya", "drum", 5)
    phone = open_phone(devices, village, enya)
    touch(phone, "settings")
    touch(phone, "my-hours")
    touch(phone, "hours-of", person_id=enya.child)
    touch(phone, "hours-form", occupation="school")
    fits(phone, "school")
    phone.locator("input[name=until]").fill("15:30")
    phone.context.set_offline(True)
    touch(phone, "hours-save")
    expect(phone.locator(".banner")).to_contain_text("trying again")
    expect(phone.locator("input[name=until]")).to_have_value("15:30")
    phone.context.set_offline(False)
    expect(phone.locator(".hours-day").first).to_contain_text("8:00–15:30")
    (school,) = said_of(village, enya.child)
    assert (school.occupation, school.detail["until_minute"]) == (Occupation.SCHOOL, 930)
    touch(phone, "hours-kinds")
    touch(phone, "hours-form", kind="stay")
    fits(phone, "boarding")
    touch(phone, "hours-save")
    touch(phone, "hours-kinds")
    expect(phone.locator("main")).to_contain_text("Sun 16:00 until Fri 16:00")
    fits(phone, "said")


def test_the_best_time_comes_every_week_and_is_changed_in_plain_words(village: Village, devices: Devices) -> None:
    fay = village.scene.move_in("Fay", "star", 6)
    village.scene.book(village.scene.bob, SUNDAY + timedelta(days=14), village.scene.bob.desk_acts)
    phone = open_phone(devices, village, fay)

    with unheard(phone, "**/api/proposals*"):
        touch(phone, "book")
        phone.locator("[data-act=slot]").first.wait_for()
        expect(phone.locator("[data-act=propose]")).to_have_count(0)  # the days stand there before the best times
    expect(phone.locator("[data-act=propose]")).to_have_count(5)
    expect(phone.locator("[data-act=propose]").first).to_contain_text("The soonest time that suits everybody")
    phone.locator("[data-act=day]").nth(6).click()
    touch(phone, "slot", starts_at=SUNDAY.strftime("%Y-%m-%dT%H:%M:%SZ"))
    touch(phone, "rhythm", rhythm="weekly")
    expect(phone.locator(".again__gap")).to_have_text("Not on 12/13: the terminal is taken then")
    fits(phone, "every-week")
    touch(phone, "send-booking")
    expect(phone.locator("dialog")).to_contain_text("Booked: every Sunday at 19:00")
    fits(phone, "series")
    touch(phone, "close")
    (made,) = series_of(village, fay)
    assert (made.rule, list(made.gaps)) == ("FREQ=WEEKLY;BYDAY=SU", ["2026-12-13"])
    expect(phone.locator(".next-call")).to_contain_text("Every Sunday")

    moves_all_to_saturdays(village, phone, fay)
    is_moved_to_fridays_by_the_desk(village, phone, fay)
    touch(phone, "details")
    phone.locator("dialog [data-act=cancel]").click()
    phone.locator("dialog input[value=later]").check()
    fits(phone, "cancel-which")
    touch(phone, "cancel-confirm")
    expect(phone.locator(".toast")).to_contain_text("Ended from then on")
    assert [call.starts_at for call in calls_of(village, fay)] == [FRIDAY]


def moves_all_to_saturdays(village: Village, phone: Page, fay: Household) -> None:
    phone.locator(".next-call [data-act=move]").click()
    touch(phone, "move-all")
    phone.locator("[data-act=propose]").first.wait_for()
    phone.locator("[data-act=day]").nth(5).click()
    touch(phone, "slot", starts_at=SATURDAY.strftime("%Y-%m-%dT%H:%M:%SZ"))
    touch(phone, "send-booking")
    expect(phone.locator("dialog")).to_contain_text("From now on: every Saturday at 19:00")
    touch(phone, "close")
    assert [call.starts_at for call in calls_of(village, fay)][:2] == [SATURDAY, SATURDAY + timedelta(days=7)]
    expect(phone.locator(".next-call")).to_contain_text("Every Saturday")
    is_next(phone, SATURDAY)


def is_next(phone: Page, moment: datetime) -> None:
    expect(phone.locator(".next-call time").first).to_have_attribute("datetime", f"{moment:%Y-%m-%dT%H:%M:%SZ}")


def is_moved_to_fridays_by_the_desk(village: Village, phone: Page, fay: Household) -> None:
    """Who wants to cancel a call and all later ones when that call is none any more is told so, and nothing ends."""
    (standing,) = series_of(village, fay)
    with unheard(phone, "**/api/now"):
        change = Change(starts_on=date(2026, 11, 27), rule="FREQ=WEEKLY;BYDAY=FR")
        with village.scene.database.begin() as session:
            change_series(session, standing.id, change, fay.desk_acts, village.now())
        touch(phone, "details")
        phone.locator("dialog [data-act=cancel]").click()
    expect(phone.locator(".toast")).to_contain_text("just changed")
    expect(phone.locator("dialog")).to_have_count(0)
    is_next(phone, FRIDAY)


def test_two_sides_agree_by_another_time_and_see_each_others_reasons(village: Village, devices: Devices) -> None:
    gina = village.scene.move_in("Gina", "tree", 7)
    parent, granny = open_phone(devices, village, gina), open_caregiver(devices, village, gina)
    village.scene.clock.at = village.now()
    village.scene.book(gina, at(12, day=24), gina.desk_acts)
    village.scene.book(gina, at(20, day=25), gina.terminal_acts, is_proposal=True)
    expect(parent.locator(".asked")).to_contain_text("Child of Gina asks for this time")
    fits(parent, "asked")
    touch(parent, "counter")
    parent.locator("[data-act=propose]").first.wait_for()
    parent.locator("[data-act=day]").nth(2).click()
    touch(parent, "slot", starts_at=at(21, day=25).strftime("%Y-%m-%dT%H:%M:%SZ"))
    touch(parent, "send-booking")
    sees(parent, "home")
    expect(granny.locator(".asked")).to_contain_text("instead of Wed, Nov 25 20:00")
    touch(granny, "decline")
    fits(granny, "why-not")
    touch(granny, "why-not", reason="no_time")
    expect(granny.locator("dialog")).to_have_count(0)
    expect(parent.locator("main")).to_contain_text("The other side can't: No time")
    shoot(parent, "scheduling-answered")


def test_nothing_suits_so_they_wait_and_take_what_gets_free(village: Village, devices: Devices) -> None:
    hana, bob = village.scene.move_in("Hana", "cloud", 8), village.scene.bob
    is_busy(village, hana.parent, Occupation.SHIFT, (420, 1320))
    village.scene.clock.at = village.now()
    taken = village.scene.book(bob, at(21), bob.parent_acts)
    phone = open_phone(devices, village, hana)
    touch(phone, "book")
    expect(phone.locator(".none-suits")).to_contain_text("You are at work · at nearly all times")
    expect(phone.locator(".compromise")).to_contain_text("But: You are at work")
    fits(phone, "none-suits")
    touch(phone, "wait")
    expect(phone.locator(".toast")).to_contain_text("You will be told")
    touch(phone, "home")
    expect(phone.locator(".waiting")).to_contain_text("Child of Hana")
    fits(phone, "waiting")

    with village.scene.database.begin() as session:
        for pattern in schedule.standing(session, hana.parent, village.now().date()):
            schedule.end(session, pattern.id, village.now())
        booking.cancel(session, taken, bob.parent_acts, "sick", None, village.now())
    expect(phone.locator(".freed")).to_contain_text("today 21:00", timeout=20_000)
    fits(phone, "freed")
    phone.locator(".freed [data-act=confirm]").click()
    expect(phone.locator(".next-call")).to_contain_text("today 21:00")
    assert [(call.starts_at, call.state) for call in calls_of(village, hana)] == [(at(21), CallState.BOOKED)]
    expect(phone.locator(".waiting")).to_have_count(0)


@pytest.mark.expects_complaints
def test_one_touch_takes_the_compromise(village: Village, devices: Devices) -> None:
    ivy = village.scene.move_in("Ivy", "cat", 9)
    is_busy(village, ivy.parent, Occupation.SHIFT, (420, 1320))
    phone = open_phone(devices, village, ivy)
    touch(phone, "book")
    nearest = phone.locator("[data-act=compromise]")
    starts_at = nearest.get_attribute("data-starts-at")
    nearest.click()
    sees(phone, "home")
    assert [f"{call.starts_at:%Y-%m-%dT%H:%M:%SZ}" for call in calls_of(village, ivy)] == [starts_at]


@pytest.mark.expects_complaints
def test_a_calendar_reads_the_calls_until_its_link_is_stopped(village: Village, devices: Devices) -> None:
    june = village.scene.move_in("June", "lantern", 10)
    phone = open_phone(devices, village, june)
    touch(phone, "settings")
    touch(phone, "calendar")
    touch(phone, "make-feed")
    address = phone.locator("dialog input").input_value()
    fits(phone, "calendar-made")
    assert "BEGIN:VCALENDAR" in phone.request.get(address).text()
    touch(phone, "close")
    touch(phone, "settings")
    touch(phone, "calendar")
    expect(phone.locator("dialog")).to_contain_text("Last read by a calendar: today")
    fits(phone, "calendar-read")
    touch(phone, "revoke-feed")
    expect(phone.locator("dialog [data-act=revoke-feed]")).to_have_count(0)  # both were there while it stood
    assert phone.request.get(address).status == 404


def test_the_end_of_a_call_is_said_before_and_put_off_where_nobody_waits(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    phone, terminal = open_phone(devices, village, alice), open_terminal(devices, village, alice)
    wait_until(phone, "the terminal is heard of", lambda: is_heard_of(village, alice.terminal))
    touch(phone, "call-now")
    sees(terminal, "ring", 20)
    touch(terminal, "answer")
    sees(phone, "live", 20)
    wait_until(phone, "live in the database", lambda: CallState.LIVE in {c.state for c in calls_of(village, alice)})
    (call,) = [call for call in calls_of(village, alice) if call.state is CallState.LIVE]
    for page in (phone, terminal):
        wait_until(page, "the part for the end", partial(page.evaluate, HAS_ENDING))
    for seconds, said in ((308, "five"), (68, "one"), (1, "longer")):  # who looks later than that is not told
        ends_in(village, call.id, seconds)
        for page in (phone, terminal):
            looks_again(page)
        for page in (phone, terminal):
            expect(page.locator(f".call__note--ending[data-state={said}]")).to_be_visible(timeout=20_000)
        fits(phone, f"end-{said}")
        shoot(terminal, f"scheduling-end-{said}-terminal")
    for page in (phone, terminal):
        marks = [mark["state"] for mark in page.evaluate("watched.marks") if mark["state"].startswith("end_")]
        assert marks == ["end_five", "end_one", "end_longer"], "each once"
        assert {523, 659, 440} <= set(page.evaluate("watched.tones"))
    hang_up(terminal)
    sees(phone, "ended")
    wait_until(phone, "the end", lambda: village.scene.call(call.id).outcome is Outcome.HELD)


def ends_in(village: Village, call_id: str, seconds: float) -> None:
    with village.scene.database.begin() as session:
        call = session.get_one(Call, call_id)
        call.ends_at = soon(village, seconds=seconds)
        timetable.rearm(session, call, village.now())
