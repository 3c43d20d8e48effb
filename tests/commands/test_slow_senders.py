"""The web program under requests that do not arrive: more of them than it has threads, and phones that are slow."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from app.programs.slow_senders import GRACE_SECONDS, LEAST_BYTES_PER_SECOND, Arrival
from tests.commands.test_demo import PATIENCE_SECONDS, environment
from tests.services.ports import free_port
from tests.web.waiting import until

GRACE = 2
THREADS = 4
SERVE = f"""
from app import config
from app.programs import slow_senders, web
slow_senders.GRACE_SECONDS = {GRACE}
web.run(config.load())
"""
HEAD = b"POST /api/sign_in/code HTTP/1.1\r\nHost: 127.0.0.1\r\nIdempotency-Key: k\r\n"
BODY = b'{"number": "+8613800138000"}'


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    given = environment(
        DATA_DIR=str(tmp_path_factory.mktemp("data")), PORT=str(port), MAX_SOCKETS="2",
        REQUEST_THREADS=str(THREADS - 2), LOG_LEVEL="warning",
    )  # fmt: skip
    subprocess.run([sys.executable, "-m", "app", "migrate"], env=given, check=True, stdout=subprocess.DEVNULL)
    process = subprocess.Popen([sys.executable, "-c", SERVE], env=given, process_group=0)
    try:
        until(lambda: is_open(port))
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)


def is_open(port: int) -> bool:
    try:
        return answered(port) > 0
    except OSError:
        return False


def answered(port: int) -> float:
    """After how many seconds somebody else is answered."""
    asked = time.monotonic()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10 * GRACE) as answer:
        assert answer.status == 200
    return time.monotonic() - asked


@pytest.mark.parametrize(
    "said",
    [HEAD, HEAD + b"Content-Length: 100\r\n\r\n{", HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"],
    ids=["half a head", "half a body", "half a piece"],
)
def test_what_does_not_arrive_takes_no_thread_for_long(port: int, said: bytes) -> None:
    waiting = [socket.create_connection(("127.0.0.1", port)) for _ in range(THREADS + 2)]
    for connection in waiting:
        connection.sendall(said)
    assert answered(port) < 4 * GRACE
    for connection in waiting:
        connection.close()


def test_whoever_is_slow_and_goes_on_is_heard(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as slow:
        slow.sendall(HEAD + f"Content-Length: {len(BODY)}\r\n\r\n".encode())
        for place in range(len(BODY)):
            slow.sendall(BODY[place : place + 1])
            time.sleep(GRACE / 2 / len(BODY))
        assert slow.recv(100).startswith(b"HTTP/1.1 200")


def test_a_photo_over_the_thinnest_link_is_in_time() -> None:
    """Whatever is awaited has the grace, and more for what came; nothing that is worked on is late."""
    photo = Arrival(began_at=0, received_bytes=100 * LEAST_BYTES_PER_SECOND)
    assert not photo.is_late(GRACE_SECONDS + 99)
    assert photo.is_late(GRACE_SECONDS + 101)
    assert not Arrival(began_at=0, is_awaited=False).is_late(10 * GRACE_SECONDS)


def test_who_stays_after_the_answer_keeps_nobody_out(port: int) -> None:
    """A phone that is out of reach closes nothing: the end of its connection is waited for, and by nobody else."""
    gone = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
    for connection in gone:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
    assert answered(port) < 1
    for connection in gone:
        connection.close()
