"""The family bridge's process, held to one core, as `bridge_janus` has Janus: the same verbs for both."""

import asyncio
import json
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

from tests.groups import ROOT


class Served:
    def __init__(self, core: int) -> None:
        self._core = core
        self._waiting: dict[tuple[int, int], asyncio.Future[str]] = {}
        self._figures: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def __aenter__(self) -> "Served":
        command = ["taskset", "-c", str(self._core), sys.executable, "-m", "tests.benchmarks.bridge_ours"]
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe, limit=1 << 20)
        self._reading = asyncio.ensure_future(self._read())
        await self._figures.get()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        await self.process.wait()
        await self._reading

    @property
    def pid(self) -> int:
        return self.process.pid

    def join(self, call: int, number: int, rung: str) -> Callable[[str], Any]:
        """Who answers the offer of an end of this call, sent to by this rung."""

        async def answer(offer: str) -> str:
            waits = self._waiting[call, number] = asyncio.get_running_loop().create_future()
            self._tell({"call": call, "end": number, "sdp": offer, "rung": rung})
            answered: str = await waits
            return answered

        return answer

    async def figures(self) -> dict[str, Any]:
        """Since they were asked for last."""
        self._tell({})
        return await self._figures.get()

    def _tell(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write((json.dumps(message) + "\n").encode())

    async def _read(self) -> None:
        assert self.process.stdout
        while line := await self.process.stdout.readline():
            told = json.loads(line)
            if "sdp" in told:
                self._waiting.pop((told["call"], told["end"])).set_result(told["sdp"])
            else:
                self._figures.put_nowait(told)
