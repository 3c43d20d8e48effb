"""Voice messages on the phone, a voice at its microphone: recorded offline, kept over reloads, sent when they can be.

One browser for all stories hears the same file whenever it records; one village runs for all of them.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request, expect
from sqlalchemy import select

from app.messages.models import Message
from app.messages.words import From, MessageState
from app.web.models import PrincipalKind
from tests.browser.conftest import PHONE, Devices, shoot
from tests.browser.stories import sees, touch, wait_until
from tests.browser.village import Village, open_village, soon
from tests.browser.voices import (
    FULL_AFTER,
    IS_KEPT,
    NO_MICROPHONE,
    THIN_LINK,
    arrived,
    fits,
    has_tried,
    is_heard,
    leaves_at_once,
    may_send,
    open_messages,
    phase,
    shelf,
    speak_for,
    states,
    to_messages,
    under_way,
)
from tests.scene import at

RECORDERS_MINUTE_BYTES = 95_000


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Village]:
    folder = tmp_path_factory.mktemp("village")
    shutil.copyfile(sqlite_template, folder / "homethread.db")
    running = open_village(folder, f"sqlite:///{folder / 'homethread.db'}", at(18))
    may_send(running, running.scene.alice, running.scene.bob)
    yield running
    running.stop()
    assert "Traceback" not in running.logs(), running.logs()


@pytest.fixture
def devices(speaking: Browser, request: pytest.FixtureRequest) -> Iterator[Devices]:
    opened = Devices(speaking)
    yield opened
    opened.shoot_all(request.node.name)
    opened.close()
    if "expects_complaints" not in request.keywords:
        assert not opened.complaints, opened.complaints


def test_recorded_without_a_network_and_sent_when_there_is_one(village: Village, devices: Devices) -> None:
    bob = village.scene.bob
    page = open_messages(devices, village, bob)
    fits(page, "empty")
    wait_until(page, "the page is kept", lambda: page.evaluate(IS_KEPT))
    page.context.set_offline(True)
    touch(page, "voice-record")
    phase(page, "recording")
    page.wait_for_timeout(2500)
    fits(page, "recording")
    touch(page, "voice-record")
    phase(page, "ready")
    fits(page, "review")
    touch(page, "voice-send")
    expect(page.locator(".said--waiting")).to_be_visible()
    fits(page, "waits-offline")
    (item,) = shelf(page, "outbox")
    assert item["state"] in ("waits", "sending")
    assert 2000 < item["bytes"] < 30_000
    touch(page, "messages-outbox")
    sees(page, "outbox")
    fits(page, "outbox")
    leaves_at_once(page)
    wait_until(page, "it tried, in vain, and waits again", lambda: has_tried(shelf(page, "outbox")[0]))

    page.reload()
    sees(page, "home")
    to_messages(page)
    expect(page.locator(".said--waiting")).to_contain_text("waits for the network")
    assert arrived(village, bob) == []

    context = page.context
    page.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(f"{village.url}/phone")
    sees(again, "home")
    wait_until(again, "it arrived", lambda: len(arrived(village, bob)) == 1)
    assert arrived(village, bob) == [(item["sent_as"], item["bytes"], item["bytes"])]
    wait_until(again, "it left the outbox", lambda: shelf(again, "outbox") == [])
    wait_until(again, "so did its pieces", lambda: shelf(again, "takes") == shelf(again, "pieces") == [])
    with village.scene.database.read() as session:
        message = session.scalars(select(Message).where(Message.family_id == bob.family)).one()
        assert (message.child_id, message.contact_id, message.mime) == (bob.child, bob.parent, "audio/ogg")
    devices.forgive_no_network()


def test_a_reload_in_the_middle_loses_a_second_at_most(village: Village, devices: Devices) -> None:
    page = open_messages(devices, village, village.scene.alice)
    touch(page, "voice-record")
    phase(page, "recording")
    page.wait_for_timeout(2500)
    page.reload()
    sees(page, "home")
    expect(page.locator(".banner", has_text="not sent yet")).to_be_visible()
    to_messages(page)
    phase(page, "ready")
    expect(page.locator(".voice__note")).to_contain_text("cut off")
    fits(page, "left")
    (take,) = shelf(page, "takes")
    pieces = shelf(page, "pieces")
    assert sum(piece["bytes"] for piece in pieces) / 2 / take["rate"] > 1
    touch(page, "voice-discard")
    fits(page, "put-away")
    touch(page, "voice-undo")
    phase(page, "ready")
    touch(page, "voice-discard")
    expect(page.locator("[data-act=voice-undo]")).to_be_visible()
    page.reload()
    to_messages(page)
    expect(page.locator("[data-act=voice-record]")).to_be_visible()
    expect(page.locator(".voice__review")).to_have_count(0)


def test_holding_works_and_sending_can_be_taken_back(village: Village, devices: Devices) -> None:
    page = open_messages(devices, village, village.scene.alice)
    page.locator("[data-act=voice-record]").hover()
    page.mouse.down()
    phase(page, "recording")
    page.wait_for_timeout(1500)
    page.mouse.up()
    phase(page, "ready")
    touch(page, "voice-play")
    expect(page.locator(".wave__bar[data-played]").first).to_be_visible()
    touch(page, "messages-when")
    page.locator("input[value=birthday]").check()
    page.locator("input[name=day]").fill("2026-12-24")
    shoot(page, "voice-when-360")
    touch(page, "choose")
    expect(page.locator("[data-act=messages-when]")).to_contain_text("every year")
    touch(page, "voice-send")
    touch(page, "voice-undo")
    phase(page, "ready")
    wait_until(page, "it left the outbox", lambda: shelf(page, "outbox") == [])
    touch(page, "voice-send")
    wait_until(page, "it arrived", lambda: len(arrived(village, village.scene.alice)) == 1)
    with village.scene.database.read() as session:
        message = session.scalars(select(Message).where(Message.family_id == village.scene.alice.family)).one()
        assert message.repeat == "yearly" or message.deliver_at > village.now()


@pytest.mark.long
def test_pieces_that_break_off_go_on_where_they_were(village: Village, devices: Devices) -> None:
    """By a thin link: the server is killed in the middle of a piece, later the page is reloaded in another."""
    alice = village.scene.alice
    before = len(arrived(village, alice))
    page = open_messages(devices, village, alice)
    link = page.context.new_cdp_session(page)
    link.send("Network.enable")
    link.send("Network.emulateNetworkConditions", THIN_LINK)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method) if "/uploads" in request.url else None)
    speak_for(page, 11)
    touch(page, "voice-send")
    wait_until(page, "a piece is there", lambda: under_way(village, alice) > 0, seconds=30)
    page.wait_for_timeout(500)
    village.kill("web")
    there = under_way(village, alice)
    village.start("web")
    village.move_clock_to(soon(village, seconds=41))  # what the dead one had locked is free again by itself then
    wait_until(
        page, "more is there, or all", seconds=60,
        check=lambda: under_way(village, alice) > there or len(arrived(village, alice)) > before,
    )  # fmt: skip
    page.reload()
    wait_until(page, "it arrived", lambda: len(arrived(village, alice)) == before + 1, seconds=40)
    ((_, length, offset),) = arrived(village, alice)[before:]
    assert length == offset
    assert under_way(village, alice) == 0, "there is no second one"
    assert "HEAD" in asked
    devices.complaints = [said for said in devices.complaints if "ERR_" not in said and "WebSocket" not in said]


def test_who_may_not_send_is_told_before_they_speak(village: Village, devices: Devices) -> None:
    newcomer = village.scene.move_in("Dora", "boat", 77)
    page = devices.open(village.enter(PrincipalKind.PERSON, newcomer.parent, None), PHONE)
    sees(page, "home")
    to_messages(page)
    expect(page.locator(".messages__speak")).to_contain_text("not allowed")
    expect(page.locator("[data-act=voice-record]")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", pytest.param("zh-CN", marks=pytest.mark.long)])
def test_why_there_is_no_microphone_is_shown(village: Village, devices: Devices, language: str) -> None:
    page = open_messages(devices, village, village.scene.alice, language)
    for error, trouble in (
        ("NotAllowedError", "refused"),
        ("NotReadableError", "in_use"),
        ("NotFoundError", "missing"),
    ):
        page.evaluate(NO_MICROPHONE, error)
        page.locator("[data-act=voice-record], [data-act=voice-again]").first.click()
        expect(page.locator(f"[data-trouble={trouble}] .voice__picture")).to_be_visible()
        fits(page, f"{trouble}-{language}")


@pytest.mark.long
def test_without_an_encoder_the_browsers_own_recorder_does_it(
    village: Village, devices: Devices, record_property: Callable[[str, object], None]
) -> None:
    context = devices.device(PHONE)
    context.add_init_script("delete window.AudioEncoder")
    page = context.new_page()
    page.goto(village.enter(PrincipalKind.PERSON, village.scene.alice.parent, None))
    sees(page, "home")
    to_messages(page)
    wait_until(page, "the page is kept", lambda: page.evaluate(IS_KEPT))
    page.context.set_offline(True)
    speak_for(page, 10)
    touch(page, "voice-send")
    expect(page.locator(".said--waiting")).to_be_visible()
    (item,) = shelf(page, "outbox")
    assert item["mime"].startswith(("audio/webm", "audio/ogg"))
    assert item["duration_ms"] > 8000
    a_minute = item["bytes"] * 60_000 / item["duration_ms"]
    record_property("figure", f"a minute by MediaRecorder: {a_minute:.0f} bytes")
    assert a_minute <= RECORDERS_MINUTE_BYTES
    devices.forgive_no_network()


def test_a_full_device_says_so_and_keeps_what_it_has(village: Village, devices: Devices) -> None:
    page = open_messages(devices, village, village.scene.alice)
    page.evaluate(FULL_AFTER, 3)
    touch(page, "voice-record")
    phase(page, "ready")
    expect(page.locator("[data-trouble=full]")).to_be_visible()
    fits(page, "full")
    length = page.locator(".voice__review .wave__length").inner_text()
    assert length in ("0:02", "0:03", "0:04"), "three pieces of a second each"


@pytest.mark.long
def test_two_tabs_send_it_once(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    before = len(arrived(village, alice))
    page = open_messages(devices, village, alice)
    other = page.context.new_page()
    other.goto(f"{village.url}/phone")
    to_messages(other)
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/uploads" in request.url:
            asked.append(request.headers.get("upload-offset", "new"))

    for tab in (page, other):
        tab.on("request", note)
    page.bring_to_front()
    speak_for(page, 6)
    touch(page, "voice-send")
    expect(other.locator(".said--waiting")).to_be_visible()
    wait_until(page, "it arrived", lambda: len(arrived(village, alice)) == before + 1)
    other.wait_for_timeout(1000)
    assert len(arrived(village, alice)) == before + 1
    assert len(asked) == len(set(asked)), "each piece went once"
    expect(other.locator(".said--waiting")).to_have_count(0)


def test_heard_at_the_other_end_and_taken_back_in_time(village: Village, devices: Devices) -> None:
    """The caregiver speaks on her phone, the parent listens on his: by the real worker, to the end and the receipt."""
    bob = village.scene.bob
    granny = devices.open(village.enter(PrincipalKind.PERSON, bob.caregiver, None), PHONE)
    sees(granny, "home")
    to_messages(granny)
    speak_for(granny, 2)
    touch(granny, "voice-send")
    leaves_at_once(granny)
    wait_until(granny, "it may be heard", lambda: states(village, bob, From.VILLAGE) == [MessageState.DUE], seconds=30)

    parent = open_messages(devices, village, bob)
    theirs = parent.locator(".said:not([data-own])")
    expect(theirs).to_have_attribute("data-state", "sent")
    fits(parent, "new")
    theirs.locator("[data-act=message-play]").click()
    expect(parent.locator(".said__paces")).to_be_visible()
    fits(parent, "playing")
    expect(theirs).to_have_attribute("data-state", "heard")
    wait_until(parent, "the server knows", lambda: is_heard(village, bob))
    touch(granny, "messages-back")
    to_messages(granny)
    expect(granny.locator(".said[data-own]").first).to_have_attribute("data-state", "heard")
    fits(granny, "heard")

    speak_for(granny, 1)
    touch(granny, "voice-send")
    leaves_at_once(granny)
    both_due = [MessageState.DUE] * 2
    wait_until(granny, "it may be heard", lambda: states(village, bob, From.VILLAGE) == both_due, seconds=30)
    touch(granny, "messages-back")
    to_messages(granny)
    touch(granny, "message-withdraw")
    touch(granny, "withdraw")
    expect(granny.locator(".said[data-state=withdrawn]")).to_be_visible()
    touch(parent, "messages-back")
    to_messages(parent)
    expect(parent.locator(".said:not([data-own])")).to_have_count(1)
