"""What the supervisor does with programs that die, that won't die, and when it dies itself."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.groups import ROOT
from tests.services import free_port

NOTE_PID = "import os, time; open('pids', 'a').write(f'{os.getpid()}\\n'); "
SLEEP = NOTE_PID + "time.sleep(600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP
NOTE_TERM = (
    "import signal, sys; "
    "signal.signal(signal.SIGTERM, lambda *_: (open('ended', 'a').write('.'), sys.exit(0))); " + SLEEP
)  # fmt: skip
WITH_CHILD = "import subprocess, sys; subprocess.Popen([sys.executable, '-S', '-c', " + repr(SLEEP) + "]); " + SLEEP
PATIENCE_SECONDS = 20


class Supervisor:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self, *scripts: str, ready_url: str = "", ready_seconds: int = PATIENCE_SECONDS, end_seconds: float = 10
    ) -> None:
        with (self.folder / "said").open("wb") as said:
            given = [str(self.folder), ready_url, str(ready_seconds), str(end_seconds)]
            command = [sys.executable, "-m", "tests.faults.children", *given, *scripts]
            self._process = subprocess.Popen(command, cwd=ROOT, stderr=said)

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        assert self._process is not None
        return self._process.wait(seconds)

    def pids(self, count: int) -> list[int]:
        """The pids of all programs that were started, once there are `count` of them."""
        until(lambda: len(self._pids()) >= count, "programs started")
        return self._pids()

    def said(self) -> str:
        return (self.folder / "said").read_text()

    def has(self, name: str) -> bool:
        return (self.folder / name).exists()

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for pid in self._pids():
            if runs(pid):
                os.kill(pid, signal.SIGKILL)

    def _pids(self) -> list[int]:
        path = self.folder / "pids"
        return [int(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    started = Supervisor(tmp_path)
    yield started
    started.end()


def until(is_so: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < give_up, f"never: {what}"
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """Whether it runs; one that nobody has collected yet has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_killed_program_is_started_again_and_that_is_said(supervisor: Supervisor) -> None:
    supervisor.start(SLEEP, SLEEP)
    first, other = supervisor.pids(2)
    os.kill(first, signal.SIGKILL)
    _first, _other, again = supervisor.pids(3)
    assert runs(again)
    assert runs(other)
    assert re.fullmatch(
        r"homethread: p[12] was ended by SIGKILL after \d s; starting it again in 0\.5 s\n", supervisor.said()
    )


def test_what_a_dead_program_left_behind_is_gone_before_it_is_started_again(supervisor: Supervisor) -> None:
    supervisor.start(WITH_CHILD)
    pids = supervisor.pids(2)
    parent = next(pid for pid in pids if os.getpgid(pid) == pid)
    os.kill(parent, signal.SIGKILL)
    supervisor.pids(4)
    assert [runs(pid) for pid in pids] == [False, False]


def test_a_program_that_fails_at_once_is_started_ever_more_seldom(supervisor: Supervisor) -> None:
    supervisor.start(NOTE_PID + "raise SystemExit(7)")
    supervisor.pids(3)
    until(lambda: supervisor.said().count("starting it again") >= 3, "said three times")
    pauses = re.findall(r"p1 ended with code 7 after \d s; starting it again in ([\d.]+) s", supervisor.said())
    assert pauses[:3] == ["0.5", "1", "2"]


def test_a_program_that_can_not_be_started_is_said_so_and_does_not_harm_the_others(supervisor: Supervisor) -> None:
    supervisor.start("/nowhere/program", SLEEP)
    (pid,) = supervisor.pids(1)
    until(lambda: supervisor.said().count("\n") >= 2, "said twice")
    assert re.match(
        r"homethread: p1 could not be started \(.+/nowhere/program.+\); starting it again", supervisor.said()
    )
    assert runs(pid)
    assert not supervisor.has("ready")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_all_programs_are_asked_to_end_when_it_is(supervisor: Supervisor, number: signal.Signals) -> None:
    supervisor.start(NOTE_TERM, NOTE_TERM)
    pids = supervisor.pids(2)
    until(lambda: supervisor.has("ready"), "ready")
    supervisor.signal(number)
    assert supervisor.wait() == 0
    assert (supervisor.folder / "ended").read_text() == ".."
    assert not any(map(runs, pids))
    assert supervisor.said() == ""


def test_a_program_that_does_not_end_is_killed_and_that_is_said(supervisor: Supervisor) -> None:
    supervisor.start(DEAF, NOTE_TERM, end_seconds=2)
    pids = supervisor.pids(2)
    began = time.monotonic()
    supervisor.signal(signal.SIGTERM)
    assert supervisor.wait() == 0
    assert time.monotonic() - began >= 2
    assert not any(map(runs, pids))
    assert supervisor.said() == "homethread: p1 was slow to end and is killed\n"


def test_a_second_signal_does_not_wait(supervisor: Supervisor) -> None:
    supervisor.start(DEAF, NOTE_TERM)
    (deaf, _other) = sorted(supervisor.pids(2), key=lambda pid: not _ignores_term(pid))
    supervisor.signal(signal.SIGTERM)
    until(lambda: supervisor.has("ended"), "the other ended")
    began = time.monotonic()
    supervisor.signal(signal.SIGTERM)
    assert supervisor.wait() == 0
    assert time.monotonic() - began < 5
    assert not runs(deaf)


def test_no_program_outlives_a_supervisor_that_is_killed(supervisor: Supervisor) -> None:
    supervisor.start(SLEEP, DEAF)
    pids = supervisor.pids(2)
    supervisor.signal(signal.SIGKILL)
    supervisor.wait()
    until(lambda: not any(map(runs, pids)), "all ended")


def test_it_is_ready_when_the_address_answers(supervisor: Supervisor) -> None:
    port = free_port()
    serve = f"""
import http.server
class Answers(http.server.BaseHTTPRequestHandler):
    asked = 0
    def do_GET(self):
        Answers.asked += 1
        self.send_response(503 if Answers.asked < 3 else 200)
        self.end_headers()
        open("asked", "a").write(self.path + "\\n")
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", {port}), Answers).serve_forever()
"""
    supervisor.start(serve, ready_url=f"http://127.0.0.1:{port}/healthz")
    until(lambda: supervisor.has("ready"), "ready")
    assert (supervisor.folder / "asked").read_text() == "/healthz\n" * 3


def test_it_gives_up_when_nobody_answers(supervisor: Supervisor) -> None:
    url = f"http://127.0.0.1:{free_port()}/healthz"
    supervisor.start(SLEEP, ready_url=url, ready_seconds=1)
    pids = supervisor.pids(1)
    assert supervisor.wait() == 1
    assert not any(map(runs, pids))
    assert supervisor.said() == f"homethread: not ready after 1 s ({url}); giving up\n"
    assert not supervisor.has("ready")


def _ignores_term(pid: int) -> bool:
    ignored = re.search(r"SigIgn:\t(\w+)", Path(f"/proc/{pid}/status").read_text())
    assert ignored is not None
    return bool(int(ignored[1], 16) & 1 << signal.SIGTERM - 1)
