"""An SMSC of the tests' own that speaks SMPP 3.4: the npm package `smpp` under Node, a third party's code.

It behaves as `smsc.mjs` says, tells what it was sent, and delivers what it is told to. It ends with its standard input.
"""

import json
import shutil
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from tests.services.ports import free_port

SCRIPT = Path(__file__).parent / "smsc.mjs"
SYSTEM_ID, PASSWORD = "homethread", "s3cret"
SHORT_CODE = "12345"
WAIT_SECONDS = 15
INTERNATIONAL = 1
GSM, LATIN_1, UCS2, BINARY = 0, 3, 8, 4
UDHI = 0x40


class PrivateSmsc:
    def __init__(self) -> None:
        self.port = free_port()
        self.said: list[dict[str, Any]] = []
        self._marks = count()
        self.start()

    @property
    def url(self) -> str:
        """As the setting takes it."""
        return f"smpp://{SYSTEM_ID}:{PASSWORD}@127.0.0.1:{self.port}/?from={SHORT_CODE}&system_type=VMA"

    def start(self) -> None:
        node = shutil.which("node")
        if node is None or not (SCRIPT.parent.parent / "node_modules" / "smpp").is_dir():
            raise RuntimeError("Node or tests/node_modules is missing; `python3 -m tests` brings both")
        self._process = subprocess.Popen(
            [node, str(SCRIPT), str(self.port), SYSTEM_ID, PASSWORD],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.until(lambda: bool(self.events("ready")))

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def restart(self) -> None:
        """On the same port, knowing nothing of before."""
        self.stop()
        self.said = [each for each in self.said if each["event"] != "ready"]
        self.start()

    def forget(self) -> None:
        """Behaves as in the beginning, has nothing to deliver, and its connections are closed."""
        self.kick()
        self._tell("forget", None)
        self._settle()
        self.said.clear()

    def behave(self, **ways: Any) -> None:
        """Returns when it does."""
        self._tell("behave", ways)
        self._settle()

    def kick(self) -> None:
        """Hangs up on everybody."""
        self._tell("kick", None)

    def nonsense(self, octets: bytes) -> None:
        """Writes it to everybody."""
        self._tell("nonsense", octets.hex())

    def deliver(self, sender: str, octets: bytes, name: str = "text", **fields: Any) -> None:
        """A deliver_sm as it is; `name` comes back when it is acknowledged."""
        told = {
            "name": name, "octets": octets.hex(), "destination_addr": SHORT_CODE, "data_coding": GSM, "esm_class": 0,
            "source_addr": sender.removeprefix("+"), "source_addr_ton": INTERNATIONAL * sender.startswith("+"),
        }  # fmt: skip
        self._tell("deliver", {**told, **fields})

    def receive(self, sender: str, text: str) -> None:
        """What a phone sends, as phones do: UCS-2, in pieces of 67 where it is long."""
        octets = text.encode("utf-16-be")
        if len(octets) <= 140:
            self.deliver(sender, octets, data_coding=UCS2)
            return
        pieces = [octets[at : at + 134] for at in range(0, len(octets), 134)]
        reference = sum(octets) % 256
        for number, piece in enumerate(pieces, 1):
            header = bytes([5, 0, 3, reference, len(pieces), number])
            self.deliver(sender, header + piece, data_coding=UCS2, esm_class=UDHI)

    def told(self, event: str) -> list[dict[str, Any]]:
        """All of this kind that has happened by now."""
        self._settle()
        return self.events(event)

    def events(self, event: str) -> list[dict[str, Any]]:
        """As far as it was heard."""
        return [each for each in self.said if each["event"] == event]

    def acknowledged(self, name: str) -> list[int]:
        """The statuses that a delivery was answered with."""
        return [each["status"] for each in self.events("acknowledged") if each["name"] == name]

    def sent(self, number: str) -> list[str]:
        """The texts that came to a phone, long ones joined by their headers, in their order."""
        shown: list[str] = []
        parts: dict[str, dict[int, str]] = defaultdict(dict)
        for each in self.told("submitted"):
            if each["number"].removeprefix("+") != number.removeprefix("+"):
                continue
            place = next((element for element in each["header"] if element.startswith("0003")), None)
            if place is None:
                shown.append(each["text"])
                continue
            reference, of, at = place[4:6], int(place[6:8], 16), int(place[8:10], 16)
            parts[reference][at] = each["text"]
            if len(parts[reference]) == of:
                whole = parts.pop(reference)
                shown.append("".join(whole[n] for n in sorted(whole)))
        return shown

    def until(self, is_so: Callable[[], bool]) -> None:
        give_up = time.monotonic() + WAIT_SECONDS
        while not is_so():
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"the SMSC never came to that; it said {self.said[-20:]}")
            time.sleep(0.01)

    def _settle(self) -> None:
        """Returns when all that it was told is done, and all that it said is heard."""
        mark = next(self._marks)
        self._tell("echo", mark)
        self.until(lambda: any(each.get("mark") == mark for each in self.said))

    def _tell(self, command: str, argument: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([command, argument]) + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(json.loads(line))
