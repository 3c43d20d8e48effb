"""A line that is tried over the thin link, by a real phone at its far end: what it is good for, and what that cost.

Bytes are the link's own count of all that goes to the media program, checks of the path and the handshake with them.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from app.web.principals import PERSON
from tests.browser.conftest import PHONE
from tests.browser.stories import sees, touch
from tests.thinlink.calls import WIDE, Place, Studio, Thin, open_place

SPEECH = 0.79
PATIENCE_MS = 60_000
MOST_BYTES = 60_000
SOCKET_BYTES = 30_000  # signals, beats and what the page reads meanwhile, with TCP around them
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
    place.village.scene.book(alice, next(place.times))
    place.link.shape(WIDE.kbps, WIDE.kbps, WIDE.rtt_ms)
    context = place.far.new_context(viewport=PHONE, permissions=["microphone"], locale="en-GB", bypass_csp=True)
    page = context.new_page()
    page.goto(place.village.enter(PERSON, alice.parent, None).replace("127.0.0.1", place.link.near))
    sees(page, "home")
    for part in ("phone/deeds.js", "phone/line.js"):
        page.evaluate(PART, part)
    page.wait_for_load_state("networkidle")
    page.evaluate("window.tried = []; addEventListener('homethread:line', ({detail}) => window.tried.push(detail))")
    yield page
    context.close()


@pytest.mark.long
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
    found = phone.evaluate("window.tried.at(-1)")
    kinds = carried(place)
    wire_bytes = sum(kinds.values()) - kinds["tcp"]
    record_property("figure", f"{thin}: {found}, {wire_bytes} B on the link, by kind {dict(kinds)}")
    assert found["verdict"]["rung"] in rungs, found
    assert result.get_attribute("data-told") in told
    assert max(wire_bytes, found["bytes"]) < MOST_BYTES
    assert kinds["tcp"] < SOCKET_BYTES


def carried(place: Place) -> Counter[str]:
    """What entered the link since the counting began, both ways, in bytes by kind of packet."""
    kinds = Counter[str]()
    seconds = place.link.seconds()
    for second in (*seconds.up, *seconds.down):
        kinds.update({kind: count for kind, count in second.items() if kind not in ("packets", "ip_bytes")})
    return kinds
