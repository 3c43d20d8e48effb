"""Which screens and dialogs there are, read from the sources in static/: to all of them the gallery's table must go.

A screen is named where it is drawn; a dialog has no name, so it goes by the module and the function that open it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from app.web.texts import texts_of
from tests.gallery.stage import Face
from tests.groups import ROOT

STATIC = ROOT / "static"
# draw(main, "home", …), put("idle", …), return ["ask", tree], and what a table gives a name for.
DRAWN = re.compile(
    r"""(?:\bdraw\(main, |\bput\(|(?:\breturn|\?) \[(?="[a-z-]+", [a-z])|\w+: (?="message-))"([a-z-]+)\""""
)
PAGE = re.compile(r'^  name = "([a-z-]+)";', re.MULTILINE)  # of a class whose pages stand instead of the first screen
WORD = re.compile(r"""(?<!=== )"([a-z]+(?:-[a-z]+)*)\"""")
PART = re.compile(r"^  (\w+): async \(\) =>", re.MULTILINE)  # of the desk, by the name in its address
MEMBERS = {"child", "parent"}
SAID = "terminal.screen."
HEARD = {"message", "text"}  # while these stand a terminal says nothing of its own
OPENED = re.compile(r'(?<!function )\b(?:openDialog|openSteady)\(|\bh\("dialog"')
WITHIN = re.compile(
    r"^(?:export )?(?:async )?(?:function|class|const) (\w+)|^  (?:async )?(?!constructor)(#?\w+)\(.*\{$", re.MULTILINE
)


def modules(face: Face) -> list[Path]:
    return [STATIC / f"{face}.js", *sorted((STATIC / face).glob("*.js"))]


def screens(face: Face) -> set[str]:
    """What `data-screen` may be on the page of a face."""
    if face == "desk":
        views = (STATIC / "desk.js").read_text().partition("const PARTS = {")[2].partition("\n};")[0]
        return {"door", "start", *PART.findall(views)}
    written = "\n".join(path.read_text() for path in modules(face))
    names = {*DRAWN.findall(written), *_type("call/seat.js", "Phase")}
    if face == "phone":
        return names | {*PAGE.findall(written)} | {f"door-{step}" for step in _type("phone/door_screens.js", "Step")}
    return names | terminal_pages(written) | HEARD | {key.removeprefix(SAID) for key in texts_of("en") if SAID in key}


def terminal_pages(written: str) -> set[str]:
    """What a page of a family is called where it is put together."""
    standing = "\n".join(line for line in written.splitlines() if "page: " in line)
    return {*WORD.findall(standing)} - MEMBERS


def _type(path: str, name: str) -> list[str]:
    """The words of which a type consists: `@typedef {"number" | "code"} Step`."""
    found = re.search(rf"@typedef \{{([^}}]+)\}} {name}\b", (STATIC / path).read_text())
    assert found, f"no type {name} in {path}"
    return WORD.findall(found[1])


def dialogs() -> Iterator[str]:
    """As `phone/series.moveOf`: what opens it."""
    for path in sorted({*STATIC.rglob("*.js")} - {STATIC / "ui" / "steady.js"}):  # which opens for others
        text = path.read_text()
        for opened in OPENED.finditer(text):
            within = [*WITHIN.finditer(text, 0, opened.start())]
            if within:
                place = path.relative_to(STATIC).with_suffix("").as_posix()
                yield f"{place}.{within[-1][1] or within[-1][2]}"
