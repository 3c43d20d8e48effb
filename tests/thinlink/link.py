"""The link itself, a program of its own: `python -m tests.thinlink.link LINK` (its shape as JSON), as root.

It makes a TUN device here, another in a network namespace that is its own and has no name, and carries packets between
the two: from there this machine can be reached, and nothing else. Devices and namespace are gone when it is, however
it ends, and it ends when its input does. It is told line by line what to do, each an object with one name, and answers
each with a line: `begin` {seed, blackouts} and `count` with what was counted until then, `seconds` with the same second
by second, `shape` {a shape} and `dark` [since, until] change it while it runs, `move` gives the far end another address
as a phone gets one that changes networks, and says which. With `--check` it only tries whether all that can be had.
"""

import ctypes
import fcntl
import heapq
import json
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import count
from random import Random
from typing import Any

from tests.thinlink.direction import Direction

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
CLONE_NEWNET = 0x40000000
MTU = 1500
FIRST = IPv4Address("198.18.0.0")  # RFC 2544 keeps these for tests of networks
# What phones and most servers use, whatever this machine does.
CONGESTION_CONTROL = "cubic"


@dataclass(frozen=True)
class Shape:
    """`up` is from the far end to the near one; the delay is that of each direction."""

    up_kbps: float
    down_kbps: float
    delay_seconds: float
    loss: float


class Link:
    def __init__(self, shape: Shape, near: int, far: int, far_end: "FarEnd") -> None:
        self._shape, self._near, self._far, self._far_end = shape, near, far, far_end
        self._on_the_way: list[tuple[float, int, int, bytes]] = []
        self._numbers = count()
        self._up, self._down = (Direction(1, 0, 0, Random()) for _way in ("up", "down"))
        self.begin(0, [])

    def begin(self, seed: int, blackouts: list[tuple[float, float]]) -> dict[str, dict[str, int]]:
        """Count from here; blackouts are seconds from now. What is on its way arrives. What was counted before."""
        counted = self.counted()
        now, shape = time.monotonic(), self._shape
        out = [(now + since, now + until) for since, until in blackouts]
        self._up, self._down = (
            Direction(kbps, shape.delay_seconds, shape.loss, Random(f"{seed} {way}"), list(out), now)
            for way, kbps in (("up", shape.up_kbps), ("down", shape.down_kbps))
        )
        return counted

    def shape(self, shape: Shape) -> None:
        """From now on; what waits already leaves as it would have."""
        self._shape = shape
        for way, kbps in ((self._up, shape.up_kbps), (self._down, shape.down_kbps)):
            way.kbps, way.delay_seconds, way.loss = kbps, shape.delay_seconds, shape.loss

    def dark(self, since: float, until: float) -> None:
        """One more blackout, in seconds from now."""
        now = time.monotonic()
        for way in (self._up, self._down):
            way.blackouts.append((now + since, now + until))

    def seconds(self) -> dict[str, list[dict[str, int]]]:
        return {"up": list(map(dict, self._up.seconds)), "down": list(map(dict, self._down.seconds))}

    def counted(self) -> dict[str, dict[str, int]]:
        return {"up": self._up.all_counts(), "down": self._down.all_counts()}

    def carry(self) -> None:
        """What came in, and what is due at the other end, until a line is there to be read."""
        told = sys.stdin.fileno()
        while True:
            due = self._on_the_way[0][0] - time.monotonic() if self._on_the_way else None
            ready, _, _ = select.select([told, self._near, self._far], [], [], due if due is None else max(0, due))
            for device, to, way in ((self._far, self._near, self._up), (self._near, self._far, self._down)):
                if device in ready:
                    self._take(os.read(device, MTU), to, way)
            while self._on_the_way and self._on_the_way[0][0] <= time.monotonic():
                _at, _number, to, packet = heapq.heappop(self._on_the_way)
                os.write(to, packet)
            if told in ready:
                return

    def _take(self, packet: bytes, to: int, way: Direction) -> None:
        if packet[0] >> 4 != 4:
            return  # what IPv6 says by itself on every new device
        if self._far_end.packed != (packet[16:20] if way is self._down else packet[12:16]):
            return  # an address that the far end had before: no network carries it any more
        at = way.arrival(packet, time.monotonic())
        if at is not None:
            heapq.heappush(self._on_the_way, (at, next(self._numbers), to, packet))


class FarEnd:
    """The addresses of the far end, one at a time; made and changed in its namespace."""

    def __init__(self, device: str, here: str, addresses: tuple[str, ...]) -> None:
        self._device, self._here, self._addresses = device, here, addresses
        self._take(0)

    def move(self) -> str:
        _ip("address", "del", self.address, "peer", self._here, "dev", self._device)
        self._take(self._place + 1)
        return self.address

    def _take(self, place: int) -> None:
        self._place, self.address = place, self._addresses[place % len(self._addresses)]
        self.packed = IPv4Address(self.address).packed
        _ip("address", "add", self.address, "peer", self._here, "dev", self._device)
        _route(self._here, self._device, self.address)


def main(asked: str) -> int:
    near, near_name = _device()
    if os.geteuid() == 0:
        with suppress(PermissionError):  # in a container root may not; then a busy machine makes the link late
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    here, *there = (str(FIRST + os.getpid() % 2**15 * 4 + place) for place in (1, 2, 3))
    _ip("address", "add", here, "peer", there[0], "dev", near_name)
    _ip("link", "set", near_name, "up")
    for address in there:
        _route(address, near_name, here)
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "a network namespace of our own")
    far, far_name = _device()
    _ip("link", "set", "lo", "up")
    _ip("link", "set", far_name, "up")
    far_end = FarEnd(far_name, here, tuple(there))
    if asked == "--check":
        return 0
    link = Link(Shape(**json.loads(asked)), near, far, far_end)
    _say({"near": here, "far": far_end.address})
    while True:
        link.carry()
        line = sys.stdin.readline()
        if not line:
            return 0
        _say(_obeyed(link, far_end, json.loads(line)))


def _obeyed(link: Link, far_end: FarEnd, told: dict[str, Any]) -> object:
    ((name, value),) = told.items()
    deeds: dict[str, Callable[[], object]] = {
        "begin": lambda: link.begin(**value),
        "count": link.counted,
        "seconds": link.seconds,
        "shape": lambda: link.shape(Shape(**value)),
        "dark": lambda: link.dark(*value),
        "move": far_end.move,
    }
    return deeds[name]()


def _route(to: str, device: str, source: str) -> None:
    _ip("route", "replace", to, "dev", device, "src", source, "congctl", CONGESTION_CONTROL)


def _device() -> tuple[int, str]:
    """A TUN device in the namespace that we are in; the kernel removes it when it is closed."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    named = fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"thin%d", IFF_TUN | IFF_NO_PI))
    return device, named[:16].rstrip(b"\0").decode()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, stdin=subprocess.DEVNULL)


def _say(said: object) -> None:
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
