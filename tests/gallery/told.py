"""What came of each row, kept beside its pictures: a run goes on where one broke off, and one page says what failed."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

MOST_LINES, MOST_ROWS, LONGEST = 50, 4, 260


class Told:
    def __init__(self, folder: Path) -> None:
        self._folder = folder / "told"
        self._folder.mkdir(parents=True, exist_ok=True)

    def begin(self, name: str) -> None:
        """What was kept before, and how it looked then, goes."""
        for old in (self._file(name), *self._folder.glob(f"{name}--*.png")):
            old.unlink(missing_ok=True)

    def instead(self, name: str, number: int) -> Path:
        """Where a picture of what stands there instead is kept."""
        return self._folder / f"{name}--{number}.png"

    def keep(self, name: str, wrong: Collection[str]) -> None:
        """`wrong`: in words; nothing of a row that is well."""
        self._file(name).write_text(json.dumps([*wrong], ensure_ascii=False, indent=1), encoding="utf-8")

    def wrong(self, name: str) -> list[str] | None:
        """None of a row that nobody went to."""
        kept = self._file(name)
        return json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else None

    def is_well(self, name: str) -> bool:
        return self.wrong(name) == []

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def page(self, names: Sequence[str]) -> str:
        """How many of these are well, and each thing that is wrong with the rows where it is."""
        where: defaultdict[str, list[str]] = defaultdict(list)
        count: Counter[str] = Counter()
        for name in names:
            wrong = self.wrong(name)
            count["not gone to" if wrong is None else "wrong" if wrong else "well"] += 1
            for one in wrong or ():
                where[one].append(name)
        head = f"{len(names)} rows: " + ", ".join(f"{count[kind]} {kind}" for kind in ("well", "wrong", "not gone to"))
        lines = [f"  {_some(rows)}: {one[:LONGEST]}" for one, rows in where.items()]
        more = [f"  and {len(lines) - MOST_LINES} more in {self._folder}"] if len(lines) > MOST_LINES else []
        return "\n".join([head, *lines[:MOST_LINES], *more])


def _some(rows: Iterable[str]) -> str:
    first, more = [*rows][:MOST_ROWS], len([*rows]) - MOST_ROWS
    return " ".join(first) + (f" and {more} more" if more > 0 else "")
