"""A line that is tried over the thin link, by a real phone at its far end: what it is good for, and what that cost.

Bytes are the link's own count, checks of the path and the handshake with them.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from app.web.principals import PERSON
from tests.browser.conftest import PHONE
from tests.browser.stories import sees, touch
from tests.scene import at
from tests.thinlink.calls import Place, Studio, Thin, open_place

SPEECH = 0.79
PATIENCE_MS = 60_000
SOCKET_BYTES = 8_000  # beats and signals meanwhile, with TCP around them
PART = "(name) => import(`${document.documentElement.dataset.assets}/${name}`)"
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("place")
    with sync_playwright() as playwright, open_place(playwright, folder, Studio(folder), SPEECH) as opened:
        opened.village.start("media")
        yield opened
        assert "Traceback" not in opened.village.logs(), opened.village.logs()


@pytest.fixture
def phone(place: Place) -> Iterator[Page]:
    """A parent's phone at the far end, with all that it shows at hand."""
    alice = place.village.scene.alice
    place.village.scene.book(alice, at(20))
    context = place.far.new_context(viewport=PHONE, permissions=["microphone"], locale="en-GB", bypass_csp=True)
    page = context.new_page()
    page.goto(place.village.enter(PERSON, alice.parent, None).replace("127.0.0.1", place.link.near))
    sees(page, "home")
    for part in ("phone/deeds.js", "phone/line.js"):
        page.evaluate(PART, part)
    page.evaluate("window.tried = []; addEventListener('homethread:line', ({detail}) => window.tried.push(detail))")
    yield page
    context.close()


@pytest.mark.parametrize(
    ("thin", "rungs", "told"),
    [
        (Thin(64, 300, 0.03), {"micro_video", "stills"}, {"picture", "photos"}),
        (Thin(20, 500), {"voice", "thin_voice"}, {"voice"}),
    ],
    ids=str,
)
def test_what_a_thin_line_is_good_for(
    place: Place, phone: Page, thin: Thin, rungs: set[str], told: set[str], record_property: Record
) -> None:
    place.link.shape(thin.kbps, thin.kbps, thin.rtt_ms, thin.loss)
    place.link.begin(3)
    touch(phone, "try-line")
    result = phone.locator(".line__result")
    expect(result).to_be_visible(timeout=PATIENCE_MS)
    expect(phone.locator("[data-act=line-again]")).to_be_visible(timeout=PATIENCE_MS)
    carried = place.link.carried()
    found = phone.evaluate("window.tried.at(-1)")
    wire_bytes = carried.up.ip_bytes + carried.down.ip_bytes
    record_property("figure", f"{thin}: {found}, {wire_bytes} B on the link with signals and beats")
    assert found["verdict"]["rung"] in rungs, found
    assert result.get_attribute("data-told") in told
    assert found["bytes"] < 60_000
    assert wire_bytes < 60_000 + SOCKET_BYTES, carried
