"""States and lanes of due rows."""

from enum import StrEnum


class DueState(StrEnum):
    WAITING = "waiting"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"


class Lane(StrEnum):
    STEP = "step"
    ERRAND = "errand"
