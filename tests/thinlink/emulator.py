"""A thin link to stand programs behind: a rate for each direction, a round trip, loss, blackouts, and what it carried.

The near end is this machine, the far end a network namespace that the link alone leads into. It takes root and TUN
devices. Rates, delay and loss can change while it runs, and so can the far end's address. Delay is that of the wire;
TCP runs with cubic on both ends. `link.py` carries the packets.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.groups import ROOT
from tests.thinlink.link import Shape

Blackouts = Sequence[tuple[float, float]]
END_SECONDS = 5


@dataclass(frozen=True)
class Counted:
    """Of one direction. `ip_bytes` are all that entered it, also what was then dropped or lost; `stream_bytes` what
    programs gave to TCP, each byte once."""

    packets: int = 0
    ip_bytes: int = 0
    stream_bytes: int = 0
    dropped_packets: int = 0  # no room before the bottleneck
    lost_packets: int = 0


@dataclass(frozen=True)
class Carried:
    up: Counted
    down: Counted


@dataclass(frozen=True)
class Seconds:
    """One dictionary a second: `packets`, `ip_bytes`, and the bytes of each kind that `direction.kind` tells apart."""

    up: list[dict[str, int]]
    down: list[dict[str, int]]


class ThinLink:
    """`near` is our address as seen from the far end, `far` that of the far end as seen from here."""

    def __init__(self, link: subprocess.Popen[str]) -> None:
        self._link = link
        said = self._read()
        self.near, self.far = said["near"], said["far"]

    def inside(self, *command: str) -> list[str]:
        """A command that runs another at the far end; it is killed when the thread that starts it is gone."""
        return ["setpriv", "--pdeathsig", "KILL", "nsenter", f"--net=/proc/{self._link.pid}/ns/net", "--", *command]

    def script(self, path: Path, program: str) -> Path:
        """An executable file that runs a program at the far end, for those who want a path of one."""
        found = shutil.which(program)
        assert found, program
        path.write_text(f'#!/bin/sh\nexec nsenter --net=/proc/{self._link.pid}/ns/net -- "{found}" "$@"\n')
        path.chmod(0o700)
        return path

    def begin(self, seed: int = 0, blackouts: Blackouts = ()) -> Carried:
        """Start counting and losing anew, with blackouts in seconds from now; what was counted until now."""
        return _carried(self._ask({"begin": {"seed": seed, "blackouts": list(blackouts)}}))

    def carried(self) -> Carried:
        return _carried(self._ask({"count": True}))

    def seconds(self) -> Seconds:
        """What entered in each second since the counting began."""
        said = self._ask({"seconds": True})
        return Seconds(said["up"], said["down"])

    def shape(self, up_kbps: float, down_kbps: float, rtt_ms: float, loss: float = 0) -> None:
        """From now on; the counting goes on."""
        self._ask({"shape": asdict(Shape(up_kbps, down_kbps, rtt_ms / 2000, loss))})

    def dark(self, seconds: float) -> None:
        """All is lost from now on, for so long."""
        self._ask({"dark": [0, seconds]})

    def move(self) -> None:
        """The far end gets another address, at once; to the old one nothing goes, from it nothing comes."""
        self.far = self._ask({"move": True})

    def _ask(self, asked: dict[str, Any]) -> Any:
        assert self._link.stdin
        self._link.stdin.write(f"{json.dumps(asked)}\n")
        self._link.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._link.stdout
        line = self._link.stdout.readline()
        assert line, f"the thin link ended with {self._link.wait()}"
        return json.loads(line)


def _carried(said: dict[str, dict[str, int]]) -> Carried:
    return Carried(Counted(**said["up"]), Counted(**said["down"]))


@contextmanager
def thin_link(
    up_kbps: float, down_kbps: float, rtt_ms: float, loss: float = 0, *, blackouts: Blackouts = (), seed: int = 0
) -> Iterator[ThinLink]:
    """`up` is from the far end to here. Blackouts are counted from when it stands, or from the last `begin`."""
    shape = Shape(up_kbps, down_kbps, rtt_ms / 2000, loss)
    command = [sys.executable, "-m", "tests.thinlink.link", json.dumps(asdict(shape))]
    link = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert link.stdin
    assert link.stdout
    try:
        standing = ThinLink(link)
        standing.begin(seed, blackouts)
        yield standing
    finally:
        link.stdin.close()
        link.wait(END_SECONDS)
        link.stdout.close()
