"""gunicorn's worker with threads, which gives up on requests that do not arrive.

gunicorn waits for ever for the rest of a request, and each one that waits takes a thread: some hundred connections of
one hostile machine, or of phones that lost their link in the middle, would leave none. How fast a request has to come
is decided here; what it may say, and sockets, which have a limit of their own, are not.
"""

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

GRACE_SECONDS = 60.0  # TCP itself rests up to twice as long as a link was dark
LOOK_SECONDS = 1.0
LEAST_BYTES_PER_SECOND = 1000  # a third of what the thinnest link gives that still carries voice


def _part(conn: Any) -> None:
    """Close in the request's own thread, once.

    gunicorn does it in the one that takes connections in, and waits up to two seconds for the other end to close as
    well: a phone that is out of reach would keep everybody out.
    """
    with suppress(OSError):  # it has just gone by itself
        conn.close(graceful=True)
    conn.close = lambda graceful=False: None


@dataclass
class Arrival:
    """A request on its way in. While `is_awaited` its thread waits for the other end."""

    began_at: float
    is_awaited: bool = True
    received_bytes: int = 0

    def is_late(self, now: float) -> bool:
        return self.is_awaited and now > self.began_at + GRACE_SECONDS + self.received_bytes / LEAST_BYTES_PER_SECOND


class PunctualWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arrivals: dict[Any, Arrival] = {}
        self._stopped = threading.Event()

    def init_process(self) -> None:
        threading.Thread(target=self._watch, name="slow senders", daemon=True).start()
        super().init_process()

    def run(self) -> None:
        try:
            super().run()
        finally:
            self._stopped.set()

    def handle(self, conn: Any) -> Any:
        self._arrivals[conn] = Arrival(time.monotonic())
        stays = False
        try:
            stays = super().handle(conn)
            return stays
        finally:
            del self._arrivals[conn]
            if not stays:
                _part(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """The head is here. What is read from now on is the body, whenever the application wants it."""
        arrival, unreader = self._arrivals[conn], req.unreader
        arrival.is_awaited = False
        read = unreader.chunk

        def counted(size_hint: int | None = None) -> bytes:
            arrival.is_awaited = True
            try:
                piece: bytes = read(size_hint)
            finally:
                arrival.is_awaited = False
            arrival.received_bytes += len(piece)
            return piece

        unreader.chunk = counted
        try:
            return super().handle_request(req, conn)
        finally:
            unreader.chunk = read

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            now = time.monotonic()
            for conn, arrival in list(self._arrivals.items()):
                if arrival.is_late(now):
                    with suppress(OSError):  # it has just gone by itself
                        socket.socket.shutdown(conn.sock, socket.SHUT_RDWR)  # not TLS's own: that would be no end
