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
import sysconfig
import threading
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.groups import PYTHON, ROOT
from tests.lock import LOCK

VENV = ROOT / ".venv"
NPM_FOLDER = ROOT / "tests"
LIGHTHOUSE_FOLDER = NPM_FOLDER / "benchmarks" / "npm"  # apart: it is large, and one benchmark alone needs it
TAIL_LINES = 15
PYTHON_HERE = f"python3.{sys.version_info.minor}"
FAKE_SMSC = "/usr/lib/kannel/test/fakesmsc"


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


def _has_kannel() -> bool:
    """The distribution keeps its daemons off the path of other users, and the fake SMSC in a folder of its own."""
    return all(Path(place).exists() for place in ("/usr/sbin/bearerbox", "/usr/sbin/smsbox", FAKE_SMSC))


def _shows_chinese() -> bool:
    lists_fonts = shutil.which("fc-list")
    return lists_fonts is not None and subprocess.check_output([lists_fonts, ":lang=zh-cn"]).strip() != b""


def _can_make_environments() -> bool:
    """One package comes as C alone."""
    importlib.invalidate_caches()
    has_compiler = shutil.which("gcc") is not None and Path(sysconfig.get_path("include"), "Python.h").exists()
    return has_compiler and ((VENV / "bin" / "python").exists() or importlib.util.find_spec("ensurepip") is not None)


def postgres_programs() -> Path | None:
    """The folder of initdb and postgres, the newest version that the distribution has; Debian keeps it off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda initdb: float(initdb.parts[-3]))
    on_path = shutil.which("initdb")
    initdb = found[-1] if found else Path(on_path).resolve() if on_path else None
    return initdb.parent if initdb else None


PROGRAMS = {
    program.name: program
    for program in (
        Program("venv", (f"{PYTHON_HERE}-venv", f"{PYTHON_HERE}-dev", "gcc", "libc6-dev"), _can_make_environments),
        Program("postgresql", ("postgresql",), lambda: postgres_programs() is not None),
        Program("redis", ("redis-server",), _all_on_path("redis-server")),
        Program("chromium", ("chromium",), _all_on_path("chromium")),
        Program("voice", ("espeak-ng",), _all_on_path("espeak-ng")),
        Program("coturn", ("coturn",), _all_on_path("turnserver")),
        Program("caddy", ("caddy", "curl"), _all_on_path("caddy", "curl")),
        Program("kannel", ("kannel", "kannel-extras"), _has_kannel),
        Program("gammu", ("gammu", "gammu-smsd"), _all_on_path("gammu", "gammu-smsd", "gammu-smsd-inject")),
        Program("certutil", ("libnss3-tools",), _all_on_path("certutil")),
        Program("fonts", ("fontconfig", "fonts-noto-cjk"), _shows_chinese),
        Program("node", ("nodejs", "npm"), _all_on_path("node", "npm")),
        Program("iproute2", ("iproute2",), _all_on_path("ip")),
    )
}


def prepare(needs: Iterable[str]) -> dict[str, str]:
    """Brings what is needed; what could not be had stands in the answer, with the reason."""
    problems: dict[str, str] = {}
    packages = Packages()

    def bring(name: str) -> None:
        program, make = MADE.get(name, (name, None))
        try:
            packages.bring(PROGRAMS[program])
            if make is not None:
                make()
        except CantHave as missing:
            problems[name] = str(missing)
            _say(f"{name} is missing: {missing}")

    # Two lanes: pip keeps a core busy while apt-get waits for the disk.
    with _one_at_a_time(), ThreadPoolExecutor(2) as lanes:
        list(lanes.map(bring, dict.fromkeys(needs)))
    return problems


class Packages:
    """The distribution's packages, by apt-get."""

    def __init__(self) -> None:
        self._is_fresh = False
        self._lock = threading.Lock()

    def bring(self, program: Program) -> None:
        with self._lock:
            if not program.is_there():
                self._install(program)

    def _install(self, program: Program) -> None:
        names = " ".join(program.packages)
        if shutil.which("apt-get") is None:
            raise CantHave(f"{names} (no apt-get here: install what your system calls it)")
        if os.geteuid() != 0:
            raise CantHave(f"{names} (as root: apt-get install {names})")
        _say(f"apt-get install {names}")
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
    _say("the environment .venv from constraints.txt")
    if not works:
        _run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    stamp.remove()
    pip = [PYTHON, "-m", "pip", "install", "--quiet"]
    _run([*pip, "--require-hashes", "-r", str(LOCK)])
    _run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)])
    stamp.write()


def install_npm_packages(folder: Path) -> None:
    files = [folder / name for name in ("package.json", "package-lock.json")]
    if lacking := [str(path.relative_to(ROOT)) for path in files if not path.exists()]:
        raise CantHave(" and ".join(lacking))
    stamp = Stamp(folder / "node_modules" / ".homethread-stamp", *(path.read_bytes() for path in files))
    if stamp.is_current:
        return
    _say(f"npm ci in {folder.relative_to(ROOT)}/")
    _run(["npm", "ci", "--no-audit", "--no-fund"], folder=folder)
    stamp.write()


def try_thin_link() -> None:
    """It takes root, TUN devices and network namespaces; a container may be refused all three."""
    _run([sys.executable, "-m", "tests.thinlink.link", "--check"])


# What is made or tried here, with the program that it takes.
MADE: dict[str, tuple[str, Callable[[], None]]] = {
    "environment": ("venv", make_environment),
    "npm": ("node", partial(install_npm_packages, NPM_FOLDER)),
    "lighthouse": ("node", partial(install_npm_packages, LIGHTHOUSE_FOLDER)),
    "thin link": ("iproute2", try_thin_link),
}


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


def _say(what: str) -> None:
    print(f"set up: {what}", flush=True)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two runs in one folder must not install into each other."""
    folder = os.open(ROOT / "tests", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
