"""The same call when there is no direct way: voice and picture through coturn alone, with the call's own credential."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from app.calls.words import CallState
from tests.browser import stories
from tests.browser.conftest import Devices
from tests.browser.stories import both_arrive, hang_up, sees, touch
from tests.browser.village import Village, open_village
from tests.scene import at
from tests.services.coturn import SECRET, PrivateCoturn
from tests.services.ports import free_port

PAIR = """async () => {
  const reports = [...(await watched.newest().getStats()).values()];
  const by_id = Object.fromEntries(reports.map((report) => [report.id, report]));
  const pair = by_id[reports.find((report) => report.type === "transport").selectedCandidatePairId];
  return { local: by_id[pair.localCandidateId].candidateType, remote: by_id[pair.remoteCandidateId].candidateType,
    rtt_ms: pair.currentRoundTripTime * 1000 };
}"""


REMEMBER_UDP = """() => localStorage.setItem(
  `homethread-way:${navigator.connection?.type ?? "any"}`, JSON.stringify({ way: "udp", at: Date.now() }))"""
REMEMBERED = """() => Object.entries(localStorage).filter(([key]) => key.startsWith("homethread-way:"))
  .map(([, kept]) => JSON.parse(kept).way)"""


@pytest.fixture
def coturn() -> Iterator[PrivateCoturn]:
    running = PrivateCoturn()
    yield running
    running.stop()


def evening() -> datetime:
    """The scene's 18:00, on a day that has not come yet: coturn has the real clock, and credentials end by it."""
    ahead = datetime.now(UTC) - at(18)
    return at(18) + timedelta(days=max(0, ahead.days + 1))


@pytest.fixture
def village(
    tmp_path: Path, sqlite_url: str, coturn: PrivateCoturn, request: pytest.FixtureRequest
) -> Iterator[Village]:
    urls = coturn.urls
    if "gives_way" in request.node.name:
        urls = f"turn:127.0.0.1:{free_port()}?transport=udp,{coturn.url}?transport=tcp"
    settings = {"TURN_URLS": urls, "TURN_SECRET": SECRET, "ICE_POLICY": "relay"}
    running = open_village(tmp_path, sqlite_url, evening(), **settings)
    yield running
    running.stop()
    log = running.logs()
    assert "Traceback" not in log, log


@pytest.mark.long  # by UDP and TCP; the other story proves the same of TCP alone
def test_the_same_call_through_the_relay_alone(
    village: Village, devices: Devices, coturn: PrivateCoturn, record_property: Callable[[str, object], None]
) -> None:
    starts_at = village.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    village.move_clock_to(starts_at - timedelta(minutes=1))
    alice = village.scene.alice
    call_id = village.scene.book(alice, starts_at, alice.desk_acts)
    phone = stories.open_phone(devices, village, alice)
    terminal = stories.open_terminal(devices, village, alice)
    touch(phone, "join")
    sees(phone, "waiting")
    village.move_clock_to(starts_at)
    sees(terminal, "ring", 30)
    touch(terminal, "answer")
    answered = stories.last_touch(terminal)
    sees(phone, "live", 20)
    sees(terminal, "live", 20)
    both_arrive(phone, terminal)
    for name, page in (("terminal", terminal), ("phone", phone)):
        pair = selected(page)
        first: dict[str, float] = page.evaluate("watched.first")
        since = {kind: round(moment - answered) for kind, moment in first.items()}
        record_property(
            "figure",
            f"{name}, through the relay: voice {since['audio']} ms, picture {since['video']} ms, "
            f"round trip {pair['rtt_ms']:.0f} ms",
        )
    assert stories.call_of(village, call_id).state is CallState.LIVE
    by_the_relay_alone(coturn, starts_at, phone, terminal)
    hang_up(phone)
    sees(terminal, "goodbye")


def test_a_way_that_does_not_lead_there_gives_way_to_another(
    village: Village, devices: Devices, coturn: PrivateCoturn
) -> None:
    """UDP goes nowhere, and is what both remember: they find TCP by themselves, and ask it at once from then on."""
    starts_at = village.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    village.move_clock_to(starts_at - timedelta(minutes=1))
    alice = village.scene.alice
    village.scene.book(alice, starts_at, alice.desk_acts)
    phone = stories.open_phone(devices, village, alice)
    terminal = stories.open_terminal(devices, village, alice)
    for page in (phone, terminal):
        page.evaluate(REMEMBER_UDP)
    touch(phone, "join")
    sees(phone, "waiting")
    village.move_clock_to(starts_at)
    sees(terminal, "ring", 30)
    touch(terminal, "answer")
    sees(phone, "live", 30)
    both_arrive(phone, terminal)
    by_the_relay_alone(coturn, starts_at, phone, terminal)
    until = time.monotonic() + 30
    while not phone.evaluate(REMEMBERED) == terminal.evaluate(REMEMBERED) == ["tcp"]:
        assert time.monotonic() < until, [phone.evaluate(REMEMBERED), terminal.evaluate(REMEMBERED)]
        terminal.wait_for_timeout(100)
    phone.reload()
    sees(phone, "live", 20)
    urls = phone.evaluate("watched.newest().getConfiguration().iceServers.flatMap(({ urls }) => urls)")
    assert [url.split("transport=")[1] for url in urls] == ["udp", "tcp"]
    hang_up(phone)
    sees(terminal, "goodbye")


def by_the_relay_alone(coturn: PrivateCoturn, starts_at: datetime, *pages: Page) -> None:
    """Both ends by a relayed address, each seat with a credential of its own that ends with the call."""
    for page in pages:
        pair = selected(page)
        assert (pair["local"], pair["remote"]) == ("relay", "relay")
    stories.wait_until(pages[0], "both in its log", lambda: len(users_of(coturn)) >= 2)
    users = users_of(coturn)
    assert len(users) == 2, users
    assert {int(user.split(":")[0]) for user in users} == {int((starts_at + timedelta(minutes=30)).timestamp())}


def selected(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(PAIR)
    return found


def users_of(coturn: PrivateCoturn) -> set[str]:
    """Who got an allocation, from its log."""
    lines = [line for line in coturn.log().splitlines() if "ALLOCATE processed, success" in line]
    return {line.split("user <")[1].split(">")[0] for line in lines}
