"""Bridges of three, many at once, and the media program of them all is killed: for how long each end hears nothing.

Another program stands by. Programs and connections are real; ends offer anew as browsers do, of which
`tests/browser/test_bridge.py` tells with real ones and a single bridge.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from app.calls.words import CallState
from app.families.rules import EMBLEMS
from app.storage.database import Database
from app.storage.migrate import upgrade
from app.villages import service as villages
from app.web.models import PrincipalKind
from tests.browser.village import Village, open_village
from tests.calls.media_stage import another_parent
from tests.media.far_end import HOST, FarEnd, spoken, token, until
from tests.media.stage import beat, connected_programs, heard_program
from tests.scene import Household, at

BACK_WITHIN_SECONDS = 5.0
STARTS_AT = at(20)
SPEAKERS = 2  # of each bridge: more at once would hear nothing of each other


@dataclass
class Found:
    silent_seconds: list[float] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[tuple[str, str]]:
        yield "ends", str(len(self.silent_seconds))
        yield "silent seconds, median", f"{median(self.silent_seconds):.2f}"
        yield "silent seconds, most", f"{max(self.silent_seconds):.2f}"

    def judge(self) -> None:
        late = [seconds for seconds in self.silent_seconds if seconds > BACK_WITHIN_SECONDS]
        if late:
            self.complaints.append(f"{len(late)} ends heard nothing for more than {BACK_WITHIN_SECONDS} s")


def run(count: int) -> Found:
    found = Found()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="homethread-bridges-")))
        url = f"sqlite:///{folder / 'homethread.db'}"
        database = Database(url)
        upgrade(database)
        database.close()
        village = open_village(folder, url, STARTS_AT - timedelta(minutes=10), MEDIA_HOST=HOST)
        stack.callback(village.stop)
        village.start("media")
        found.silent_seconds = asyncio.run(_story(village, count))
        if "Traceback" in village.logs():
            found.complaints.append(f"a program logged:\n{village.logs()[-4_000:]}")
    found.judge()
    return found


async def _story(village: Village, count: int) -> list[float]:
    await connected_programs(village, 1)
    homes = _homes(village, count)
    calls = [village.scene.book(home, STARTS_AT) for home in homes]
    village.move_clock_to(STARTS_AT)
    await heard_program(village)
    bridges = [
        await _bridge(village, home, call, place) for place, (home, call) in enumerate(zip(homes, calls, strict=True))
    ]
    village.start("media2")
    await connected_programs(village, 2)
    ends = [end for bridge in bridges for end in bridge]
    talking = [asyncio.ensure_future(_talk(end)) for bridge in bridges for end in bridge[:SPEAKERS]]
    await asyncio.gather(*(_hears(end) for end in ends))
    village.kill("media")
    killed_at = time.monotonic()
    silent_seconds = await asyncio.gather(*(_again(end, killed_at) for end in ends))
    for task in talking:
        task.cancel()
    for end in ends:
        await end.close()
    return silent_seconds


def _homes(village: Village, count: int) -> list[Household]:
    """As many families of one village, each with a terminal to ring at."""
    scene = village.scene
    with scene.database.begin() as session:
        for place in range(1, count):
            villages.add_terminal(session, scene.alice.village, f"Terminal {place}", village.now())
    return [scene.alice, *(scene.move_in(f"Family {n}", EMBLEMS[n + 2], 50 + n) for n in range(1, count))]


async def _bridge(village: Village, home: Household, call: str, place: int) -> list[FarEnd]:
    """Mother, father and an aunt, connected to the program."""
    others = [another_parent(village.scene, home, name, 2 * place + n) for n, name in enumerate(("Father", "Aunt"))]
    await until(lambda: village.scene.call(call).state is CallState.RINGING)
    ends = []
    for who in (home.parent, *others):
        end = FarEnd(village, "phone", token(village, PrincipalKind.PERSON, who, None))
        await end.connect()
        await beat(end)
        await end.sit(call)
        ends.append(end)
    for end in ends:
        await end.offer(await end.media_seat())
    return ends


async def _talk(end: FarEnd) -> None:
    words = spoken(0.6)
    while True:
        await end.speak(words)


async def _hears(end: FarEnd) -> None:
    await until(lambda: bool(end.voice))


async def _again(end: FarEnd, killed_at: float) -> float:
    """Seconds until a voice is heard by the other program."""
    news = await end.event("peer", lambda p: p["side"] == "media" and p["state"] in ("seated", "back"))
    end.voice.clear()
    await end.offer(news["seat"])
    await _hears(end)
    return time.monotonic() - killed_at
