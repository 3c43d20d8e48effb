"""The table of the picker's cases, which Python and JavaScript are both held to."""

import json
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).parents[1] / "calls" / "picker_cases.json"


class Case(NamedTuple):
    """`picked`: rung, reason and whether packets are lost, after each look."""

    name: str
    start: str
    held: str | None
    begins_at_ms: float
    looks: list[dict[str, Any]]
    picked: list[tuple[str, str, bool]]


def cases() -> list[Case]:
    table = json.loads(FILE.read_text(encoding="utf-8"))
    return [_case(each, table["begins_at_ms"]) for each in table["cases"]]


def _case(data: dict[str, Any], begins_at_ms: float) -> Case:
    looks, at_ms = [], begins_at_ms
    for row in data["looks"]:
        for _ in range(row["times"]):
            at_ms += row["every_ms"]
            looks.append({"at_ms": at_ms, **row["look"]})
    picked = [(rung, reason, is_lossy) for times, rung, reason, is_lossy in data["picked"] for _ in range(times)]
    assert len(looks) == len(picked), data["name"]
    return Case(data["name"], data["start"], data["held"], begins_at_ms, looks, picked)


def in_runs(picked: list[tuple[str, str, bool]]) -> list[tuple[int, str, str, bool]]:
    """As the table has it, so that a difference can be read."""
    return [(len(list(same)), *what) for what, same in groupby(picked)]
