"""A call that goes down the whole ladder and up again because its link does, as its two people see it.

How good each rung is in numbers is measured elsewhere; here is what the screens say of it, at which end, and how often.
"""

import json
import re
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import shoot
from tests.groups import ROOT
from tests.thinlink.calls import Place, Thin
from tests.thinlink.following import LADDER

TEXTS = json.loads((ROOT / "app/translations/en.json").read_text(encoding="utf-8"))
PICTURES = LADDER[:3]
DOWN_SECONDS, UP_SECONDS = 75, 120
STEPS = ((64, {"micro_video", "stills", "thin_video"}), (24, {"voice", "thin_voice"}), (5, {"clips"}))
# Every rung that was in effect, and every sentence about one, from now on.
WATCH = """() => {
  const seen = (window.seen = { rungs: [], notes: [] });
  let said = null;
  setInterval(() => {
    const rung = document.querySelector("section.call")?.dataset.rung;
    if (rung && seen.rungs.at(-1)?.rung !== rung) seen.rungs.push({ rung, at: Date.now() });
    const note = document.querySelector(".call__note--rung");
    const now = note && `${note.dataset.rung} ${note.textContent}`;
    if (now && now !== said) {
      const { width, height } = note.querySelector("svg").getBoundingClientRect();
      const step = Number(note.dataset.step);
      seen.notes.push({ rung: note.dataset.rung, step, text: note.textContent.trim(), is_drawn: width * height > 0 });
    }
    said = now;
  }, 50);
}"""
PAUSED, OTHERS, THIN, CLIPS, BACK = (
    TEXTS[f"common.rung.{name}"] for name in ("paused", "other", "thin", "clips", "picture_back")
)
Record = Callable[[str, object], None]


@pytest.mark.long
@pytest.mark.timeout(540)
def test_down_the_whole_ladder_and_up_again(place: Place, record_property: Record) -> None:
    with place.call(Thin(300, 150, 0.01)) as call:
        call.answer()
        pages = {"near": call.phone, "far": call.terminal}
        for page in pages.values():
            page.evaluate(WATCH)
        stand_on(pages.values(), set(PICTURES), UP_SECONDS)
        for kbps, rungs in STEPS:
            began = time.time()
            call.link.shape(kbps, kbps, 300, 0.03)
            stand_on(pages.values(), rungs, DOWN_SECONDS)
            record_property("figure", f"{kbps} kbit/s: both ends stand lower after {time.time() - began:.1f} s")
        for end, page in pages.items():
            expect(page.locator(".call__note--rung [data-act=turns]")).to_be_visible()
            shoot(page, f"{end}-clips-on-a-thin-link")
        call.link.shape(300, 300, 150, 0.01)
        began = time.time()
        stand_on(pages.values(), set(PICTURES), UP_SECONDS)
        record_property("figure", f"300 kbit/s: a picture at both ends after {time.time() - began:.1f} s")
        call.wait(2)
        for end, page in pages.items():
            seen = page.evaluate("window.seen")
            record_property("figure", f"{end}: {' '.join(one['rung'] for one in seen['rungs'])}")
            goes_down_and_up([LADDER.index(one["rung"]) for one in seen["rungs"]])
            says_why(seen)


def stand_on(pages: Any, rungs: set[str], seconds: float) -> None:
    wanted = re.compile(f"^({'|'.join(rungs)})$")
    for page in pages:
        expect(page.locator("section.call")).to_have_attribute("data-rung", wanted, timeout=seconds * 1000)


def goes_down_and_up(places: list[int]) -> None:
    lowest = places.index(max(places))
    assert places[lowest] == LADDER.index("clips")
    assert places[0] < places[lowest] > places[-1]
    assert all(after - before == -1 for before, after in pairwise(places[lowest:]) if after < before), "up step by step"


def says_why(seen: dict[str, Any]) -> None:
    """A sentence and a picture for each change, once: never another one for what was told."""
    notes, changes = seen["notes"], len(seen["rungs"]) - 1
    assert all(note["text"] and note["is_drawn"] for note in notes), notes
    assert len(notes) <= changes, (notes, seen["rungs"])
    downwards = {note["text"] for note in notes if note["step"] < 0}
    assert downwards & {PAUSED, OTHERS, THIN}, downwards
    assert any(text.startswith(CLIPS) for text in downwards), downwards
    assert BACK in {note["text"] for note in notes if note["step"] > 0}, notes
