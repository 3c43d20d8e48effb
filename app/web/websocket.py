"""The WebSocket under Engine.IO, with the two limits that Engine.IO leaves to others: size while reading, and silence.

Engine.IO looks at a packet's size when all of it is in memory, and waits for ever for a peer that is not heard any
more where the reader died first. The class takes the place of Engine.IO's own in `sockets.py`.
"""

from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI
from simple_websocket import ConnectionClosed


class MeasuredWebSocket(SimpleWebSocketWSGI):  # type: ignore[misc]  # engineio ships no types
    """Closes a connection whose message grows past `largest_bytes`, or that says nothing for `silent_seconds`."""

    def __init__(self, handler: object, server: object, *, largest_bytes: int, silent_seconds: float) -> None:
        super().__init__(handler, server, max_message_size=largest_bytes)
        self._silent_seconds = silent_seconds

    def wait(self) -> str | bytes | None:
        try:
            heard: str | bytes | None = self.ws.receive(timeout=self._silent_seconds)
        except ConnectionClosed:
            return None
        return heard
