"""A gammu-smsd of the tests' own, with gammu's dummy phone: it really takes files, sends, fails and receives."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.services.leash import Leash

DRAIN_SECONDS = 20
CONFIG = """
[gammu]
model = dummy
connection = none
device = {folder}/dummy

[smsd]
service = files
inboxpath = {folder}/inbox/
outboxpath = {folder}/outbox/
sentsmspath = {folder}/sent/
errorsmspath = {folder}/error/
inboxformat = {inbox_format}
debuglevel = 1
logfile = {folder}/smsd.log
commtimeout = 1
loopsleep = {loop_seconds}
receivefrequency = 1
maxretries = 1
retrytimeout = 0
checksecurity = 0
checkbattery = 0
checksignal = 0
checknetwork = 0
"""
PART = re.compile(r"\[SMSBackup\d{3}\]\n(.*?)(?=\[SMSBackup|\Z)", re.DOTALL)


class PrivateGammu:
    """The daemon runs from `start` to `halt`, its folders and its phone are there before and after.

    With `loop_seconds` 0 it never rests: for tests that only wait until it is through.
    """

    def __init__(self, *, inbox_format: str = "detail", loop_seconds: int = 0) -> None:
        program = shutil.which("gammu-smsd")
        if program is None:
            raise RuntimeError("gammu-smsd is not installed: apt-get install gammu gammu-smsd")
        self._program = program
        self.folder = Path(tempfile.mkdtemp(prefix="homethread-gammu-"))
        for name in ("dummy", "inbox", "outbox", "sent", "error"):
            (self.folder / name).mkdir()
        self._config = self.folder / "smsdrc"
        self._config.write_text(CONFIG.format(folder=self.folder, inbox_format=inbox_format, loop_seconds=loop_seconds))
        self._leash: Leash | None = None
        self._given: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"modem:{self.folder}"

    @property
    def log(self) -> str:
        path = self.folder / "smsd.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def pid(self) -> int | None:
        return self._leash.pid if self._leash else None

    def waiting(self) -> list[Path]:
        """The texts in the outbox."""
        return [path for path in (self.folder / "outbox").iterdir() if path.name.startswith("OUT")]

    def start(self) -> None:
        self._leash = Leash([self._program, "-c", str(self._config)], folder=self.folder, end=signal.SIGTERM)

    def halt(self, sent: signal.Signals = signal.SIGTERM) -> None:
        if self._leash is not None:
            self._leash.send(sent)
            self._leash = None

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self.folder)

    def drain(self) -> None:
        """Let the daemon run until nothing waits in its outbox. It writes its remarks into files that it has sent."""
        if not self.waiting():
            return
        self._given |= {path.name: path.read_text() for path in self.waiting()}
        self.start()
        try:
            deadline = time.monotonic() + DRAIN_SECONDS
            while self.waiting():
                if time.monotonic() > deadline:
                    raise TimeoutError(f"gammu-smsd did not send:\n{self.log}")
                time.sleep(0.02)
        finally:
            self.halt()

    def sent(self, number: str) -> list[str]:
        """What the daemon says that it sent to a number, once nothing waits any more."""
        self.drain()
        names = re.findall(r"Transmitted (\S+) \(total: \d+\) to (\S+),", self.log)
        return [_text_in(self._given[name]) for name, to in names if to == number]

    def receive(self, number: str, text: str) -> None:
        """A text comes to the modem, in parts if it is long."""
        is_plain = text.isascii()
        said = ["-text", text, "-len", "800", *(() if is_plain else ("-unicode",))]
        subprocess.run(
            ["gammu", "-c", str(self._config), "savesms", "TEXT", "-folder", "1", "-unread", "-sender", number, *said],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=os.environ | {"LC_ALL": "C.UTF-8"},
        )  # fmt: skip


def _text_in(backup: str) -> str:
    """The text of a backup's parts, put together as a phone does: by their headers, in the alphabet they name."""
    return "".join(_part(section) for section in PART.findall(backup))


def _part(section: str) -> str:
    octets = bytes.fromhex("".join(re.findall(r"^Text\d\d = ([0-9A-F]*)$", section, re.MULTILINE)))
    return octets.decode("utf-16-be")
