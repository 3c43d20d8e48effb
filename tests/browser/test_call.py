"""The story that the project exists for, in real Chromium: booked, rung, answered, seen and heard, hung up, counted."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.calls import queries
from app.calls.models import Call
from app.calls.words import CallState, Outcome
from tests.browser import stories
from tests.browser.conftest import PHONE, Devices, shoot
from tests.browser.stories import Figures, both_arrive, figures, hang_up, sees, touch, wait_until
from tests.browser.village import Village
from tests.scene import at

Record = Callable[[str, object], None]


def newest(village: Village) -> Call:
    with village.scene.database.read() as session:
        call = session.scalar(select(Call).order_by(Call.made_at.desc()).limit(1))
    assert call is not None
    return call


def before_the_minute(village: Village, devices: Devices) -> tuple[Page, Page, str]:
    """A phone and a terminal shortly before a call of Alice's that is booked: (phone, terminal, call)."""
    village.move_clock_to(at(18, 59))
    call_id = village.scene.book(village.scene.alice, at(19), village.scene.alice.desk_acts)
    phone = stories.open_phone(devices, village, village.scene.alice)
    terminal = stories.open_terminal(devices, village, village.scene.alice)
    return phone, terminal, call_id


def ringing(village: Village, devices: Devices) -> tuple[Page, Page, str]:
    """The parent waits, the hour has come, and the terminal rings."""
    phone, terminal, call_id = before_the_minute(village, devices)
    waits_until_it_rings(village, phone, terminal)
    return phone, terminal, call_id


def waits_until_it_rings(village: Village, phone: Page, terminal: Page) -> None:
    touch(phone, "join")
    sees(phone, "waiting")
    village.move_clock_to(at(19))
    sees(terminal, "ring", 20)


def live(village: Village, devices: Devices) -> tuple[Page, Page, str]:
    phone, terminal, call_id = ringing(village, devices)
    touch(terminal, "answer")
    sees(phone, "live", 20)
    sees(terminal, "live", 20)
    both_arrive(phone, terminal)
    return phone, terminal, call_id


def test_a_parent_books_the_terminal_rings_a_child_answers_they_talk(
    village: Village, devices: Devices, record_property: Record
) -> None:
    alice = village.scene.alice
    phone = stories.open_phone(devices, village, alice)
    shoot(phone, "phone-home-empty")
    stories.book_by_hand(phone, at(19))
    call = newest(village)
    assert (call.starts_at, call.state, call.parent_id) == (at(19), CallState.BOOKED, alice.parent)
    shoot(phone, "phone-home-booked")
    terminal = stories.open_terminal(devices, village, alice)
    shoot(terminal, "terminal-idle")

    village.move_clock_to(at(18, 59))
    phone.reload()
    terminal.reload()
    sees(phone, "home")
    touch(phone, "join")
    sees(phone, "waiting")
    shoot(phone, "phone-waiting")
    nothing_comes_yet(phone, terminal)
    village.move_clock_to(at(19))
    sees(terminal, "ring", 25)
    shoot(terminal, "terminal-ring")
    comes_ahead(phone, terminal)
    with stories.nothing_is_negotiated(phone, terminal):
        touch(terminal, "answer")
        answered = stories.last_touch(terminal)
        sees(terminal, "live", 20)
        sees(phone, "live", 20)
        both_arrive(phone, terminal)
    shoot(terminal, "terminal-live")
    shoot(phone, "phone-live")
    note_first_media(record_property, answered, terminal, phone)
    wait_until(phone, "live in the database", lambda: stories.call_of(village, call.id).state is CallState.LIVE)
    phone.wait_for_timeout(1000)

    hang_up(phone)
    goodbye_is_said(phone, terminal)
    wait_until(phone, "the end", lambda: stories.call_of(village, call.id).state is CallState.ENDED)
    held = stories.call_of(village, call.id)
    assert held.outcome is Outcome.HELD
    assert 1 <= held.talked_seconds <= 60
    assert figures(phone).open == 0
    assert figures(terminal).open == 0


def nothing_comes_yet(phone: Page, terminal: Page) -> None:
    """Connected ahead, with an open microphone: until the ring that costs the village next to nothing."""
    expect(phone.locator(".call__own")).to_be_visible()
    wait_until(terminal, "connected", lambda: terminal.evaluate("watched.newest()?.connectionState") == "connected", 40)
    comes = terminal.evaluate("watched.comesWithin(1000)")
    assert comes["voicePackets"] == 0
    assert comes["bytes"] < 500, "no more than keeps it open"


