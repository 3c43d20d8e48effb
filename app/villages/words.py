"""Words of villages as they stand in tables and on the wire."""

from enum import StrEnum


class Speech(StrEnum):
    """Whose way of speaking a prompt is in, the nearest first."""

    VILLAGE = "village"
    REGION = "region"
    LANGUAGE = "language"


class MachinePart(StrEnum):
    """What a terminal tests of itself."""

    CAMERA = "camera"
    MICROPHONE = "microphone"
    SPEAKER = "speaker"
    TOUCH = "touch"
    NETWORK = "network"
    CLOCK = "clock"
    STORAGE = "storage"
    VERSION = "version"
