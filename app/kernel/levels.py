"""How a microphone was heard, as it stands in tables and on the wire."""

from enum import StrEnum


class VoiceLevel(StrEnum):
    """`silent`: nobody was heard; `unknown`: nobody was listened to."""

    GOOD = "good"
    QUIET = "quiet"
    CLIPPING = "clipping"
    SILENT = "silent"
    UNKNOWN = "unknown"
