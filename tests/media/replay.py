"""Replays what an end saw of its link: looks as JSON lines in, the rungs that are picked out.

`python -m tests.media.replay looks.jsonl [--start stills] [--hold voice]` prints each change.
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from app.factory import static_folder
from app.kernel.rungs import RungName
from app.media import picker
from app.media.ladder import Ladder, read
from app.media.look import Look

LADDER = read(static_folder() / "call" / "ladder.json")


class Step(NamedTuple):
    at_ms: float
    rung: str
    reason: str
    is_lossy: bool


def replay(looks: Iterable[dict[str, Any]], start: str, held: str | None = None, ladder: Ladder = LADDER) -> list[Step]:
    """What was picked after each look."""
    memory, found = None, []
    for seen in looks:
        look = Look.of(seen)
        memory = memory or picker.hold(picker.begin(ladder, start, look.at_ms), held)
        memory, rung, reason, is_lossy = picker.pick(ladder, memory, look)
        found.append(Step(look.at_ms, rung, reason, is_lossy))
    return found


def changes(steps: Iterable[Step]) -> Iterator[Step]:
    before = None
    for step in steps:
        if before is None or step[1:] != before[1:]:
            yield step
        before = step


def looks_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("looks", type=Path)
    parser.add_argument("--start", default=RungName.MICRO_VIDEO.value, choices=list(RungName))
    parser.add_argument("--hold", choices=list(RungName))
    given = parser.parse_args()
    for at_ms, rung, reason, is_lossy in changes(replay(looks_of(given.looks), given.start, given.hold)):
        print(f"{at_ms / 1_000:8.1f} s  {rung:12} {reason:8} {'lossy' if is_lossy else ''}")


if __name__ == "__main__":
    main()
