"""Words of villages as they stand in tables and on the wire."""

from enum import StrEnum


class Speech(StrEnum):
    """Whose way of speaking a prompt is in, the nearest first."""

    VILLAGE = "village"
    REGION = "region"
    LANGUAGE = "language"
