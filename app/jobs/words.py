"""States and lanes of due rows."""

from enum import StrEnum


class DueState(StrEnum):
    WAITING = "waiting"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"


class Lane(StrEnum):
    """A step works in the database alone, an errand calls the outside. Texts and their receipts go in batches."""

    STEP = "step"
    ERRAND = "errand"
    SEND = "send"
    RECEIPT = "receipt"


BATCHED = (Lane.SEND, Lane.RECEIPT)
