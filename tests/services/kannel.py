"""A Kannel of the tests' own: bearerbox, smsbox and Kannel's own fake SMSC, on ports of the loopback.

The fake SMSC is the outside world: it is told what a phone sends, and its log shows what phones were sent.
"""

import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from tests.ground import FAKE_SMSC
from tests.services.leash import Leash
from tests.services.ports import free_port

USER, PASSWORD, ADMIN_PASSWORD = "u", "a password of the tests", "status"
SHORT_CODE = "12345"
READY_SECONDS = 15
CORE = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {admin_password}
status-password = {admin_password}
smsbox-port = {box}
smsbox-interface = 127.0.0.1
log-level = 1
dlr-storage = internal

{smsc}

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-level = 1
http-request-retry = 20
http-queue-delay = 1

group = sendsms-user
username = {user}
password = "{password}"

group = sms-service
keyword = default
get-url = "{hook}?from=%p&text=%b&coding=%c&charset=%C&id=%I&at=%T"
catch-all = true
max-messages = 0
omit-empty = true
"""
FAKE = """
group = smsc
smsc = fake
smsc-id = fake
host = 127.0.0.1
port = {port}
connect-allow-ip = 127.0.0.1
"""
SMPP = """
group = smsc
smsc = smpp
smsc-id = carrier
host = 127.0.0.1
port = {port}
transceiver-mode = true
smsc-username = {user}
smsc-password = {password}
system-type = VMA
source-addr-ton = 5
source-addr-npi = 0
dest-addr-ton = 1
dest-addr-npi = 1
reconnect-delay = 1
"""
SAID = b"fakesmsc: sent message"
BEGINNING = rb"\S+ (?P<number>\S+) (?P<kind>text|ucs-2|data|udh) "
MESSAGE = re.compile(rb"Got message \d+: <" + BEGINNING + rb"(?P<rest>.*?)>\n(?=\d{4}-|\Z)", re.DOTALL)
# A plain text with a line feed in it comes as two lines, which the fake SMSC takes for two messages.
LINE_FEED = re.compile(
    rb">\n[^\n]*Got message \d+: <(?!" + BEGINNING.replace(b"?P<number>", b"").replace(b"?P<kind>", b"") + rb")"
)


class PrivateKannel:
    """`smsc` is a group of kannel.conf for another SMSC than the fake one."""

    def __init__(self, hook: str = "http://127.0.0.1:1/hooks/kannel/none", smsc: str | None = None) -> None:
        self.hook = hook
        self.sendsms_port, self.admin_port, self._box_port, self._fake_port = (free_port() for _ in range(4))
        self._is_fake = smsc is None
        self._conf = CORE.format(
            admin=self.admin_port, box=self._box_port, sendsms=self.sendsms_port, hook=hook, user=USER,
            password=PASSWORD, admin_password=ADMIN_PASSWORD, smsc=smsc or FAKE.format(port=self._fake_port),
        )  # fmt: skip
        self._boxes: dict[str, Leash] = {}
        self._fake: FakeSmsc | None = None
        self.start()

    @property
    def url(self) -> str:
        """As the setting takes it."""
        login = f"{USER}:{PASSWORD.replace(' ', '%20')}"
        status = f"admin=127.0.0.1:{self.admin_port}&status_password={ADMIN_PASSWORD}"
        return f"kannel://{login}@127.0.0.1:{self.sendsms_port}/?from={SHORT_CODE}&hook={self.hook}&{status}"

    def start(self) -> None:
        self._boxes["bearerbox"] = self._box("bearerbox")
        _wait_for(self._box_port, self._boxes["bearerbox"])
        self._boxes["smsbox"] = self._box("smsbox")
        _wait_for(self.sendsms_port, self._boxes["smsbox"])
        self.until("smsbox:")
        if self._is_fake:
            self._fake = FakeSmsc(self._fake_port, self._fake)
        self.until("(online ")

    def end(self, name: str, sent: signal.Signals = signal.SIGKILL) -> None:
        """Of bearerbox and smsbox the one of this name."""
        self._boxes[name].send(sent)

    def restart(self) -> None:
        """All of it, as whoever watches it does; what was sent before is still to be seen."""
        for box in self._boxes.values():
            box.let_go()
        self.start()

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """One of its boxes hangs."""
        os.kill(self._boxes[name].pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._boxes[name].pid, signal.SIGCONT)

    def stop(self) -> None:
        if self._fake is not None:
            self._fake.stop()
        for box in reversed(self._boxes.values()):
            box.let_go()

    def receive(self, sender: str, text: str) -> None:
        """What a phone sends, in one text as phones do: GSM or UCS-2."""
        assert self._fake is not None
        if all(c < "\x7f" for c in text) and "\n" not in text:
            self._fake.say(f"{sender} {SHORT_CODE} text {text}")
        else:
            self._fake.say(f"{sender} {SHORT_CODE} ucs2 {quote_from_bytes(text.encode('utf-16-be'), safe='')}")

    def receive_octets(self, sender: str, octets: bytes, *, header: bytes = b"", kind: str = "data") -> None:
        """`kind` is data (8-bit), or with a header udh-data or udh-text."""
        assert self._fake is not None
        said = [sender, SHORT_CODE, kind, *(quote_from_bytes(each, safe="") for each in (header, octets) if each)]
        self._fake.say(" ".join(said))

    def sent(self, number: str) -> list[str]:
        """The texts that came to a phone, long ones joined, in their order."""
        assert self._fake is not None
        return self._fake.texts().get(number, [])

    def status(self) -> str:
        page = f"http://127.0.0.1:{self.admin_port}/status.txt?password={ADMIN_PASSWORD}"
        with urllib.request.urlopen(page, timeout=READY_SECONDS) as answer:
            return str(answer.read().decode())

    def until(self, words: str) -> None:
        """Waits until the status page says these words."""
        give_up = time.monotonic() + READY_SECONDS
        while words not in self.status():
            if time.monotonic() > give_up:
                raise RuntimeError(f"Kannel's status never said {words!r}:\n{self.status()}")
            time.sleep(0.02)

    def _box(self, name: str) -> Leash:
        folder = Path(tempfile.mkdtemp(prefix=f"homethread-{name}-"))
        (folder / "kannel.conf").write_text(self._conf)
        return Leash([f"/usr/sbin/{name}", "kannel.conf"], folder=folder, end=signal.SIGKILL)


class FakeSmsc:
    """Kannel's `fakesmsc`, typed to. It ends with Kannel; `before` is the one before it, whose log goes on."""

    def __init__(self, port: int, before: "FakeSmsc | None" = None) -> None:
        self._log = bytearray()
        if before is not None:
            before.stop()
            self._log += before._log
        command = [FAKE_SMSC, "-H", "127.0.0.1", "-r", str(port), "-i", "0.01"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def say(self, line: str) -> None:
        """Returns when it is handed on: of two lines in one go it would keep the second back."""
        assert self._process.stdin is not None
        said, give_up = self._log.count(SAID), time.monotonic() + READY_SECONDS
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
        while self._log.count(SAID) == said:
            if time.monotonic() > give_up:
                raise RuntimeError(f"the fake SMSC handed nothing on:\n{self._log.decode(errors='replace')[-2000:]}")
            time.sleep(0.005)

    def texts(self) -> dict[str, list[str]]:
        shown: dict[str, list[str]] = defaultdict(list)
        parts: dict[tuple[str, int], bytes] = {}
        for found in MESSAGE.finditer(LINE_FEED.sub(b"\n", bytes(self._log))):
            number, kind, rest = found["number"].decode(), found["kind"].decode(), found["rest"]
            if kind != "udh":
                shown[number].append(_decoded(kind, rest))
                continue
            header, _, octets = rest.partition(b" data ")
            *_, reference, of, place = unquote_to_bytes(header)
            joined = parts.pop((number, reference), b"") + _unquoted(octets)
            if place == of:
                shown[number].append(_read_octets(joined))
            else:
                parts[number, reference] = joined
        return shown

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stderr):
            if stream is not None:
                stream.close()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._log += line


def _unquoted(octets: bytes) -> bytes:
    return unquote_to_bytes(octets.replace(b"+", b" "))


def _decoded(kind: str, rest: bytes) -> str:
    return rest.decode() if kind == "text" else _unquoted(rest).decode("utf-16-be" if kind == "ucs-2" else "latin-1")


def _read_octets(joined: bytes) -> str:
    """The fake SMSC does not say the coding of parts: GSM comes in UTF-8 there."""
    try:
        return joined.decode()
    except UnicodeDecodeError:
        return joined.decode("utf-16-be")


def _wait_for(port: int, box: Leash) -> None:
    give_up = time.monotonic() + READY_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if not box.is_alive or time.monotonic() > give_up:
                raise RuntimeError(f"Kannel did not start:\n{box.log.read_text(errors='replace')}") from None
            time.sleep(0.02)
        else:
            return
