"""The names of the ladder's rungs, as they stand in tables and on the wire, best first. What a rung sends is data."""

from enum import StrEnum


class RungName(StrEnum):
    VIDEO = "video"
    THIN_VIDEO = "thin_video"
    MICRO_VIDEO = "micro_video"
    STILLS = "stills"
    VOICE = "voice"
    THIN_VOICE = "thin_voice"
    CLIPS = "clips"

    @property
    def depth(self) -> int:
        """How far below the best."""
        return DEPTHS[self]

    def at_most(self, ceiling: "RungName") -> "RungName":
        """The lower of the two."""
        return max(self, ceiling, key=lambda rung: rung.depth)


DEPTHS = {rung: depth for depth, rung in enumerate(RungName)}
