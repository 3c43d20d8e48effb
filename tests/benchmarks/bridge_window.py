"""What is seen of some calls for some seconds: how late packets are, what they cost, what comes to an end."""

import asyncio
import os
import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from app.media.opus import Decoder
from tests.benchmarks.bridge_ends import End, Seen, Wheel, lateness_ms
from tests.benchmarks.bridge_janus import Janus
from tests.benchmarks.bridge_served import Served
from tests.benchmarks.bridge_talk import ENDS
from tests.thinlink.voice import RATE_HZ, Recording, delays

LATE_MS, GENERATORS_LATE_MS = 20.0, 8.0
SETTLE_SECONDS, WINDOW_SECONDS = 1.5, 4.0
DECIPHERED = 8  # one call in so many has its packets looked into
AT_ONCE = 6  # calls that connect
ENOUGH = 20  # packets, of which a share means something
Script = list[list[bytes]]


@dataclass
class Window:
    """What was seen for some seconds with so many calls.

    `late_ms` is what counts: of the bridge the later of its ticks and of what is forwarded, of Janus its packets beside
    their own stamps. What is forwarded only after it had waited for a mix is in `waited_ms`.
    """

    calls: int
    late_ms: float
    generators_late_ms: float
    cpu: float  # of a core
    generators_cpu: float
    kbps: float  # to an end
    forwarded_ms: float | None
    waited_ms: float | None
    seen: list[Seen] = field(repr=False, default_factory=list)

    @property
    def is_held(self) -> bool:
        return self.late_ms <= LATE_MS and self.generators_late_ms <= GENERATORS_LATE_MS

    def added_ms(self) -> float | None:
        """How much later than straight from the speaker a voice came, at the 95th percentile, mixed or forwarded."""
        calls = [self.seen[at : at + ENDS] for at in range(0, len(self.seen), ENDS * DECIPHERED)]
        found = [ms for call in calls for place in range(ENDS) for ms in _added_ms(call, place)]
        return float(np.percentile(found, 95)) if found else None


async def add(server: Served | Janus, wheel: Wheel, rungs: tuple[str, ...], talk: list[Script], calls: int) -> None:
    """Until there are so many. The ends of a call connect one after the other, a few calls at once."""
    few = asyncio.Semaphore(AT_ONCE)

    async def connect(call: int, ends: list[End]) -> None:
        async with few:
            for number, end in enumerate(ends):
                await end.connect(server.join(call, number, rungs[number]))

    connecting = []
    for call in range(len(wheel.ends) // ENDS, calls):
        sent_at: dict[bytes, float] = {}
        place = random.randrange(len(talk[0][0]))
        ends = [End(each, place, sent_at, deciphers=call % DECIPHERED == 0) for each in talk[call % len(talk)]]
        for end in ends:
            wheel.add(end)
        connecting.append(connect(call, ends))
    await asyncio.gather(*connecting)
    await asyncio.sleep(SETTLE_SECONDS)


async def watch(server: Served | Janus, wheel: Wheel, calls: int, seconds: float = WINDOW_SECONDS) -> Window:
    for end in wheel.ends:
        end.fresh()
    wheel.late_ms.clear()
    await server.figures()
    began, cpu, own = time.monotonic(), _cpu_seconds(server.pid), time.process_time()
    await asyncio.sleep(seconds)
    passed, spent = time.monotonic() - began, _cpu_seconds(server.pid) - cpu
    own = (time.process_time() - own) / passed
    told: dict[str, Any] = await server.figures()
    seen = [end.fresh() for end in wheel.ends]
    forwarded = _p95(delay for each in seen for delay in each.delays_ms)
    waited = _p95(delay for each in seen for delay in each.waited_ms)
    if told:
        late = max(told["late_p95_ms"] or 0.0, forwarded or 0.0)
    else:
        late = _p95(late for each in seen for late in lateness_ms(each.arrivals)) or 0.0
    kbps = sum(each.wire_bytes for each in seen) * 8 / passed / len(seen) / 1_000
    generators_late = float(np.percentile(wheel.late_ms, 95))
    return Window(calls, late, generators_late, spent / passed, own, kbps, forwarded, waited, seen)


def _p95(found: Iterable[float]) -> float | None:
    values = list(found)
    return float(np.percentile(values, 95)) if len(values) > ENOUGH else None


def _added_ms(seen: list[Seen], listener: int) -> Iterator[float]:
    """By the sound of what one end heard beside what the others said, each second."""
    heard = _recording(seen[listener].heard)
    for place, each in enumerate(seen):
        if place != listener and len(each.said) > ENOUGH and len(heard.samples):
            said = _recording(each.said)
            yield from (1_000 * delay for _, delay in delays(said, heard, said.at, said.until - 1))


def _recording(packets: list[tuple[float, bytes]]) -> Recording:
    """Sound where it would play at the earliest: a packet ends when it is sent, or comes."""
    decoder, parts = Decoder(), []
    for at_ms, packet in packets:
        parts.append((at_ms, np.frombuffer(decoder.decode(packet), "<i2")[::3].astype(np.float32) / 32_768))
    if not parts:
        return Recording(0, np.zeros(0, np.float32))
    begins = [at_ms / 1_000 - len(part) / RATE_HZ for at_ms, part in parts]
    samples = np.zeros(round((begins[-1] - begins[0]) * RATE_HZ) + len(parts[-1][1]), np.float32)
    for begin, (_, part) in zip(begins, parts, strict=True):
        place = round((begin - begins[0]) * RATE_HZ)
        cut = samples[place : place + len(part)]
        cut[:] = part[: len(cut)]
    return Recording(begins[0], samples)


def _cpu_seconds(pid: int) -> float:
    """Of a process and its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
