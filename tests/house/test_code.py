"""What every file keeps: size, names, words of its own, no foreign hosts, no machine's paths."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE, LONGEST_FUNCTION = 320, 45
TOP_LEVEL = {"app", "static", "tests", "pyproject.toml", "README.md", "LICENSE", "constraints.txt", ".ci", ".gitignore"}
BANNED_NAMES = re.compile(r"(^|_)(utils?|helpers?|managers?|base|common|misc)(_|\.|$)")
HOSTS_THAT_ARE_NAMES = {"www.w3.org"}  # XML namespaces, fetched by nobody


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]


def sources() -> list[Path]:
    return tracked("*.py", "*.js", "*.mjs", "*.css", "*.html", "*.svg")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_nothing_else_stands_at_the_top() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= TOP_LEVEL


def test_files_and_functions_stay_short() -> None:
    code = [path for path in tracked("app/*.py", "static/*.js", "tests/*.py") if "migrations" not in path.parts]
    long = [f"{p.relative_to(ROOT)}: {n}" for p in code if (n := len(p.read_text().splitlines())) > LONGEST_FILE]
    for path in tracked("app/*.py", "tests/*.py"):
        if "migrations" in path.parts:
            continue
        for node in functions(path):
            assert node.end_lineno
            if node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION:
                long.append(f"{path.relative_to(ROOT)}: {node.name}")
    assert not long


def test_one_page_stays_one_page() -> None:
    for name in ("flows.py", "bootstrap.py"):
        assert len((ROOT / "app" / name).read_text().splitlines()) <= 140, name


def test_no_name_says_nothing() -> None:
    assert not [str(p.relative_to(ROOT)) for p in sources() if BANNED_NAMES.search(p.name)]


def test_every_module_says_what_it_decides() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in tracked("app/*.py")
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_no_page_names_a_foreign_host() -> None:
    for path in tracked("static/*", "app/templates/*"):
        found = set(re.findall(r"(?:https?|wss?)://([a-z0-9.-]+)", path.read_text(errors="ignore")))
        assert found <= HOSTS_THAT_ARE_NAMES, path


def test_no_page_asks_for_what_the_oldest_browsers_lack() -> None:
    """Chromium 90 and Safari 15.4, says the README. What the language had later is found by `tsc`: see its `lib`."""
    later = re.compile(r"\bstructuredClone\(|\bAbortSignal\.(timeout|any)\b|\bURL\.canParse\(|\.showPopover\(")
    assert not [str(path.relative_to(ROOT)) for path in tracked("static/*.js") if later.search(path.read_text())]


@pytest.mark.parametrize(
    "pattern",
    [
        r"(^|[^A-Za-z0-9_.])/(work|farm)/[A-Za-z.]",
        r"https?://[^ \"]*(/simple/|/-/[^ \"]*\.tgz|\.whl|/packages/[0-9a-f]{2}/|\.deb\b)",
        r"registry\.npm|pypi\.org|files\.pythonhosted|deb\.debian",
    ],
)
def test_no_path_of_a_machine_and_no_address_of_a_registry(pattern: str) -> None:
    wrong = re.compile(pattern, re.M)
    here = Path(__file__)
    assert not [str(p.relative_to(ROOT)) for p in tracked() if p != here and wrong.search(p.read_text(errors="ignore"))]


def test_time_is_an_argument() -> None:
    """Only the system's clock reads the clock; ruff bans the usual names, this bans the rest."""
    allowed = {"app/kernel/clock.py"}
    reads = re.compile(r"\btime\.time\(\)|\bdate\.today\(\)|\bdatetime\.today\(\)|func\.now\(\)")
    wrong = [p for p in tracked("app/*.py") if reads.search(p.read_text()) and str(p.relative_to(ROOT)) not in allowed]
    assert not wrong
