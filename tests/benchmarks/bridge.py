"""How many calls of three the family bridge carries on one core, and what it sends to each end; beside Janus.

The bridge's process, and Janus, have one core, the ends the other. Calls are added until packets leave 20 ms late at
the 95th percentile: of the bridge the later of the mixer's ticks and of what is forwarded (from socket to socket), of
Janus the packets beside their own time stamps, since it has one at every 20 ms. Both are spoken to by the same ends in
the same turns, 12 kbit/s in 60 ms, and are to send 12 kbit/s. Bytes are those of IPv4 datagrams, all that come.
"""

import asyncio
import os
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from app.media.opus import Decoder
from tests.benchmarks import bridge_janus
from tests.benchmarks.bridge_ends import End, Seen, Wheel, lateness_ms
from tests.benchmarks.bridge_janus import Janus
from tests.benchmarks.bridge_served import Served
from tests.benchmarks.bridge_talk import ENDS, SECONDS, Turn, double_talk, scripts, speech, turns
from tests.benchmarks.result import Figure, Result
from tests.benchmarks.start import pss_mb
from tests.thinlink.voice import RATE_HZ, Recording, delays

LATE_MS, GENERATORS_LATE_MS = 20.0, 8.0
CORE, GENERATORS_CORE = 0, 1
STEPS = (10, 20, 30, 40, 50, 60, 90, 120, 150, 180, 210, 240)  # calls
FEW = 8
SETTLE_SECONDS, WINDOW_SECONDS = 1.5, 4.0
KBPS = 12.0
CONVERSATIONS = 4
DECIPHERED = 8  # one call in so many has its packets looked into
ROWS = ("turns", "silent", "one", "all", "long", "mixed")
Script = list[list[bytes]]


@dataclass(frozen=True)
class Row:
    """Who talks, and by which rungs the three ends are sent to."""

    said: list[list[list[Turn]]]
    rungs: tuple[str, str, str] = ("voice", "voice", "voice")
    room_rms: float = 12.0  # of 32,768: about -70 dBFS; it is sent, as by a phone that suppresses little noise


@dataclass
class Window:
    """What was seen for some seconds with so many calls."""

    calls: int
    late_ms: float
    generators_late_ms: float
    cpu: float  # of a core
    generators_cpu: float
    kbps: float  # to an end
    forwarded_ms: float | None
    seen: list[Seen] = field(repr=False, default_factory=list)

    @property
    def is_held(self) -> bool:
        return self.late_ms <= LATE_MS and self.generators_late_ms <= GENERATORS_LATE_MS


def run(rows: list[str] | None = None) -> Result:
    """`rows`: these alone; `janus` too is one."""
    if not bridge_janus.is_there():
        raise SystemExit("could not run, missing: janus (as root: apt-get install janus)")
    os.sched_setaffinity(0, {GENERATORS_CORE})
    return asyncio.run(_run(rows or [*ROWS, "janus"]))


async def _run(wanted: list[str]) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        voices = speech(Path(folder))
    rows = {name: row for name, row in _rows().items() if name in wanted or (name == "turns" and "janus" in wanted)}
    talk = {name: [scripts(voices, said, KBPS, row.room_rms) for said in row.said] for name, row in rows.items()}
    figures: dict[str, float] = {}
    reference: dict[str, float] = {}
    for name, row in rows.items():
        if name != "turns":
            figures |= {f"{name}_{figure}": value for figure, value in (await _one(row, talk[name])).items()}
    if "turns" in wanted:
        figures |= await _limit(Served(CORE), rows["turns"], talk["turns"])
    if "janus" in wanted:
        reference = await _limit(Janus(CORE, KBPS), rows["turns"], talk["turns"])
    made = [{name: Figure.of([value]) for name, value in each.items()} for each in (figures, reference)]
    return Result("bridge", made[0], made[1], "Janus AudioBridge, rooms of 16 kHz")


def _rows() -> dict[str, Row]:
    talking = [turns(seed) for seed in range(CONVERSATIONS)]
    always: list[Turn] = [(0.0, float(SECONDS))]
    return {
        "turns": Row(talking),
        "silent": Row([[[], [], []]], room_rms=0.0),
        "one": Row([[always, [], []]]),
        "all": Row([[always] * ENDS]),
        "long": Row(talking, ("thin_voice",) * 3),
        "mixed": Row(talking, ("thin_video", "voice", "thin_voice")),
    }


