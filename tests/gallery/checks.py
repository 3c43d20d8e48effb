"""What every screen must keep: WCAG 2.2 AA by axe-core, places large enough for a finger, nothing beyond an edge,
nothing that moves where people don't want it, contrast for sunlight, and the same from right to left.

A complaint is a sentence; a screen without one is well.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize

from tests.gallery.stage import SIZES, Face
from tests.ground import NPM_FOLDER

AXE = NPM_FOLDER / "node_modules" / "axe-core" / "axe.min.js"
CHECKS = Path(__file__).parent / "checks.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LEAST_PX: dict[Face, float] = {"phone": 48, "terminal": 64}
# Where somebody may stand in the sun: 7:1, large texts 4.5:1 (WCAG's enhanced contrast).
IN_THE_SUN: tuple[Face, ...] = ("phone", "terminal")
NARROW: dict[Face, tuple[ViewportSize, ...]] = {
    "phone": (ViewportSize(width=240, height=320), ViewportSize(width=320, height=568)),
    "terminal": (
        ViewportSize(width=800, height=1280),
        ViewportSize(width=512, height=300),  # 1024 x 600, everything twice as large
        ViewportSize(width=400, height=640),  # a tablet held upright, likewise
    ),
    "desk": (ViewportSize(width=768, height=1024),),
}
# A gradient's contrast can't be reckoned: where one lies behind texts, its end that is worse for them stands instead.
RUN_AXE = """async ({ tags, more }) => {
  const behind = [...document.querySelectorAll("body, .call__cover, .ring, .goodbye")];
  for (const place of behind) place.style.background = "var(--light)";
  const enabled = Object.fromEntries(more.map((rule) => [rule, { enabled: true }]));
  const { violations } = await axe.run(document, {
    runOnly: { type: "tag", values: tags }, rules: enabled, resultTypes: ["violations"],
  });
  for (const place of behind) place.style.background = "";
  const why = ({ any, all, none }) => [...any, ...all, ...none].map(({ message }) => message)[0] ?? "";
  const told = (node) => `${node.html.replace(/\\s+/g, " ").slice(0, 130)} (${why(node)})`;
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${told(node)}`));
}"""


def complaints(page: Page, face: Face) -> list[str]:
    """Of a screen as it stands, at the size that it has."""
    found = [*_axe(page, face), *(f"it moves: {one}" for one in _ask(page, "moves"))]
    if face in LEAST_PX:
        found += [f"too small: {one}" for one in _ask(page, "small", LEAST_PX[face])]
    found += [f"sideways: {one}" for one in _ask(page, "wide")]
    found += [f"from right to left: {one}" for one in _ask(page, "mirrored")]
    return found


def narrow_complaints(page: Page, face: Face) -> Iterator[str]:
    """Of the same on smaller screens; puts its size back."""
    for size in NARROW[face]:
        page.set_viewport_size(size)
        yield from (f"{size['width']} px wide: {one}" for one in _ask(page, "wide"))
        if face == "terminal":
            yield from (f"{size['width']} px wide, out of reach: {one}" for one in _ask(page, "cut"))
        if face in LEAST_PX:
            yield from (f"{size['width']} px wide, too small: {one}" for one in _ask(page, "small", LEAST_PX[face]))
    page.set_viewport_size(SIZES[face])


def sized_complaints(page: Page, face: Face) -> Iterator[str]:
    """Of the same as it stands at this size: too wide, too small, beneath another thing, words cut off."""
    yield from (f"sideways: {one}" for one in _ask(page, "wide"))
    yield from (f"covered: {one}" for one in _ask(page, "covered"))
    yield from (f"cut off: {one}" for one in _ask(page, "clipped"))
    if face in LEAST_PX:
        yield from (f"too small: {one}" for one in _ask(page, "small", LEAST_PX[face]))


def contrast_complaints(page: Page, face: Face) -> list[str]:
    """Of its colours, which are others in the dark."""
    return [one for one in _axe(page, face) if one.startswith("color-contrast")]


def _axe(page: Page, face: Face) -> list[str]:
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    more = ["color-contrast-enhanced"] if face in IN_THE_SUN else []
    found: list[str] = page.evaluate(RUN_AXE, {"tags": TAGS, "more": more})
    return found


def _ask(page: Page, what: str, *more: Any) -> list[str]:
    if not page.evaluate("'checks' in globalThis"):
        page.evaluate(CHECKS.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(f"(more) => checks.{what}(...more)", list(more))
    return found
