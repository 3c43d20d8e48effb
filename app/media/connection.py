"""The program's socket to web: opened, lost and opened again for ever, with a fresh token each time.

WebSocket only, the official Socket.IO client. What the events mean is not decided here. Nothing is sent twice by
itself: whoever sends knows whether a repeat does harm.
"""

import asyncio
import logging
import random
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import socketio

log = logging.getLogger(__name__)

CONNECT_SECONDS, ACK_SECONDS = 5.0, 6.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 2.0
PATIENCE_SECONDS = 20.0
EVENTS = ("serve", "signal", "peer")

OnEvent = Callable[[str, dict[str, Any]], None]


class Away(Exception):
    """There is no connection to web, or it gave no answer: done or not, nobody knows."""


class Refusal(Exception):
    """Web says no; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Connection:
    """One at a time; `on_open` is called after each time that web has let us in, `on_event` with what it sends."""

    def __init__(
        self, url: str, certificate: Path | None, token: Callable[[], str], on_open: Callable[[], None],
        on_event: OnEvent,
    ) -> None:  # fmt: skip
        self._url, self._certificate, self._token = url, certificate, token
        self._on_open, self._on_event = on_open, on_event
        self._client: socketio.AsyncClient | None = None
        self._away_since = time.monotonic()
        self._lost, self._closing = asyncio.Event(), asyncio.Event()

    @property
    def is_open(self) -> bool:
        return self._client is not None

    async def keep(self) -> None:
        """Stay connected until `close`."""
        pause = FIRST_PAUSE_SECONDS
        while not self._closing.is_set():
            if await self._once():
                pause = FIRST_PAUSE_SECONDS
            jittered = pause * (0.5 + random.random() / 2)  # noqa: S311 - so that not all come back at once
            pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
            try:
                await asyncio.wait_for(self._closing.wait(), jittered)
            except TimeoutError:
                continue

    async def emit(self, event: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send and wait for the answer. Raises Away or Refusal."""
        client = self._client
        if client is None:
            raise Away("not connected")
        calling = asyncio.ensure_future(client.call(event, payload, timeout=ACK_SECONDS))
        losing = asyncio.ensure_future(self._lost.wait())  # else a call waits on for an answer that can't come
        try:
            await asyncio.wait((calling, losing), return_when=asyncio.FIRST_COMPLETED)
            answer = calling.result() if calling.done() else None
        except (socketio.exceptions.SocketIOError, aiohttp.ClientError, OSError) as silent:
            raise Away(f"no answer to {event}") from silent
        finally:
            calling.cancel()
            losing.cancel()
        if not isinstance(answer, dict):
            raise Away(f"no answer to {event}")
        if "error" in answer:
            raise Refusal(str(answer["error"]))
        return answer

    async def renew(self) -> None:
        """Give this connection up for another one: something was not answered in time."""
        if self._client is not None:
            await self._client.disconnect()

    async def close(self) -> None:
        self._closing.set()
        await self.renew()

    async def _once(self) -> bool:
        """Connect and stay as long as it lasts; whether web let us in."""
        async with aiohttp.ClientSession(connector=connector(self._certificate)) as session:
            client = socketio.AsyncClient(reconnection=False, handle_sigint=False, http_session=session)
            client.on("connect_error", self._refused)
            for event in EVENTS:
                client.on(event, self._hears(event))
            try:
                await client.connect(
                    self._url, transports=["websocket"], auth={"token": self._token(), "face": "media"},
                    wait_timeout=CONNECT_SECONDS,
                )  # fmt: skip
            except (socketio.exceptions.SocketIOError, aiohttp.ClientError, OSError) as failure:
                log.log(self._level, "web can't be reached at %s: %s", self._url, failure)
                await client.disconnect()
                return False
            log.info("connected to %s", self._url)
            self._client, self._lost = client, asyncio.Event()
            try:
                self._on_open()
                await client.wait()
            finally:
                self._client, self._away_since = None, time.monotonic()
                self._lost.set()
            log.info("the connection to web is lost")
            return True

    @property
    def _level(self) -> int:
        """Web starts when we do, and starts again at times: that is worth a warning only when it takes long."""
        return logging.WARNING if time.monotonic() - self._away_since > PATIENCE_SECONDS else logging.INFO

    def _refused(self, told: Any) -> None:
        if isinstance(told, dict):  # else there is no web at all
            log.warning("web doesn't let us in: %s", told.get("message"))

    def _hears(self, event: str) -> Callable[..., None]:
        def heard(*payload: Any) -> None:
            if len(payload) == 1 and isinstance(payload[0], dict):
                self._on_event(event, payload[0])

        return heard


def connector(certificate: Path | None) -> aiohttp.TCPConnector:
    """Https is asked for a known authority, or for the very certificate in this file, whatever name stands in it."""
    if certificate is None:
        return aiohttp.TCPConnector()
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return aiohttp.TCPConnector(ssl=context)
