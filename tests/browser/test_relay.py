"""The same call when there is no direct way: voice and picture through coturn alone, with the call's own credential."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

from app.calls.words import CallState
from app.gateways.coturn import Coturn
from app.programs.local_tls import LocalAuthority
from tests.browser import stories
from tests.browser.conftest import FLAGS, PHONE, Devices
from tests.browser.modules import serve_modules
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
ASKED = "watched.newest().getConfiguration().iceServers.flatMap(({ urls }) => urls)"
# Two ends in one page, which agree anew whenever one of them wants it.
CONNECT = """async (server) => {
  const { Relays } = await import("/call/relays.js");
  const ends = [true, false].map((isOfferer) => {
    const pc = new RTCPeerConnection({ iceServers: [server], iceTransportPolicy: "relay" });
    new Relays(pc, isOfferer);
    return pc;
  });
  let agreed = Promise.resolve();
  for (const [one, other] of [ends, ends.toReversed()]) {
    one.onicecandidate = ({ candidate }) => other.addIceCandidate(candidate);
    one.onnegotiationneeded = () => (agreed = agreed.then(() => agree(one, other)));
  }
  const agree = async (one, other) => {
    await one.setLocalDescription();
    await other.setRemoteDescription(one.localDescription);
    await other.setLocalDescription();
    await one.setRemoteDescription(other.localDescription);
  };
  ends[0].createDataChannel("voice");
  await new Promise((done) => ends[1].addEventListener("signalingstatechange", done, { once: true }));
}"""
CONNECTED = "watched.newest().connectionState === 'connected'"
GATHERED = """async (server) => {
  const pc = new RTCPeerConnection({ iceServers: [server], iceTransportPolicy: "relay" });
  const found = [];
  const all = new Promise((done) => {
    pc.onicecandidate = ({ candidate }) => (candidate ? found.push(candidate.relayProtocol) : done());
  });
  pc.createDataChannel("voice");
  await pc.setLocalDescription();
  await all;
  pc.close();
  return found;
}"""
# A connection on paper, whose checks of paths stand so; how often it began anew is kept.
STANDS = """async ([iceConnectionState, isAnswered]) => {
  const { Relays } = await import("/call/relays.js");
  window.anew = 0;
  const iceServers = [{ urls: ["turn:relay", "turns:relay"] }];
  const pc = Object.assign(new EventTarget(), {
    iceConnectionState, connectionState: "connecting", signalingState: isAnswered ? "stable" : "have-local-offer",
    remoteDescription: isAnswered ? {} : null,
    getConfiguration: () => ({ iceServers }), setConfiguration: () => {}, restartIce: () => (anew += 1),
  });
  new Relays(pc, true);
  pc.dispatchEvent(new Event("signalingstatechange"));
}"""
WIDENED_MS = 6_000  # by then both ends ask all


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    made = LocalAuthority(tmp_path_factory.mktemp("tls"))
    made.certify([], "relay", datetime.now(UTC))
    return made


@pytest.fixture(scope="module")
def chromium(
    authority: LocalAuthority, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """It trusts the authority that vouches for the relay, as it does the one of any relay in the world."""
    home = tmp_path_factory.mktemp("home")
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    trusted = str(authority.server_file.parent / "ca.crt")
    for command in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "relay", "-i", trusted]):
        subprocess.run(["certutil", "-d", f"sql:{store}", *command], check=True, capture_output=True)
    browser = opened(playwright, home)
    yield browser
    browser.close()


def opened(playwright: Playwright, home: Path) -> Browser:
    """With the certificates that are trusted in this home."""
    return playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=FLAGS, env={**os.environ, "HOME": str(home)}
    )


@pytest.fixture
def coturn(authority: LocalAuthority) -> Iterator[PrivateCoturn]:
    running = PrivateCoturn(certificate=authority.server_file)
    yield running
    running.stop()


def evening() -> datetime:
    """The scene's 18:00, on a day that has not come yet: coturn has the real clock, and credentials end by it."""
    ahead = datetime.now(UTC) - at(18)
    return at(18) + timedelta(days=max(0, ahead.days + 1))


