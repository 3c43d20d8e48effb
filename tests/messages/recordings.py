"""Recordings as browsers make them, made here with PyAV."""

import io
import math
from array import array
from fractions import Fraction
from functools import cache
from itertools import cycle, islice

import av
from av import AudioFrame, AudioResampler, Packet
from av.audio.stream import AudioStream

RATE = 48_000
PACKET_SAMPLES = 960  # 20 ms


@cache
def recorded(
    seconds: float = 2, container: str = "ogg", codec: str = "libopus", *, bits: int = 12_000, is_silent: bool = False
) -> bytes:
    """A tone that grows louder, or silence."""
    rate, made = RATE, io.BytesIO()
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


def silence(seconds: int) -> bytes:
    """As little as Opus makes of so much of it: one second is encoded, and its packets come again and again."""
    made = io.BytesIO()
    with av.open(made, "w", format="ogg") as target:
        stream = target.add_stream("libopus", rate=RATE, layout="mono")
        assert isinstance(stream, AudioStream)
        stream.bit_rate = 500
        second = [bytes(packet) for packet in stream.encode(_tone(0, RATE, 0))]
        for number, raw in enumerate(islice(cycle(second[1:]), seconds * RATE // PACKET_SAMPLES)):
            packet = Packet(raw)
            packet.stream, packet.time_base = stream, Fraction(1, RATE)
            packet.pts = packet.dts = number * PACKET_SAMPLES
            packet.duration = PACKET_SAMPLES
            target.mux(packet)
    return made.getvalue()


def _tone(start: int, count: int, growth: float) -> AudioFrame:
    frame = AudioFrame(format="s16", layout="mono", samples=count)
    frame.sample_rate, frame.pts = 48_000, start
    wave = bytes(2 * count)
    if growth:
        wave = array("h", (int((start + n) * growth * math.sin((start + n) * 0.05)) for n in range(count))).tobytes()
    frame.planes[0].update(wave + bytes(frame.planes[0].buffer_size - len(wave)))
    return frame
