"""A Flask-SocketIO server served as the product is; node/echo_server.mjs answers the same from Node's own server."""

from typing import Any

from flask import Flask
from flask_socketio import ConnectionRefusedError as Refusal
from flask_socketio import SocketIO, disconnect, emit


def served(ping_seconds: int, pong_seconds: int) -> Flask:
    """The application for gunicorn; whole seconds, since a fraction of the ping interval is lost on the wire."""
    app = Flask(__name__)
    app.add_url_rule("/ready", view_func=lambda: "ready", endpoint="ready")
    socketio = SocketIO(app, async_mode="threading", ping_interval=ping_seconds, ping_timeout=pong_seconds)
    for event, handler in {"connect": connect, "echo": echo, "fail": fail, "push": push, "kick": kick}.items():
        socketio.on_event(event, handler)
    return app


def connect(auth: dict[str, Any] | None) -> None:
    if not auth or auth.get("token") != "good":
        final = bool(auth and auth.get("final"))
        raise Refusal("not_signed_in", {"error": "not_signed_in", "final": final})
    emit("welcome", auth)  # on its way before the answer to CONNECT is


def echo(payload: Any) -> Any:
    return payload


def fail(slot: Any) -> dict[str, Any]:
    return {"error": "slot_taken", "detail": {"slot": slot}, "message": "Somebody else was faster."}


def push(payload: Any) -> None:
    emit("pushed", payload)


def kick(_payload: Any) -> None:
    disconnect()
