"""States of uploads and messages, and from which end a message comes, as they stand in tables."""

from enum import StrEnum


class UploadState(StrEnum):
    OPEN = "open"
    COMPLETE = "complete"
    ENDED = "ended"


class MessageState(StrEnum):
    """`looked_at` by the worker first; a `sealed` one waits for its hour; `due` is for the other end to hear."""

    LOOKED_AT = "looked_at"
    REFUSED = "refused"
    SEALED = "sealed"
    DUE = "due"
    WITHDRAWN = "withdrawn"
    DELETED = "deleted"


class From(StrEnum):
    PARENT = "parent"
    VILLAGE = "village"


class Repeat(StrEnum):
    YEARLY = "yearly"
    DAILY = "daily"


# Kinds of due rows.
LOOK, DROP, DUE, RENDER = "message.look", "message.drop_blob", "message.due", "message.render"
FORGET, SWEEP, STRAYS = "message.forget", "message.sweep", "message.strays"
