"""The table of calls on a thin link as a picture: of each figure that must hold a bar for ours, one for the default
call and a mark at what must be. Each figure has its own scale. SVG by hand.
"""

from collections.abc import Iterable, Mapping
from html import escape

from tests.benchmarks.result import Figure
from tests.benchmarks.thinlink_rows import Goal

WIDTH, LEFT, RIGHT, LINE = 960, 430, 90, 34
OURS, THEIRS, MARK = "#1b7f5c", "#b9b4aa", "#b3261e"
Shown = tuple[str, Mapping[str, Goal], Mapping[str, Figure], Mapping[str, Figure]]


def plot(rows: Iterable[Shown]) -> str:
    lines = [
        _line(place, f"{title}: {name.replace('_', ' ')}", goal, ours.get(name), theirs.get(name))
        for place, (title, name, goal, ours, theirs) in enumerate(
            (title, name, goal, ours, theirs) for title, goals, ours, theirs in rows for name, goal in goals.items()
        )
    ]
    height = LINE * len(lines) + 40
    legend = (
        f'<text x="8" y="18" fill="{OURS}">ours</text><text x="52" y="18" fill="#6d685f">the default call</text>'
        f'<text x="160" y="18" fill="{MARK}">| must be</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="#fff"/>{legend}{"".join(lines)}</svg>\n'
    )


def _line(place: int, title: str, goal: Goal, ours: Figure | None, theirs: Figure | None) -> str:
    top = 30 + place * LINE
    wanted = goal.most if goal.most is not None else goal.least or 0
    largest = max([wanted * 1.6, *(figure.median for figure in (ours, theirs) if figure)])
    longest = min(largest, wanted * 4) or 1  # what is far beyond must not hide the rest
    across = (WIDTH - LEFT - RIGHT) / longest
    bars = "".join(
        _bar(top + 2 + 14 * row, across, longest, figure, colour)
        for row, (figure, colour) in enumerate(((ours, OURS), (theirs, THEIRS)))
    )
    mark = f'<rect x="{LEFT + wanted * across:.0f}" y="{top}" width="2" height="{LINE - 6}" fill="{MARK}"/>'
    return f'<text x="8" y="{top + 18}">{escape(title)}</text>{bars}{mark}'


def _bar(y: int, across: float, longest: float, figure: Figure | None, colour: str) -> str:
    if figure is None:
        return f'<text x="{LEFT + 4}" y="{y + 10}" fill="#6d685f">none</text>'
    width = max(1.0, min(figure.median, longest) * across)
    return (
        f'<rect x="{LEFT}" y="{y}" width="{width:.0f}" height="12" fill="{colour}"/>'
        f'<text x="{LEFT + width + 6:.0f}" y="{y + 10}">{figure.median:g}</text>'
    )
