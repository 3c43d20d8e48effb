"""Runs one long trial by name: `notices`. It prints what was found, and ends with 1 if a promise was broken."""

import argparse
import os
import sys

from tests import ground
from tests.groups import PYTHON, ROOT, SERVERS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.faults", description=__doc__)
    parser.add_argument("name", choices=("notices",))
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--notices", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if os.path.realpath(sys.prefix) != os.path.realpath(ROOT / ".venv"):
        if problems := ground.prepare(["environment", *SERVERS]):
            sys.exit(f"could not run, missing: {', '.join(problems)}")
        os.execv(PYTHON, [PYTHON, "-m", "tests.faults", *sys.argv[1:]])
    from tests.faults import notices

    found = notices.run(options.kills, options.notices, options.seed)
    for name, value in found.rows():
        print(f"{name:32} {value:6}")
    print(*found.lost, *found.knowingly_doubled, sep="\n")
    return 1 if found.lost or found.knowingly_doubled else 0


if __name__ == "__main__":
    sys.exit(main())
