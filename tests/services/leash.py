"""Holds a server so that it can't outlive whoever started it, not even when that process is killed.

Between the two stands this file, run as a script: when its standard input closes, it ends the server and removes the
server's folder. A server that ends by itself (or is killed by a test) leaves its folder, so that it can start again.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

END_SECONDS = 10


class Leash:
    def __init__(self, command: Sequence[str], *, folder: Path, end: signal.Signals, user: str | None = None) -> None:
        self._folder = folder
        self.log = folder / "server.log"
        with self.log.open("ab") as log:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__, str(folder), str(end.value), user or "", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert self._guard.stdout is not None
        said = self._guard.stdout.readline()
        if not said:
            self._close()
            raise RuntimeError(f"{command[0]} did not start:\n{self.log.read_text()}")
        self.pid = int(said)

    @property
    def is_alive(self) -> bool:
        return self._guard.poll() is None

    def send(self, sent: signal.Signals) -> None:
        """Signals the server alone and returns when it has ended; its folder stays."""
        if self.is_alive:
            os.kill(self.pid, sent)
        self._guard.wait(END_SECONDS * 2)
        self._close()

    def let_go(self) -> None:
        """Ends the server, if it still runs, and removes its folder."""
        if self.is_alive and self._guard.stdin is not None:
            self._guard.stdin.write(b"\n")  # closing alone isn't seen while a forked child holds the other copy
        self._close()
        self._guard.wait(END_SECONDS * 2)
        if self._folder.exists():
            shutil.rmtree(self._folder)

    def _close(self) -> None:
        for stream in (self._guard.stdin, self._guard.stdout):
            if stream is not None:
                stream.close()


def _guard(folder: str, end: signal.Signals, user: str | None, command: Sequence[str]) -> int:
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        cwd=folder,
        user=user,
        group=user,
        extra_groups=() if user else None,
    )
    print(server.pid, flush=True)
    ready, _, _ = select.select([sys.stdin, os.pidfd_open(server.pid)], [], [])
    if sys.stdin in ready:
        _end(server, end)
        shutil.rmtree(folder)
    return server.wait()


def _end(server: subprocess.Popen[bytes], end: signal.Signals) -> None:
    server.send_signal(end)
    try:
        server.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()


if __name__ == "__main__":
    _, folder_name, end_number, user_name, *server_command = sys.argv
    sys.exit(_guard(folder_name, signal.Signals(int(end_number)), user_name or None, server_command))
