"""How many calls of three the family bridge carries on one core, and what it sends to each end; beside Janus.

The bridge's process, and Janus, have one core, the ends the other. A few calls for each way of talking; then calls are
added until packets leave 20 ms late at the 95th percentile: of the bridge the later of the mixer's ticks and of what is
forwarded (from socket to socket), of Janus the packets beside their own time stamps, since it has one at every 20 ms.
Both are spoken to by the same ends in the same turns, 12 kbit/s in 60 ms, and are to send 12 kbit/s. Bytes are those
of IPv4 datagrams, all that come.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from tests.benchmarks import bridge_janus
from tests.benchmarks.bridge_ends import Wheel
from tests.benchmarks.bridge_janus import Janus
from tests.benchmarks.bridge_rows import ROWS, Row
from tests.benchmarks.bridge_served import Served
from tests.benchmarks.bridge_table import Found, Table
from tests.benchmarks.bridge_talk import double_talk, scripts, speech
from tests.benchmarks.bridge_window import WINDOW_SECONDS, Script, Window, add, watch
from tests.benchmarks.result import Figure
from tests.benchmarks.start import pss_mb

CORE, GENERATORS_CORE = 0, 1
STEPS = (10, 20, 30, 40, 50, 60, 90, 120, 150, 180, 210, 240)  # calls
FEW = 8
KBPS = 12.0
REFERENCE = "Janus AudioBridge, rooms of 16 kHz"
Figures = dict[str, float]
Make = Callable[[], Served | Janus]


def run(rows: Sequence[str] = ()) -> Table:
    """`rows`: these alone."""
    chosen = [row for row in ROWS if not rows or row.name in rows]
    if unknown := set(rows) - {row.name for row in ROWS}:
        raise SystemExit(f"no such row: {', '.join(sorted(unknown))} (there are: {', '.join(r.name for r in ROWS)})")
    if not bridge_janus.is_there():
        raise SystemExit("could not run, missing: janus (as root: apt-get install janus)")
    os.sched_setaffinity(0, {GENERATORS_CORE})
    found = tuple(asyncio.run(_run(chosen)))
    return Table("bridge", _named(found, "ours"), _named(found, "theirs"), REFERENCE, found)


async def _run(rows: list[Row]) -> list[Found]:
    with tempfile.TemporaryDirectory() as folder:
        voices = speech(Path(folder))
    found = []
    for row in rows:
        talk = [scripts(voices, said, KBPS, row.room_rms) for said in row.said]
        tried = _most if row.finds_most else _few
        ours = await tried(lambda: Served(CORE), row, talk)
        theirs = await tried(lambda: Janus(CORE, KBPS), row, talk) if row.is_for_janus else {}
        found.append(Found(row, ours | _beside(ours, theirs), theirs))
        print(*found[-1].lines(), sep="\n", flush=True)
    return found


async def _few(make: Make, row: Row, talk: list[Script]) -> Figures:
    """A few calls for a while: what they cost, and how long a voice takes."""
    wheel = Wheel()
    async with make() as server:
        await add(server, wheel, row.rungs, talk, FEW)
        window = await watch(server, wheel, FEW, 2.5 * WINDOW_SECONDS)
        await wheel.stop()
    print(f"  {type(server).__name__}: {window}", flush=True)
    return {
        "cpu_percent_per_call": 100 * window.cpu / FEW, "kbps_to_an_end": window.kbps, "late_p95_ms": window.late_ms,
        **_delays(window),
    }  # fmt: skip


async def _most(make: Make, row: Row, talk: list[Script]) -> Figures:
    """Add calls until they are late."""
    wheel = Wheel()
    held: Window | None = None
    memory: list[tuple[int, float]] = []
    async with make() as server:
        for calls in STEPS:
            await add(server, wheel, row.rungs, talk, calls)
            memory.append((calls, pss_mb(server.pid)))
            window = await watch(server, wheel, calls)
            if not window.is_held:  # once may be something else's doing
                window = await watch(server, wheel, calls)
            print(f"  {type(server).__name__}: {window}", flush=True)
            if not window.is_held:
                break
            held = window
        await wheel.stop()
    (few, least), (many, most) = memory[0], memory[-1]
    found: Figures = {"calls_on_a_core": float(held.calls if held else 0)}
    if held:
        found |= {"cpu_percent": 100 * held.cpu, "late_p95_ms": held.late_ms, "kbps_to_an_end": held.kbps}
        found |= _delays(held)
    found["memory_kb_per_call"] = 1_000 * (most - least) / (many - few) if many > few else 0.0
    found["double_talk_percent"] = 100 * float(np.mean([double_talk(said) for said in row.said]))
    return found | {"generators_late_p95_ms": window.generators_late_ms}


def _delays(window: Window) -> Figures:
    found = {
        "forwarded_p95_ms": window.forwarded_ms, "waited_p95_ms": window.waited_ms, "added_p95_ms": window.added_ms()
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}


def _beside(ours: Figures, theirs: Figures) -> Figures:
    found = {}
    if theirs.get("kbps_to_an_end") and ours.get("kbps_to_an_end"):
        found["bytes_percent_of_janus"] = 100 * ours["kbps_to_an_end"] / theirs["kbps_to_an_end"]
    if theirs.get("calls_on_a_core"):
        found["calls_times_janus"] = ours["calls_on_a_core"] / theirs["calls_on_a_core"]
    return found


def _named(found: Sequence[Found], whose: str) -> dict[str, Figure]:
    return {
        f"{one.row.name} {name}": Figure.of([value]) for one in found for name, value in getattr(one, whose).items()
    }
