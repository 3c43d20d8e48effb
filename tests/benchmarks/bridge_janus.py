"""Janus with rooms of its AudioBridge, spoken to over its Unix socket: the reference of the benchmark `bridge`."""

import asyncio
import json
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

RATE_HZ = 16_000
STARTS_WITHIN_SECONDS = 60  # it makes a key first
PLUGINS = Path("/usr/lib/x86_64-linux-gnu/janus/plugins")
TRANSPORTS = PLUGINS.parent / "transports"
KEEP_ALIVE_SECONDS = 25


def is_there() -> bool:
    return shutil.which("janus") is not None


class Janus:
    """A server of its own with only what is needed, held to one core."""

    def __init__(self, core: int, kbps: float) -> None:
        self._folder, self._core, self._kbps = Path(tempfile.mkdtemp(prefix="janus-")), core, kbps
        self._answered: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._described: dict[int, asyncio.Future[str]] = {}
        self._names = (f"t{number}" for number in count())
        self._rooms: dict[int, int] = {}

    async def __aenter__(self) -> "Janus":
        self._configure()
        with (self._folder / "log").open("wb") as log:
            command = [
                "taskset",
                "-c",
                str(self._core),
                "janus",
                "-F",
                str(self._folder),
                "-C",
                str(self._folder / "janus.jcfg"),
            ]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: ASYNC220
        path = self._folder / "socket"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for _ in range(STARTS_WITHIN_SECONDS * 10):
            try:
                self._socket.connect(str(path))
                break
            except OSError:
                await asyncio.sleep(0.1)
        else:
            raise RuntimeError(f"Janus did not start:\n{(self._folder / 'log').read_text(errors='replace')}")
        self._socket.setblocking(False)
        asyncio.get_running_loop().add_reader(self._socket, self._read)
        self._session = (await self._ask({"janus": "create"}))["data"]["id"]
        self._beat = asyncio.ensure_future(self._keep_alive())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._beat.cancel()
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self._folder)

    @property
    def pid(self) -> int:
        return self.process.pid

    async def figures(self) -> dict[str, Any]:
        """It has none of its own."""
        return {}

    def join(self, call: int, number: int, rung: str) -> Callable[[str], Any]:
        """Who answers the offer of an end of this call; a room knows no rungs."""

        async def answer(offer: str) -> str:
            handle = await self._handle()
            if call not in self._rooms:
                self._rooms[call] = call + 1
                room = {"request": "create", "room": call + 1, "sampling_rate": RATE_HZ, "audiolevel_ext": False}
                await self._message(handle, room)
            described = self._described[handle] = asyncio.get_running_loop().create_future()
            joining = {"request": "join", "room": call + 1, "bitrate": round(self._kbps * 1000)}
            await self._message(handle, joining)
            await self._message(handle, {"request": "configure", "muted": False}, {"type": "offer", "sdp": offer})
            return await asyncio.wait_for(described, 10)

        return answer

    async def _handle(self) -> int:
        attached = await self._ask(
            {"janus": "attach", "session_id": self._session, "plugin": "janus.plugin.audiobridge"}
        )
        return int(attached["data"]["id"])

    async def _message(self, handle: int, body: dict[str, Any], jsep: dict[str, Any] | None = None) -> None:
        asked = {"janus": "message", "session_id": self._session, "handle_id": handle, "body": body}
        await self._ask(asked | ({"jsep": jsep} if jsep else {}))

    async def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        name = next(self._names)
        waits = self._answered[name] = asyncio.get_running_loop().create_future()
        self._socket.send(json.dumps(message | {"transaction": name}).encode())
        answer: dict[str, Any] = await asyncio.wait_for(waits, 10)
        if answer["janus"] == "error":
            raise RuntimeError(f"Janus: {answer}")
        return answer

    def _read(self) -> None:
        told = json.loads(self._socket.recv(1 << 16))
        if "jsep" in told and (waits := self._described.pop(told["sender"], None)) is not None:
            waits.set_result(told["jsep"]["sdp"])
        if (asked := self._answered.pop(told.get("transaction", ""), None)) is not None and not asked.done():
            asked.set_result(told)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE_SECONDS)
            await self._ask({"janus": "keepalive", "session_id": self._session})

    def _configure(self) -> None:
        others = [each.name for each in PLUGINS.glob("*.so") if "audiobridge" not in each.name]
        ways = [each.name for each in TRANSPORTS.glob("*.so") if "pfunix" not in each.name]
        (self._folder / "janus.jcfg").write_text(
            f'general: {{ configs_folder = "{self._folder}"; plugins_folder = "{PLUGINS}";'
            f' transports_folder = "{TRANSPORTS}"; debug_level = 3 }}\n'
            f'plugins: {{ disable = "{",".join(others)}" }}\ntransports: {{ disable = "{",".join(ways)}" }}\n'
        )
        (self._folder / "janus.transport.pfunix.jcfg").write_text(
            f'general: {{ enabled = true; json = "compact"; type = "SOCK_SEQPACKET"; path = "{self._folder}/socket" }}'
        )
        (self._folder / "janus.plugin.audiobridge.jcfg").write_text("general: { events = false }\n")
