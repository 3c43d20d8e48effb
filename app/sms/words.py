"""What a text that came in was taken for."""

from enum import StrEnum


class Outcome(StrEnum):
    CONFIRMED = "confirmed"
    OFFERED = "offered"
    CHOSEN = "chosen"
    CANCELLED = "cancelled"
    CALL_BACK = "call_back"
    WHO = "who"
    STOPPED = "stopped"
    STARTED = "started"
    HELPED = "helped"
    ASKED = "asked"
    MESSAGE = "message"
    REFUSED = "refused"
    STRANGER = "stranger"
    IGNORED = "ignored"
