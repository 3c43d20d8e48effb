"""Starts the vendor of `text_vendor_program.py`, tells it how to behave, and reads what it took."""

import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from app.sms.hooks import secret
from app.web.sealing import Sealer
from tests.services.leash import Leash
from tests.services.ports import free_port

READY_SECONDS = 10
PROGRAM = Path(__file__).with_name("text_vendor_program.py")

# Programs that are to be called back by it stand on this key, so that it knows the way in.
SECRET_KEY = bytes(32)

Way = Literal["taking", "down", "hanging", "failing", "dropping"]
Receipts = Literal["never", "once", "twice"]


@dataclass(frozen=True)
class Taken:
    at: float
    key: str


class TextVendor:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="homethread-texts-"))
        self.port, self._control_port = free_port(), free_port()
        command = [sys.executable, "-I", str(PROGRAM), str(self.folder), str(self.port), str(self._control_port)]
        self._leash = Leash(command, folder=self.folder, end=signal.SIGTERM)
        self._wait_until_ready()

    def address(self, public_url: str) -> str:
        """As HOMETHREAD_SMS_GATEWAYS takes it, for programs with SECRET_KEY that are reached at `public_url`."""
        return (
            f"kannel://u:p@127.0.0.1:{self.port}/?hook={public_url}/hooks/kannel/{secret(Sealer(SECRET_KEY), 'kannel')}"
        )

    def behave(self, way: Way = "taking", receipts: Receipts = "never", hang_seconds: float = 60) -> None:
        """From now on: `down` refuses connections, `dropping` takes a text and closes without an answer."""
        asked = f"way={way}&receipts={receipts}&hang_seconds={hang_seconds}"
        urllib.request.urlopen(f"http://127.0.0.1:{self._control_port}/?{asked}", timeout=READY_SECONDS).close()

    def taken(self) -> Sequence[Taken]:
        """What it took, in order, also what it never answered to."""
        lines = (self.folder / "taken").read_text().splitlines()
        return [Taken(float(at), unquote(key)) for at, _, key in (line.partition(" ") for line in lines)]

    def stop(self) -> None:
        self._leash.let_go()

    def _wait_until_ready(self) -> None:
        give_up = time.monotonic() + READY_SECONDS
        while True:
            try:
                self.behave()
            except urllib.error.URLError:
                if not self._leash.is_alive or time.monotonic() > give_up:
                    raise RuntimeError(f"the vendor did not start:\n{self._leash.log.read_text()}") from None
                time.sleep(0.02)
            else:
                return
