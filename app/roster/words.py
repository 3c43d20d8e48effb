"""The states of a roster and of its drafting, as they stand in tables and on the wire."""

from enum import StrEnum


class RosterState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    DROPPED = "dropped"


class Progress(StrEnum):
    """How far the solver is with a draft."""

    QUEUED = "queued"
    SOLVING = "solving"
    DONE = "done"
    FAILED = "failed"
