"""Nothing that says something lies over what can be touched in a call, at any size, in both languages."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from app.web.texts import texts_of
from tests.browser.modules import serve_modules
from tests.gallery.stage import Face

LAYOUT = Path(__file__).parent / "call_layout.js"
SIZES: dict[Face, list[tuple[int, int]]] = {
    "phone": [
        (240, 320), (240, 400), (320, 240), (320, 480), (320, 568), (360, 640), (360, 740), (412, 915), (740, 360),
    ],
    "terminal": [(512, 300), (800, 480), (1024, 600), (600, 960), (800, 1280), (1280, 800), (1920, 1080)],
}  # fmt: skip
VIDEO, VOICE, NONE = ({"name": name, "video": video, "stills": None, "audio": audio} for name, video, audio in (
    ("thin_video", {"max_fps": 8}, {"max_kbps": 16}), ("voice", None, {"max_kbps": 12}), ("clips", None, None),
))  # fmt: skip
STILLS = VOICE | {"name": "stills", "stills": {"every_s": 4}}
# The longest sentences, with and without a picture, the one that has a place to touch, and where nothing is said.
NOTES: dict[str, dict[str, Any]] = {
    "smaller": {"rung": VIDEO, "step": -1}, "paused": {"rung": VOICE, "step": -1},
    "photos": {"rung": STILLS, "step": -1}, "clips": {"rung": NONE, "step": -1}, "silent": {"rung": STILLS, "step": 0},
}  # fmt: skip


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page(reduced_motion="reduce")
    serve_modules(opened)
    opened.add_script_tag(path=LAYOUT)
    yield opened
    opened.close()


@pytest.mark.parametrize("face", list(SIZES))
def test_nothing_lies_over_what_can_be_touched(page: Page, face: Face) -> None:
    page.evaluate("(face) => layout.open(face)", face)
    found = []
    for language, (note, state) in product(("en", "zh-CN"), NOTES.items()):
        page.evaluate("(all) => layout.draw(...all)", [texts_of(language), {"reason": "link"} | state])
        for width, height in SIZES[face]:
            page.set_viewport_size({"width": width, "height": height})
            found += [f"{language} {width}x{height} {note}: {one}" for one in page.evaluate("layout.covered()")]
    assert not found, "\n" + "\n".join(found)
