"""A vendor of texts on the loopback: it speaks as Kannel's smsbox does, takes thousands a second, and can behave badly.

Run as a script: FOLDER PORT CONTROL_PORT. What it took stands in FOLDER/taken, one line each with the instant and the
key (Kannel knows none: it is read from the receipt's address). How it behaves is told to it on the second port.
"""

import asyncio
import base64
import re
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

ACCEPTED = b"0: Accepted for delivery"
# What it says to whoever asks to send to nobody: that the login is right.
NOBODY = b"Missing receiver number, rejected"
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TO = re.compile(rb"\r\nx-kannel-to: *[^\r ]", re.IGNORECASE)
RECEIPTS_TO = re.compile(rb"\r\nx-kannel-dlr-url: *([^\r]+)", re.IGNORECASE)
RECEIPTS = ("never", "once", "twice")


@dataclass
class Manners:
    """How it behaves at present. `hang_seconds`: for how long it says nothing before it answers after all."""

    way: str = "taking"
    receipts: str = "never"
    hang_seconds: float = 60


class Vendor:
    def __init__(self, folder: Path, port: int) -> None:
        self.manners = Manners()
        self._taken = (folder / "taken").open("ab", buffering=0)
        self._port = port
        self._server: asyncio.Server | None = None
        self._busy: set[asyncio.Task[None]] = set()
        self.lines: set[_Line] = set()

    async def behave(self, way: str, receipts: str, hang_seconds: float) -> None:
        self.manners = Manners(way, receipts, hang_seconds)
        if way == "down" and self._server:
            self._server.close()
            self._server = None
            for line in list(self.lines):
                line.drop()
        elif way != "down" and self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: _Line(self), "127.0.0.1", self._port, backlog=512)

    def heard(self, line: "_Line", receipt_url: str) -> None:
        way = self.manners.way
        if way == "failing":
            line.say(b"Internal trouble", b"500 Internal Server Error")
        elif way == "hanging":
            self._later(self._answer_late(line, receipt_url))
        else:
            self._take(receipt_url)
            if way == "dropping":
                line.drop()
            else:
                line.say(ACCEPTED, b"202 Accepted")

    async def _answer_late(self, line: "_Line", receipt_url: str) -> None:
        await asyncio.sleep(self.manners.hang_seconds)
        self._take(receipt_url)
        line.say(ACCEPTED, b"202 Accepted")

    def _take(self, receipt_url: str) -> None:
        """Of a long text the last piece alone names where receipts go; the text was taken with it."""
        if not receipt_url:
            return
        self._taken.write(f"{time.time():.6f} {quote(key_in(receipt_url))}\n".encode())
        for _ in range(RECEIPTS.index(self.manners.receipts)):
            self._later(self._receipt(receipt_url))

    async def _receipt(self, url: str) -> None:
        """Says that it was delivered, as often as it takes until somebody hears it."""
        target = urlsplit(url.replace("%d", "1").replace("%A", "id"))
        request = f"GET {target.path}?{target.query} HTTP/1.1\r\nHost: {target.netloc}\r\nConnection: close\r\n\r\n"
        for _ in range(60):
            try:
                reader, writer = await asyncio.open_connection(target.hostname, target.port)
                writer.write(request.encode())
                status = await reader.readline()
                writer.close()
            except OSError:
                status = b""
            if b" 2" in status[:12]:
                return
            await asyncio.sleep(0.5)

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)


class _Line(asyncio.Protocol):
    """One connection; whoever comes by it may stay and ask again."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor, self._got = vendor, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._out = transport
        self._vendor.lines.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._vendor.lines.discard(self)

    def data_received(self, data: bytes) -> None:
        self._got += data
        while b"\r\n\r\n" in self._got:
            head, _, rest = self._got.partition(b"\r\n\r\n")
            length = CONTENT_LENGTH.search(head)
            body_bytes = int(length[1]) if length else 0
            if len(rest) < body_bytes:
                return
            self._got = rest[body_bytes:]
            asks = RECEIPTS_TO.search(head)
            if TO.search(head):
                self._vendor.heard(self, asks[1].decode() if asks else "")
            elif self._vendor.manners.way in ("taking", "dropping"):
                self.say(NOBODY, b"400 Bad Request")

    def say(self, body: bytes, status: bytes) -> None:
        head = b"HTTP/1.1 " + status + b"\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._out.write(head + body)

    def drop(self) -> None:
        self._out.abort()


def key_in(receipt_url: str) -> str:
    """As `Kannel` writes it there."""
    said = parse_qs(urlsplit(receipt_url).query)["key"][0]
    return base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)).decode()


async def serve(folder: Path, port: int, control_port: int) -> None:
    vendor = Vendor(folder, port)
    await vendor.behave("taking", "never", 0)

    async def control(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
        asked = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        await vendor.behave(asked["way"], asked["receipts"], float(asked["hang_seconds"]))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(control, "127.0.0.1", control_port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
