"""A phone on the same Wi-Fi: Chromium that trusts the local authority as a phone does once it is installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, Playwright, WebSocket, expect

from app.storage.database import Database
from app.web import sessions
from app.web.models import PrincipalKind
from tests.browser.conftest import FLAGS, PATIENCE_MS, PHONE, Devices
from tests.browser.stories import wait_until
from tests.commands.lan_serve import LanServe
from tests.scene import Scene, set_scene

MAY = """async () => {
  const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(1));
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const tracks = stream.getTracks().map((track) => track.readyState);
  for (const track of stream.getTracks()) track.stop();
  return { secure: isSecureContext, hashed: hash.byteLength, tracks, worker: "serviceWorker" in navigator };
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanServe]:
    running = LanServe(tmp_path_factory.mktemp("lan"))
    yield running
    running.stop()
    assert "Traceback" not in running.errors()


@pytest.fixture(scope="module")
def scene(served: LanServe) -> Iterator[Scene]:
    database = Database(f"sqlite:///{served.folder / 'homethread.sqlite'}")
    yield set_scene(database)
    database.close()


@pytest.fixture(scope="module")
def chromium(served: LanServe, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """With a home of its own, in whose certificate store the authority is trusted; errors are not overlooked."""
    certutil = shutil.which("certutil")
    if certutil is None:
        pytest.fail("certutil is missing: run python3 -m tests, or apt-get install libnss3-tools")
    home = tmp_path_factory.mktemp("home")
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    for command in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "village", "-i", str(served.authority)]):
        subprocess.run([certutil, "-d", f"sql:{store}", *command], check=True, capture_output=True)
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=FLAGS, env={**os.environ, "HOME": str(home)}
    )
    yield browser
    browser.close()


def opened(devices: Devices, served: LanServe, scene: Scene) -> Page:
    with scene.database.begin() as session:
        now = datetime.now(UTC)
        secret = sessions.issue_code(session, PrincipalKind.PERSON, scene.alice.parent, None, "en", now)
    return devices.open(f"{served.url}/enter/{secret}", PHONE)


def test_the_phone_opens_without_a_warning_and_may_do_all_that_a_call_needs(
    devices: Devices, served: LanServe, scene: Scene
) -> None:
    page = opened(devices, served, scene)
    expect(page.locator("main[data-screen=home]")).to_be_visible(timeout=PATIENCE_MS)
    may: dict[str, Any] = page.evaluate(MAY)
    assert may == {"secure": True, "hashed": 32, "tracks": ["live", "live"], "worker": True}


def test_its_socket_connects_and_beats(devices: Devices, served: LanServe, scene: Scene) -> None:
    page = devices.device(PHONE).new_page()
    frames: list[str] = []

    def listen(socket: WebSocket) -> None:
        def note(said: bytes | str) -> None:
            frames.append(f"{socket.url} {said!s}")

        socket.on("framereceived", note)

    page.on("websocket", listen)
    with scene.database.begin() as session:
        now = datetime.now(UTC)
        secret = sessions.issue_code(session, PrincipalKind.PERSON, scene.alice.parent, None, "en", now)
    page.goto(f"{served.url}/enter/{secret}")
    wait_until(page, "an answer to the first heartbeat", lambda: any(" 43" in frame for frame in frames))
    assert all(frame.startswith("wss://127.0.0.1:") for frame in frames)


@pytest.mark.expects_complaints
def test_whoever_has_not_installed_it_is_warned(playwright: Playwright, served: LanServe, tmp_path: Path) -> None:
    """So the first test can fail: the same browser, without the authority."""
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=FLAGS, env={**os.environ, "HOME": str(tmp_path)}
    )
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        browser.new_page().goto(f"{served.url}/phone")
    browser.close()


def test_the_page_with_the_certificate_is_one_a_phone_can_read(devices: Devices, served: LanServe) -> None:
    page = devices.open(f"{served.page_url}/", PHONE)
    expect(page.get_by_role("link", name="get the certificate")).to_be_visible()
    assert page.evaluate("document.querySelector('img').naturalWidth") > 100
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    with page.expect_download() as download:
        page.get_by_role("link", name="get the certificate").click()
    assert download.value.suggested_filename == "homethread.crt"
