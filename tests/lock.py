"""constraints.txt: every package of the environment with its version and hashes, made by uv, without any address.

Run as a script it says what pyproject.toml asks for and the installed environment doesn't meet.
"""

import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "constraints.txt"
OLDEST_PYTHON = "3.11"
ABOUT = """\
# Everything that the tests run with, for Python 3.11 and newer. Installed by
#    pip install --require-hashes -r constraints.txt && pip install --no-deps --no-build-isolation -e .
# Versions stay as they are where pyproject.toml allows it; without this file, the newest are taken.
"""


def relock() -> None:
    with tempfile.TemporaryDirectory(prefix="homethread-lock-") as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([f"{folder}/bin/pip", "install", "--quiet", "uv"], check=True)
        made = Path(folder) / "lock"
        if LOCK.exists():
            made.write_text(LOCK.read_text())
        options = ["--all-extras", "--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes"]
        subprocess.run(
            [f"{folder}/bin/uv", "pip", "compile", "pyproject.toml", *options, "--no-emit-index-url", "-qo", str(made)],
            cwd=ROOT,
            env=os.environ | {"UV_CUSTOM_COMPILE_COMMAND": "python3 -m tests --relock"},
            check=True,
        )
        LOCK.write_text(ABOUT + made.read_text())


def unmet(project: Path) -> Iterator[str]:
    # Not at the top: this module also runs where nothing is installed yet.
    from packaging.requirements import Requirement

    for asked in requirements(project):
        requirement = Requirement(asked)
        try:
            found = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield f"pyproject.toml asks for {asked}, constraints.txt doesn't bring it: python3 -m tests --relock"
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            yield f"pyproject.toml asks for {asked}, there is {found}: python3 -m tests --relock"


def requirements(project: Path) -> list[str]:
    """What pyproject.toml asks for, in all its extras."""
    described = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    extras: dict[str, list[str]] = described.get("optional-dependencies", {})
    return [*described["dependencies"], *(line for extra in extras.values() for line in extra)]


if __name__ == "__main__":
    complaints = list(unmet(ROOT / "pyproject.toml"))
    print("\n".join(complaints))
    sys.exit(bool(complaints))
