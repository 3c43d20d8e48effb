"""Runs one benchmark by name; with --json its last line is one object with `name`, `figures` and `reference`."""

import argparse
import json
import sys
from collections.abc import Callable

from tests.benchmarks import proposals, race, roster, start
from tests.benchmarks.result import Result

BENCHMARKS: dict[str, Callable[[], Result]] = {
    "proposals": proposals.run, "race": race.run, "roster": roster.run, "start": start.run,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.benchmarks", description=__doc__)
    parser.add_argument("name", choices=BENCHMARKS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = BENCHMARKS[options.name]()
    print(json.dumps(result.as_json()) if options.json else result.as_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
