"""Makes the ground that the tests stand on: distribution packages, the Python environment, the npm packages.

Standard library only. What is done already is left alone: programs are looked for, the rest is known by a stamp, a hash
of all that went in. What can't be had is returned as a sentence, so that the groups that don't need it still run.
"""

import fcntl
import hashlib
import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.groups import PYTHON, ROOT
from tests.lock import LOCK

VENV = ROOT / ".venv"
NPM_FOLDER = ROOT / "tests"
NPM_FILES = [NPM_FOLDER / name for name in ("package.json", "package-lock.json")]
TAIL_LINES = 15


class CantHave(Exception):
    """Something is missing; the message says what and how to get it."""


@dataclass(frozen=True)
class Program:
    """Something that the distribution brings."""

    name: str
    packages: tuple[str, ...]
    is_there: Callable[[], bool]


def _all_on_path(*names: str) -> Callable[[], bool]:
    return lambda: all(shutil.which(name) for name in names)


def _shows_chinese() -> bool:
    lists_fonts = shutil.which("fc-list")
    return lists_fonts is not None and subprocess.check_output([lists_fonts, ":lang=zh-cn"]).strip() != b""


def _can_make_environments() -> bool:
    importlib.invalidate_caches()
    return (VENV / "bin" / "python").exists() or importlib.util.find_spec("ensurepip") is not None


PROGRAMS = {
    program.name: program
    for program in (
        Program("venv", (f"python3.{sys.version_info.minor}-venv",), _can_make_environments),
        Program("postgresql", ("postgresql",), lambda: any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))),
        Program("redis", ("redis-server",), _all_on_path("redis-server")),
        Program("chromium", ("chromium",), _all_on_path("chromium")),
        Program("fonts", ("fontconfig", "fonts-noto-cjk"), _shows_chinese),
        Program("node", ("nodejs", "npm"), _all_on_path("node", "npm")),
    )
}
BEFORE = {"environment": ("venv",), "npm": ("node",)}


def prepare(needs: Iterable[str]) -> dict[str, str]:
    """Brings what is needed; what could not be had stands in the answer, with the reason."""
    wanted = list(dict.fromkeys(part for need in needs for part in (*BEFORE.get(need, ()), need)))
    problems: dict[str, str] = {}
    with _one_at_a_time():
        packages = Packages()
        for need in wanted:
            lacking = [problems[part] for part in BEFORE.get(need, ()) if part in problems]
            try:
                if lacking:
                    raise CantHave(lacking[0])
                if need in PROGRAMS:
                    packages.bring(PROGRAMS[need])
                else:
                    {"environment": make_environment, "npm": install_npm_packages}[need]()
            except CantHave as missing:
                problems[need] = str(missing)
                print(f"set up: {need} is missing: {missing}", flush=True)
    return problems


class Packages:
    """The distribution's packages, by apt-get."""

    def __init__(self) -> None:
        self._is_fresh = False

    def bring(self, program: Program) -> None:
        if program.is_there():
            return
        names = " ".join(program.packages)
        if shutil.which("apt-get") is None:
            raise CantHave(f"{names} (no apt-get here: install what your system calls it)")
        if os.geteuid() != 0:
            raise CantHave(f"{names} (as root: apt-get install {names})")
        with _said(f"apt-get install {names}"):
            if not self._is_fresh:
                _run(["apt-get", "update"])
                self._is_fresh = True
            wait = ["-o", "DPkg::Lock::Timeout=300"]
            _run(["apt-get", "install", "--yes", "--no-install-recommends", *wait, *program.packages])
        if not program.is_there():
            raise CantHave(f"{program.name} is not there although {names} got installed")


def make_environment() -> None:
    """`.venv` with exactly what constraints.txt lists, and the project itself, editable."""
    if not LOCK.exists():
        raise CantHave("constraints.txt (python3 -m tests --relock makes it)")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    described = json.dumps([project["project"], project["build-system"]], sort_keys=True).encode()
    stamp = Stamp(VENV / "homethread-stamp", LOCK.read_bytes(), described)
    works = _works(PYTHON)
    if works and stamp.is_current:
        return
    with _said("the environment .venv from constraints.txt"):
        if not works:
            _run([sys.executable, "-m", "venv", "--clear", str(VENV)])
        stamp.remove()
        pip = [PYTHON, "-m", "pip", "install", "--quiet", "--no-compile"]
        _run([*pip, "--require-hashes", "-r", str(LOCK)])
        _run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)])
        stamp.write()


def install_npm_packages() -> None:
    lacking = [path.name for path in NPM_FILES if not path.exists()]
    if lacking:
        raise CantHave(f"tests/{' and tests/'.join(lacking)}")
    stamp = Stamp(NPM_FOLDER / "node_modules" / ".homethread-stamp", *(path.read_bytes() for path in NPM_FILES))
    if stamp.is_current:
        return
    with _said("npm ci in tests/"):
        _run(["npm", "ci", "--no-audit", "--no-fund"], folder=NPM_FOLDER)
        stamp.write()


class Stamp:
    """Lies beside what was made and says what it was made from."""

    def __init__(self, path: Path, *inputs: bytes) -> None:
        self._path = path
        self._hash = hashlib.sha256(b"\0".join(hashlib.sha256(one).digest() for one in inputs)).hexdigest()

    @property
    def is_current(self) -> bool:
        return self._path.exists() and self._path.read_text() == self._hash

    def write(self) -> None:
        self._path.write_text(self._hash)

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


def _works(python: str) -> bool:
    """Whether this interpreter starts and is one that we support; its own folder may have been moved or half made."""
    question = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([python, "-c", question], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _run(command: Sequence[str], folder: Path = ROOT) -> None:
    quiet = {
        "DEBIAN_FRONTEND": "noninteractive",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | quiet,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        tail = "\n".join(f"    {line}" for line in done.stdout.splitlines()[-TAIL_LINES:])
        raise CantHave(f"`{' '.join(command)}` failed:\n{tail}")


@contextmanager
def _said(what: str) -> Iterator[None]:
    print(f"set up: {what} …", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except CantHave:
        print(" failed", flush=True)
        raise
    print(f" {time.monotonic() - began:.1f} s", flush=True)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two runs in one folder must not install into each other."""
    folder = os.open(ROOT / "tests", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
