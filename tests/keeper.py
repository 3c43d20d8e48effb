"""Runs one command, ends it at its limit, and lets none of its descendants outlive it. A script of its own.

Orphans fall to this process, so it knows exactly which ones are the command's. It ends everything when its standard
input closes too: then whoever wanted the result is gone. What it saw goes as JSON to the file it was given.
"""

import ctypes
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
GRACE_SECONDS = 10  # for what is asked to end
STRAGGLER_SECONDS = 5  # for what is still on its way out when the command has ended
STEP_SECONDS = 0.05


class Keeper:
    def __init__(self, command: list[str]) -> None:
        if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "can't adopt orphans")
        nothing = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
        self.pid = os.posix_spawnp(command[0], command, os.environ, file_actions=[nothing], setsid=True)
        self.code: int | None = None

    def reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.pid:
                self.code = os.waitstatus_to_exitcode(status)

    def wait(self, seconds: float, is_over: Callable[[], bool]) -> bool:
        """Whether it was over before the time was."""
        give_up = time.monotonic() + seconds
        while True:
            self.reap()
            if is_over():
                return True
            if time.monotonic() > give_up or self._is_unwanted():
                return False
            time.sleep(STEP_SECONDS)

    def interrupt(self) -> None:
        os.killpg(self.pid, signal.SIGINT)
        give_up = time.monotonic() + GRACE_SECONDS
        while self.code is None and time.monotonic() < give_up:
            time.sleep(STEP_SECONDS)
            self.reap()

    def sweep(self) -> None:
        while left := descendants():
            for pid in left:
                _kill(pid)
            time.sleep(STEP_SECONDS)
            self.reap()

    def _is_unwanted(self) -> bool:
        ready, _, _ = select.select([0], [], [], 0)
        return bool(ready)


def descendants() -> dict[int, str]:
    """Every live process that descends from this one, with its command line."""
    parents = dict(_parents())
    found: dict[int, str] = {}
    for pid in parents:
        ancestor = pid
        while ancestor in parents:
            ancestor = parents[ancestor]
            if ancestor == os.getpid():
                found[pid] = _command_line(pid)
    return found


def _parents() -> list[tuple[int, int]]:
    pairs = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        if state != "Z":
            pairs.append((int(entry.name), int(parent)))
    return pairs


def _command_line(pid: int) -> str:
    try:
        return (
            f"{pid} {Path(f'/proc/{pid}/cmdline').read_bytes().replace(bytes(1), b' ').decode(errors='replace')[:200]}"
        )
    except (FileNotFoundError, ProcessLookupError):
        return f"{pid}, ended meanwhile"


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it was quicker


def main(result: str, limit: str, *command: str) -> None:
    keeper = Keeper(list(command))
    in_time = keeper.wait(float(limit), lambda: keeper.code is not None)
    left: dict[int, str] = {}
    if not in_time:
        keeper.interrupt()
    elif not keeper.wait(STRAGGLER_SECONDS, lambda: not descendants()):
        left = descendants()
    keeper.sweep()
    Path(result).write_text(json.dumps({"code": keeper.code, "hung": not in_time, "left": list(left.values())}))


if __name__ == "__main__":
    main(*sys.argv[1:])