def comes_ahead(phone: Page, terminal: Page) -> None:
    """The parent's voice is at the terminal that rings, unheard, and the parent is told so."""
    wait_until(terminal, "the voice is played", lambda: figures(terminal).samples > 0)
    assert (figures(terminal).audio_energy, figures(terminal).frames) == (0, 0), "unheard and unseen"
    assert terminal.locator("video").count() == 0
    expect(phone.locator(".call__status")).to_contain_text("You are being sent")
    shoot(phone, "phone-sent-ahead")
    assert figures(phone).audio_bytes == 0


def goodbye_is_said(phone: Page, terminal: Page) -> None:
    """At both ends; the terminal leads on to the next call."""
    sees(terminal, "goodbye")
    shoot(terminal, "terminal-goodbye")
    touch(terminal, "ask-next")
    sees(terminal, "ask")
    sees(phone, "ended|home")
    shoot(phone, "phone-ended")


def note_first_media(record_property: Record, answered: float, terminal: Page, phone: Page) -> None:
    """When the first voice and picture came, counted from the touch that answered."""
    for name, page in (("terminal", terminal), ("phone", phone)):
        first = page.evaluate("watched.first")
        since = {kind: round(first[kind] - answered) for kind in ("audio", "video")}
        record_property(
            "figure", f"{name}, from the answering touch: voice {since['audio']} ms, picture {since['video']} ms"
        )


def test_nobody_comes_at_all_and_the_phone_says_so(village: Village, devices: Devices) -> None:
    """Nobody touched anything: the terminal stays quiet, the parent's phone rings, then both are told."""
    phone, terminal, call_id = before_the_minute(village, devices)
    village.move_clock_to(at(19))
    sees(phone, "ring", 25)
    shoot(phone, "phone-ring")
    sees(terminal, "idle")
    village.move_clock_to(at(19, 10))
    wait_until(phone, "missed", lambda: stories.call_of(village, call_id).outcome is Outcome.MISSED)
    assert stories.call_of(village, call_id).reason == "nobody_came"
    sees(phone, "home", 20)
    phone.locator("[data-act=offer]").first.wait_for(timeout=10_000)
    sees(terminal, "idle")


def test_nobody_answers_and_both_are_offered_new_times(village: Village, devices: Devices) -> None:
    phone, terminal, call_id = ringing(village, devices)
    village.move_clock_to(at(19, 10))
    wait_until(phone, "missed", lambda: stories.call_of(village, call_id).outcome is Outcome.MISSED)
    assert stories.call_of(village, call_id).reason == "village_absent"
    sees(terminal, "idle|goodbye")
    sees(phone, "ended|home")
    if phone.locator("main").get_attribute("data-screen") == "ended":
        shoot(phone, "phone-missed")
    phone.locator("[data-act=offer]").first.wait_for(timeout=10_000)
    shoot(phone, "phone-offers")
    phone.locator("[data-act=offer]").first.click()
    wait_until(phone, "a new call", lambda: newest(village).id != call_id and newest(village).state is CallState.BOOKED)


TAKE_CAMERA_AWAY = """() => {
    const devices = navigator.mediaDevices, ask = devices.getUserMedia;
    const gone = () => Promise.reject(new DOMException("gone", "NotFoundError"));
    devices.getUserMedia = (wish) => (wish.video ? gone() : ask.call(devices, wish));
    window.giveCameraBack = () => void delete devices.getUserMedia;
    const { track } = watched.newest().getSenders().find((sender) => sender.track?.kind === "video");
    track.stop();
    track.dispatchEvent(new Event("ended"));  // as a browser tells of an unplugged one
}"""


def test_a_camera_goes_the_tab_reloads_and_another_tab_takes_over(village: Village, devices: Devices) -> None:
    """All in one call, which goes on."""
    phone, terminal, call_id = live(village, devices)
    a_camera_is_taken_away(phone, terminal)
    what_is_switched_off_stays_so_over_a_reload(phone)
    both_arrive(phone, terminal)
    sees(terminal, "live")
    assert stories.call_of(village, call_id).state is CallState.LIVE
    second = another_tab_takes_over(village, phone, terminal)
    assert stories.call_of(village, call_id).state is CallState.LIVE
    hang_up(terminal)
    sees(second, "ended|home")
    wait_until(second, "the end", lambda: stories.call_of(village, call_id).outcome is Outcome.HELD)


def a_camera_is_taken_away(phone: Page, terminal: Page) -> None:
    """The voice goes on, the button says so, and a touch brings the picture back when the camera is there again."""
    phone.evaluate(TAKE_CAMERA_AWAY)
    camera = phone.locator("[data-act=camera]")
    expect(camera).to_have_attribute("aria-pressed", "true")
    expect(terminal.locator("section.call")).to_have_attribute("data-picture", "none")
    wait_until(terminal, "the voice goes on alone", lambda: hears_only(terminal, figures(terminal)))
    last = figures(terminal).frames
    phone.evaluate("giveCameraBack()")
    camera.click()
    expect(camera).to_have_attribute("aria-pressed", "false")
    wait_until(terminal, "pictures again", lambda: figures(terminal).frames > last)


