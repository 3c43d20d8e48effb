"""The tone after which a person speaks: three short notes that rise, made here and encoded once."""

import asyncio
import math
import random
from array import array
from collections.abc import Callable, Sequence
from functools import cache

from app.media.opus import RATE_HZ, Encoder

NOTES_HZ, NOTE_MS, FADE_MS, LOUDNESS = (523.25, 659.25, 783.99), 120, 12, 0.35
PACKET_MS, KBPS = 60, 24
AFTER_MS = 60  # silence, so that the end of it isn't cut off

SendVoice = Callable[[bytes, int, float], None]


async def sound(send: SendVoice) -> None:
    """Send it in its own time."""
    loop = asyncio.get_running_loop()
    begins_at, stamp = loop.time(), random.getrandbits(32)
    for number, packet in enumerate(packets()):
        send(packet, (stamp + number * PACKET_MS * RATE_HZ // 1_000) % 2**32, PACKET_MS)
        await asyncio.sleep(max(0.0, begins_at + (number + 1) * PACKET_MS / 1_000 - loop.time()))


@cache
def packets() -> Sequence[bytes]:
    pcm, encoder = samples(), Encoder(PACKET_MS, KBPS)
    size = PACKET_MS * RATE_HZ // 1_000
    made = (encoder.encode(pcm[at : at + size].tobytes()) for at in range(0, len(pcm) - size + 1, size))
    return [packet for packet in made if packet]


def samples() -> "array[int]":
    """s16, mono, 48 kHz."""
    note, fade = NOTE_MS * RATE_HZ // 1_000, FADE_MS * RATE_HZ // 1_000
    heard = array("h")
    for pitch_hz in NOTES_HZ:
        for place in range(note):
            edge = min(1.0, place / fade, (note - 1 - place) / fade)
            heard.append(round(32_767 * LOUDNESS * edge * math.sin(2 * math.pi * pitch_hz * place / RATE_HZ)))
    return heard + array("h", bytes(2 * AFTER_MS * RATE_HZ // 1_000))
