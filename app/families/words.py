"""Roles in a family and kinds of consent, as they stand in tables and on the wire."""

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
