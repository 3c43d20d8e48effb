"""When a gateway that fails again and again is left alone, and when it is tried again. Pure.

Faults in a row open the circuit: nothing is sent by that gateway for a while. Then one text is its trial. If that fails
too, the pause is twice as long; if the vendor answers, the circuit is closed and everything flows again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from app.notices.rules import IN_FLIGHT

OPENS_AFTER = 5
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=5)


@dataclass(frozen=True)
class Circuit:
    """`failures` in a row. Once open it lets nothing through before `opened_until`; `trial_at`: its trial began."""

    failures: int = 0
    opened_until: datetime | None = None
    trial_at: datetime | None = None


CLOSED = Circuit()


class Passage(Enum):
    FREE = auto()
    TRIAL = auto()
    SHUT = auto()


def passage(circuit: Circuit, now: datetime) -> Passage:
    if circuit.opened_until is None:
        return Passage.FREE
    is_believable = circuit.opened_until <= now + LONGEST_PAUSE  # or else the clock was ahead, and is right again
    return Passage.SHUT if now < circuit.opened_until and is_believable else Passage.TRIAL


def begin_trial(circuit: Circuit, now: datetime) -> Circuit:
    """Nobody else gets through before the trial is over; one that never comes back makes room for the next."""
    return replace(circuit, opened_until=now + IN_FLIGHT, trial_at=now)


def after_fault(circuit: Circuit, began_at: datetime, now: datetime) -> Circuit:
    """A call that began at `began_at` failed. What was under way when the circuit opened says nothing new."""
    if circuit.opened_until is not None and began_at != circuit.trial_at:
        return circuit
    failures = circuit.failures + 1
    return Circuit(failures, now + pause(failures) if failures >= OPENS_AFTER else None)


def pause(failures: int) -> timedelta:
    """How long the circuit stays open after so many failures in a row."""
    doublings = min(max(failures - OPENS_AFTER, 0), 10)
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << doublings))
