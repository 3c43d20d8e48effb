"""What a person sees of how a call is carried: which sentence with which sign, for how long; the last photo's age."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from app.factory import static_folder
from app.web.texts import texts_of
from tests.browser.modules import faultless_page

LADDER: list[dict[str, Any]] = json.loads((static_folder() / "call/ladder.json").read_text())["rungs"]
BEGINS = datetime(2026, 11, 23, 12, tzinfo=UTC)
A_PHOTO = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
SMALLER = ("Smaller picture: the line is thin", "camera")
PHOTOS = ("The line is thin: a photo every few seconds", "person")
PAUSED = ("Picture paused so that you can hear", "camera-off")
OTHER = ("The other side gets voice only now", "link-lost")
THIN = ("The line is very thin: only the voice", "microphone")
VOICE_BACK = ("The voice is clearer again", "microphone")
PICTURE_BACK = ("The line is better: the picture is back", "camera")
CLIPS = ("The line carries no call now. Leave a message: it gets there.", "message")
# To which rung, why, up or down, and what is said of it.
CHANGES: list[tuple[str, str, int, tuple[str, str] | None]] = [
    ("thin_video", "link", -1, SMALLER), ("micro_video", "other", -1, SMALLER),
    ("stills", "delay", -1, PHOTOS), ("stills", "other", -1, PHOTOS),
    ("voice", "link", -1, PAUSED), ("voice", "loss", -1, PAUSED), ("voice", "nothing", -1, PAUSED),
    ("voice", "other", -1, OTHER), ("voice", "held", -1, ("Saving data: voice only", "check")),
    ("thin_voice", "loss", -1, THIN), ("thin_voice", "other", -1, OTHER),
    ("clips", "link", -1, CLIPS), ("clips", "other", -1, CLIPS),
    ("voice", "better", 1, VOICE_BACK), ("stills", "better", 1, ("Photos come again", "person")),
    ("micro_video", "better", 1, PICTURE_BACK), ("video", "better", 1, PICTURE_BACK),
    ("video", "start", 0, None),
]  # fmt: skip

# Each as it is drawn again and again into a page: what stands there, and what is changed there meanwhile.
STAGE = """async (texts) => {
  const [{ setTexts }, { draw, h }, { RungView }, { Rungs }] = await Promise.all(
    ["core/texts.js", "ui/dom.js", "ui/rung.js", "call/rungs.js"].map((name) => import(`/${name}`)),
  );
  setTexts("en", texts);
  document.documentElement.dataset.assets = "";
  const call = { id: "call", child: { id: "child" }, parent: { id: "parent" } };
  const seat = { call, flow: { rungs: null, still: null }, hasPicture: false };
  const view = new RungView(seat, { view: { now: null } });
  const main = document.body.appendChild(h("main"));
  const said = (note) =>
    note && [note.querySelector("span").textContent, note.querySelector("use").getAttribute("href").split("#")[1]];
  const watch = new MutationObserver(() => {});
  watch.observe(main, { childList: true, subtree: true, characterData: true, attributes: true });
  const drawn = () => {
    draw(main, "live", h("section", {}, view.note()));
    const isChanged = watch.takeRecords().some(({ target }) => target !== main);
    return { said: said(main.querySelector("p")), turns: { ...main.querySelector("button")?.dataset }, isChanged };
  };
  const began = (rungs) => {
    const ways = { send() {}, tell() {}, onchange() {} };
    return (seat.flow.rungs = new Rungs({ rungs }, "call", "video", ways));
  };
  Object.assign(window, { seat, view, said, drawn, began });
}"""
SAID = """([rung, reason, step]) => {
  seat.flow.rungs = { rung, reason, step, since_ms: performance.now() };
  return said(view.note());
}"""
STILL = """() => {
  const still = view.still();
  return still && [still.querySelector("img").src, still.querySelector("figcaption")?.textContent ?? null];
}"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with faultless_page(chromium) as opened:
        opened.clock.install(time=BEGINS)
        opened.clock.pause_at(BEGINS + timedelta(minutes=1))
        opened.evaluate(STAGE, texts_of("en"))
        yield opened


def test_a_change_is_said_in_a_sentence_with_its_sign(page: Page) -> None:
    by_name = {rung["name"]: rung for rung in LADDER}
    for rung, reason, step, said in CHANGES:
        found = page.evaluate(SAID, [by_name[rung], reason, step])
        assert found == (said and list(said)), (rung, reason, step)


def test_each_change_is_said_once_and_where_no_voice_is_carried_it_stays(page: Page) -> None:
    page.evaluate("(rungs) => void (window.rungs = began(rungs))", LADDER)
    says(page, None)
    for rung, said in (("stills", PHOTOS), ("voice", OTHER)):
        page.evaluate("(rung) => rungs.hear(rung)", rung)
        says(page, said, is_changed=True)
        passes(page, 4_000)
        says(page, said)
    page.evaluate("rungs.hear('voice')")  # told again, which is no change
    passes(page, 4_999)
    says(page, OTHER)
    passes(page, 1)
    says(page, None, is_changed=True)
    passes(page, 60_000)
    says(page, None)
    page.evaluate("rungs.hear('clips')")
    says(page, CLIPS, is_changed=True)
    passes(page, 60_000)
    turns = says(page, CLIPS)
    assert turns == {"act": "turns", "childId": "child", "parentId": "parent"}


def says(page: Page, said: tuple[str, str] | None, *, is_changed: bool = False) -> Any:
    """Drawn once more: where nothing is changed, nothing is told again to who listens. Where to touch, if anywhere."""
    found = page.evaluate("drawn()")
    assert found["said"] == (said and list(said))
    assert found["isChanged"] == is_changed
    return found["turns"]


def passes(page: Page, ms: int) -> None:
    page.clock.run_for(ms)


def test_the_last_photo_stays_and_tells_how_old_it_is(page: Page) -> None:
    """Also of a camera that has gone off; not behind a picture that moves."""
    assert page.evaluate(STILL) is None
    page.evaluate("(url) => void (seat.flow.still = { url, at_ms: performance.now() })", A_PHOTO)
    for ms, said in ((0, None), (11_000, None), (2_000, "Photo of 15 s ago"), (45_000, "Photo of 60 s ago")):
        passes(page, ms)
        assert page.evaluate(STILL) == [A_PHOTO, said]
    page.evaluate("void (seat.hasPicture = true)")
    assert page.evaluate(STILL) is None
