"""How long `homethread demo` takes until it is ready, and what memory it holds, beside a bare Flask under gunicorn.

A village can do without the media program (calls of three, answering machine, line checks): its memory is told apart.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.result import Figure, Result
from tests.services.ports import free_port

RUNS = 5
SETTLE_SECONDS = 3
BARE = "from flask import Flask\napp = Flask('bare')\napp.get('/healthz')(lambda: 'ok')\n"
BIN = Path(sys.executable).parent
GUNICORN = [str(BIN / "gunicorn"), "--no-control-socket"]


def run() -> Result:
    ours = [_measure(_demo) for _ in range(RUNS)]
    with TemporaryDirectory() as folder:
        (Path(folder) / "bare.py").write_text(BARE)
        at = [*GUNICORN, "--chdir", folder, "bare:app", "-b"]
        bare = [_measure(lambda port: [*at, f"127.0.0.1:{port}"]) for _ in range(RUNS)]
    return Result("start", _figures(ours), _figures(bare), "a bare Flask under gunicorn")


def _demo(port: int) -> list[str]:
    return [str(BIN / "homethread"), "demo", "--port", str(port), "--json"]


def _figures(measured: list[tuple[float, float, float]]) -> dict[str, Figure]:
    ready, without_media, media = zip(*measured, strict=True)
    figures = {"ready_seconds": Figure.of(list(ready)), "pss_mb": Figure.of(list(without_media))}
    return figures | ({"pss_mb_of_media": Figure.of(list(media))} if any(media) else {})


def _measure(command_for: Callable[[int], list[str]]) -> tuple[float, float, float]:
    port = free_port()
    began = time.monotonic()
    program = subprocess.Popen(
        command_for(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0, env=dict(os.environ)
    )
    try:
        _wait(f"http://127.0.0.1:{port}/healthz")
        ready = time.monotonic() - began
        time.sleep(SETTLE_SECONDS)
        programs = {pid: _pss_mb(pid) for pid in _family(program.pid)}
        media = sum(mb for pid, mb in programs.items() if b"\0media\0" in Path(f"/proc/{pid}/cmdline").read_bytes())
        return ready, sum(programs.values()) - media, media
    finally:
        os.killpg(program.pid, signal.SIGINT)
        program.wait(timeout=30)


def _wait(url: str) -> None:
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.02)


def pss_mb(root: int) -> float:
    """Proportional set size of a process and all below it (shared pages counted once)."""
    return sum(map(_pss_mb, _family(root)))


def _family(root: int) -> set[int]:
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def _pss_mb(pid: int) -> float:
    """0 where it has ended."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
