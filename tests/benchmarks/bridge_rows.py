"""The rows of the table of bridges: who talks, by which rungs the three ends are sent to, and what must hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.benchmarks.bridge_talk import ENDS, SECONDS, Turn, turns
from tests.benchmarks.thinlink_rows import Goal

CONVERSATIONS = 4
FORWARDED_MS, MIXED_MS = 100.0, 180.0  # later than straight from the speaker's socket
CALLS, SHARE_OF_BYTES_PERCENT = 30.0, 60.0
ALWAYS: list[Turn] = [(0.0, float(SECONDS))]
TALKING = tuple(turns(seed) for seed in range(CONVERSATIONS))


@dataclass(frozen=True)
class Row:
    """`is_for_janus`: its rooms know no rungs, and no packets but those of 20 ms."""

    name: str
    title: str
    said: tuple[list[list[Turn]], ...]
    goals: Mapping[str, Goal] = field(default_factory=dict)
    rungs: tuple[str, str, str] = ("voice", "voice", "voice")
    room_rms: float = 12.0  # of 32,768: about -70 dBFS; it is sent, as by a phone that suppresses little noise
    is_for_janus: bool = True
    finds_most: bool = False  # calls are added until they are late


DELAYS = {"forwarded_p95_ms": Goal(most=FORWARDED_MS), "added_p95_ms": Goal(most=MIXED_MS)}
BYTES = {"bytes_percent_of_janus": Goal(most=SHARE_OF_BYTES_PERCENT)}
MOST = {"calls_on_a_core": Goal(least=CALLS), "calls_times_janus": Goal(least=1)}

ROWS = (
    Row("silent", "all silent", ([[], [], []],), BYTES, room_rms=0.0),
    Row("one", "one talks", ([ALWAYS, [], []],), {**DELAYS, **BYTES}),
    Row("all", "all talk", ([ALWAYS] * ENDS,), {"added_p95_ms": Goal(most=MIXED_MS), **BYTES}),
    Row("turns", "turns, 15 % double talk", TALKING, {**DELAYS, **BYTES}),
    Row("long", "turns, 120 ms", TALKING, {"added_p95_ms": Goal(most=MIXED_MS)}, ("thin_voice",) * 3,
        is_for_janus=False),
    Row("mixed", "turns, three rungs", TALKING, DELAYS, ("thin_video", "voice", "thin_voice"), is_for_janus=False),
    Row("most", "turns, calls added until 20 ms late", TALKING, {**MOST, **BYTES}, finds_most=True),
)  # fmt: skip
