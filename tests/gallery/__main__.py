"""Takes pictures of every screen and state in a village that really runs: `python3 -m tests.gallery`.

They come to tests/out/gallery with an index.html. Outside every run of the tests. A screen that could not be reached is
named.
"""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import ground
from tests.groups import PYTHON, ROOT

FACES = ("phone", "terminal", "desk")
OUT = Path(__file__).parent.parent / "out" / "gallery"
NEEDS = ("environment", "chromium", "fonts", "voice")


def main() -> int:
    options = _parser().parse_args()
    if os.path.realpath(sys.prefix) != os.path.realpath(ROOT / ".venv"):
        if problems := ground.prepare(NEEDS):
            sys.exit(f"could not run, missing: {', '.join(problems)}")
        os.execv(PYTHON, [PYTHON, "-m", "tests.gallery", *sys.argv[1:]])
    began = time.monotonic()
    OUT.mkdir(parents=True, exist_ok=True)
    taken, failed = _take(options.face, options.sizes, options.languages, options.only)
    from tests.gallery import pages
    from tests.gallery.screens import SCREENS

    page = pages.write(OUT, [screen.title for screen in SCREENS])
    print(f"{taken} pictures in {time.monotonic() - began:.0f} s: {page}")
    return bool(failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m tests.gallery", description=__doc__)
    parser.add_argument("--face", choices=FACES)
    parser.add_argument("--sizes", nargs="+", type=int, metavar="WIDTH", help="these widths in pixels alone")
    parser.add_argument("--languages", nargs="+", default=["zh-CN", "en"], metavar="TAG")
    parser.add_argument("--only", metavar="PART", help="screens with this in their names")
    return parser


def _take(
    face: str | None, widths: Sequence[int] | None, languages: Iterable[str], only: str | None
) -> tuple[int, list[str]]:
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import FLAGS
    from tests.gallery import people
    from tests.gallery.photographer import Photographer

    with TemporaryDirectory() as folder, sync_playwright() as playwright, people.settled(Path(folder)) as cast:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        photographer = Photographer(browser, cast, OUT, widths)
        for language in languages:
            photographer.visit(language, face, only or "")
        browser.close()
    return photographer.taken, photographer.failed


if __name__ == "__main__":
    sys.exit(main())
