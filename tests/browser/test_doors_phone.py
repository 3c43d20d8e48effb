"""The doors of the phone, as people use them: a card, a number and a code, a shared number, a device that is lost."""

import json
import re
import urllib.request
from itertools import count
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from app.calls.models import Call
from app.calls.words import CallState, Side
from app.desk import service as desk
from app.families.models import Person
from app.web import sessions
from app.web.api import KEY_HEADER
from app.web.models import PrincipalKind
from app.web.principals import FACE_HEADER
from tests.browser.conftest import DESK, PHONE, Devices, shoot
from tests.browser.stories import book_by_hand, open_phone, open_terminal, sees, touch, wait_until
from tests.browser.village import Village
from tests.scene import Household, at

KEYS = (f"desk {number}" for number in count(1))


def card_for(devices: Devices, village: Village, whom: Household, person_id: str) -> dict[str, Any]:
    """A coordinator's browser asks for a card; its page isn't looked at."""
    with village.scene.database.begin() as session:
        coordinator = desk.add_coordinator(session, whom.village, "Teacher Lee", "en", village.now()).id
    office = devices.device(DESK).request
    office.get(village.enter(PrincipalKind.COORDINATOR, coordinator, whom.village))
    headers = {KEY_HEADER: next(KEYS), FACE_HEADER: "desk", "Origin": village.url}
    asked = {"person_id": person_id, "channel": "card"}
    answer = office.post(f"{village.url}/api/invitations", data=asked, headers=headers)
    assert answer.status == 201, answer.text()
    made: dict[str, Any] = answer.json()
    assert made["url"] == f"{village.url}/phone#join={made['code']}"
    return made


def code_texted_to(village: Village, page: Page, name: str) -> str:
    """The code in the newest text on the simulated phone that somebody of this name holds."""
    found: list[str] = []

    def look() -> bool:
        with urllib.request.urlopen(f"{village.url}/demo/phones/texts", timeout=5) as answer:
            phones = json.load(answer)["phones"]
        words = [phone["newest"]["text"] for phone in phones if name in phone["names"] and phone["newest"]]
        found[:] = re.findall(r"\b\d{6}\b", " ".join(words))
        return bool(found)

    wait_until(page, f"a code on the phone of {name}", look)
    return found[-1]


def newest(village: Village) -> Call | None:
    with village.scene.database.read() as session:
        return session.scalar(select(Call).order_by(Call.made_at.desc()).limit(1))


def is_heard_of(village: Village, terminal_id: str) -> bool:
    with village.scene.database.read() as session:
        return sessions.is_present(session, PrincipalKind.TERMINAL, terminal_id, village.now())


def is_welcomed_as(page: Page, name: str) -> None:
    expect(page.locator("dialog")).to_contain_text(f"You are signed in as {name}")
    expect(page.locator("dialog")).not_to_contain_text("{")
    expect(page.locator("dialog img, dialog .photo--none")).to_have_count(1)


