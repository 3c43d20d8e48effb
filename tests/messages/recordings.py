"""Recordings as browsers make them, made here with PyAV."""

import io
import math
from array import array
from functools import cache

import av
from av import AudioFrame, AudioResampler
from av.audio.stream import AudioStream


@cache
def recorded(
    seconds: float = 2, container: str = "ogg", codec: str = "libopus", *, bits: int = 12_000, is_silent: bool = False
) -> bytes:
    """A tone that grows louder, or silence."""
    rate, made = 48_000, io.BytesIO()
    with av.open(made, "w", format=container) as target:
        stream = target.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, AudioStream)
        stream.bit_rate = bits
        resampler = AudioResampler(stream.codec_context.format, "mono", rate)
        for start in range(0, int(seconds * rate), rate // 2):
            count = min(rate // 2, int(seconds * rate) - start)
            for frame in resampler.resample(_tone(start, count, 0 if is_silent else 20_000 / (seconds * rate))):
                target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return made.getvalue()


def _tone(start: int, count: int, growth: float) -> AudioFrame:
    frame = AudioFrame(format="s16", layout="mono", samples=count)
    frame.sample_rate, frame.pts = 48_000, start
    wave = bytes(2 * count)
    if growth:
        wave = array("h", (int((start + n) * growth * math.sin((start + n) * 0.05)) for n in range(count))).tobytes()
    frame.planes[0].update(wave + bytes(frame.planes[0].buffer_size - len(wave)))
    return frame
