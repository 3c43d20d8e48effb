"""Tests talk to this machine only: a connection to any other address fails, naming where it went."""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

GUARDED = ("connect", "connect_ex", "sendto")


class LeftTheMachine(RuntimeError):
    pass


def keep_on_loopback() -> None:
    """Once per process, before the first test is read."""
    for name in GUARDED:
        setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))


def is_local(family: int, address: Any) -> bool:
    if family not in (socket.AF_INET, socket.AF_INET6):
        return True
    host = address[0]
    if host == "localhost":
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = number.ipv4_mapped if isinstance(number, ipaddress.IPv6Address) else None
    return (mapped or number).is_loopback


def _guarded(original: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, *args: Any) -> Any:
        if not is_local(self.family, args[-1]):
            raise LeftTheMachine(f"a test may connect to the loopback only, not to {args[-1]!r}")
        return original(self, *args)

    return guarded