def test_from_a_card_to_a_booked_call(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    card = card_for(devices, village, alice, alice.parent)
    phone = devices.open(card["url"], PHONE)
    is_welcomed_as(phone, "Alice")
    assert "#" not in phone.url
    phone.wait_for_timeout(300)
    shoot(phone, "door-welcome")
    touch(phone, "thats-me")
    touch(phone, "begin-later")
    touch(phone, "begin-done")
    book_by_hand(phone, at(20))
    call = newest(village)
    assert call
    assert (call.starts_at, call.state, call.parent_id) == (at(20), CallState.BOOKED, alice.parent)
    shoot(phone, "home-parent-booked")

    again = devices.open(card["url"], PHONE)
    sees(again, "door-spent")
    expect(again.locator("main")).to_contain_text("Ask your village coordinator")
    shoot(again, "door-spent")
    touch(again, "to-number")
    sees(again, "door-number")
    devices.forgive("401", "409")


def test_a_card_that_is_opened_where_somebody_is_signed_in_asks_first(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    card = card_for(devices, village, alice, alice.caregiver)
    phone = open_phone(devices, village, alice)
    phone.evaluate("digits => { location.hash = `join=${digits}`; }", "000000000000")
    touch(phone, "use-card")
    expect(phone.locator(".toast")).to_contain_text("used already")
    sees(phone, "home")
    phone.evaluate("digits => { location.hash = `join=${digits}`; }", card["code"])
    expect(phone.locator("dialog")).to_contain_text("Alice is signed in on this phone")
    phone.wait_for_timeout(300)
    shoot(phone, "door-change")
    touch(phone, "use-card")
    is_welcomed_as(phone, "Granny of Alice")
    touch(phone, "not-me")
    sees(phone, "door-number")
    phone.locator("input[name=number]").fill(card["code"])  # as a text has it, where a number is asked for
    touch(phone, "send-code")
    sees(phone, "door-card")
    expect(phone.locator(".banner")).to_contain_text("compare the digits")
    devices.forgive("401", "409", "422")


@pytest.mark.expects_complaints
def test_a_shared_number_and_its_code_open_the_phone_over_a_shaky_network(village: Village, devices: Devices) -> None:
    alice, number = village.scene.alice, "+8613800000011"
    with village.scene.database.begin() as session:
        session.get_one(Person, alice.caregiver).phone = number
    phone = devices.open(f"{village.url}/phone", PHONE)
    sees(phone, "door-number")
    typed, code = phone.locator("input[name=number]"), phone.locator("input[name=code]")
    typed.press_sequentially("138 0000 0011")
    phone.reload()
    expect(typed).to_have_value("138 0000 0011")
    shoot(phone, "door-number")
    phone.context.set_offline(True)
    typed.press("Enter")
    expect(phone.locator(".banner")).to_contain_text("trying again")
    expect(typed).to_have_value("138 0000 0011")
    shoot(phone, "door-offline")
    phone.context.set_offline(False)
    sees(phone, "door-code")
    shoot(phone, "door-code")
    sent = code_texted_to(village, phone, "Alice")
    phone.reload()
    sees(phone, "door-code")
    code.fill(f"{(int(sent) + 1) % 10**6:06}")
    expect(phone.locator(".banner")).to_contain_text("4 tries left")
    expect(code).to_be_focused()
    shoot(phone, "door-code-wrong")
    phone.keyboard.type(sent)  # in the place of what was wrong
    sees(phone, "door-faces")
    shoot(phone, "door-faces")
    touch(phone, "choose-face", person_id=alice.caregiver)
    is_welcomed_as(phone, "Granny of Alice")


def test_a_code_that_was_guessed_at_is_gone_and_the_next_one_takes_its_time(village: Village, devices: Devices) -> None:
    phone = devices.open(f"{village.url}/phone", PHONE)
    sees(phone, "door-number")
    touch(phone, "to-card")
    phone.locator("input[name=card]").press_sequentially("48210937")
    expect(phone.locator("input[name=card]")).to_have_value("4821 0937")
    shoot(phone, "door-card")
    phone.locator("input[name=card]").press_sequentially("1111")
    expect(phone.locator(".banner")).to_contain_text("compare the digits")
    expect(phone.locator("input[name=card]")).to_have_value("4821 0937 1111")
    touch(phone, "to-number")
    phone.locator("input[name=number]").fill("138 0000 0099")
    touch(phone, "send-code")
    sees(phone, "door-code")
    for left in (4, 3, 2, 1, 0):
        phone.locator("input[name=code]").fill(f"00000{left}")
        expect(phone.locator(".banner")).to_contain_text(f"{left} tries left")
    phone.locator("input[name=code]").fill("000009")
    sees(phone, "door-gone")
    shoot(phone, "door-gone")
    touch(phone, "send-code")
    for _ in range(2):
        sees(phone, "door-code")
        touch(phone, "to-number")
        touch(phone, "send-code")
    expect(phone.locator(".banner")).to_contain_text(
        re.compile(r"Too often. Please try again in \d+ (second|minute)s?\.")
    )
    shoot(phone, "door-too-often")
    devices.forgive("401", "409", "429")


def test_who_lives_with_the_child_sees_the_parent_and_proposes(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    phone = devices.open(village.enter(PrincipalKind.PERSON, alice.caregiver, None), PHONE)
    sees(phone, "home")
    touch(phone, "book")
    touch(phone, "slot", starts_at=at(20).strftime("%Y-%m-%dT%H:%M:%SZ"))
    expect(phone.locator("main")).to_contain_text("Alice will be asked")
    shoot(phone, "book-caregiver")
    touch(phone, "send-booking")
    sees(phone, "home")
    expect(phone.locator(".next-call")).to_have_attribute("data-state", "proposed")
    expect(phone.locator(".next-call__name")).to_have_text("Alice")
    shoot(phone, "home-caregiver")
    call = newest(village)
    assert call
    assert (call.state, call.proposed_by, call.parent_id) == (CallState.PROPOSED, Side.VILLAGE, alice.parent)

    parent = open_phone(devices, village, alice)
    expect(parent.locator(".next-call__name")).to_have_text("Child of Alice")
    expect(parent.locator(".next-call")).to_contain_text("Child of Alice asks for this time")
    shoot(parent, "home-asked")
    touch(parent, "confirm")
    expect(phone.locator(".next-call")).to_have_attribute("data-state", "booked")


def test_called_now_answered_by_the_wrong_one_and_rung_again(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    phone = open_phone(devices, village, alice)
    touch(phone, "call-now")
    expect(phone.locator("dialog")).to_contain_text("switched off")
    phone.wait_for_timeout(300)
    shoot(phone, "call-now-refused")
    touch(phone, "book-instead")
    sees(phone, "book")
    touch(phone, "home")
    terminal = open_terminal(devices, village, alice)
    wait_until(phone, "the terminal is heard of", lambda: is_heard_of(village, alice.terminal))
    touch(phone, "call-now")
    sees(phone, "waiting|connecting")
    sees(terminal, "ring", 20)
    touch(terminal, "answer")
    sees(phone, "live", 20)
    shoot(phone, "call-live-wrong-person")
    touch(phone, "wrong-person")
    phone.wait_for_timeout(300)
    shoot(phone, "call-wrong-person-asked")
    touch(phone, "ring-again")
    sees(phone, "waiting|connecting")
    sees(terminal, "ring", 20)
    shoot(phone, "call-rung-again")
    devices.forgive("409")


def opened_while_the_server_fails(devices: Devices, village: Village, whom: Household) -> Page:
    """It says that this is not the network, and tries again by itself."""
    is_mended = Event()
    page = devices.device(PHONE).new_page()

    def answer(route: Route) -> None:
        if is_mended.is_set():
            route.continue_()
        else:
            route.fulfill(status=500, headers={"Retry-After": "1"}, body="oops")

    page.route("**/api/now", answer)
    page.goto(village.enter(PrincipalKind.PERSON, whom.parent, None))
    expect(page.locator(".state[data-state=error]")).to_contain_text("on our side")
    shoot(page, "server-fails")
    is_mended.set()
    expect(page.locator("[data-act=settings]")).to_be_visible()
    page.unroute("**/api/now")
    devices.forgive("500")
    return page


def test_a_device_that_is_ended_shows_the_door_by_itself(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    lost, mine = open_phone(devices, village, alice), opened_while_the_server_fails(devices, village, alice)
    touch(mine, "settings")
    expect(mine.locator("dialog [data-device-id].row")).to_have_count(2)
    mine.wait_for_timeout(300)
    shoot(mine, "settings")
    touch(mine, "end-device")
    sees(lost, "door-number")
    expect(mine.locator("dialog [data-device-id].row")).to_have_count(1)
    touch(mine, "sign-out")
    mine.wait_for_timeout(300)
    shoot(mine, "settings-sign-out")
    touch(mine, "leave")
    sees(mine, "door-number")
    assert not mine.evaluate("sessionStorage.getItem('homethread.now') || ''").count("Alice")
    devices.forgive("401")
