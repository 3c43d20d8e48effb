"""Two ends of a connection in one process, over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any
from unittest.mock import patch

from aiortc import RTCPeerConnection

WITHIN_SECONDS = 20.0


def in_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that needs an event loop gets one of its own."""

    @wraps(test)
    def run(*args: Any, **given: Any) -> None:
        asyncio.run(test(*args, **given))

    return run


async def connected(offering: RTCPeerConnection, answering: RTCPeerConnection) -> None:
    with patch("aioice.ice.get_host_addresses", lambda **wanted: ["127.0.0.1"]):  # which aioice leaves out
        await offering.setLocalDescription(await offering.createOffer())
        await answering.setRemoteDescription(offering.localDescription)
        await answering.setLocalDescription(await answering.createAnswer())
        await offering.setRemoteDescription(answering.localDescription)
    await until(lambda: offering.connectionState == answering.connectionState == "connected")


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_SECONDS):
        while not is_so():  # noqa: ASYNC110  # what is waited for knows of no event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def closing(*ends: RTCPeerConnection) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await asyncio.gather(*(end.close() for end in ends))
