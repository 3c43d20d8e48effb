"""What a call's rungs were, from what its two ends proposed. Pure: what is proposed is decided by the ends.

The lower of the two is in effect. Time on a rung that a person held says nothing of the link, and is told apart.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from app.calls.words import Side
from app.kernel.rungs import RungName

Reason = Literal["start", "link", "loss", "delay", "better", "held", "other", "nothing"]
FORCED = frozenset(("link", "loss", "delay", "nothing"))


class Proposal(NamedTuple):
    at: datetime
    side: Side
    rung: RungName
    reason: str
    is_held: bool


class Spell(NamedTuple):
    """So long both ends went by one rung."""

    rung: RungName
    seconds: float
    is_held: bool


def spells(proposals: Iterable[Proposal], from_: datetime, until: datetime) -> list[Spell]:
    """Of the time between two instants; what was proposed before counts on."""
    found: list[Spell] = []
    standing: dict[Side, Proposal] = {}
    at = from_
    for proposal in sorted(proposals, key=lambda each: each.at):
        upto = min(max(proposal.at, from_), until)
        found += _spell(standing, (upto - at).total_seconds())
        at, standing[proposal.side] = upto, proposal
    return found + _spell(standing, (until - at).total_seconds())


def _spell(standing: Mapping[Side, Proposal], seconds: float) -> list[Spell]:
    if seconds <= 0 or not standing:
        return []
    lowest = max(proposal.rung.depth for proposal in standing.values())
    deciding = [proposal for proposal in standing.values() if proposal.rung.depth == lowest]
    return [Spell(deciding[0].rung, seconds, all(proposal.is_held for proposal in deciding))]


def seconds_of(all_spells: Iterable[Spell]) -> dict[str, int]:
    """By rung, best first; those of less than a second are left out."""
    sums = dict.fromkeys(RungName, 0.0)
    for spell in all_spells:
        sums[spell.rung] += spell.seconds
    return {rung.value: round(seconds) for rung, seconds in sums.items() if round(seconds)}


def carried(all_spells: Sequence[Spell]) -> RungName | None:
    """The rung that the link carried: for half of the time that one or better. None where only a person decided."""
    free = sorted((s for s in all_spells if not s.is_held), key=lambda spell: spell.rung.depth)
    half, so_far = sum(spell.seconds for spell in free) / 2, 0.0
    for spell in free:
        so_far += spell.seconds
        if so_far >= half:
            return spell.rung
    return None


def reasons_of(proposals: Iterable[Proposal]) -> dict[str, int]:
    """Why it went down, by reason."""
    counted = Counter(proposal.reason for proposal in proposals if proposal.reason in FORCED)
    return dict(sorted(counted.items()))
