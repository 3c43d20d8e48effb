"""The WebSocket under Engine.IO: with limits on size while reading and on silence, and an end that is always noticed.

Engine.IO looks at a packet's size when all of it is in memory, and waits for ever for a peer that is not heard any
more where the reader died first. The class takes the place of Engine.IO's own in `sockets.py`.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import simple_websocket
from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI
from simple_websocket import ConnectionClosed

TURN_SECONDS = 1.0


class MeasuredWebSocket(SimpleWebSocketWSGI):  # type: ignore[misc]  # engineio ships no types
    """Closes a connection whose message grows past `largest_bytes`, or that says nothing for `silent_seconds`."""

    def __init__(self, handler: object, server: object, *, largest_bytes: int, silent_seconds: float) -> None:
        super().__init__(handler, server, max_message_size=largest_bytes)
        self._silent_seconds = silent_seconds

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.ws = _NoticedServer(environ, **self.server_args)
        answered: Iterable[bytes] = self.app(self)
        if self.ws.mode == "gunicorn":
            raise StopIteration  # how it is told that the connection was taken from it
        if self.ws.mode == "werkzeug":
            raise ConnectionError  # likewise
        return answered

    def wait(self) -> str | bytes | None:
        try:
            heard: str | bytes | None = self.ws.receive(timeout=self._silent_seconds)
        except ConnectionClosed:
            return None
        return heard


class _NoticedServer(simple_websocket.Server):  # type: ignore[misc]  # it ships no types
    """Wakes whoever waits for a message after `connected` has turned false; says nothing after it has said farewell.

    The library wakes them before, or not at all: who looks in between waits again for a socket that is gone, and
    keeps its thread and its connection for `silent_seconds`. Several threads send; a peer that doesn't read keeps none
    of them waiting for its turn for long.
    """

    def __init__(self, environ: dict[str, Any], **options: Any) -> None:
        self._turn = threading.RLock()
        super().__init__(environ, **options)

    def send(self, data: str | bytes) -> None:
        with self._own_turn():
            super().send(data)

    def close(self, reason: int | None = None, message: str | None = None) -> None:
        with self._own_turn():
            if self.connected:  # else the peer was first, and has been answered
                super().close(reason, message)
        self.event.set()

    def _handle_events(self) -> bool:
        with self._own_turn():
            self.connected = bool(super()._handle_events())  # a farewell of the peer is answered in here
            return self.connected

    @contextmanager
    def _own_turn(self) -> Iterator[None]:
        has_turn = self._turn.acquire(timeout=TURN_SECONDS)
        try:
            yield
        finally:
            if has_turn:
                self._turn.release()

    def _thread(self) -> None:
        try:
            super()._thread()
        finally:
            self.connected = False
            self.event.set()
