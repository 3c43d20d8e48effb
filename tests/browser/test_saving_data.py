"""How a call is carried, as its people see it: data saved by a touch, told at both ends, and taken back."""

import re
import time

from playwright.sync_api import Page, expect

from tests.browser.conftest import Devices, shoot
from tests.browser.stories import call_of, figures, sees, touch, wait_until
from tests.browser.test_call import live
from tests.browser.village import Village
from tests.scene import at

PICTURES = re.compile("^(video|thin_video|micro_video)$")


def stands_on(page: Page, rung: str | re.Pattern[str], seconds: float = 15) -> None:
    expect(page.locator("section.call")).to_have_attribute("data-rung", rung, timeout=seconds * 1000)


def test_data_is_saved_by_a_touch_and_the_picture_comes_back(village: Village, devices: Devices) -> None:
    phone, terminal, call_id = live(village, devices)
    village.scene.clock.at = village.now()
    following = village.scene.book(village.scene.alice, at(20, day=27), village.scene.alice.desk_acts)
    stands_on(phone, PICTURES)
    expect(phone.locator(".call__meter")).to_contain_text(re.compile(r"\d\.\d MB"))
    touch(phone, "save-data")
    for page in (phone, terminal):
        stands_on(page, "voice")
    expect(phone.locator(".call__note--rung")).to_contain_text("Saving data")
    expect(terminal.locator(".call__note--rung")).to_contain_text("voice only now")
    shoot(phone, "phone-saving-data")
    shoot(terminal, "terminal-other-saves-data")
    phone.wait_for_timeout(2000)
    began = time.monotonic()
    before = [figures(page) for page in (phone, terminal)]
    phone.wait_for_timeout(3000)
    after = [figures(page) for page in (phone, terminal)]
    took_ms = (time.monotonic() - began) * 1000
    for old, new in zip(before, after, strict=True):
        assert new.frames == old.frames, "no picture is sent"
        assert new.audio_energy > old.audio_energy, "but the voice"
        assert (new.audio_bytes - old.audio_bytes) * 8 / took_ms < 18, "kbit/s of a thin voice"
    touch(phone, "save-data")
    for page in (phone, terminal):
        stands_on(page, PICTURES, 40)
        earlier = figures(page).frames
        wait_until(page, "pictures move again", lambda page=page, earlier=earlier: figures(page).frames > earlier)
    touch(phone, "hang-up")
    expect(phone.locator(f"[data-key=next-time][data-call-id='{following}']")).to_be_visible()  # before it is over
    shoot(phone, "phone-before-the-end")
    touch(phone, "hang-up-confirm")
    sees(phone, "ended")
    expect(phone.locator("main")).to_contain_text("Data of this call")
    shoot(phone, "phone-ended-data")
    wait_until(phone, "counted", lambda: call_of(village, call_id).outcome is not None)
    touch(phone, "turns")  # for whoever missed saying something
    sees(phone, "messages")
