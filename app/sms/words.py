"""What a text asks for, and what one that came in was taken for."""

from enum import StrEnum


class Command(StrEnum):
    """What a digit or a word asks for, where nothing else is on offer."""

    CONFIRM = "confirm"
    TIMES = "times"
    CANCEL = "cancel"
    CALL_BACK = "call_back"
    WHO = "who"
    HELP = "help"
    STOP = "stop"
    START = "start"


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
