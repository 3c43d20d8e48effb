"""States of notices and deliveries, as they stand in tables."""

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
