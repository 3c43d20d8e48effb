"""A consent that ends before a call, while it rings, and in it; and a wrong person at the terminal."""

import time
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page, expect

from app.calls.words import CallState, Outcome
from app.families import queries as families
from app.families import service as consent
from app.families.models import Consent
from tests.browser import stories
from tests.browser.conftest import Devices, shoot
from tests.browser.stories import both_arrive, figures, sees, touch, wait_until
from tests.browser.test_call import live, ringing
from tests.browser.village import Village
from tests.scene import at

WITHIN_SECONDS = 10  # for a loaded machine; the figure that is recorded says how it was
IS_CUT = "talked.connectionState === 'closed'"
GENTLY = "consent for these calls has ended"
Record = Callable[[str, object], None]


def revoke(village: Village) -> None:
    with village.scene.database.begin() as session:
        (given,) = families.consents_of_child(session, village.scene.alice.child)
        consent.revoke_consent(session, given.id, village.now())


def ended(village: Village, call_id: str) -> bool:
    return stories.call_of(village, call_id).state is CallState.ENDED


def test_withdrawn_before_the_call_it_is_gone_on_both(
    village: Village, devices: Devices, record_property: Record
) -> None:
    call_id = village.scene.book(village.scene.alice, at(19), village.scene.alice.desk_acts)
    phone = stories.open_phone(devices, village, village.scene.alice)
    terminal = stories.open_terminal(devices, village, village.scene.alice)
    touch(terminal, "family")
    asleep = terminal.locator(f"[data-call-id='{call_id}']")
    asleep.first.wait_for()
    began = time.monotonic()
    revoke(village)
    expect(phone.locator(f".next-call[data-call-id='{call_id}']")).to_have_count(0, timeout=WITHIN_SECONDS * 1000)
    expect(asleep).to_have_count(0, timeout=WITHIN_SECONDS * 1000)
    record_property("figure", f"from the withdrawal to both screens: {round(1000 * (time.monotonic() - began))} ms")
    expect(phone.locator(f"[data-call-id='{call_id}'][data-outcome=cancelled]")).to_contain_text(GENTLY)
    assert phone.locator("[data-act=offer]").count() == 0
    call = stories.call_of(village, call_id)
    assert (call.outcome, call.reason) == (Outcome.CANCELLED, "consent_ended")


def test_withdrawn_while_it_rings_it_stops(village: Village, devices: Devices) -> None:
    phone, terminal, call_id = ringing(village, devices)
    revoke(village)
    sees(terminal, "idle", WITHIN_SECONDS)
    sees(phone, "ended", WITHIN_SECONDS)
    expect(phone.locator("main")).to_contain_text(GENTLY)
    shoot(phone, "phone-consent-ended-ringing")
    call = stories.call_of(village, call_id)
    assert (call.outcome, call.reason) == (Outcome.CANCELLED, "consent_ended")
    assert figures(phone).open == figures(terminal).open == 0


def test_run_out_in_the_call_both_are_told_and_nothing_is_sent_on(
    village: Village, devices: Devices, record_property: Record
) -> None:
    ends_at = at(19, 2)
    with village.scene.database.begin() as session:
        (given,) = families.consents_of_child(session, village.scene.alice.child)
        session.get_one(Consent, given.id).until_at = ends_at
    phone, terminal, call_id = live(village, devices)
    wait_until(phone, "live", lambda: stories.call_of(village, call_id).state is CallState.LIVE)
    village.move_clock_to(ends_at - timedelta(milliseconds=200))
    took = both_are_told(village, phone, terminal, call_id)
    record_property("figure", f"run out: both ends left after {took} ms")


def both_are_told(village: Village, phone: Page, terminal: Page, call_id: str) -> int:
    """That the consent ended in the call; milliseconds until both had left."""
    began = time.monotonic()
    sees(phone, "ended", WITHIN_SECONDS)
    sees(terminal, "goodbye", WITHIN_SECONDS)
    took_ms = round(1000 * (time.monotonic() - began))
    for page in (phone, terminal):
        expect(page.locator("main")).to_contain_text(GENTLY)
        assert figures(page).open == 0
    shoot(phone, "phone-consent-ended-live")
    shoot(terminal, "terminal-consent-ended-live")
    assert phone.locator("[data-act=join]").count() == 0
    call = stories.call_of(village, call_id)
    assert (call.outcome, call.reason) == (Outcome.HELD, "consent_ended")
    return took_ms


def test_the_wrong_person_answered_it_rings_again_and_then_it_is_withdrawn(
    village: Village, devices: Devices, record_property: Record
) -> None:
    phone, terminal, call_id = live(village, devices)
    terminal.evaluate("void (window.talked = watched.newest())")
    touch(phone, "wrong-person")
    touch(phone, "ring-again")
    sees(terminal, "ring", WITHIN_SECONDS)
    sees(phone, "waiting|connecting", WITHIN_SECONDS)
    shoot(phone, "phone-rung-again")
    wait_until(terminal, "the end of what they heard each other by", lambda: terminal.evaluate(IS_CUT))
    assert stories.call_of(village, call_id).state is CallState.RINGING
    answer(terminal)
    sees(phone, "live", 20)
    sees(terminal, "live", 20)
    both_arrive(phone, terminal)
    wait_until(phone, "live again", lambda: stories.call_of(village, call_id).state is CallState.LIVE)
    revoke(village)
    took = both_are_told(village, phone, terminal, call_id)
    record_property("figure", f"withdrawn: both ends left after {took} ms")


def answer(terminal: Page) -> None:
    touch(terminal, "answer")
