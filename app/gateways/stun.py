"""Asks a STUN or TURN server whether it serves: a Binding, or an Allocate with a credential (RFC 8489, RFC 8656).

Only what `homethread check` needs: one request at a time, over UDP, TCP or TLS; the allocation is given back at once.
Whether what is sent to a relayed address arrives can be tried too, which says whether its ports are open.
"""

import hashlib
import hmac
import ipaddress
import os
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qs, urlsplit

MAGIC = 0x2112A442
BINDING, ALLOCATE, REFRESH, CREATE_PERMISSION = 0x0001, 0x0003, 0x0004, 0x0008
DATA_INDICATION = 0x0017
IS_SUCCESS = 0x0100
USERNAME, MESSAGE_INTEGRITY, ERROR_CODE, LIFETIME = 0x0006, 0x0008, 0x0009, 0x000D
REALM, NONCE, XOR_RELAYED_ADDRESS, REQUESTED_TRANSPORT = 0x0014, 0x0015, 0x0016, 0x0019
XOR_PEER_ADDRESS, DATA, XOR_MAPPED_ADDRESS = 0x0012, 0x0013, 0x0020
UDP = struct.pack("!I", 17 << 24)
UNAUTHORIZED = 401
TRIES_SECONDS = (0.5, 1.0, 2.0)  # UDP loses packets; a server on another continent answers within the first
STREAM_SECONDS = 5.0

Attributes = dict[int, bytes]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Server:
    """Where a `stun:`, `turn:` or `turns:` address leads (RFC 7064, RFC 7065)."""

    host: str
    port: int
    transport: str