def what_is_switched_off_stays_so_over_a_reload(phone: Page) -> None:
    """Nobody is heard or seen who believes that they are not."""
    switches = [phone.locator(f"[data-act={what}]") for what in ("microphone", "camera")]
    for switch in switches:
        switch.click()
        expect(switch).to_have_attribute("aria-pressed", "true")
    phone.reload()
    sees(phone, "live", 25)
    for switch in switches:
        expect(switch).to_have_attribute("aria-pressed", "true")
    sent = "watched.newest().getSenders().map(({ track }) => track && track.enabled)"
    assert not any(phone.evaluate(sent))
    for switch in switches:
        switch.click()
        expect(switch).to_have_attribute("aria-pressed", "false")


def hears_only(page: Page, before: Figures) -> bool:
    """For a second and a half a voice came, and no picture; some may have been on their way."""
    page.wait_for_timeout(1500)
    after = figures(page)
    return after.frames == before.frames and after.audio_energy > before.audio_energy


def another_tab_takes_over(village: Village, phone: Page, terminal: Page) -> Page:
    """A second tab only takes the call when it is told to; the first is told that it moved, and asks nothing more."""
    touch(phone, "wrong-person")
    expect(phone.locator("dialog [data-act=ring-again]")).to_be_visible()
    second = phone.context.new_page()
    second.set_viewport_size(PHONE)
    second.goto(f"{village.url}/phone")
    sees(second, "home|moved")
    assert figures(phone).open == 1
    touch(second, "join")
    sees(second, "live", 25)
    both_arrive(second, terminal)
    sees(phone, "moved|ended|home")
    expect(phone.locator("dialog")).to_have_count(0)
    assert figures(phone).open == 0
    return second


@pytest.mark.expects_complaints
def test_two_families_race_for_one_slot(village: Village, devices: Devices) -> None:
    """Both phones show the slot as free; the slower one is told so, keeps its screen, and sees fresh slots."""
    phones = [stories.open_phone(devices, village, whom) for whom in (village.scene.alice, village.scene.bob)]
    slot = at(20).strftime("%Y-%m-%dT%H:%M:%SZ")
    for phone in phones:
        touch(phone, "book")
        touch(phone, "slot", starts_at=slot)
    for phone in phones:
        phone.locator("[data-act=send-booking]").click(no_wait_after=True)
    sees(phones[0], "home|book")
    wait_until(phones[0], "one winner", lambda: sorted(screens(phones)) == ["book", "home"])
    loser = next(phone for phone in phones if phone.locator("main").get_attribute("data-screen") == "book")
    shoot(loser, "phone-slot-taken")
    expect(loser.locator(f'[data-act=slot][data-starts-at="{slot}"]:not([disabled])')).to_have_count(0)
    with village.scene.database.read() as session:
        assert len(session.scalars(select(Call)).all()) == 1


def screens(pages: list[Page]) -> list[str]:
    return [page.locator("main").get_attribute("data-screen") or "" for page in pages]


@pytest.mark.expects_complaints
def test_the_web_program_is_killed_in_the_middle_and_again_when_they_hang_up(
    village: Village, devices: Devices
) -> None:
    """Voice and picture go on without it, and the seats are taken again when it is back.

    A goodbye without it is heard when it is back, else the other side would wait two minutes for who said it.
    """
    phone, terminal, call_id = live(village, devices)
    sockets = sids(village, call_id)
    village.kill("web")
    before = figures(phone)
    phone.wait_for_timeout(2000)
    assert figures(phone).audio_bytes > before.audio_bytes
    village.start("web")
    wait_until(
        phone, "both are back", lambda: seated(village, call_id) == 2 and not sockets & sids(village, call_id), 40
    )
    assert figures(phone).frames > before.frames, "the same connection goes on"
    both_arrive(phone, terminal)
    village.kill("web")
    hang_up(phone)
    sees(phone, "ended|home")
    village.start("web")
    phone.evaluate("dispatchEvent(new Event('online'))")  # that it comes back by itself was seen before
    wait_until(phone, "the end", lambda: stories.call_of(village, call_id).outcome is Outcome.HELD, 40)
    sees(terminal, "goodbye|idle")


def sids(village: Village, call_id: str) -> set[str]:
    """The sockets that hold the call's seats."""
    with village.scene.database.read() as session:
        return {seat.sid for seat in queries.seats(session, call_id)}


def seated(village: Village, call_id: str) -> int:
    with village.scene.database.read() as session:
        call = session.get_one(Call, call_id)
        facts = queries.facts(session, call)
    return facts.parent.is_here + facts.village.is_here
