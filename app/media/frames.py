"""What receivers hand out and senders take: voice and pictures as they came, encoded. Pure."""

from typing import Literal, NamedTuple

Kind = Literal["audio", "video"]


class EncodedFrame(NamedTuple):
    """Voice: one Opus packet. A picture: what one RTP packet carried of it, its payload descriptor included.

    `arrived_ms` is the time of the event loop. `marker`: the last packet of a picture. `is_key_frame`: a picture that
    needs no other begins here. `level_dbov`: 0 to -127 (RFC 6464), where the sender says it. `is_recovered`: its own
    packet was lost, or is late; it came as the redundancy of another (RFC 2198). `codec`: opus, vp8 or h264.
    """

    payload: bytes
    rtp_timestamp: int
    sequence: int
    arrived_ms: float
    kind: Kind
    is_key_frame: bool = False
    ssrc: int = 0
    duration_ms: float = 0
    marker: bool = False
    level_dbov: int | None = None
    is_recovered: bool = False
    codec: str = "opus"
