"""How a call is carried, as its people see it: data saved by a touch, told at both ends, and taken back; what it costs.

The devices are older ones: without what not every browser has.
"""

import re
import time
from collections.abc import Callable
from functools import partial

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, ViewportSize, expect

from tests.browser.conftest import Devices, shoot
from tests.browser.said import allow_messages
from tests.browser.stories import both_arrive, call_of, carries_no_voice, figures, sees, touch, wait_until
from tests.browser.test_call import before_the_minute, waits_until_it_rings
from tests.browser.village import Village
from tests.scene import at

PICTURES = re.compile("^(video|thin_video|micro_video)$")
MB_COSTS = 5
CARRIED = re.compile(r"(?!0\.0 )\b(\d+\.\d) MB · AED\s(\d+\.\d\d)")
OLDER = """
  delete RTCRtpReceiver.prototype.jitterBufferTarget;
  delete Navigator.prototype.connection;
  delete Navigator.prototype.wakeLock;
"""
# Of the connection that stands, as its own statistics say; what looks for a path is left out.
ON_WIRE_MB = """async () => {
  const pairs = [...(await watched.newest().getStats()).values()].filter(({ type }) => type === "candidate-pair");
  const packets = (pair) => pair.packetsSent + pair.packetsReceived;
  const bytes = pairs.map((pair) => pair.bytesSent + pair.bytesReceived + 28 * packets(pair));
  return bytes.reduce((sum, one) => sum + one, 0) / 1e6;
}"""
LACKS = "!('connection' in navigator || 'wakeLock' in navigator)"


def made_older(device: Callable[..., BrowserContext], size: ViewportSize, **more: str) -> BrowserContext:
    context = device(size, **more)
    context.add_init_script(OLDER)
    return context


@pytest.fixture
def devices(devices: Devices, monkeypatch: pytest.MonkeyPatch) -> Devices:
    monkeypatch.setattr(devices, "device", partial(made_older, devices.device))
    return devices


def stands_on(page: Page, rung: str | re.Pattern[str], seconds: float = 15) -> None:
    expect(page.locator("section.call")).to_have_attribute("data-rung", rung, timeout=seconds * 1000)


def says_what_data_costs(phone: Page) -> None:
    touch(phone, "settings")
    touch(phone, "price")
    phone.locator("dialog input[name=price]").fill(str(MB_COSTS))
    phone.locator("dialog select[name=unit]").select_option("MB")
    phone.locator("dialog select[name=currency]").select_option("AED")
    touch(phone, "save-price")
    expect(phone.locator("dialog input[name=price]")).to_have_count(0)


def told_cost(place: Locator) -> float:
    """As it stands there, which is that of what was carried beside it."""
    expect(place).to_contain_text(CARRIED)
    found = CARRIED.search(place.inner_text())
    assert found is not None
    mb, cost = float(found[1]), float(found[2])
    assert cost == pytest.approx(mb * MB_COSTS, abs=0.05 * MB_COSTS + 0.01), "of all that is rounded there"
    return cost


def only_a_thin_voice_comes(*pages: Page) -> None:
    began = time.monotonic()
    before = [figures(page) for page in pages]
    pages[0].wait_for_timeout(3000)
    after = [figures(page) for page in pages]
    took_ms = (time.monotonic() - began) * 1000
    for old, new in zip(before, after, strict=True):
        assert new.frames == old.frames, "no picture is sent"
        assert new.audio_energy > old.audio_energy, "but the voice"
        assert (new.audio_bytes - old.audio_bytes) * 8 / took_ms < 18, "kbit/s of a thin voice"


def pictures_come_back(phone: Page, terminal: Page) -> None:
    touch(phone, "save-data")
    for page in (phone, terminal):
        stands_on(page, PICTURES, 40)
        earlier = figures(page).frames
        wait_until(page, "pictures move again", lambda page=page, earlier=earlier: figures(page).frames > earlier)


def cost_goes_on_after_a_reload(phone: Page) -> float:
    """What it had come to by then; and what is saved stays so."""
    touch(phone, "save-data")
    stands_on(phone, "voice")
    latest = told_cost(phone.locator(".call__meter"))
    phone.reload()
    sees(phone, "live", 25)
    stands_on(phone, "voice")
    assert told_cost(phone.locator(".call__meter")) >= latest
    return latest


def at_the_terminal_something_is_said_instead(phone: Page, terminal: Page) -> None:
    """Where no voice is carried; and from there it is two steps to the wall."""
    carries_no_voice(phone)
    expect(terminal.locator(".call__note--rung[data-rung=clips]")).to_contain_text("Leave a message")
    shoot(terminal, "terminal-clips")
    touch(terminal, "turns")
    sees(terminal, "speak")
    expect(terminal.locator("[data-act=voice-record]")).to_be_visible()
    for _step in range(2):
        touch(terminal, "back")
    sees(terminal, "idle")


def test_data_is_saved_by_a_touch_and_the_picture_comes_back(village: Village, devices: Devices) -> None:
    allow_messages(village, village.scene.alice.child, village.scene.alice.parent)
    phone, terminal, call_id = before_the_minute(village, devices)
    says_what_data_costs(phone)
    waits_until_it_rings(village, phone, terminal)
    touch(terminal, "answer")
    both_arrive(phone, terminal)
    assert phone.evaluate(LACKS)
    village.scene.clock.at = village.now()
    following = village.scene.book(village.scene.alice, at(20, day=27), village.scene.alice.desk_acts)
    stands_on(phone, PICTURES)
    at_first = told_cost(phone.locator(".call__meter"))
    touch(phone, "save-data")
    for page in (phone, terminal):
        stands_on(page, "voice")
    expect(phone.locator(".call__note--rung")).to_contain_text("Saving data")
    expect(terminal.locator(".call__note--rung")).to_contain_text("voice only now")
    shoot(phone, "phone-saving-data")
    shoot(terminal, "terminal-other-saves-data")
    phone.wait_for_timeout(2000)
    only_a_thin_voice_comes(phone, terminal)
    later = told_cost(phone.locator(".call__meter"))
    assert later == pytest.approx(phone.evaluate(ON_WIRE_MB) * MB_COSTS, rel=0.2), "both ways, headers and all"
    pictures_come_back(phone, terminal)
    latest = cost_goes_on_after_a_reload(phone)
    assert latest > later > at_first > 0
    touch(phone, "hang-up")
    expect(phone.locator(f"[data-key=next-time][data-call-id='{following}']")).to_be_visible()  # before it is over
    shoot(phone, "phone-before-the-end")
    touch(phone, "stay")
    at_the_terminal_something_is_said_instead(phone, terminal)
    sees(phone, "ended")
    assert told_cost(phone.locator("main p", has_text="Data of this call")) > latest
    shoot(phone, "phone-ended-data")
    wait_until(phone, "counted", lambda: call_of(village, call_id).outcome is not None)
    touch(phone, "turns")  # for whoever missed saying something
    sees(phone, "messages")
