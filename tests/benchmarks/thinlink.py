"""Calls over thin links, ours beside the call as a browser makes it by itself through the same server, row by row.

The village and both browsers are made new for each row. Bytes are the link's own count, voices are what measuring ears
in the pages heard, frames and concealment are what browsers say. `runs` is for all rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from tests.benchmarks.result import Figure, Result
from tests.benchmarks.thinlink_plot import plot
from tests.benchmarks.thinlink_rows import ROWS, Figures, Goal, Row
from tests.groups import ROOT
from tests.thinlink.calls import Place, Prepare, Studio, open_place
from tests.thinlink.plain import as_browsers_do, only

THEIRS_EVERY = 6
PICTURE = ROOT / "tests/out/thinlink.svg"
LOOKS = ROOT / "tests/out/looks"


@dataclass(frozen=True)
class Found:
    """Of one row: every figure over its runs; `no_call`: tries, ours and theirs, in which none came about."""

    row: Row
    ours: Mapping[str, Figure]
    theirs: Mapping[str, Figure]
    no_call: tuple[int, int] = (0, 0)

    @property
    def goals(self) -> dict[str, Goal]:
        """Where the default call is the measure, what it gave."""
        found = {name: goal.beside(_median(self.theirs.get(name))) for name, goal in self.row.goals.items()}
        return {name: goal for name, goal in found.items() if goal}

    def lines(self) -> list[str]:
        """Of a Markdown table, what must hold first."""
        names = [*self.goals, *(name for name in self.ours if name not in self.goals)]
        failed = f"| {self.row.title} | tries without a call | {self.no_call[0]} | {self.no_call[1]} |  |  |"
        return [*(self._line(name) for name in names), *([failed] if any(self.no_call) else [])]

    def _line(self, name: str) -> str:
        goal, ours = self.goals.get(name), self.ours.get(name)
        holds = "" if goal is None else "yes" if ours and goal.holds(ours.median) else "**no**"
        cells = (self.row.title, name, _told(ours), _told(self.theirs.get(name)), str(goal or ""), holds)
        return f"| {' | '.join(cells)} |"


def _median(figure: Figure | None) -> float | None:
    return None if figure is None else figure.median


def _told(figure: Figure | None) -> str:
    if figure is None:
        return "none"
    spread = f" ({figure.least:g} to {figure.most:g})" if figure.runs > 1 else ""
    return f"{figure.median:g}{spread}"


@dataclass(frozen=True)
class Table(Result):
    rows: tuple[Found, ...] = ()

    def as_text(self) -> str:
        head = ["| link | figure | ours | the default call | must be | holds |", "|---|---|---|---|---|---|"]
        return "\n".join([*head, *(line for found in self.rows for line in found.lines()), "", f"Plot: {PICTURE}"])

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name, "figures": _plain(self.figures), "reference": _plain(self.reference),
            "reference_is": self.reference_is,
        }  # fmt: skip


def _plain(figures: Mapping[str, Figure]) -> dict[str, dict[str, float]]:
    return {name: vars(figure) for name, figure in figures.items()}


def run(rows: Sequence[str] = (), runs: int | None = None) -> Table:
    chosen = [row for row in ROWS if not rows or row.name in rows]
    if unknown := set(rows) - {row.name for row in ROWS}:
        raise SystemExit(f"no such row: {', '.join(sorted(unknown))} (there are: {', '.join(r.name for r in ROWS)})")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        studio, found = Studio(Path(folder)), []
        for row in chosen:  # each in a village of its own: what a device remembers of one link would start the next
            home = Path(folder) / row.name
            home.mkdir()
            with open_place(playwright, home, studio, row.share) as place:
                found.append(_row(row, place, runs or row.runs))
    table = Table(
        "thinlink", _named(found, "ours"), _named(found, "theirs"), "the browser's default call, same server",
        tuple(found),
    )  # fmt: skip
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(plot([(one.row.title, one.goals, one.ours, one.theirs) for one in table.rows]))
    return table


def _row(row: Row, place: Place, runs: int) -> Found:
    """Ours beside theirs, so that a machine's mood falls on both; every sixth time, where theirs is no measure."""
    is_measure = any(goal.times for goal in row.goals.values())
    ours: list[Figures | None] = []
    theirs: list[Figures | None] = []
    prepare: Prepare | None = only(row.rung) if row.rung else None
    for seed in range(1, runs + 1):
        ours.append(_try(row, place, seed, "ours", prepare))
        if is_measure or seed % THEIRS_EVERY == 1:
            theirs.append(_try(row, place, seed, "the default call", as_browsers_do))
    return Found(row, _figures(ours), _figures(theirs), (ours.count(None), theirs.count(None)))


def _try(row: Row, place: Place, seed: int, whose: str, prepare: Prepare | None) -> Figures | None:
    """None where no call came about: an hour of others is not thrown away for it, but the table tells."""
    place.looks = LOOKS / row.name / whose.split()[-1]
    try:
        found = row.attempt(place, seed, prepare)
    except (TimeoutError, PlaywrightError) as failure:
        print(row.name, seed, whose, "no call:", failure, flush=True)
        return None
    print(row.name, seed, whose, found, flush=True)
    return found


def _figures(tries: list[Figures | None]) -> dict[str, Figure]:
    found = [one for one in tries if one is not None]
    names = dict.fromkeys(name for one in found for name in one)
    return {name: Figure.of([one[name] for one in found if name in one]) for name in names}


def _named(found: Sequence[Found], whose: str) -> dict[str, Figure]:
    return {f"{one.row.name} {name}": figure for one in found for name, figure in getattr(one, whose).items()}
