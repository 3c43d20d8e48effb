"""Keeps programs running on one Linux machine: one that ends is started again, and none outlives the supervisor.

Standard library only, and little of it, since this process stays for as long as the machine is on. It has one thread.
What the programs are is the caller's business.
"""

import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Self
from urllib.parse import SplitResult, urlsplit

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 60.0
END_SECONDS = 10.0
POLL_SECONDS = 0.1
ANSWER_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Program:
    name: str
    argv: Sequence[str]
    env: Mapping[str, str]


def supervise(
    programs: Sequence[Program],
    *,
    ready_url: str | None,
    on_ready: Callable[[], None],
    ready_seconds: float = 30,
    end_seconds: float = END_SECONDS,
    certificate: str | None = None,
) -> int:
    """Run the programs until SIGTERM, SIGINT or SIGHUP; the exit code.

    `on_ready` is called once, when every program runs and `ready_url` answers 200. If that takes longer than
    `ready_seconds`, all are ended and the code is 1. What has not ended `end_seconds` after it was asked is killed, and
    a second signal does so at once. An https address is asked for the very certificate that lies in the file
    `certificate`.
    """
    with _Signals() as signals:
        children = [_Child(program) for program in programs]
        try:
            is_up = _wait_until_ready(children, signals, ready_url, certificate, ready_seconds)
            if is_up:
                on_ready()
            while is_up and not signals.asked:
                _keep_running(children, signals, LONGEST_WAIT_SECONDS)
        finally:
            _end(children, signals, end_seconds)
    return 0 if signals.asked else 1


def is_ready(url: str, certificate: str | None = None) -> bool:
    """Whether GET of an address is answered with 200 within a second."""
    parts = urlsplit(url)
    try:
        with _stream(parts, certificate) as stream:
            stream.sendall(f"GET {parts.path or '/'} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode())
            with stream.makefile("rb") as answer:
                return answer.readline(200).split()[1:2] == [b"200"]
    except OSError:
        return False


def _stream(parts: SplitResult, certificate: str | None) -> socket.socket:
    plain = socket.create_connection((parts.hostname, parts.port or 80), timeout=ANSWER_SECONDS)
    if parts.scheme != "https":
        return plain
    import ssl  # a megabyte, and the demo doesn't need it

    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False  # it is asked at its own door; that it has our certificate is what counts
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    with plain:
        return context.wrap_socket(plain)


def _wait_until_ready(
    children: "Sequence[_Child]", signals: "_Signals", url: str | None, certificate: str | None, seconds: float
) -> bool:
    """Start all and wait; False when it takes too long or we are asked to end."""
    give_up = time.monotonic() + seconds
    while not signals.asked:
        _keep_running(children, signals, POLL_SECONDS)
        if all(child.runs for child in children) and (url is None or is_ready(url, certificate)):
            return True
        if time.monotonic() > give_up:
            _say(f"not ready after {seconds:g} s ({url}); giving up")
            return False
    return False


def _keep_running(children: "Sequence[_Child]", signals: "_Signals", longest_wait: float) -> None:
    """Start what is due, then wait for the next thing to happen and notice what ended."""
    for child in children:
        child.start_if_due()
    moments = [child.start_at for child in children if child.start_at is not None]
    signals.wait(min([longest_wait, *(at - time.monotonic() for at in moments)]))
    for child in children:
        child.plan_restart_if_ended()


def _end(children: "Sequence[_Child]", signals: "_Signals", seconds: float) -> None:
    """Ask all to end, together; kill what does not within its time."""
    already_asked, give_up = signals.asked, time.monotonic() + seconds
    for child in children:
        child.ask_to_end()
    while left := [child for child in children if child.is_left()]:
        seconds = give_up - time.monotonic()
        if seconds <= 0 or signals.asked > max(1, already_asked):
            break
        signals.wait(seconds)
    for child in left:
        child.kill()


def _say(what: str) -> None:
    print(f"homethread: {what}", file=sys.stderr, flush=True)  # noqa: T201 - logs are the programs' own


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    names = [number.name for number in signal.Signals if number == -code]
    return f"was ended by {names[0] if names else f'signal {-code}'}"


def _die_with(supervisor: int) -> None:
    """Run in the child before its program: when the supervisor dies, even by SIGKILL, so does the child."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != supervisor:  # it died between the fork and the line above
        os.kill(os.getpid(), signal.SIGKILL)


class _Signals:
    """Wakes `wait` for every signal that matters, and counts how often we were asked to end."""

    ASKS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def __init__(self) -> None:
        self.asked = 0

    def __enter__(self) -> Self:
        self._woken, self._wake = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        self._old_fd = signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        self._old_handlers = {number: signal.signal(number, self._note) for number in (*self.ASKS, signal.SIGCHLD)}
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_fd)
        self._woken.close()
        self._wake.close()

    def wait(self, seconds: float) -> None:
        if select.select([self._woken], [], [], max(0.0, seconds))[0]:
            self._woken.recv(4096)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.asked += number in self.ASKS


class _Child:
    """One program: its process while it runs, the instant of its next start while it doesn't."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._began_at = 0.0
        self._pause = FIRST_PAUSE_SECONDS
        self.start_at: float | None = time.monotonic()

    @property
    def runs(self) -> bool:
        return self._process is not None

    def start_if_due(self) -> None:
        now, supervisor = time.monotonic(), os.getpid()
        if self.start_at is None or now < self.start_at:
            return
        self._began_at, self.start_at = now, None
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the caller's own programs
                self._program.argv, env=self._program.env, stdin=subprocess.DEVNULL,
                stdout=2,  # the supervisor alone speaks to whoever started it; a library may greet on its own
                process_group=0,  # so that Ctrl-C reaches us alone, and all that it starts can be ended
                preexec_fn=lambda: _die_with(supervisor),
            )  # fmt: skip
        except OSError as error:
            self._plan_restart(f"could not be started ({error})", 0)

    def plan_restart_if_ended(self) -> None:
        code = self._collect()
        if code is not None:
            lived = time.monotonic() - self._began_at
            self._plan_restart(f"{_how(code)} after {lived:.0f} s", lived)

    def ask_to_end(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def is_left(self) -> bool:
        """Whether it still runs, now that it was asked to end."""
        self._collect()
        return self.runs

    def kill(self) -> None:
        if self._process is not None:
            _say(f"{self._program.name} was slow to end and is killed")
            self._kill_group(self._process)
            self._process.wait()

    def _collect(self) -> int | None:
        """Give the exit code of a process that has ended, once; what it left behind is killed."""
        process = self._process
        if process is None or not os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return None
        self._kill_group(process)
        self._process = None
        return process.wait()

    @staticmethod
    def _kill_group(process: "subprocess.Popen[bytes]") -> None:
        """To be called before the process is collected, while its number can't be anybody else's."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def _plan_restart(self, what: str, lived_seconds: float) -> None:
        if lived_seconds >= HEALTHY_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        _say(f"{self._program.name} {what}; starting it again in {self._pause:g} s")
        self.start_at = time.monotonic() + self._pause
        self._pause = min(LONGEST_PAUSE_SECONDS, self._pause * 2)
