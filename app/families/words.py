"""Roles in a family, kinds of consent and of availability, as they stand in tables and on the wire."""

from enum import StrEnum


class MemberRole(StrEnum):
    PARENT = "parent"
    CAREGIVER = "caregiver"
    CHILD = "child"


class ConsentKind(StrEnum):
    CALL = "call"
    MESSAGE = "message"
    AUTO_ANSWER = "auto_answer"
    PHOTO = "photo"


class PatternKind(StrEnum):
    """How somebody's hours are said: each week, a shift rotation, one day's swap, or days away."""

    WEEKLY = "weekly"
    ROTATION = "rotation"
    SWAP = "swap"
    AWAY = "away"


class Occupation(StrEnum):
    """What somebody's hours are for."""

    SHIFT = "shift"
    SCHOOL = "school"
    BOARDING = "boarding"
    BEDTIME = "bedtime"
    MARKET = "market"
    HARVEST = "harvest"
    OTHER = "other"
