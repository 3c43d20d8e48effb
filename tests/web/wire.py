"""Speaks Socket.IO letter by letter over a WebSocket, also what no proper client would say."""

import json
from itertools import count
from typing import Any

import websocket

PATIENCE_SECONDS = 20
OPENED, CLOSED, PING, PONG, MESSAGE = "0", "1", "2", "3", "4"
CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR = "0", "1", "2", "3", "4"


class Gone(Exception):
    """The server closed the socket."""


class Wire:
    """`heard` keeps the events that came while something else was waited for."""

    def __init__(self, port: int, **options: Any) -> None:
        options.setdefault("suppress_origin", True)
        address = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        self._socket = websocket.create_connection(address, timeout=PATIENCE_SECONDS, **options)
        self._numbers = count(1)
        self.heard: list[tuple[str, Any]] = []
        assert self.next_packet()[0] == OPENED

    def enter(self, auth: Any) -> dict[str, Any]:
        """Connect to the namespace: what the server says to it, with `refused` where it says no."""
        self.say(MESSAGE + CONNECT + json.dumps(auth))
        packet = self.next_packet()
        assert packet.startswith((MESSAGE + CONNECT, MESSAGE + CONNECT_ERROR)), packet
        said: dict[str, Any] = json.loads(packet[2:])
        return {"refused": said} if packet[1] == CONNECT_ERROR else said

    def emit(self, event: str, *payload: Any) -> dict[str, Any]:
        """Send an event and wait for its ack."""
        number = next(self._numbers)
        self.say(f"{MESSAGE}{EVENT}{number}{json.dumps([event, *payload])}")
        return self.acked(number)

    def acked(self, number: int) -> dict[str, Any]:
        while not (packet := self._message()).startswith(f"{ACK}{number}["):
            pass
        (answer,) = json.loads(packet.removeprefix(f"{ACK}{number}"))
        assert isinstance(answer, dict)
        return answer

    def event(self, name: str) -> Any:
        """The next event of this name that was not taken yet."""
        while True:
            for place, (heard, payload) in enumerate(self.heard):
                if heard == name:
                    del self.heard[place]
                    return payload
            self._message()

    def say(self, text: str) -> None:
        self._socket.send(text)

    def ended(self) -> list[str]:
        """What still came before the server closed the socket."""
        packets = []
        while True:
            try:
                packets.append(self.next_packet())
            except Gone:
                return packets

    def close(self) -> None:
        self._socket.close(timeout=1)
        self._socket.shutdown()  # type: ignore[no-untyped-call]  # also what the server ended

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _message(self) -> str:
        packet = self.next_packet()
        if packet[:2] == MESSAGE + EVENT:
            name, *payload = json.loads(packet[2:])
            self.heard.append((name, *payload))
        return packet[1:] if packet[0] == MESSAGE else ""

    def next_packet(self) -> str:
        """The next packet that is not a heartbeat."""
        while True:
            try:
                packet = self._socket.recv()
            except (websocket.WebSocketConnectionClosedException, ConnectionError) as gone:
                raise Gone from gone
            if not packet:
                raise Gone
            if packet != PING:
                return str(packet)
            self.say(PONG)
