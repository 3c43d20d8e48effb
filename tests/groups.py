"""The groups of tests as one table, and the rule that every test file belongs to exactly one of them."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
PYTHON = str(BIN / "python")


@dataclass(frozen=True)
class Check:
    """A command of the group `style`; it counts as one test."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    name: str
    about: str
    limit_seconds: int
    folders: tuple[str, ...] = ()  # folders or files below tests/
    checks: tuple[Check, ...] = ()
    needs: tuple[str, ...] = ()  # names in ground.py, beside the environment that all need
    plugins: tuple[str, ...] = ("-p", "no:schemathesis")  # it takes two seconds to load
    workers: int = 1
    alone: bool = False  # sensitive to time: nothing runs beside it
    long: bool = False  # runs with --acceptance only, or when named
    second_tries: int = 0  # how many tests that fail are tried once more: for real time on a shared machine

    @property
    def cores(self) -> int:
        return 2 if self.alone else self.workers


STYLE = (
    Check("ruff check", (str(BIN / "ruff"), "check", ".")),
    Check("ruff format", (str(BIN / "ruff"), "format", "--check", ".")),
    Check("mypy", (str(BIN / "mypy"),)),
    Check("lint-imports", (str(BIN / "lint-imports"),)),
    Check("tsc", (str(ROOT / "tests/node_modules/.bin/tsc"), "-p", "static", "--noEmit")),
    Check("tsc worker", (str(ROOT / "tests/node_modules/.bin/tsc"), "-p", "static/worker", "--noEmit")),
    Check("placement", (PYTHON, "-m", "tests.groups")),
    Check("lock", (PYTHON, "-m", "tests.lock")),
)

SECOND_TRIES = 5

ROOMS = ("villages", "families", "calls", "notices", "roster", "desk", "doors", "messages", "sms", "demo")
FLOOR = ("kernel", "storage", "jobs", "web", "gateways")  # what the rooms stand on
OURS = ("services", "runner")  # what the tests themselves stand on
SERVERS = ("postgresql", "redis")

GROUPS = (
    Group(
        "browser",
        "the stories in Chromium",
        1800,
        ("browser",),
        needs=("npm", "chromium", "fonts", "coturn", "certutil", "voice"),
        second_tries=SECOND_TRIES,
    ),
    Group("style", "ruff, mypy, import contracts, tsc, every test in a group, lock", 300, checks=STYLE, needs=("npm",)),
    Group("house", "what every route, text, migration and page must keep", 300, ("house",), needs=SERVERS),
    Group("api", "schemathesis asks the API what it promises", 300, ("api",), needs=SERVERS, plugins=()),
    Group(
        "contracts",
        "the same tests against a stand-in and the real thing",
        300,
        ("contracts",),
        needs=("npm", "coturn", "kannel", "gammu", *SERVERS),
        second_tries=SECOND_TRIES,
    ),
    Group("flows", "the stories, with the clock stepped by hand", 600, ("flows",), needs=("kannel", *SERVERS)),
    # Parts that need a core each, so that none is idle beside the stories in Chromium and after them.
    Group("slices", "rules, services and views of every room, on both databases", 1500, ROOMS, needs=SERVERS),
    Group(
        "floor",
        "what the rooms stand on, on both databases, and the commands",
        1500,
        (*FLOOR, "commands", *OURS),
        needs=("coturn", "caddy", "voice", *SERVERS),
        second_tries=SECOND_TRIES,
    ),
    Group(
        "media",
        "the media program: codecs, line checks, bridges, messages left",
        900,
        ("media",),
        needs=("coturn", "voice", *SERVERS),
        second_tries=SECOND_TRIES,
    ),
    Group(
        "thinlink",
        "the emulated thin link is as thin as it says; real calls over it",
        360,
        ("thinlink",),
        needs=("thin link", "chromium", "fonts", "voice"),
        alone=True,
        second_tries=SECOND_TRIES,
    ),
    # Last, beside the end of the others: a busy machine does it no harm.
    Group("faults", "kill, restart, cut", 600, ("faults",), needs=SERVERS, second_tries=SECOND_TRIES),
)


def chosen(names: Sequence[str], *, acceptance: bool) -> tuple[Group, ...]:
    known = {group.name: group for group in GROUPS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise LookupError(f"no such group: {', '.join(unknown)} (there are: {', '.join(known)})")
    if names:
        return tuple(known[name] for name in dict.fromkeys(names))
    return tuple(group for group in GROUPS if acceptance or not group.long)


def misplaced(tests: Path, groups: Sequence[Group] = GROUPS) -> Iterator[str]:
    """What is wrong with the place of each test file below `tests`."""
    for path in sorted(tests.rglob("test_*.py")):
        place = path.relative_to(tests)
        if "node_modules" in place.parts:
            continue
        owners = [group.name for group in groups for folder in group.folders if place.is_relative_to(folder)]
        if len(owners) != 1:
            yield f"tests/{place} belongs to {' and '.join(owners) or 'no group'}: see GROUPS in tests/groups.py"
        if not (path.parent / "__init__.py").exists():
            yield f"tests/{place} stands in a folder without __init__.py"


if __name__ == "__main__":
    complaints = list(misplaced(ROOT / "tests"))
    print("\n".join(complaints))
    sys.exit(bool(complaints))
