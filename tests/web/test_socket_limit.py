"""The real web program full of sockets: the next is told to come later, and ordinary requests go on."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import websocket

from app.kernel.clock import SystemClock
from app.storage.database import Database
from app.web import sessions, texts
from app.web.principals import PERSON
from tests.groups import ROOT
from tests.scene import set_scene
from tests.services import free_port
from tests.web.open_house import Badge
from tests.web.waiting import until
from tests.web.wire import Wire

MAX_SOCKETS = 3


@pytest.fixture
def badge(sqlite_url: str) -> Badge:
    """Alice's; the program runs by the real clock."""
    database = Database(sqlite_url)
    scene = set_scene(database)
    with database.begin() as session:
        now = SystemClock().now()
        code = sessions.issue_code(session, PERSON, scene.alice.parent, None, "en", now)
        _device, token = sessions.enter(session, code, now)
    database.close()
    return Badge("phone", token)


@pytest.fixture
def port(sqlite_url: str, tmp_path: Path, badge: Badge) -> Iterator[int]:
    port = free_port()
    settings = {
        "DATA_DIR": str(tmp_path), "DATABASE_URL": sqlite_url, "PORT": str(port), "MAX_SOCKETS": str(MAX_SOCKETS),
        "REQUEST_THREADS": "2", "LOG_LEVEL": "warning",
    }  # fmt: skip
    environment = os.environ | {f"HOMETHREAD_{name}": value for name, value in settings.items()}
    program = subprocess.Popen([sys.executable, "-m", "app", "web"], cwd=ROOT, env=environment)
    try:
        until(lambda: program.poll() is not None or answers(port))
        yield port
    finally:
        program.terminate()
        program.wait(20)


def answers(port: int) -> bool:
    try:
        return status(port, "/healthz") == 200
    except OSError:
        return False


def status(port: int, path: str, **headers: str) -> int:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return int(answer.status)


def enter(port: int, badge: Badge) -> Wire:
    wire = Wire(port, cookie=badge.cookie)
    assert "sid" in wire.enter({"face": badge.face})
    return wire


def test_past_the_limit_is_a_clear_answer_and_requests_go_on(port: int, badge: Badge) -> None:
    wires = [enter(port, badge) for _ in range(MAX_SOCKETS)]
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        Wire(port, cookie=badge.cookie, header=["Accept-Language: zh-CN"])
    told, headers = json.loads(refused.value.resp_body or b""), refused.value.resp_headers or {}
    assert (refused.value.status_code, headers["retry-after"]) == (503, "30")
    assert (headers["content-type"], headers["x-content-type-options"]) == ("application/json", "nosniff")
    assert told == {
        "error": "too_many_devices",
        "detail": {"retry_seconds": 30},
        "message": texts.texts_of("zh-CN")["error.too_many_devices"],
    }
    for path in ("/api/now", "/phone", "/healthz") * 3:
        assert status(port, path, Cookie=badge.cookie) == 200
    for wire in wires:
        assert "at" in wire.emit("beat", {"page": "home", "visible": True})
    wires.pop().close()
    until(lambda: f"homethread_sockets {MAX_SOCKETS - 1}" in figures(port))
    wires.append(enter(port, badge))
    for wire in wires:
        wire.close()


def figures(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        return str(answer.read().decode())
