"""What a benchmark found: medians with their spread, beside what was run as the reference."""

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One quantity over several runs; the unit stands in the name."""

    median: float
    least: float
    most: float
    runs: int

    @classmethod
    def of(cls, values: list[float]) -> "Figure":
        return cls(round(median(values), 3), round(min(values), 3), round(max(values), 3), len(values))


@dataclass(frozen=True)
class Result:
    name: str
    figures: dict[str, Figure]
    reference: dict[str, Figure]
    reference_is: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def as_text(self) -> str:
        rows = [f"{self.name}"]
        for kind, figures in (("ours", self.figures), (self.reference_is, self.reference)):
            rows += [
                f"  {kind}: {name} {f.median} ({f.least} to {f.most}, {f.runs} runs)" for name, f in figures.items()
            ]
        return "\n".join(rows)
