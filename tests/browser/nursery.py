"""Starts the programs of villages as forks of one process that has read all their modules, which takes most of a start.

A program is its own from the fork on: with its settings, its log, its group of processes, and an end as ever.
"""

import atexit
import gc
import json
import os
import select
import signal
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from typing import Any


class Born:
    """A program that runs; what tests ask of a `subprocess.Popen`."""

    def __init__(self, pid: int, nursery: "Nursery") -> None:
        self.pid, self._nursery = pid, nursery
        self._ends = os.pidfd_open(pid)
        self._code: int | None = None

    def send_signal(self, number: int) -> None:
        signal.pidfd_send_signal(self._ends, number)

    def wait(self, timeout: float | None = None) -> int:
        """Its code; that of a signal is negative."""
        if self._code is None:
            if not select.select([self._ends], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a village's program", timeout or 0)
            self._code = self._nursery.ask(buried=self.pid)
            os.close(self._ends)
        return self._code


class Nursery:
    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.browser.nursery"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._turn = threading.Lock()

    def start(self, name: str, clock: Path, log: Path, environment: dict[str, str]) -> Born:
        return Born(self.ask(name=name, clock=str(clock), log=str(log), environment=environment), self)

    def ask(self, **wanted: Any) -> int:
        assert self._process.stdin
        assert self._process.stdout
        with self._turn:
            self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


@cache
def nursery() -> Nursery:
    """One for all tests of a run."""
    made = Nursery()
    atexit.register(made.close)
    return made


def main() -> None:
    from app import bootstrap, factory  # noqa: F401 - for the programs, which read them late
    from tests.browser import program

    gc.freeze()
    while line := sys.stdin.buffer.readline():
        wanted = json.loads(line)
        if "buried" in wanted:
            print(os.waitstatus_to_exitcode(os.waitpid(wanted["buried"], 0)[1]), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            _become(**wanted)
            program.main(wanted["name"], wanted["clock"])
            return
        os.setpgid(pid, pid)
        print(pid, flush=True)


def _become(log: str, environment: dict[str, str], **_: str) -> None:
    os.setpgid(0, 0)
    os.environ.clear()
    os.environ.update(environment)
    said, nothing = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644), os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(ours, theirs)
    os.close(said)
    os.close(nothing)


if __name__ == "__main__":
    main()
