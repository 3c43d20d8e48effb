"""The states, outcomes, origins and sides of a call, as they stand in tables and on the wire."""

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


class Origin(StrEnum):
    """How a call came about: somebody asked for it, a series, the roster, or a freed slot offered to who waits."""

    ASKED = "asked"
    SERIES = "series"
    ROSTER = "roster"
    WAIT = "wait"


class Side(StrEnum):
    PARENT = "parent"
    VILLAGE = "village"

    @property
    def other(self) -> "Side":
        return Side.VILLAGE if self is Side.PARENT else Side.PARENT


class SeatSide(StrEnum):
    """Where a seat stands. Whoever stands first in this order makes the offer of a connection.

    A call has two sides. A guest is a further parent of the family, a coordinator's seat one more end, and a media
    program's is no end at all but what carries the ends: none of the call's life depends on these.
    """

    PARENT = "parent"
    VILLAGE = "village"
    GUEST = "guest"
    DESK = "desk"
    MEDIA = "media"

    @property
    def as_side(self) -> Side | None:
        """The side of the call that sits here, if one does."""
        return Side(self.value) if self.value in list(Side) else None

    def offers_to(self, other: "SeatSide") -> bool:
        order = list(SeatSide)
        return order.index(self) < order.index(other)


SERIES_CHANGED, SERIES_ENDED = "series_changed", "series_ended"
GIVEN_UP = (SERIES_CHANGED, SERIES_ENDED)  # reasons of calls that went with their series, told and shown as one

GUEST_ASKED = "guest_asked"  # in the log of a call: who was asked in
RUNG = "rung"  # in the log of a call: what a side proposed
WRONG_PERSON = "wrong_person"  # in the log of a call, among its actions, and in its address


class WorkKind(StrEnum):
    """What a media program holds a lease for."""

    BRIDGE = "bridge"
    ANSWERING = "answering"
    LINE_CHECK = "line_check"


class SlotReason(StrEnum):
    """Why a slot is proposed."""

    USUAL_TIME = "usual_time"
    GOOD_LINK = "good_link"
    SOONEST = "soonest"
    LONG_UNHEARD = "long_unheard"
    WEEKEND = "weekend"
    BOTH_RESTED = "both_rested"
    SHORTER = "shorter"
    EVERYBODY_FREE = "everybody_free"


class Obstacle(StrEnum):
    """Why a slot does not fit."""

    NO_CONSENT = "no_consent"
    NO_CONTACT = "no_contact"
    VILLAGE_CLOSED = "village_closed"
    TERMINALS_TAKEN = "terminals_taken"
    PARENT_IN_CALL = "parent_in_call"
    CHILD_IN_CALL = "child_in_call"
    PARENT_AWAY = "parent_away"
    CHILD_AWAY = "child_away"
    PARENT_AT_WORK = "parent_at_work"
    CHILD_AT_SCHOOL = "child_at_school"
    CHILD_ASLEEP = "child_asleep"
    PARENT_BUSY = "parent_busy"
    CHILD_BUSY = "child_busy"
    CAREGIVER_AWAY = "caregiver_away"
