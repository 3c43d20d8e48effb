"""Every screen and state of the three faces keeps what all must keep: WCAG 2.2 AA, and what is asked beyond it.

In the ordinary run every second of those that differ is visited once, in English and by day; with --acceptance all,
also in a call and where the network fails, in Chinese and at night as well; by night in Chinese what is seen most.
"""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.village import open_village
from tests.gallery import people
from tests.gallery.call import StagedCall
from tests.gallery.checks import complaints, narrow_complaints
from tests.gallery.people import Cast
from tests.gallery.row import Screen
from tests.gallery.screens import MOST_SEEN, SCREENS, reach
from tests.gallery.stage import Face, Scheme, Stage
from tests.scene import at

SHORT_STEP = 2  # a second for each screen is too much for every run
FACES: list[tuple[Face, ...]] = [("phone", "terminal"), ("desk",)]  # the first two meet in a call


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, chromium: Browser) -> Iterator[Cast]:
    folder = tmp_path_factory.mktemp("gallery")
    shutil.copyfile(sqlite_template, folder / "homethread.db")
    village = open_village(folder, f"sqlite:///{folder / 'homethread.db'}", at(18))
    yield people.settle(village)
    village.stop()
    assert "Traceback" not in village.logs(), village.logs()


def visit(
    chromium: Browser, cast: Cast, faces: tuple[Face, ...], language: str, scheme: Scheme, screens: Iterable[Screen]
) -> list[str]:
    """What is wrong, with the screen on which it is."""
    people.call_by_names(cast, language)
    people.leave_messages(cast, chromium)
    stage = Stage(chromium, cast, language, scheme)
    call = StagedCall(stage)
    found: list[str] = []
    for screen in screens:
        if screen.face in faces:
            page = reach(stage, screen, call)
            said = [*complaints(page, screen.face), *narrow_complaints(page, screen.face)]
            found += [f"{screen.title}: {one}" for one in dict.fromkeys(said)]
    stage.close()
    return found


@pytest.mark.parametrize("faces", FACES)
def test_a_face_keeps_what_its_screens_must(chromium: Browser, cast: Cast, faces: tuple[Face, ...]) -> None:
    differ = [screen for screen in SCREENS if not (screen.is_rare or screen.network or screen.call)]
    found = visit(chromium, cast, faces, "en", "light", differ[::SHORT_STEP])
    assert not found, "\n" + "\n".join(found)


@pytest.mark.long
@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh-CN", "light"), ("en", "dark")])
@pytest.mark.parametrize("faces", FACES)
def test_so_does_every_screen_in_every_language_and_at_night(
    chromium: Browser, cast: Cast, faces: tuple[Face, ...], language: str, scheme: Scheme
) -> None:
    found = visit(chromium, cast, faces, language, scheme, SCREENS)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.long
@pytest.mark.parametrize("faces", FACES)
def test_so_does_what_is_seen_most_in_chinese_at_night(chromium: Browser, cast: Cast, faces: tuple[Face, ...]) -> None:
    found = visit(chromium, cast, faces, "zh-CN", "dark", [one for one in SCREENS if one.title in MOST_SEEN])
    assert not found, "\n" + "\n".join(found)


WRONG = """<!doctype html><html lang="en"><title>Wrong</title><style>
  @keyframes turn { to { rotate: 1turn } }
  body { margin: 0; background: #fff }
  .turns { animation: turn 1s infinite }
  .pale { color: #999 }
  .soft { color: #666 }
  .far { position: relative; inset-inline-start: 90px; inline-size: 300px }
  .left { margin-left: -9px }
</style><main><h1 class="turns">Heading</h1><p class="pale">Pale</p><p class="soft">Soft</p>
<button style="width: 20px"></button><p class="far">Far</p><p class="left">Left</p></main></html>"""


def test_what_is_wrong_is_found(chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 740})
    page.set_content(WRONG)
    said = "\n".join([*complaints(page, "phone"), *narrow_complaints(page, "phone")])
    page.close()
    for wrong in (
        "button-name: <button", 'color-contrast: <p class="pale"', 'color-contrast-enhanced: <p class="soft"',
        "it moves: Infinity times 1000 ms: turn <h1", "too small: 20 x ", "sideways: from 90 to 390 of 360: <p",
        "sideways: from -9 to ", "from right to left: from ", "240 px wide: the page is ",
    ):  # fmt: skip
        assert wrong in said, said