async def _limit(server: Served | Janus, row: Row, talk: list[Script]) -> dict[str, float]:
    """Add calls until they are late."""
    wheel, held, share = Wheel(), None, float(np.mean([double_talk(said) for said in row.said]))
    memory: list[tuple[int, float]] = []
    async with server:
        for calls in STEPS:
            await _add(server, wheel, row, talk, calls)
            memory.append((calls, pss_mb(server.pid)))
            window = await _window(server, wheel, calls)
            if not window.is_held:  # once may be something else's doing
                window = await _window(server, wheel, calls)
            print(f"  {type(server).__name__}: {window}", flush=True)
            if not window.is_held:
                break
            held = window
        await wheel.stop()
    (few, least), (many, most) = memory[0], memory[-1]
    per_call = 1_000 * (most - least) / (many - few) if many > few else 0.0
    found = {"calls_on_a_core": float(held.calls if held else 0), "double_talk_percent": 100 * share}
    if held:
        found |= {"cpu_percent_then": 100 * held.cpu, "late_p95_ms_then": held.late_ms, "kbps_to_an_end": held.kbps}
        found |= {"forwarded_p95_ms_then": held.forwarded_ms} if held.forwarded_ms is not None else {}
    return found | {"memory_kb_per_call": per_call, "generators_late_p95_ms": window.generators_late_ms}


async def _one(row: Row, talk: list[Script]) -> dict[str, float]:
    """A few calls for a while: what they cost, and how long what is mixed takes."""
    wheel = Wheel()
    async with Served(CORE) as server:
        await _add(server, wheel, row, talk, FEW)
        window = await _window(server, wheel, FEW, 2.5 * WINDOW_SECONDS)
        await wheel.stop()
    found = {
        "cpu_percent_per_call": 100 * window.cpu / FEW, "kbps_to_an_end": window.kbps, "late_p95_ms": window.late_ms,
    }  # fmt: skip
    if window.forwarded_ms is not None:
        found["forwarded_p95_ms"] = window.forwarded_ms
    if mixed := [each for place in range(ENDS) for each in _mixed_ms(window.seen[:ENDS], place)]:
        found["added_p95_ms"] = float(np.percentile(mixed, 95))
    return found


async def _add(server: Served | Janus, wheel: Wheel, row: Row, talk: list[Script], calls: int) -> None:
    for call in range(len(wheel.ends) // ENDS, calls):
        sent_at: dict[bytes, float] = {}
        place = random.randrange(len(talk[0][0]))
        for number, script in enumerate(talk[call % len(talk)]):
            end = End(script, place, sent_at, deciphers=call % DECIPHERED == 0)
            wheel.add(end)
            await end.connect(server.join(call, number, row.rungs[number]))
    await asyncio.sleep(SETTLE_SECONDS)


async def _window(server: Served | Janus, wheel: Wheel, calls: int, seconds: float = WINDOW_SECONDS) -> Window:
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
    forwarded = [delay for each in seen for delay in each.delays_ms]
    forwarded_ms = float(np.percentile(forwarded, 95)) if len(forwarded) > 20 else None
    if told:
        late = max(told["late_p95_ms"] or 0.0, forwarded_ms or 0.0)
    else:
        found = [late for each in seen for late in lateness_ms(each.arrivals)]
        late = float(np.percentile(found, 95))
    kbps = sum(each.wire_bytes for each in seen) * 8 / passed / len(seen) / 1_000
    generators_late = float(np.percentile(wheel.late_ms, 95))
    return Window(calls, late, generators_late, spent / passed, own, kbps, forwarded_ms, seen)


def _mixed_ms(seen: list[Seen], listener: int) -> list[float]:
    """How much later than straight from the speakers one end had what they said, each second."""
    heard = _recording(seen[listener].heard)
    found: list[float] = []
    for place, each in enumerate(seen):
        if place != listener and len(each.said) > 20 and len(heard.samples):
            said = _recording(each.said)
            found += [1_000 * delay for _, delay in delays(said, heard, said.at, said.until - 1)]
    return found


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