@pytest.fixture
def leads() -> str | None:
    """The way by which alone a relay is reached; without, each of them leads there."""
    return None


@pytest.fixture
def relays(coturn: PrivateCoturn, leads: str | None) -> dict[str, str]:
    """Addresses by the way that leads there, or nowhere."""
    if leads is None:
        return {way: coturn.by[way] for way in ("udp", "tcp")}
    nowhere = {way: f"turn:127.0.0.1:{free_port()}?transport={way}" for way in ("udp", "tcp")}
    return nowhere | {leads: coturn.by[leads]}


@pytest.fixture
def village(tmp_path: Path, sqlite_url: str, relays: dict[str, str]) -> Iterator[Village]:
    settings = {"TURN_URLS": ",".join(relays.values()), "TURN_SECRET": SECRET, "ICE_POLICY": "relay"}
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


@pytest.mark.parametrize("leads", ["tcp", pytest.param("tls", marks=pytest.mark.long)])
def test_a_way_that_does_not_lead_there_gives_way_to_another(
    village: Village, devices: Devices, coturn: PrivateCoturn, relays: dict[str, str], leads: str
) -> None:
    """UDP goes nowhere, and is what both remember: they find what leads there, and ask it at once from then on."""
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
    while not phone.evaluate(REMEMBERED) == terminal.evaluate(REMEMBERED) == [leads]:
        assert time.monotonic() < until, [phone.evaluate(REMEMBERED), terminal.evaluate(REMEMBERED)]
        terminal.wait_for_timeout(100)
    phone.reload()
    sees(phone, "live", 20)
    assert phone.evaluate(ASKED) == [relays["udp"], relays[leads]]
    hang_up(phone)
    sees(terminal, "goodbye")


@pytest.mark.parametrize("leads", ["tls"])
def test_tls_is_found_where_it_alone_leads_there_and_asked_at_once_from_then_on(
    devices: Devices, relays: dict[str, str]
) -> None:
    """What relays.js makes of it between two ends of Chromium's, whose patience is wound forward."""
    page = devices.device(PHONE).new_page()
    page.clock.install()
    serve_modules(page)
    server = entry_of(*relays.values())
    page.evaluate(CONNECT, server)
    assert page.evaluate(ASKED) == [relays["udp"], relays["tcp"]]
    page.clock.fast_forward(WIDENED_MS)
    assert page.evaluate(ASKED) == list(relays.values())
    stories.wait_until(page, "the way to be remembered", lambda: page.evaluate(REMEMBERED) == ["tls"])
    page.evaluate(CONNECT, server)
    stories.wait_until(page, "the connection", lambda: page.evaluate(CONNECTED))
    assert page.evaluate(ASKED) == [relays["udp"], relays["tls"]]


@pytest.mark.parametrize(
    ("stands", "is_answered", "anew"),
    [("checking", True, 1), ("connected", True, 0), ("completed", True, 0), ("new", False, 0)],
)
def test_other_relays_are_asked_where_an_answer_leads_to_no_path(
    chromium: Browser, stands: str, is_answered: bool, anew: int
) -> None:
    """With a path keys are long in coming: a media program would begin with them again."""
    page = chromium.new_page()
    page.clock.install()
    serve_modules(page)
    page.evaluate(STANDS, [stands, is_answered])
    page.clock.fast_forward(WIDENED_MS)
    assert page.evaluate("anew") == anew
    page.close()


def test_only_a_relay_with_a_certificate_that_is_trusted_relays_by_tls(
    devices: Devices, coturn: PrivateCoturn, playwright: Playwright, tmp_path: Path
) -> None:
    """What `homethread check` finds wrong with it keeps phones out; so the others here can fail."""
    strange = opened(playwright, tmp_path)
    found = []
    for page in (devices.device(PHONE).new_page(), strange.new_page()):
        serve_modules(page)
        found.append(page.evaluate(GATHERED, entry_of(coturn.by["tls"])))
    strange.close()
    assert found == [["tls"], []]


def entry_of(*urls: str) -> dict[str, Any]:
    """As the program gives it to a seat."""
    (entry,) = Coturn(urls, SECRET, "relay").issue("seat", datetime.now(UTC) + timedelta(minutes=10))
    return entry


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
