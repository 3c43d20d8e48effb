"""A proxy on the loopback that passes bytes on at a pace, and cuts a connection after so many of them came to it."""

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from tests.services.ports import free_port

READ_BYTES = 2048
SILENCE_SECONDS = 0.05


class CuttingProxy:
    """`cuts`: after how many bytes since the server's last word each connection that brings them is cut; then none is.

    It is never cut within an answer: tus-js-client waits for the rest of one for ever where it runs in Node.
    `bytes_per_second` is the pace of what the client sends; answers come at once.
    """

    def __init__(self, to_port: int, cuts: Sequence[int] = (), bytes_per_second: float | None = None) -> None:
        self.port, self.times_cut = free_port(), 0
        self._to_port, self._cuts, self._pace = to_port, deque(cuts), bytes_per_second
        self._loop = asyncio.new_event_loop()
        self._ready, self._over = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()])
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        lines: set[asyncio.Task[None]] = set()

        async def line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task
            lines.add(task)
            task.add_done_callback(lines.discard)
            await self._line(reader, writer)

        server = await asyncio.start_server(line, "127.0.0.1", self.port, limit=READ_BYTES)
        self._ready.set()
        await self._over.wait()
        server.close()
        for task in list(lines):
            task.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    async def _line(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            to_client.transport.abort()
            return
        came = _Came()
        answers = asyncio.create_task(self._answers(server, to_client, came))
        try:
            await self._bytes(client, to_server, came)
        except OSError:
            pass  # one of the two ends is gone, and so is the line
        finally:
            to_server.transport.abort()
            to_client.transport.abort()
            answers.cancel()

    async def _bytes(self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter, came: "_Came") -> None:
        while part := await client.read(READ_BYTES):
            came.bytes += len(part)
            to_server.write(part)
            await to_server.drain()
            if self._is_to_cut(came):
                await asyncio.sleep(SILENCE_SECONDS)
                if self._is_to_cut(came):
                    self._cuts.popleft()
                    self.times_cut += 1
                    return
            if self._pace:
                await asyncio.sleep(len(part) / self._pace)

    def _is_to_cut(self, came: "_Came") -> bool:
        return bool(self._cuts) and came.bytes >= self._cuts[0]

    async def _answers(self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter, came: "_Came") -> None:
        with suppress(OSError):
            while part := await server.read(READ_BYTES):
                came.bytes = 0
                to_client.write(part)
                await to_client.drain()
            to_client.close()


@dataclass
class _Came:
    """How much came from the client since the server's last word."""

    bytes: int = 0
