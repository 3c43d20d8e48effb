"""The program's own page, for its machine alone: whether it is connected, and its figures as Prometheus reads them."""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from app.media.tally import Tally

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
TEXT = "text/plain; version=0.0.4"


@dataclass(frozen=True)
class Standing:
    """How the program stands at this moment."""

    is_connected: bool
    is_draining: bool
    calls: int
    participants: int
    load_permille: int
    waiting_uploads: int


async def serve(port: int, tally: Tally, standing: Callable[[], Standing]) -> web.AppRunner:
    """Answer on the loopback. A port that is taken is logged: calls go on without a page."""

    async def healthz(_request: web.Request) -> web.Response:
        now = standing()
        says = "draining" if now.is_draining else "ok" if now.is_connected else "not connected to web"
        return web.Response(text=f"{says}\n", status=200 if says == "ok" else 503)

    async def metrics(_request: web.Request) -> web.Response:
        body = "".join(f"homethread_media_{line}\n" for line in lines(tally, standing()))
        return web.Response(body=body.encode(), headers={"Content-Type": TEXT})

    application = web.Application()
    application.add_routes([web.get("/healthz", healthz), web.get("/metrics", metrics)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as taken:
        log.error("HOMETHREAD_MEDIA_PORT %s can't be used (%s): there is no health page", port, taken.strerror)
    return runner


def lines(tally: Tally, now: Standing) -> Iterator[str]:
    """One figure a line, without the common beginning of their names."""
    yield f"connected {int(now.is_connected)}"
    yield f"draining {int(now.is_draining)}"
    yield f"calls {now.calls}"
    yield f"participants {now.participants}"
    yield f"load_ratio {now.load_permille / 1000}"
    yield f"uploads_waiting {now.waiting_uploads}"
    for kind in ("audio", "video"):
        yield f'packets_in_total{{kind="{kind}"}} {tally.packets_in[kind]}'
        yield f'packets_out_total{{kind="{kind}"}} {tally.packets_out[kind]}'
    for why, count in sorted(tally.dropped.items()):
        yield f'packets_dropped_total{{why="{why}"}} {count}'
    for event, count in sorted(tally.events.items()):
        yield f'events_total{{event="{event}"}} {count}'
    for share in (0.5, 0.95):
        if (late_ms := tally.lateness(share)) is not None:
            yield f'mixer_late_seconds{{quantile="{share}"}} {late_ms / 1000:.6f}'
    yield f"resident_memory_bytes {_resident_bytes()}"


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
