"""Runs one benchmark by name; with --json its last line is one object with `name`, `figures` and `reference`.

Brings what it needs first, as the tests do. Each benchmark is a module with a function `run`.
"""

import argparse
import json
import os
import sys
from importlib import import_module

from tests import ground
from tests.groups import PYTHON, ROOT, SERVERS

BENCHMARKS = {
    "bridge": ("voice",),
    "lighthouse": ("lighthouse", "chromium", "caddy"),
    "message": ("npm", "chromium", "voice", "thin link"),
    "pages": ("chromium", "caddy", "thin link"),
    "proposals": SERVERS,
    "race": SERVERS,
    "reminders": SERVERS,
    "roster": (),
    "start": (),
    "thinlink": ("chromium", "voice", "thin link"),
}  # and what each needs


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.benchmarks", description=__doc__)
    parser.add_argument("name", choices=BENCHMARKS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="thinlink, bridge, lighthouse: these rows alone")
    parser.add_argument("--runs", type=int, help="thinlink, pages, lighthouse: so many runs of each row")
    options = parser.parse_args()
    asked = {name: value for name in ("rows", "runs") if (value := getattr(options, name))}
    if os.path.realpath(sys.prefix) != os.path.realpath(ROOT / ".venv"):
        if problems := ground.prepare(["environment", *BENCHMARKS[options.name]]):
            sys.exit(f"could not run, missing: {', '.join(problems)}")
        os.execv(PYTHON, [PYTHON, "-m", "tests.benchmarks", *sys.argv[1:]])
    result = import_module(f"tests.benchmarks.{options.name}").run(**asked)
    print(json.dumps(result.as_json()) if options.json else result.as_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