class Refusal(RuntimeError):
    """The server's error answer."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code


@dataclass(frozen=True)
class Message:
    kind: int
    attributes: Attributes
    transaction: bytes = field(default_factory=lambda: os.urandom(12))

    def packed(self, key: bytes | None = None) -> bytes:
        body = b"".join(_packed(kind, value) for kind, value in self.attributes.items())
        if key is not None:  # the proof counts itself into the length that it covers
            head = self._head(len(body) + 24)
            body += _packed(MESSAGE_INTEGRITY, hmac.new(key, head + body, hashlib.sha1).digest())
        return self._head(len(body)) + body

    def _head(self, length: int) -> bytes:
        return struct.pack("!HHI", self.kind, length, MAGIC) + self.transaction


def server_of(url: str) -> Server:
    scheme, _, rest = url.partition(":")
    parts = urlsplit(f"//{rest}")
    if not parts.hostname:
        raise ValueError(f"{url} names no host")
    is_secure = scheme.endswith("s")
    asked = parse_qs(parts.query).get("transport", ["tcp" if is_secure else "udp"])[0]
    if (is_secure and asked != "tcp") or asked not in ("udp", "tcp"):
        raise ValueError(f"{url}: this transport can't be tested here")
    return Server(parts.hostname, parts.port or (5349 if is_secure else 3478), "tls" if is_secure else asked)


def bind(server: Server) -> None:
    """Ask for nothing but an answer."""
    with Line(server) as line:
        line.ask(Message(BINDING, {}))


def allocate(server: Server, username: str, password: str) -> Address:
    """Get a relayed address with this credential, and give it back. Raises Refusal, or OSError for silence."""
    with Line(server) as line, Allocation(line, username, password) as allocation:
        return allocation.address


def relay(server: Server, username: str, password: str) -> Address:
    """Send a packet to a relayed address and see it come. Raises Refusal, NotRelayed, or OSError for silence."""
    with Line(server) as line, Allocation(line, username, password) as allocation:
        allocation.let_in_ourselves()
        allocation.receive_what_we_send()
        return allocation.address


class NotRelayed(TimeoutError):
    """It gave a relayed address, but what is sent there does not come."""


class Unauthorized(Refusal):
    """The 401 that carries realm and nonce."""

    def __init__(self, reason: str, attributes: Attributes) -> None:
        super().__init__(UNAUTHORIZED, reason)
        self.attributes = attributes


class Allocation:
    """A relayed address, held while it is tried."""

    def __init__(self, line: "Line", username: str, password: str) -> None:
        self._line = line
        try:
            line.ask(Message(ALLOCATE, {REQUESTED_TRANSPORT: UDP}))
        except Unauthorized as asked:
            realm, nonce = asked.attributes[REALM], asked.attributes[NONCE]
        else:
            raise Refusal(200, "it relays for anybody, without a credential")
        self._who = {USERNAME: username.encode(), REALM: realm, NONCE: nonce}
        # What the long-term credential mechanism of RFC 8489, 9.2 computes; nothing rests on its strength here.
        self._key = hashlib.md5(
            b":".join([username.encode(), realm, password.encode()]), usedforsecurity=False
        ).digest()
        answer = line.ask(Message(ALLOCATE, {REQUESTED_TRANSPORT: UDP} | self._who), self._key)
        self.address, self._port = place_in(answer.attributes[XOR_RELAYED_ADDRESS], answer.transaction)
        self._seen_as, _ = place_in(answer.attributes[XOR_MAPPED_ADDRESS], answer.transaction)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        with suppress(OSError):  # the credential ends soon, and the allocation with it
            self._line.ask(Message(REFRESH, {LIFETIME: struct.pack("!I", 0)} | self._who), self._key)

    def let_in_ourselves(self) -> None:
        asked = Message(CREATE_PERMISSION, {})
        ours = {XOR_PEER_ADDRESS: masked(self._seen_as, asked.transaction)}
        self._line.ask(Message(CREATE_PERMISSION, ours | self._who, asked.transaction), self._key)

    def receive_what_we_send(self) -> None:
        sent = os.urandom(16)
        family = socket.AF_INET6 if self.address.version == 6 else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as from_outside:
            for seconds in TRIES_SECONDS:
                from_outside.sendto(sent, (str(self.address), self._port))
                if self._line.hears(sent, seconds):
                    return
        raise NotRelayed(f"what is sent to {self.address} port {self._port} does not come through")


class Line:
    """A connection to one server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._is_stream = server.transport != "udp"

    def __enter__(self) -> Self:
        where = (self._server.host, self._server.port)
        if self._is_stream:
            self._socket = socket.create_connection(where, STREAM_SECONDS)
            if self._server.transport == "tls":
                context = ssl.create_default_context()
                self._socket = context.wrap_socket(self._socket, server_hostname=self._server.host)
        else:
            family, _, _, _, address = socket.getaddrinfo(*where, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            self._socket.connect(address)
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def ask(self, request: Message, key: bytes | None = None) -> Message:
        """Send until it is answered. Raises Refusal for an error, TimeoutError for silence."""
        for seconds in (STREAM_SECONDS,) if self._is_stream else TRIES_SECONDS:
            self._socket.settimeout(seconds)
            self._socket.sendall(request.packed(key))
            try:
                return _checked(self._answer_to(request), request)
            except TimeoutError:
                continue
        raise TimeoutError(f"no answer by {self._server.transport.upper()}")

    def hears(self, data: bytes, seconds: float) -> bool:
        """Whether these bytes come as the data of a peer."""
        self._socket.settimeout(seconds)
        with suppress(TimeoutError):
            while (came := _parsed(self._read())) is None or came.attributes.get(DATA) != data:
                continue
            return came.kind == DATA_INDICATION
        return False

    def _answer_to(self, request: Message) -> Message:
        while True:
            answer = _parsed(self._read())
            if answer is not None and answer.transaction == request.transaction:
                return answer

    def _read(self) -> bytes:
        if not self._is_stream:
            return self._socket.recv(65_535)
        head = self._exactly(20)
        return head + self._exactly(int.from_bytes(head[2:4], "big"))

    def _exactly(self, length: int) -> bytes:
        read = b""
        while len(read) < length:
            more = self._socket.recv(length - len(read))
            if not more:
                raise ConnectionError("it closed the connection")
            read += more
        return read


def _checked(answer: Message, request: Message) -> Message:
    if answer.kind == request.kind | IS_SUCCESS:
        return answer
    error = answer.attributes.get(ERROR_CODE, bytes(4))
    code, reason = error[2] * 100 + error[3], error[4:].decode(errors="replace")
    if code == UNAUTHORIZED and NONCE in answer.attributes and REALM in answer.attributes:
        raise Unauthorized(reason, answer.attributes)
    raise Refusal(code, reason)


def _packed(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def _parsed(raw: bytes) -> Message | None:
    if len(raw) < 20 or int.from_bytes(raw[4:8], "big") != MAGIC:
        return None
    return Message(int.from_bytes(raw[:2], "big"), dict(_attributes(raw[20:])), raw[8:20])


def _attributes(raw: bytes) -> Iterator[tuple[int, bytes]]:
    while len(raw) >= 4:
        kind, length = struct.unpack("!HH", raw[:4])
        yield kind, raw[4 : 4 + length]
        raw = raw[4 + length + -length % 4 :]


def place_in(value: bytes, transaction: bytes) -> tuple[Address, int]:
    """Read the value of an XOR-…-ADDRESS: family, port and address, masked with what the request chose."""
    mask = MAGIC.to_bytes(4, "big") + transaction
    raw = bytes(a ^ b for a, b in zip(value[4:], mask, strict=False))
    return ipaddress.ip_address(raw), int.from_bytes(value[2:4], "big") ^ MAGIC >> 16


def masked(address: Address, transaction: bytes) -> bytes:
    """Write such a value; a permission asks for no port."""
    mask = MAGIC.to_bytes(4, "big") + transaction
    raw = bytes(a ^ b for a, b in zip(address.packed, mask, strict=False))
    return struct.pack("!BBH", 0, 1 if address.version == 4 else 2, MAGIC >> 16) + raw
