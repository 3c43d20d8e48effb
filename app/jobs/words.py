"""States and lanes of due rows."""

from enum import StrEnum


class DueState(StrEnum):
    WAITING = "waiting"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"


class Lane(StrEnum):
    """A step works in the database alone. An errand calls the outside; what is sent does so in batches."""

    STEP = "step"
    ERRAND = "errand"
    SEND = "send"
