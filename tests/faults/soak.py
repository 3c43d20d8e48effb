"""One media program, for many minutes: ends join and leave bridges, leave messages, try their line; nothing may grow.

Web, worker and media program are real, and so are the ends' connections. A round is an evening of the village, whose
clock is moved on. After each the program is idle, and its memory, descriptors and threads are read; what stands after
the last fifth of the time is held against what stood after the first.
"""

import asyncio
import os
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import func, select

from app.calls.media_models import MediaLease
from app.storage.database import Database
from app.storage.migrate import upgrade
from tests.browser.village import Village, open_village
from tests.calls.media_stage import allow_messages, another_parent
from tests.faults.evening import Evening
from tests.media.far_end import HOST, until
from tests.media.stage import connected_programs
from tests.scene import at
from tests.services.ports import free_port

MORE_MEMORY, MORE_MEMORY_MB = 0.06, 6.0  # of what there was, and so much that a heap may grow by without a leak
MORE_DESCRIPTORS, MORE_THREADS = 4, 1
IDLE_SECONDS = 25.0
BEGINS_AT = at(19, 50)
LEAST_ROUNDS = 5
MB = 1_000_000


@dataclass(frozen=True)
class Sample:
    at_seconds: float
    memory_mb: float
    descriptors: int
    threads: int


@dataclass
class Found:
    samples: list[Sample] = field(default_factory=list)
    joined: int = 0
    messages: int = 0
    line_checks: int = 0
    open_leases: int = 0
    complaints: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[tuple[str, str]]:
        yield "rounds", str(len(self.samples))
        for name in ("joined", "messages", "line_checks", "open_leases"):
            yield name.replace("_", " "), str(getattr(self, name))
        first, last = self.ends()
        for name in ("memory_mb", "descriptors", "threads"):
            yield name.replace("_", " "), f"{getattr(first, name):g} -> {getattr(last, name):g}"

    def ends(self) -> tuple[Sample, Sample]:
        """Medians of the rounds right after the first fifth of the time, and of the last ones."""
        lasted = self.samples[-1].at_seconds
        after = [each for each in self.samples if each.at_seconds > lasted / 5] or self.samples
        some = max(1, len(after) // 6)
        return _middle(after[:some]), _middle(after[-some:])

    def judge(self) -> None:
        first, last = self.ends()
        most_mb = first.memory_mb * (1 + MORE_MEMORY) + MORE_MEMORY_MB
        for name, was, now, most in (
            ("memory in MB", first.memory_mb, last.memory_mb, most_mb),
            ("descriptors", first.descriptors, last.descriptors, first.descriptors + MORE_DESCRIPTORS),
            ("threads", first.threads, last.threads, first.threads + MORE_THREADS),
            ("open leases", 0, self.open_leases, 0),
        ):
            if now > most:
                self.complaints.append(f"{name} grew from {was:g} to {now:g}, more than to {most:g}")
        if len(self.samples) < LEAST_ROUNDS:
            self.complaints.append(f"{len(self.samples)} rounds are too few to say anything")


def _middle(samples: list[Sample]) -> Sample:
    return Sample(
        samples[-1].at_seconds, round(median(each.memory_mb for each in samples), 1),
        round(median(each.descriptors for each in samples)), round(median(each.threads for each in samples)),
    )  # fmt: skip


def run(minutes: float) -> Found:
    found = Found()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="homethread-soak-")))
        village, port = _village(stack, folder)
        asyncio.run(_soak(village, port, minutes * 60, found))
        found.open_leases = _open_leases(village)
        log = (folder / "media.log").read_text()
        if "Traceback" in log:
            found.complaints.append(f"the media program logged:\n{log[-4_000:]}")
    found.judge()
    return found


def _village(stack: ExitStack, folder: Path) -> tuple[Village, int]:
    url = f"sqlite:///{folder / 'homethread.db'}"
    database, port = Database(url), free_port()
    upgrade(database)
    database.close()
    village = open_village(folder, url, BEGINS_AT, MEDIA_HOST=HOST, MEDIA_PORT=str(port))
    stack.callback(village.stop)
    allow_messages(village.scene, village.scene.alice)
    village.start("media")
    return village, port


async def _soak(village: Village, port: int, seconds: float, found: Found) -> None:
    await connected_programs(village, 1)
    guests = [another_parent(village.scene, village.scene.alice, name, n) for n, name in enumerate(("Father", "Aunt"))]
    began, day = time.monotonic(), BEGINS_AT
    while time.monotonic() - began < seconds:
        evening = Evening(village, guests, day)
        await evening.run()
        found.joined, found.messages = found.joined + evening.joined, found.messages + evening.messages
        found.line_checks += evening.line_checks
        await until(lambda: _figure(port, "calls") == 0 == _figure(port, "participants"), IDLE_SECONDS)
        found.samples.append(_sample(village.programs["media"].pid, time.monotonic() - began))
        print(found.samples[-1], flush=True)
        day += timedelta(days=1)


def _figure(port: int, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(f"homethread_media_{name} "))


def _sample(pid: int, at_seconds: float) -> Sample:
    process = Path(f"/proc/{pid}")
    pages = int((process / "statm").read_text().split()[1])
    memory_mb = pages * os.sysconf("SC_PAGE_SIZE") / MB
    descriptors, threads = len(list((process / "fd").iterdir())), len(list((process / "task").iterdir()))
    return Sample(round(at_seconds), round(memory_mb, 1), descriptors, threads)


def _open_leases(village: Village) -> int:
    with village.scene.database.read() as session:
        held = select(func.count()).select_from(MediaLease).where(MediaLease.ended_at.is_(None))
        return session.scalar(held) or 0
