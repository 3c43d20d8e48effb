"""Runs one long trial by name, and prints what was found. Ends with 1 if a promise was broken."""

import argparse
import os
import sys
from collections.abc import Iterator
from typing import Protocol

from tests import ground
from tests.groups import PYTHON, ROOT, SERVERS

TRIALS: dict[str, tuple[str, ...]] = {"notices": SERVERS, "soak": (), "bridges": ()}  # and what each needs


class Told(Protocol):
    """What a trial found."""

    complaints: list[str]

    def rows(self) -> Iterator[tuple[str, str]]: ...


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.faults", description=__doc__)
    parser.add_argument("name", choices=TRIALS)
    parser.add_argument("--kills", type=int, default=200, help="notices: so often a program is killed")
    parser.add_argument("--notices", type=int, default=5000, help="notices: so many fall due")
    parser.add_argument("--seed", type=int, default=1, help="notices: of what happens by chance")
    parser.add_argument("--minutes", type=float, default=30, help="soak: so long")
    parser.add_argument("--bridges", type=int, default=8, help="bridges: so many at once")
    options = parser.parse_args()
    if os.path.realpath(sys.prefix) != os.path.realpath(ROOT / ".venv"):
        if problems := ground.prepare(["environment", *TRIALS[options.name]]):
            sys.exit(f"could not run, missing: {', '.join(problems)}")
        os.execv(PYTHON, [PYTHON, "-m", "tests.faults", *sys.argv[1:]])
    if options.name == "bridges":
        return _bridges(options.bridges)
    return _soak(options.minutes) if options.name == "soak" else _notices(options.kills, options.notices, options.seed)


def _notices(kills: int, count: int, seed: int) -> int:
    from tests.faults import notices

    found = notices.run(kills, count, seed)
    for name, value in found.rows():
        print(f"{name:32} {value:6}")
    print(*found.lost, *found.knowingly_doubled, sep="\n")
    return 1 if found.lost or found.knowingly_doubled else 0


def _soak(minutes: float) -> int:
    from tests.faults import soak

    return _told(soak.run(minutes))


def _bridges(count: int) -> int:
    from tests.faults import bridges

    return _told(bridges.run(count))


def _told(found: Told) -> int:
    for name, value in found.rows():
        print(f"{name:32} {value}")
    print(*found.complaints, sep="\n")
    return 1 if found.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
