"""Who brings a child to its calls: who can, who has time, and in what turn they are asked. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from app.kernel.intervals import Interval, covers


@dataclass(frozen=True)
class Bringer:
    """A caregiver, as far as it matters for one call. `times`: of the child's calls of late that they had a part in."""

    person_id: str
    can_be_told: bool
    has_confirmed: bool
    has_time: bool
    times: int


def who_can(caregivers: Iterable[str], pair: Collection[str]) -> list[str]:
    """Of a family's caregivers those who are neither the child nor the parent of the call."""
    return [person_id for person_id in caregivers if person_id not in pair]


def is_brought(free: Sequence[Sequence[Interval]], when: Interval) -> bool:
    """Whether somebody has time then; a child that nobody is known to bring comes by itself."""
    return not free or any(covers(intervals, *when) for intervals in free)


def in_turn(bringers: Iterable[Bringer]) -> list[str]:
    """First who can be told; of them who said that they come, then who has time, then who usually does."""

    def rank(one: Bringer) -> tuple[bool, bool, bool, int, str]:
        return not one.can_be_told, not one.has_confirmed, not one.has_time, -one.times, one.person_id

    return [one.person_id for one in sorted(bringers, key=rank)]
