"""A supervisor in a process of its own: `python -m tests.faults.children FOLDER READY_URL READY_SECONDS END_SECONDS …`.

The rest are scripts: each is Python for one program, or the path of one; it runs in FOLDER. When all are ready, a file
`ready` is written there.
"""

import os
import sys
from pathlib import Path

from app.programs.supervisor import Program, supervise


def main(folder: str, ready_url: str, ready_seconds: str, end_seconds: str, *scripts: str) -> int:
    os.chdir(folder)
    programs = []
    for number, script in enumerate(scripts, start=1):
        argv = (script,) if script.startswith("/") else (sys.executable, "-S", "-c", script)
        programs.append(Program(f"p{number}", argv, dict(os.environ)))
    return supervise(
        programs, ready_url=ready_url or None, on_ready=Path("ready").touch, ready_seconds=float(ready_seconds),
        end_seconds=float(end_seconds),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
