"""`homethread check` from another machine: what a code is good for, against a real web program and a real coturn."""

import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.test_demo import COMMAND, environment, run
from tests.services.coturn import SECRET, PrivateCoturn
from tests.services.ports import free_port

UP_SECONDS = 30


@pytest.fixture(scope="module")
def coturn() -> Iterator[PrivateCoturn]:
    running = PrivateCoturn()
    yield running
    running.stop()


@pytest.fixture
def settings(tmp_path: Path, sqlite_template: Path, coturn: PrivateCoturn) -> dict[str, str]:
    shutil.copyfile(sqlite_template, tmp_path / "homethread.sqlite")  # as `homethread migrate` leaves it
    return {"DATA_DIR": str(tmp_path), "PORT": str(free_port()), "TURN_URLS": coturn.urls, "TURN_SECRET": SECRET}


@pytest.fixture
def web(settings: dict[str, str], tmp_path: Path) -> Iterator[None]:
    with (tmp_path / "web.log").open("wb") as log:
        process = subprocess.Popen([COMMAND, "web"], env=environment(**settings), stdout=log, stderr=log, cwd=tmp_path)
    until = time.monotonic() + UP_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{settings['PORT']}/healthz", timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < until, (tmp_path / "web.log").read_text()
            time.sleep(0.1)
    yield
    process.terminate()
    process.wait(timeout=20)


def code(settings: dict[str, str]) -> str:
    return run("check", "--for-outside", **settings).stdout.strip()


def from_outside(written: str) -> subprocess.CompletedProcess[str]:
    """As on another machine: without any setting."""
    return run("check", "--from-outside", written)


@pytest.mark.usefixtures("web")
def test_page_sockets_and_relays_are_proved(settings: dict[str, str]) -> None:
    written = code(settings)
    assert SECRET not in written
    found = from_outside(written)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "ok   page:" in found.stdout
    assert "WebSockets come through" in found.stdout
    assert found.stdout.count("relays at 127.0.0.1, and what is sent there comes through") == 2


def test_nobody_there_is_told_part_by_part(settings: dict[str, str]) -> None:
    found = from_outside(code(settings))
    assert found.returncode == 1
    assert "BAD  page:" in found.stdout
    assert "BAD  sockets:" in found.stdout
    assert "Traceback" not in found.stderr


def test_a_proxy_that_knows_no_sockets_is_told(settings: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(settings["PORT"]))) as plain:
        threading.Thread(target=answer_each, args=(plain, 2)).start()
        found = from_outside(code(settings))
    assert "ok   page:" in found.stdout
    assert "BAD  sockets: no WebSocket comes through (HTTP/1.1 200 OK)" in found.stdout


def answer_each(listener: socket.socket, times: int) -> None:
    for _ in range(times):
        with listener.accept()[0] as line:
            line.recv(4096)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def test_relay_ports_that_are_closed_are_told(settings: dict[str, str]) -> None:
    """What a firewall does: an address is given, and nothing gets there."""
    closed = PrivateCoturn("--denied-peer-ip=127.0.0.1")
    try:
        found = from_outside(code(settings | {"TURN_URLS": closed.urls}))
    finally:
        closed.stop()
    assert found.returncode == 1
    assert found.stdout.count("BAD  turn:") == 2, found.stdout


def test_what_is_no_code_is_told() -> None:
    for wrong in ("", "abc", os.urandom(30).hex()):
        found = run("check", f"--from-outside={wrong}")
        assert found.returncode == 2, found.stdout
        assert "Traceback" not in found.stderr
