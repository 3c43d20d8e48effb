"""The doors of the phone, as people use them: a card, a number and a code, a shared number, a device that is lost."""

import json
import re
import urllib.request
from typing import Any

from playwright.sync_api import Page, expect

from app.desk import service as desk
from app.families.models import Person
from tests.browser.conftest import PHONE, Devices, shoot
from tests.browser.stories import book_by_hand, open_desk, open_phone, sees, touch, wait_until
from tests.browser.village import Village
from tests.scene import Household, at

POST = """([path, body]) => fetch(path, {method: "POST", body: JSON.stringify(body), headers: {
  "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID(), "Homethread-Face": "desk"}})
  .then((answer) => answer.json())"""


def post(page: Page, path: str, body: dict[str, Any]) -> Any:
    return page.evaluate(POST, [path, body])


def desk_of(devices: Devices, village: Village, whom: Household) -> Page:
    with village.scene.database.begin() as session:
        coordinator = desk.add_coordinator(session, whom.village, "Teacher Lee", "en", village.now()).id
    return open_desk(devices, village, whom, coordinator)


def digits_texted_to(village: Village, page: Page, name: str) -> str:
    """The code in the newest text on the simulated phone that somebody of this name holds."""
    found: list[str] = []

    def look() -> bool:
        with urllib.request.urlopen(f"{village.url}/demo/phones/texts", timeout=5) as answer:
            phones = json.load(answer)["phones"]
        words = [text["text"] for phone in phones if name in phone["names"] for text in phone["texts"]]
        found[:] = re.findall(r"\b\d{6}\b", " ".join(words))
        return bool(found)

    wait_until(page, f"a code on the phone of {name}", look)
    return found[-1]


def test_from_a_card_to_a_booked_call(devices: Devices, village: Village) -> None:
    alice = village.scene.alice
    office = desk_of(devices, village, alice)
    card = post(office, "/api/invitations", {"person_id": alice.parent, "channel": "card"})
    assert card["url"] == f"{village.url}/phone#join={card['code']}"
    phone = devices.open(card["url"], PHONE)
    sees(phone, "home")
    expect(phone.locator(".toast")).to_contain_text("Welcome, Alice")
    assert "#" not in phone.url
    starts_at = at(20)
    book_by_hand(phone, starts_at)
    wait_until(phone, "the booking", lambda: phone.locator(f"time[datetime='{starts_at:%Y-%m-%dT%H:%M:%SZ}']").count())
    again = devices.open(card["url"], PHONE)
    sees(again, "door-card")
    expect(again.locator(".banner")).to_be_visible()
    shoot(again, "door-card-used")
    devices.forgive("401", "409")


def test_a_number_that_is_shared_and_its_code_open_the_phone(devices: Devices, village: Village) -> None:
    alice, number = village.scene.alice, "+8613800000011"
    with village.scene.database.begin() as session:
        session.get_one(Person, alice.caregiver).phone = number
    phone = devices.open(f"{village.url}/phone", PHONE)
    sees(phone, "door-number")
    shoot(phone, "door-number")
    phone.locator("input[name=number]").fill("138 0000 0011")
    phone.keyboard.press("Enter")
    sees(phone, "door-code")
    shoot(phone, "door-code")
    code = digits_texted_to(village, phone, "Alice")
    phone.reload()
    sees(phone, "door-code")
    phone.locator("input[name=code]").fill(f"{(int(code) + 1) % 10**6:06}")
    expect(phone.locator(".banner")).to_contain_text("4")
    phone.locator("input[name=code]").fill(code)
    sees(phone, "door-faces")
    shoot(phone, "door-faces")
    touch(phone, "choose-face", person_id=alice.caregiver)
    sees(phone, "home")
    expect(phone.locator(".toast")).to_contain_text("Granny of Alice")
    touch(phone, "book")
    sees(phone, "book")
    touch(phone, "slot", starts_at=at(20).strftime("%Y-%m-%dT%H:%M:%SZ"))
    touch(phone, "send-booking")
    sees(phone, "home")
    expect(phone.locator(".next-call")).to_have_attribute("data-state", "proposed")
    expect(phone.locator(".next-call__name")).to_have_text("Alice")
    shoot(phone, "home-caregiver")
    devices.forgive("401", "409")


def test_a_device_that_is_ended_shows_the_door_by_itself(devices: Devices, village: Village) -> None:
    alice = village.scene.alice
    lost, mine = open_phone(devices, village, alice), open_phone(devices, village, alice)
    touch(mine, "settings")
    expect(mine.locator("dialog [data-device-id].row")).to_have_count(2)
    shoot(mine, "settings")
    touch(mine, "end-device")
    sees(lost, "door-number")
    sees(mine, "home")
    devices.forgive("401")
