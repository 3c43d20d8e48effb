"""Takes pictures of every screen and state in a village that really runs: `python3 -m tests.gallery`.

They come to tests/out/gallery with an index.html; what was wrong with a row is kept beside them, and a page of it is
printed. Outside every run of the tests. A piece has a village of its own: they may run in any order, and at one time.
"""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests import ground
from tests.groups import PYTHON, ROOT

if TYPE_CHECKING:  # they need what the environment holds
    from tests.gallery.plan import Visit
    from tests.gallery.told import Told

FACES = ("phone", "terminal", "desk")
OUT = Path(__file__).parent.parent / "out" / "gallery"
NEEDS = ("environment", "chromium", "fonts", "voice")


def main() -> int:
    options = _parser().parse_args()
    if os.path.realpath(sys.prefix) != os.path.realpath(ROOT / ".venv"):
        if problems := ground.prepare(NEEDS):
            sys.exit(f"could not run, missing: {', '.join(problems)}")
        os.execv(PYTHON, [PYTHON, "-m", "tests.gallery", *sys.argv[1:]])
    from tests.gallery import pages, plan
    from tests.gallery.screens import SCREENS
    from tests.gallery.told import Told

    began, told = time.monotonic(), Told(OUT)
    whole = plan.visits(options.languages, options.face, options.sizes, options.only)
    chosen = plan.piece(whole, *options.piece)
    if options.resume:
        chosen = [visit for visit in chosen if not told.is_well(visit.name)]
    taken = _take(chosen, told) if chosen else 0
    page = pages.write(OUT, [screen.title for screen in SCREENS])
    print(f"{taken} pictures in {time.monotonic() - began:.0f} s: {page}")
    print(told.page([visit.name for visit in whole]))
    return not all(told.is_well(visit.name) for visit in chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m tests.gallery", description=__doc__)
    parser.add_argument("--face", choices=FACES)
    parser.add_argument("--sizes", nargs="+", type=int, metavar="WIDTH", help="these widths in pixels alone")
    parser.add_argument("--languages", nargs="+", default=["zh-CN", "en"], metavar="TAG")
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="PART", help="screens with one of these in their names"
    )
    parser.add_argument("--piece", type=_piece, default=(1, 1), metavar="K/N", help="one piece of as many, e.g. 3/12")
    parser.add_argument("--resume", action="store_true", help="leave out what was gone to before and was well")
    return parser


def _piece(text: str) -> tuple[int, int]:
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError(f"a piece is told as 3/12, not as {text}")
    return int(number), int(of)


def _take(visits: "Sequence[Visit]", told: "Told") -> int:
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import FLAGS
    from tests.gallery import people
    from tests.gallery.photographer import Photographer

    with TemporaryDirectory() as folder, sync_playwright() as playwright, people.settled(Path(folder)) as cast:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        photographer = Photographer(browser, cast, OUT, told)
        photographer.go(visits)
        browser.close()
    return photographer.taken


if __name__ == "__main__":
    sys.exit(main())
