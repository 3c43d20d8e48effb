"""The states, outcomes and sides of a call, as they stand in tables and on the wire."""

from enum import StrEnum


class CallState(StrEnum):
    PROPOSED = "proposed"
    BOOKED = "booked"
    RINGING = "ringing"
    LIVE = "live"
    ENDED = "ended"


class Outcome(StrEnum):
    HELD = "held"
    MESSAGE = "message"
    MISSED = "missed"
    CANCELLED = "cancelled"
    MOVED = "moved"


class Side(StrEnum):
    PARENT = "parent"
    VILLAGE = "village"

    @property
    def other(self) -> "Side":
        return Side.VILLAGE if self is Side.PARENT else Side.PARENT


WRONG_PERSON = "wrong_person"  # in the log of a call, among its actions, and in its address
