"""Our kind of server as the official clients see it, in JavaScript and in Python."""

import queue
from collections.abc import Iterator
from typing import Any

import pytest
import socketio

from tests.contracts.conftest import WAIT_SECONDS, Client, RunScript, Script, Server


@pytest.fixture
def script(run_script: RunScript, our_server: Server) -> Script:
    return run_script("official_client.mjs", our_server.url)


@pytest.fixture
def javascript(script: Script) -> Client:
    script.client.tell("auth", {"token": "good"})
    return script.client


@pytest.fixture
def python() -> Iterator[socketio.Client]:
    client = socketio.Client(reconnection=False)
    yield client
    client.disconnect()


def heard_by(client: socketio.Client, *events: str) -> queue.Queue[tuple[str, tuple[Any, ...]]]:
    heard: queue.Queue[tuple[str, tuple[Any, ...]]] = queue.Queue()
    for event in events:
        client.on(event, lambda *args, event=event: heard.put((event, args)))
    return heard


def connect(client: socketio.Client, server: Server, token: str = "good") -> None:
    client.connect(server.url, auth={"token": token}, transports=["websocket"], wait_timeout=WAIT_SECONDS)


def test_javascript_event_ack_and_server_event(javascript: Client) -> None:
    javascript.connect()
    javascript.emit("echo", {"text": "中文"})
    assert javascript.hear(ack="echo")["answer"] == {"text": "中文"}
    javascript.emit("fail", 7)
    assert javascript.hear(ack="fail")["answer"]["error"] == "slot_taken"
    javascript.emit("push", 1)
    javascript.hear(event="pushed", args=[1])


def test_javascript_leaves(javascript: Client, script: Script) -> None:
    javascript.connect()
    javascript.tell("close")
    javascript.hear(state="lost", reason="io client disconnect")
    assert script.ended() == 0


def test_javascript_is_put_out(javascript: Client) -> None:
    javascript.connect()
    javascript.emit("kick")
    javascript.hear(state="lost", reason="io server disconnect")


def test_javascript_is_refused(javascript: Client) -> None:
    javascript.tell("auth", {"token": "bad"})
    javascript.tell("connect")
    data = {"error": "not_signed_in", "final": False}
    assert javascript.hear(state="refused")["error"] == {"message": "not_signed_in", "data": data}


def test_python_event_ack_and_server_event(python: socketio.Client, our_server: Server) -> None:
    heard = heard_by(python, "welcome", "pushed")
    connect(python, our_server)
    assert heard.get(timeout=WAIT_SECONDS) == ("welcome", ({"token": "good"},))
    assert python.call("echo", {"text": "中文"}, timeout=WAIT_SECONDS) == {"text": "中文"}
    assert python.call("fail", 7, timeout=WAIT_SECONDS)["error"] == "slot_taken"
    python.emit("push", 1)
    assert heard.get(timeout=WAIT_SECONDS) == ("pushed", (1,))


def test_python_leaves(python: socketio.Client, our_server: Server) -> None:
    heard = heard_by(python, "disconnect")
    connect(python, our_server)
    python.disconnect()
    assert heard.get(timeout=WAIT_SECONDS) == ("disconnect", ("client disconnect",))


def test_python_is_put_out(python: socketio.Client, our_server: Server) -> None:
    heard = heard_by(python, "disconnect")
    connect(python, our_server)
    python.emit("kick", {})
    assert heard.get(timeout=WAIT_SECONDS) == ("disconnect", ("server disconnect",))


def test_python_is_refused(python: socketio.Client, our_server: Server) -> None:
    heard = heard_by(python, "connect_error")
    with pytest.raises(socketio.exceptions.ConnectionError, match="failed to connect"):
        connect(python, our_server, token="bad")
    data = {"error": "not_signed_in", "final": False}
    assert heard.get(timeout=WAIT_SECONDS) == ("connect_error", ({"message": "not_signed_in", "data": data},))
