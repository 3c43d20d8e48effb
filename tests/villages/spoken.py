"""Ogg files with Opus as a desk records them, made without an encoder: silence of a length, told apart by a byte."""

from dataclasses import dataclass

from app.media import ogg


@dataclass(frozen=True)
class Packet:
    at_ms: float
    payload: bytes


def spoken(seconds: float = 2.0, voice: int = 1) -> bytes:
    """Another `voice` is another file."""
    count = round(seconds * 1000 / ogg.SILENCE_MS)
    return ogg.written([Packet(nth * ogg.SILENCE_MS, ogg.SILENCE) for nth in range(count)], serial=voice)
