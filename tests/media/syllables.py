"""Something like a voice, made of harmonics in syllables, and what our encoder makes of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.media.frames import EncodedFrame
from app.media.opus import RATE_HZ, Encoder
from app.media.opus_packets import packet_ms

Pcm = NDArray[np.int16]


def voice(seconds: float, pitch_hz: float = 130, level: float = 0.25, seed: int = 1) -> Pcm:
    """Four syllables a second over the noise of a quiet room."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    glide = pitch_hz * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * at))
    phase = 2 * np.pi * np.cumsum(glide) / RATE_HZ
    tone = np.sum([np.sin(number * phase) / number for number in range(1, 20)], axis=0)
    syllables = np.clip(np.sin(2 * np.pi * 2 * at) ** 2 * 1.6 - 0.2, 0, 1)
    noise = np.random.default_rng(seed).normal(0, 0.0008, len(at))
    return np.asarray((tone / 2 * syllables * level + noise) * 32767).clip(-32768, 32767).astype(np.int16)


def room(seconds: float, rms: float = 25.0, seed: int = 2) -> Pcm:
    return np.random.default_rng(seed).normal(0, rms, round(seconds * RATE_HZ)).astype(np.int16)


def encoded(pcm: Pcm, packet_ms: int = 60, kbps: float = 12) -> list[bytes]:
    """Empty where nothing is sent."""
    encoder = Encoder(packet_ms, kbps)
    size = RATE_HZ * packet_ms // 1000
    return [encoder.encode(pcm[at : at + size].tobytes()) for at in range(0, len(pcm) - size + 1, size)]


def frame(payload: bytes, number: int, packet_duration_ms: int = 60, first: int = 0, **more: Any) -> EncodedFrame:
    """The packet with this place in its stream, whose stamps begin at `first`."""
    stamp = (first + number * packet_duration_ms * 48) % 0x100000000
    made = EncodedFrame(payload, stamp, number % 65536, 0.0, "audio", duration_ms=packet_ms(payload))
    return made._replace(**more)
