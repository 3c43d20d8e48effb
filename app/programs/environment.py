"""Makes the environment that Homethread runs in, where there is none: `python3 -m app demo` is all one types.

Standard library only. It makes `.venv` beside the project with what `pyproject.toml` asks for, in the versions that
`constraints.txt` names, and goes on there. An environment that has everything already is used as it is.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NEEDED = (
    "flask",
    "flask_socketio",
    "sqlalchemy",
    "alembic",
    "gunicorn",
    "pydantic",
    "babel",
    "phonenumbers",
    "PIL",
    "dateutil",
    "icalendar",
    "highspy",
)


def go_there(arguments: Sequence[str]) -> None:
    """Return where everything can be imported; otherwise go on in `.venv`, made first if need be."""
    if all(importlib.util.find_spec(name) for name in NEEDED):
        return
    if Path(sys.prefix) == VENV or not _is_complete():
        _make()
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), "-m", "app", *arguments])  # noqa: S606 - ourselves


def _is_complete() -> bool:
    question = f"import importlib.util as u, sys; sys.exit(not all(u.find_spec(n) for n in {NEEDED!r}))"
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", question], check=False).returncode == 0  # noqa: S603


def _make() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever has an older one must read this sentence
        sys.exit("Homethread needs Python 3.11 or newer.")
    print("homethread: making .venv (once)", file=sys.stderr, flush=True)
    if importlib.util.find_spec("ensurepip") is None:
        _bring_venv()
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)  # noqa: S603
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as versions:
        versions.write("\n".join(_versions((ROOT / "constraints.txt").read_text())))
        versions.flush()
        pip = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, "-c", versions.name, "-e", str(ROOT)], check=True)  # noqa: S603


def _versions(constraints: str) -> list[str]:
    """Names and versions without their hashes, with which pip would refuse the project's own folder.

    A version may hold for some Pythons only: `name==1 ; python_full_version < '3.12'`.
    """
    return [found.strip() for found in re.findall(r"^([A-Za-z0-9._-]+==[^\\\n]+)", constraints, re.M)]


def _bring_venv() -> None:
    package = f"python3.{sys.version_info.minor}-venv"
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        sys.exit(f"homethread: Python's venv is missing. As root: apt-get install {package}")
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-q", "-y", package]):
        subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603
