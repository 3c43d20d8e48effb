"""Calls addresses that were given to us by people, without becoming their way into our own network.

https alone, to the open internet alone, over a connection to the very address that was looked at, and never on to
where an answer points. What is said over it is not decided here.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

CONNECT_SECONDS, WHOLE_SECONDS = 5, 12
LONGEST_ADDRESS = 1000
TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address

Resolve = Callable[[str, int], Sequence[str]]


class NotCalled(Exception):
    """Nothing was sent. `is_refused`: this address is never called; otherwise the other end was not to be reached."""

    def __init__(self, message: str, *, is_refused: bool) -> None:
        super().__init__(message)
        self.is_refused = is_refused


def addresses_of(host: str, port: int) -> list[str]:
    """The addresses of a host as the system's resolver says them. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True)
class CarefulHttp:
    """`allows_loopback` is for the demo and for tests, whose services are on this machine, also without TLS."""

    allows_loopback: bool = False
    trusts: ssl.SSLContext | None = None
    resolve: Resolve = addresses_of
    whole_seconds: float = WHOLE_SECONDS

    def accepts(self, url: str) -> bool:
        """Whether it may be called, as far as can be told without asking where its name leads."""
        try:
            return len(url) <= LONGEST_ADDRESS and self._is_callable(urlsplit(url))
        except ValueError:
            return False

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
        """The answer's status and headers (names in lower case), within `whole_seconds` after the connection stands.

        Raises NotCalled; OSError and HTTPException mean that nobody knows whether it was taken.
        """
        parts = urlsplit(url)
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        with self._connected(parts) as connection:
            connection.request("POST", target, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}

    def _is_callable(self, url: SplitResult) -> bool:
        if not url.hostname or url.username is not None or url.port == 0:
            return False
        if url.scheme == "http":
            return self.allows_loopback and _is_loopback(url.hostname)
        return url.scheme == "https" and (not _is_number(url.hostname) or self._is_open(url.hostname))

    def _is_open(self, address: str) -> bool:
        return _is_public(address) or (self.allows_loopback and _is_loopback(address))

    def _address_of(self, host: str, port: int) -> str:
        """One address of a host; every one that its name leads to has to be open to us."""
        try:
            found = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise NotCalled("the name leads nowhere", is_refused=False) from error
        if not found or not all(self._is_open(address) for address in found):
            raise NotCalled("no address of the open internet", is_refused=True)
        return found[0]

    @contextmanager
    def _connected(self, url: SplitResult) -> Iterator[http.client.HTTPConnection]:
        """A connection that is shut when the time is up, however slowly the other end goes on talking."""
        if not self._is_callable(url):
            raise NotCalled("no address that is called", is_refused=True)
        host, is_sealed = url.hostname or "", url.scheme == "https"
        port = url.port or (443 if is_sealed else 80)
        line = _line_to(self._address_of(host, port), port)
        line.settimeout(self.whole_seconds)
        clock = threading.Timer(self.whole_seconds, _shut, [line])
        clock.daemon = True
        clock.start()
        try:
            yield _sealed(line, host, port, self.trusts) if is_sealed else _open(line, host, port)
        finally:
            clock.cancel()
            line.close()


def _line_to(address: str, port: int) -> socket.socket:
    try:
        return socket.create_connection((address, port), CONNECT_SECONDS)
    except OSError as error:
        raise NotCalled(f"no connection: {type(error).__name__}", is_refused=False) from error


def _open(line: socket.socket, host: str, port: int) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(host, port)
    connection.sock = line
    return connection


def _sealed(line: socket.socket, host: str, port: int, trusts: ssl.SSLContext | None) -> http.client.HTTPConnection:
    context = trusts or ssl.create_default_context()
    connection = http.client.HTTPSConnection(host, port, context=context)
    try:
        connection.sock = context.wrap_socket(line, server_hostname=host)
    except OSError as error:
        raise NotCalled(f"no TLS: {type(error).__name__}", is_refused=False) from error
    return connection


def _shut(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is shut


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_number(host) and ipaddress.ip_address(host).is_loopback)


def _is_public(address: str) -> bool:
    """Whether it leads to the open internet, also by the IPv4 address that an IPv6 one may carry."""
    number = ipaddress.ip_address(address.partition("%")[0])
    carried = _carried(number) if isinstance(number, ipaddress.IPv6Address) else None
    return all(each.is_global and not each.is_multicast for each in (number, carried) if each is not None)


def _carried(number: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if number in TRANSLATED:
        return ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
    return number.ipv4_mapped or number.sixtofour or (number.teredo[1] if number.teredo else None)
