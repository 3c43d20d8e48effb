"""States of notices, deliveries and attempts, and the channels, as they stand in tables."""

from enum import StrEnum


class NoticeState(StrEnum):
    PLANNED = "planned"
    OUT = "out"
    CANCELLED = "cancelled"


class DeliveryState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"


class AttemptState(StrEnum):
    SENDING = "sending"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


class Channel(StrEnum):
    PUSH = "push"
    TEXT = "text"
    TERMINAL = "terminal"
    DESK = "desk"
