"""Socket.IO servers and clients as programs of their own: started, driven by lines of JSON, frozen, killed."""

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services import free_port

TESTS = Path(__file__).resolve().parent.parent
SCRIPTS = TESTS / "contracts" / "node"
WAIT_SECONDS = 15  # for what comes within one on a machine that isn't busy
KINDS = ("flask_socketio", "official_node")
STEADY, BRISK = (20, 20), (1, 2)  # heartbeats: seconds between two pings, seconds to wait for a pong

RunScript = Callable[..., "Script"]
OpenClient = Callable[..., "Client"]


class Script:
    """A running script of node/; each line that it says, and each that it is told, is for one of the clients in it."""

    def __init__(self, node: str, name: str, *arguments: str) -> None:
        command = [node, str(SCRIPTS / name), *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._clients: list[Client] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self.client = self.new_client()
        self._reader.start()

    def new_client(self) -> "Client":
        self._clients.append(Client(self, len(self._clients)))
        return self._clients[-1]

    def tell(self, client: int, command: str, argument: Any) -> None:
        assert self._process.stdin is not None
        line = {"client": client, "command": command, "argument": argument}
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()

    def ended(self) -> int:
        """Its exit code once it ended by itself, told that nothing more will come."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._process.wait(WAIT_SECONDS)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in map(json.loads, self._process.stdout):
            self._clients[line["client"]].lines.put(line["said"])


class Client:
    """A client in a script; `heard` is everything that it said so far."""

    def __init__(self, script: Script, number: int) -> None:
        self._script, self._number = script, number
        self.lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self.heard: list[dict[str, Any]] = []

    def tell(self, command: str, argument: Any = None) -> None:
        self._script.tell(self._number, command, argument)

    def emit(self, name: str, payload: Any = None, **options: Any) -> None:
        self.tell("emit", {"name": name, "payload": payload, **options})

    def hear(self, **wanted: Any) -> dict[str, Any]:
        """The next line that holds what is wanted; those before it are passed over."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                line = self.lines.get(timeout=max(deadline - time.monotonic(), 0))
            except queue.Empty:
                pytest.fail(f"waited for {wanted}, heard {self.heard}")
            self.heard.append(line)
            if wanted.items() <= line.items():
                return line

    def connect(self) -> None:
        self.tell("connect")
        self.hear(event="welcome")

    def close(self) -> None:
        self.tell("close")
        self.hear(state="closed")
        self.hear(timers=0)


class Server:
    """A Socket.IO server that can be frozen, killed and started again on its port."""

    def __init__(self, kind: str, node: str, heartbeat: tuple[int, int]) -> None:
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._command = self._of_flask(heartbeat)
        if kind == "official_node":
            self._command = [node, str(SCRIPTS / "echo_server.mjs"), str(self._port), *map(str, heartbeat)]
        self._program: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._program = subprocess.Popen(self._command, cwd=TESTS.parent, start_new_session=True)
        deadline = time.monotonic() + WAIT_SECONDS
        while not self._answers():
            if self._program.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{self._command} did not start")
            time.sleep(0.02)

    def send(self, sent: signal.Signals) -> None:
        """To all its processes."""
        assert self._program is not None
        os.killpg(self._program.pid, sent)

    def kill(self) -> None:
        if self._program is not None:
            self.send(signal.SIGKILL)
            self._program.wait()
            self._program = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/ready", timeout=WAIT_SECONDS) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _of_flask(self, heartbeat: tuple[int, int]) -> list[str]:
        served = f"tests.contracts.echo_server:served{heartbeat}"
        threads = ["--worker-class", "gthread", "--workers", "1", "--threads", "16"]
        rest = ["--bind", f"127.0.0.1:{self._port}", "--no-control-socket", "--log-level", "warning"]
        return [sys.executable, "-m", "gunicorn", *threads, *rest, served]


def find_node(folder: Path = TESTS) -> str:
    node = shutil.which("node")
    if node is None or not (folder / "node_modules" / "ws").is_dir():
        pytest.fail("Node or tests/node_modules is missing; `python3 -m tests` brings both", pytrace=False)
    return node


@pytest.fixture(scope="session")
def node() -> str:
    return find_node()


@pytest.fixture(scope="session")
def serve(node: str) -> Iterator[Callable[[str], Server]]:
    """Servers that tests share, one of each kind."""
    running: dict[str, Server] = {}

    def of_kind(kind: str) -> Server:
        if kind not in running:
            running[kind] = Server(kind, node, STEADY)
            running[kind].start()
        return running[kind]

    yield of_kind
    for server in running.values():
        server.kill()


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, serve: Callable[[str], Server]) -> Server:
    """A shared server; a test that asks for it runs against both kinds."""
    return serve(request.param)


@pytest.fixture
def our_server(serve: Callable[[str], Server]) -> Server:
    return serve("flask_socketio")


@pytest.fixture(params=KINDS)
def fragile_server(request: pytest.FixtureRequest, node: str) -> Iterator[Server]:
    """A server of the test's own, of both kinds, with short heartbeats; it may be frozen and killed."""
    started = Server(request.param, node, BRISK)
    started.start()
    yield started
    started.kill()


@pytest.fixture(scope="module")
def run_script(node: str) -> Iterator[RunScript]:
    """Starts a script of node/ that runs until the module's last test."""
    with contextlib.ExitStack() as stack:

        def run(name: str, *arguments: str) -> Script:
            script = Script(node, name, *arguments)
            stack.callback(script.stop)
            return script

        yield run


@pytest.fixture(scope="module")
def our_clients(run_script: RunScript) -> Script:
    return run_script("our_clients.mjs")


@pytest.fixture
def open_client(our_clients: Script) -> Iterator[OpenClient]:
    """Opens clients as `open_in` does, in a script that tests share."""
    opened: list[Client] = []

    def open_(url: str, **options: Any) -> Client:
        opened.append(open_in(our_clients, url, **options))
        return opened[-1]

    yield open_
    for client in opened:
        client.tell("close")


def open_in(script: Script, url: str, *, token: str = "good", **options: Any) -> Client:
    """Our client, not yet connecting; unless the test says otherwise its token is good and its waits are short."""
    auth = {"token": token, **options.pop("auth", {})}
    client = script.new_client()
    client.tell("open", {"url": url, "auth": auth, "haste": 5, "connect_timeout_ms": 50_000, **options})
    return client
