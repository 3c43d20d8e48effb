"""A coordinator joins a call: both ends see and hear it before anything goes to the desk, and it is recorded."""

from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.calls.words import CallState, Outcome
from app.desk import service as desk
from app.desk.models import AuditEntry
from tests.browser import stories
from tests.browser.conftest import Devices, shoot
from tests.browser.stories import both_arrive, hang_up, sees, touch, wait_until
from tests.browser.test_call import live
from tests.browser.village import Village

CAME, WENT = {392, 523, 659}, {659, 392}


@pytest.fixture
def li(village: Village) -> str:
    with village.scene.database.begin() as session:
        return desk.add_coordinator(session, village.scene.alice.village, "Teacher Li", "en", village.now()).id


def join(devices: Devices, village: Village, coordinator: str, call_id: str) -> Page:
    page = stories.open_desk(devices, village, village.scene.alice, coordinator)
    touch(page, "call", call_id=call_id)
    page.locator("[data-act=join]").wait_for()
    shoot(page, "desk-call-live")
    touch(page, "join")
    expect(page.locator("dialog[data-screen=join]")).to_contain_text("see and hear you")
    shoot(page, "desk-join-asked")
    touch(page, "join-confirm")
    return page


def each(page: Page) -> list[dict[str, float]]:
    found: list[dict[str, float]] = page.evaluate("watched.each()")
    return found


def everything_arrives(page: Page, connections: int) -> bool:
    arrived = each(page)
    return len(arrived) == connections and all(one["audioEnergy"] > 0 and one["frames"] > 0 for one in arrived)


def hears_all(page: Page, connections: int) -> None:
    wait_until(page, "voice and picture by each connection", partial(everything_arrives, page, connections))


def has_connections(page: Page, count: int) -> bool:
    return len(each(page)) == count


def has_pictures(page: Page, pictures: list[bool]) -> bool:
    return sorted(one["frames"] > 0 for one in each(page)) == pictures


def marks(page: Page, *states: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("watched.marks")
    return [mark for mark in found if mark["state"] in states]


def sounded(page: Page, tones: set[int]) -> bool:
    return tones <= set(page.evaluate("watched.tones"))


def audit(village: Village, call_id: str) -> list[tuple[str, bool]]:
    """What was done to a call, and whether it says how long."""
    with village.scene.database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.subject == f"call:{call_id}"))
        return sorted((entry.action, "seconds" in entry.detail) for entry in entries)


def test_both_ends_see_and_hear_the_coordinator_come_and_go(village: Village, devices: Devices, li: str) -> None:
    phone, terminal, call_id = live(village, devices)
    teacher = join(devices, village, li, call_id)
    for end in (phone, terminal):
        expect(end.locator(".third")).to_contain_text("Coordinator Teacher Li is in the call")
        hears_all(end, 2)
        came, connected = marks(end, "desk_came", "connection")[-2:]
        assert (came["state"], connected["state"], connected["third"]) == ("desk_came", "connection", True)
        assert not marks(end, "connection")[-2]["third"]
        wait_until(end, "the tones of who comes", partial(sounded, end, CAME))
        expect(end.locator(".third")).to_have_attribute("data-picture", "video")
        sees(end, "live")
    hears_all(teacher, 2)
    shoot(phone, "phone-desk-in-call")
    shoot(terminal, "terminal-desk-in-call")
    shoot(teacher, "desk-in-call")
    wait_until(teacher, "the entry", lambda: audit(village, call_id) == [("join_call", False)])

    touch(teacher, "leave-call")
    for end in (phone, terminal):
        expect(end.locator(".third")).to_have_count(0)
        wait_until(end, "one connection", partial(has_connections, end, 1))
        assert marks(end, "desk_went")
        wait_until(end, "the tones of who goes", partial(sounded, end, WENT))
    assert each(teacher) == []
    both_arrive(phone, terminal)
    wait_until(teacher, "both entries", lambda: audit(village, call_id) == [("join_call", False), ("leave_call", True)])
    assert stories.call_of(village, call_id).state is CallState.LIVE


@pytest.mark.expects_complaints
def test_only_an_end_that_shows_the_coordinator_gives_anything(village: Village, devices: Devices, li: str) -> None:
    """The phone can't fetch the face, and stays alone with the terminal, which shows it again when it is reloaded.
    The end of the call is the coordinator's too.
    """
    devices.service_workers = "block"
    phone, terminal, call_id = live(village, devices)
    phone.route("**/ui/third.js", lambda route: route.abort())
    teacher = join(devices, village, li, call_id)
    expect(terminal.locator(".third")).to_contain_text("Teacher Li")
    wait_until(teacher, "the terminal's picture", partial(has_pictures, teacher, [False, True]))
    terminal.reload()
    sees(terminal, "live", 25)
    expect(terminal.locator(".third")).to_contain_text("Teacher Li")
    hears_all(terminal, 2)
    wait_until(teacher, "the terminal's picture again", partial(has_pictures, teacher, [False, True]), 40)
    expect(teacher.locator("[data-side=parent].joining__end")).to_have_attribute("data-sound", "false")
    assert has_connections(phone, 1)

    hang_up(phone)
    expect(teacher.locator(".toast")).to_contain_text("over")
    expect(teacher.locator(".joining")).to_have_count(0)
    wait_until(phone, "the end", lambda: stories.call_of(village, call_id).outcome is Outcome.HELD)
    assert each(teacher) == []
    wait_until(teacher, "both entries", lambda: audit(village, call_id) == [("join_call", False), ("leave_call", True)])
