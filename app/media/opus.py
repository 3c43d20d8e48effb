"""The Opus of the media program: the distribution's libopus, or PyAV where that is missing, as `implementation` says.

Both have the same shape; only libopus leaves out silence by itself and conceals what was lost.
"""

from typing import TYPE_CHECKING

import av

from app.media import libopus
from app.media.opus_packets import LONGEST_MS, RATE_HZ, OpusError, Toc, packet_ms, toc

if TYPE_CHECKING or libopus.LIBRARY:
    from app.media.libopus import Decoder, Encoder
else:
    from app.media.opus_by_av import Decoder, Encoder

__all__ = ["LONGEST_MS", "RATE_HZ", "Decoder", "Encoder", "OpusError", "Toc", "implementation", "packet_ms", "toc"]


def implementation() -> str:
    """For the log and the health page."""
    if libopus.LIBRARY:
        return libopus.version()
    return f"PyAV {av.__version__}, without concealment of what is lost, silence judged by its level"
