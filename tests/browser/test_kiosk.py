"""The files of a terminal's own machine, held to the browser that they are for: its policies' names, and how it starts.

Chromium reads policies from one folder of the machine alone; it is given ours in a namespace of its own.
"""

import json
import mmap
import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect
from playwright.sync_api import Error as BrowserError

from app.families.models import Person
from app.programs import deployment
from app.web.models import PrincipalKind
from tests.browser import disk
from tests.browser.conftest import TERMINAL, shoot
from tests.browser.said import shelf
from tests.browser.stories import sees, touch, wait_until
from tests.browser.village import Village
from tests.scene import at

DOMAIN = "calls.test"
BINARY = Path("/usr/lib/chromium/chromium")
OF_A_SCREEN = ("--ozone-platform", "--user-data-dir", "--disk-cache-dir", "https://", "--kiosk")
SwitchOn = Callable[[], BrowserContext]
BACK_SECONDS = 20
NAMESPACE = """#!/bin/sh
exec unshare --mount sh -c 'mount --bind "$0" /etc/chromium && exec "$@"' {policies} {chromium} "$@"
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kiosk") / "files"
    list(deployment.write(folder, DOMAIN))
    return folder


def started(written: Path) -> list[str]:
    """What the unit starts, from the browser on."""
    unit = (written / "homethread-terminal.service").read_text()
    line = re.search(r"^ExecStart=/usr/bin/cage -d -- (.+)$", unit, re.M)
    assert line
    return line[1].split()


def test_every_policy_is_one_that_this_browser_knows(written: Path) -> None:
    policy = json.loads((written / "terminal-policy.json").read_text())
    with BINARY.open("rb") as binary, mmap.mmap(binary.fileno(), 0, access=mmap.ACCESS_READ) as known:
        assert not [name for name in policy if known.find(b"\0" + name.encode() + b"\0") < 0]
        flags = [flag.partition("=")[0][2:] for flag in started(written)[1:] if flag.startswith("--")]
        assert not [flag for flag in flags if known.find(b"\0" + flag.encode() + b"\0") < 0]


def test_systemd_takes_the_units(written: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("a container may have none")
    for name in ("homethread-screen-off.timer", "homethread-screen-on.timer"):
        wanted = re.search(r"^OnCalendar=(.+)$", (written / name).read_text(), re.M)
        assert wanted
        done = subprocess.run(["systemd-analyze", "calendar", wanted[1]], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    for name in ("homethread-terminal.service", "homethread-screen@.service"):
        verify = ["systemd-analyze", "verify", "--man=no", str(written / name)]
        said = subprocess.run(verify, capture_output=True, text=True, check=False).stderr
        missing = r"Command /usr/bin/(cage|wlopm) is not executable|Unit .* not found|^\s*$"  # they are at the terminal
        assert not [line for line in said.splitlines() if not re.search(missing, line)], said


@pytest.fixture
def switch_on(village: Village, written: Path, playwright: Playwright, tmp_path: Path) -> Iterator[SwitchOn]:
    """The browser as the unit starts it, without a screen, for this village instead of the domain; also once more."""
    policies = tmp_path / "etc" / "policies" / "managed"
    policies.mkdir(parents=True)
    own = json.loads((written / "terminal-policy.json").read_text().replace(f"https://{DOMAIN}", village.url))
    del own["DeveloperToolsAvailability"]  # by which a test looks
    (policies / "homethread.json").write_text(json.dumps(own))
    chromium = tmp_path / "chromium"
    chromium.write_text(NAMESPACE.format(policies=tmp_path / "etc", chromium=shutil.which("chromium")))
    chromium.chmod(chromium.stat().st_mode | stat.S_IXUSR)
    flags = [flag for flag in started(written)[1:] if not flag.startswith(OF_A_SCREEN)]
    assert "--disk-cache-dir=/run/homethread-terminal" in started(written), "memory"
    flags.append(f"--disk-cache-dir={tmp_path / 'memory'}")
    started_ones: list[BrowserContext] = []

    def start() -> BrowserContext:
        shutil.rmtree(tmp_path / "memory", ignore_errors=True)
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=chromium, viewport=TERMINAL,
            timeout=60_000, args=[*flags, "--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream"],
        )  # fmt: skip
        started_ones.append(context)
        return context

    yield start
    for context in started_ones:
        context.close()


@pytest.fixture
def kiosk(switch_on: SwitchOn) -> BrowserContext:
    return switch_on()


CAPTURES = """async () => {
  const given = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const kinds = given.getTracks().map(({ kind, readyState }) => `${kind} ${readyState}`).sort();
  for (const track of given.getTracks()) track.stop();
  return kinds;
}"""


def test_it_gives_camera_and_sound_to_this_address_alone_and_opens_no_other(
    village: Village, kiosk: BrowserContext
) -> None:
    alice, page = village.scene.alice, kiosk.pages[0]
    page.goto(village.enter(PrincipalKind.TERMINAL, alice.terminal, alice.village))
    sees(page, "idle")
    assert page.evaluate(CAPTURES) == ["audio live", "video live"], "nobody was asked"
    assert page.evaluate("new AudioContext().state") == "running", "it may ring before anybody touches it"
    with pytest.raises(BrowserError, match="ERR_BLOCKED_BY_ADMINISTRATOR"):
        page.goto(village.url.replace("127.0.0.1", "localhost"))


def test_no_name_and_no_face_of_a_family_lies_on_its_disk(
    village: Village, kiosk: BrowserContext, tmp_path: Path
) -> None:
    """Not after the family was there; and the memory that goes with the power has no answer of the server's either."""
    alice, page = village.scene.alice, kiosk.pages[0]
    page.goto(village.enter(PrincipalKind.TERMINAL, alice.terminal, alice.village))
    sees(page, "idle")
    touch(page, "family", family_id=alice.family)
    expect(page.locator("main img")).to_have_count(2)
    assert page.locator("main img").first.evaluate("image => image.decode().then(() => image.naturalWidth)")
    photos = disk.photos_of(village, alice)
    wait_until(page, "it is kept for a start", lambda: knows_now(page) and disk.has_photos(page, photos, 320))
    touch(page, "back")
    sees(page, "idle")
    with village.scene.database.read() as session:
        name = session.get_one(Person, alice.child).name
    plain = disk.leave_plain(page)
    kiosk.close()
    faces = disk.middles(photos)
    assert disk.found_in(tmp_path / "profile", plain, name.encode(), name.encode("utf-16-le"), *faces) == [plain]
    assert disk.found_in(tmp_path / "memory", b"/static/", b"/api/", *faces) == [b"/static/"]


