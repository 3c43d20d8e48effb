"""An end of the media program as a program of its own, which gives back each packet of voice: for a browser to meet.

`python -m tests.browser.media_end RUNG`: JSON lines, signals in by standard input, out by standard output with what
came. It is no part of the test's process, which may speak to the loopback alone: a browser's address is another.
"""

import asyncio
import json
import sys
from typing import Any

from app.factory import static_folder
from app.kernel.rungs import RungName
from app.media import ladder, works
from app.media.frames import EncodedFrame
from app.media.participant import Participant
from app.media.tally import Tally
from app.media.work import End

HOST = "127.0.0.1"


async def main(rung: RungName) -> None:
    works.prepare(HOST)

    async def say(message: dict[str, Any]) -> None:
        tell(say=message)

    def echo(frame: EncodedFrame) -> None:
        tell(heard=[frame.rtp_timestamp, frame.duration_ms])
        end.send_voice(frame.payload, frame.rtp_timestamp, frame.duration_ms)

    steps = ladder.read(static_folder() / "call" / "ladder.json")
    who = End("seat.1", "parent", rung)
    end = Participant(who, [], "all", steps, say, lambda _: tell(stands=True), lambda _: tell(ended=True), Tally())
    end.on_voice = echo
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        signal = json.loads(line)
        if signal == "offer":
            await end.offer()
        else:
            end.take(signal)
    await end.close()


def tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    asyncio.run(main(RungName(sys.argv[1])))
