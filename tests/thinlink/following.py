"""Whether a call's rung follows a link that changes, and how often it turns back."""

import json
from collections.abc import Sequence
from itertools import pairwise

from tests.groups import ROOT

LADDER = [rung["name"] for rung in json.loads((ROOT / "static/call/ladder.json").read_text())["rungs"]]  # highest first
HIGHEST = {300: "video", 64: "thin_video", 32: "stills"}  # that a link of so many kbit/s carries at the end of a stage
Proposals = Sequence[tuple[float, str]]  # of one end, as they were sent (Socket.IO)
Rungs = list[tuple[float, int]]  # since when, and which: 0 is the highest


def in_effect(*ends: Proposals) -> Rungs:
    """The lower of what the ends last told each other. Before its first proposal nobody knows where an end stands."""
    stands = dict.fromkeys(range(len(ends)), -1)
    found: Rungs = []
    for at, end, said in sorted((at, end, said) for end, told in enumerate(ends) for at, said in told):
        stands[end] = LADDER.index(json.loads(said[said.index("[") :])[1]["rung"])
        if not found or found[-1][1] != max(stands.values()):
            found.append((at, max(stands.values())))
    return found


def turns(rungs: Rungs) -> int:
    """How often it went up after it went down, or down after up."""
    ways = [after > before for (_, before), (_, after) in pairwise(rungs)]
    return sum(before != after for before, after in pairwise(ways))


def astray(rungs: Rungs, stages: Sequence[tuple[float, int]]) -> int:
    """At the end of how many stages it was higher than the link carries, or came no higher when the link carried more.

    `stages`: when each ended, and its kbit/s.
    """
    stood = [next((rung for at, rung in reversed(rungs) if at <= ended), None) for ended, _ in stages]
    too_high = sum(
        rung < LADDER.index(HIGHEST[kbps]) for rung, (_, kbps) in zip(stood, stages, strict=True) if rung is not None
    )
    known = [rung for rung in stood if rung is not None]
    return too_high + (bool(known) and known[-1] >= max(known))


def fell_after(rungs: Rungs, sank_at: float, kbps: int, most_seconds: float) -> float:
    """Seconds from when the link sank to `kbps` until the call went lower, if it stood higher than that carries.

    0 where it stood low enough before, `most_seconds` where it never fell.
    """
    stood = next((rung for at, rung in reversed(rungs) if at <= sank_at), len(LADDER))
    if stood >= LADDER.index(HIGHEST[kbps]):
        return 0.0
    return min([most_seconds, *(at - sank_at for at, rung in rungs if at > sank_at and rung > stood)])
