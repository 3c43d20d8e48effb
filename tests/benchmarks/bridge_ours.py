"""The family bridge as a process for the benchmark `bridge`: its ends and works are the real ones, the web is left out.

Lines of JSON come in (an offer of an end of a call, a rung, a question for figures), lines of JSON go out.
"""

import asyncio
import json
import sys
import time
from functools import partial
from typing import Any

from app.factory import static_folder
from app.kernel.clock import SystemClock
from app.kernel.rungs import RungName
from app.media import aiortc_fit
from app.media.bridge import Bridge
from app.media.ladder import read
from app.media.participant import Participant
from app.media.tally import Tally
from app.media.uploading import Uploads
from app.media.work import End, Lease, Outside, WorkKind

LADDER = read(static_folder() / "call" / "ladder.json")


async def _nowhere(event: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A bridge tells the web nothing."""
    raise AssertionError(f"{event} {payload}")


class Program:
    """`shared` is what the program hands to all its works."""

    def __init__(self, tally: Tally, uploads: Uploads) -> None:
        self._tally = tally
        self._outside = Outside(_nowhere, SystemClock(), LADDER, tally, uploads)
        self._works: dict[int, Bridge] = {}
        self._tasks: set[asyncio.Future[None]] = set()

    def offered(self, told: dict[str, Any]) -> None:
        call, number = int(told["call"]), int(told["end"])
        if call not in self._works:
            work = self._works[call] = Bridge(Lease(str(call), WorkKind.BRIDGE, str(call), "en"), self._outside)
            self._tasks.add(asyncio.ensure_future(work.run()))
        work = self._works[call]
        end = End(f"{call}-{number}.1", "guest", RungName(told["rung"]))
        say = partial(_answered, call, number)
        participant = Participant(end, [], "all", LADDER, say, work.join, work.part, self._tally)
        participant.take({"description": {"type": "offer", "sdp": told["sdp"]}})

    def figures(self) -> None:
        tally = self._tally
        _say(
            {
                "late_p95_ms": tally.lateness(0.95), "late_p50_ms": tally.lateness(0.5),
                "in": sum(tally.packets_in.values()), "out": sum(tally.packets_out.values()),
                "cpu_seconds": time.process_time(), "dropped": dict(tally.dropped),
            }
        )  # fmt: skip
        tally._late_ms.clear()


async def _answered(call: int, number: int, message: dict[str, Any]) -> None:
    _say({"call": call, "end": number, "sdp": message["description"]["sdp"]})


def _say(told: dict[str, Any]) -> None:
    print(json.dumps(told), flush=True)


async def main() -> None:
    aiortc_fit.fit()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    program = Program(Tally(), Uploads.__new__(Uploads))
    _say({"ready": True})
    while line := await reader.readline():  # until it is terminated
        told = json.loads(line)
        if "sdp" in told:
            program.offered(told)
        else:
            program.figures()


if __name__ == "__main__":
    asyncio.run(main())