@pytest.mark.long
def test_after_a_power_cut_in_an_outage_it_shows_what_it_knows_and_comes_back_by_itself(
    village: Village, switch_on: SwitchOn
) -> None:
    """Nobody touches it: neither for what it keeps, nor when the server is there again. No family of it writes."""
    alice = village.scene.alice
    village.scene.book(alice, at(21), alice.desk_acts)
    photos = disk.photos_of(village, alice)
    paired = switch_on()
    paired.pages[0].goto(village.enter(PrincipalKind.TERMINAL, alice.terminal, alice.village))
    paired.close()  # a browser takes half a minute until who signed in lies on its disk
    page = switch_on().pages[0]
    page.goto(f"{village.url}/terminal")
    sees(page, "idle")
    wait_until(page, "faces", lambda: disk.has_photos(page, photos, 96), 40)
    wait_until(page, "it is kept", lambda: page.evaluate(KEPT) and knows_now(page), 40)
    cut_power(page)
    village.kill("web")

    page = switch_on().pages[0]
    page.goto(f"{village.url}/terminal")
    sees(page, "idle")
    expect(page.locator(".lamp--lost")).to_be_visible()
    touch(page, "family", family_id=alice.family)
    expect(page.locator("main img[src^='blob:']")).to_have_count(2)
    expect(page.locator("main .photo--none")).to_have_count(0)
    shoot(page, "terminal-after-a-power-cut")
    touch(page, "back")
    village.start("web")
    expect(page.locator(".lamp--on")).to_be_visible(timeout=BACK_SECONDS * 1_000)
    sees(page, "idle")


# All that the page is made of, with what comes when it has stood for a while.
KEPT = """async () => {
  const fetched = performance.getEntriesByType("resource").map(({ name }) => name);
  const files = fetched.filter((name) => name.includes("/static/"));
  const kept = await Promise.all(["/terminal", ...files].map((name) => caches.match(name)));
  return files.some((name) => name.endsWith("/terminal/prompting.js")) && kept.every(Boolean);
}"""


def knows_now(page: Page) -> bool:
    return any(row["id"] == "now" for row in shelf(page, "known"))


def cut_power(page: Page) -> None:
    """It has no time to put anything away."""
    with pytest.raises(BrowserError, match="closed"):
        page.context.new_cdp_session(page).send("Browser.crash")
