"""What the benchmark `bridge` found, as one table in Markdown: each row's figures, ours beside Janus's."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.benchmarks.bridge_rows import Row
from tests.benchmarks.result import Result


@dataclass(frozen=True)
class Found:
    """Of one row; `theirs` is empty where Janus can't do it or wasn't asked."""

    row: Row
    ours: Mapping[str, float]
    theirs: Mapping[str, float]

    def lines(self) -> list[str]:
        """What must hold first."""
        names = [*self.row.goals, *(name for name in self.ours if name not in self.row.goals)]
        return [self._line(name) for name in names]

    def _line(self, name: str) -> str:
        goal, ours = self.row.goals.get(name), self.ours.get(name)
        holds = "" if goal is None or ours is None else "yes" if goal.holds(ours) else "**no**"
        cells = (self.row.title, name, _told(ours), _told(self.theirs.get(name)), str(goal or ""), holds)
        return f"| {' | '.join(cells)} |"


def _told(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"


@dataclass(frozen=True)
class Table(Result):
    rows: tuple[Found, ...] = ()

    def as_text(self) -> str:
        head = ["| calls of three | figure | ours | Janus | must be | holds |", "|---|---|---|---|---|---|"]
        return "\n".join([*head, *(line for found in self.rows for line in found.lines())])

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name, "figures": {name: vars(each) for name, each in self.figures.items()},
            "reference": {name: vars(each) for name, each in self.reference.items()},
            "reference_is": self.reference_is,
        }  # fmt: skip
