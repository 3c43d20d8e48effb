"""Nobody answers: who waits leaves a message over the connection that stands, and it is heard at the terminal."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.calls.words import CallState, Outcome
from app.messages.models import Message
from app.messages.words import From
from tests.browser import stories
from tests.browser.conftest import Devices, shoot
from tests.browser.stories import sees, touch, wait_until
from tests.browser.test_call import ringing
from tests.browser.village import Village
from tests.browser.voices import may_send
from tests.calls.media_stage import withdraw_messages
from tests.gallery.checks import complaints, narrow_complaints
from tests.scene import at

Record = Callable[[str, object], None]

PLACE = "[data-act=answering-record]"
SMALL_SIZES = ((240, 320), (360, 740), (1024, 600))


@pytest.fixture
def answered(village: Village) -> Village:
    """The village with a media program, where parent and child may send each other messages."""
    may_send(village, village.scene.alice)
    village.start("media1")
    return village


def waits_alone(village: Village, devices: Devices) -> tuple[Page, Page, str]:
    """Three minutes have passed, and the phone is offered to leave a message."""
    phone, terminal, call_id = ringing(village, devices)
    village.move_clock_to(at(19, 3) + timedelta(seconds=1))
    expect(phone.locator(PLACE)).to_be_visible(timeout=20_000)
    return phone, terminal, call_id


def says(phone: Page, seconds: float) -> None:
    touch(phone, "answering-record")
    expect(phone.locator(".answering[data-state=recording]")).to_be_visible()
    phone.wait_for_timeout(seconds * 1000)


def sent(village: Village) -> list[Message]:
    with village.scene.database.read() as session:
        found = select(Message).where(Message.family_id == village.scene.alice.family, Message.from_ == From.PARENT)
        return list(session.scalars(found))


def looks(page: Page, name: str) -> None:
    """Nothing is cut off on any screen, and it keeps what all screens must."""
    page.emulate_media(reduced_motion="reduce")
    was = page.viewport_size
    assert was is not None
    for wide, high in SMALL_SIZES if was["width"] < 1000 else [(1024, 600), (800, 1280)]:
        page.set_viewport_size({"width": wide, "height": high})
        page.wait_for_timeout(80)
        shoot(page, f"answering-{name}-{wide}")
        place = page.locator(PLACE).first.bounding_box()
        assert place is not None
        assert place["x"] >= 0
        assert place["y"] >= 0
        assert place["x"] + place["width"] <= wide
        assert place["y"] + place["height"] <= high
    page.set_viewport_size(was)
    assert not [*complaints(page, "phone"), *narrow_complaints(page, "phone")]


def test_nobody_answers_and_the_message_is_heard_at_the_terminal(
    answered: Village, devices: Devices, record_property: Record
) -> None:
    phone, terminal, call_id = waits_alone(answered, devices)
    expect(phone.locator(PLACE)).to_have_count(1)
    looks(phone, "offered")
    says(phone, 3)
    looks(phone, "recording")
    answered.move_clock_to(at(19, 10) + timedelta(seconds=1))
    wait_until(phone, "missed", lambda: stories.call_of(answered, call_id).outcome is Outcome.MISSED)
    phone.wait_for_timeout(1_000)
    expect(phone.locator(".answering[data-state=recording]")).to_be_visible()
    touch(phone, "answering-record")
    expect(phone.locator(".answering[data-state=kept]")).to_contain_text("will hear it")
    looks(phone, "kept")
    wait_until(phone, "the message", lambda: [each.duration_ms for each in sent(answered) if each.duration_ms])
    (message,) = sent(answered)
    record_property("figure", f"a message of {message.duration_ms} ms")
    assert 3_000 <= (message.duration_ms or 0) <= 45_000
    touch(phone, "answering-close")
    sees(phone, "ended|home")
    shoot(phone, "phone-missed-message-left")

    alice = answered.scene.alice
    sees(terminal, "idle|goodbye")
    expect(terminal.locator(f".window[data-family-id='{alice.family}'][data-lit=true]")).to_be_visible(timeout=20_000)
    touch(terminal, "family", family_id=alice.family)
    touch(terminal, "visit.message.open", message_id=message.id)
    sees(terminal, "message", 20)
    sees(terminal, "message-over", 30)


@pytest.mark.long  # that it is kept is held in tests/media/test_answering.py; here the phone says so
@pytest.mark.expects_complaints
def test_the_line_dies_and_what_was_said_is_kept(answered: Village, devices: Devices) -> None:
    phone, _terminal, _ = waits_alone(answered, devices)
    says(phone, 3)
    phone.evaluate("watched.newest().close()")
    expect(phone.locator(".answering[data-state=cut]")).to_contain_text("until then is kept")
    shoot(phone, "answering-cut")
    wait_until(phone, "the message", lambda: len(sent(answered)) == 1, 60)


def test_the_offer_goes_with_the_consent_to_messages(answered: Village, devices: Devices) -> None:
    """They may speak still: it goes on ringing."""
    phone, terminal, call_id = waits_alone(answered, devices)
    answered.scene.clock.at = answered.now()
    withdraw_messages(answered.scene, answered.scene.alice)
    expect(phone.locator(PLACE)).to_have_count(0)
    comes = terminal.evaluate("watched.comesWithin(2_500)")  # more than a heartbeat
    assert comes["voicePackets"] == 0, "the rings are over"
    expect(phone.locator(".call__status")).not_to_contain_text("You are being sent")
    expect(phone.locator(PLACE)).to_have_count(0)
    assert stories.call_of(answered, call_id).state is CallState.RINGING
    sees(terminal, "ring|idle")


def test_somebody_comes_after_all(answered: Village, devices: Devices) -> None:
    """The offer goes, and they talk."""
    phone, terminal, _ = waits_alone(answered, devices)
    touch(terminal, "family", family_id=answered.scene.alice.family)
    touch(terminal, "here")
    sees(phone, "live", 20)
    expect(phone.locator(PLACE)).to_have_count(0)
