"""This machine's addresses in its own network, the one of the default route first. Reads the kernel; asks nobody."""

import fcntl
import ipaddress
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

SIOCGIFADDR = 0x8915
ROUTES, ADDRESSES_V6 = Path("/proc/net/route"), Path("/proc/net/if_inet6")
LOCAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.0/8",
        "fc00::/7", "fe80::/10", "::1/128",
    )
)  # fmt: skip


def is_local(address: Address) -> bool:
    """Whether it means something in a network of one's own only; for these the local authority may speak."""
    return any(address in network for network in LOCAL if network.version == address.version)


def own_addresses() -> list[Address]:
    """Every local address of the interfaces, without the loopback's, best first."""
    first = _default_interface()
    found = sorted(_addresses_by_interface(), key=lambda pair: (pair[0] != first, pair[1].version))
    return [address for _, address in found if is_local(address) and not address.is_loopback]


def _addresses_by_interface() -> Iterator[tuple[str, Address]]:
    with socket.socket(type=socket.SOCK_DGRAM) as asked:
        for _, name in socket.if_nameindex():
            with suppress(OSError):  # an interface without an address
                answer = fcntl.ioctl(asked, SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                yield name, ipaddress.IPv4Address(answer[20:24])
    if ADDRESSES_V6.exists():
        for line in ADDRESSES_V6.read_text().splitlines():
            digits, *_, name = line.split()
            address = ipaddress.IPv6Address(bytes.fromhex(digits))
            if not address.is_link_local:  # a browser can't open one: it needs the interface in the address
                yield name, address


def _default_interface() -> str | None:
    if not ROUTES.exists():
        return None
    rows = [line.split() for line in ROUTES.read_text().splitlines()[1:]]
    return next((row[0] for row in rows if row[1] == "00000000"), None)
