"""What three people say in a call, as packets: turns of some seconds, the next one often beginning before the end."""

import random
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.media.opus import RATE_HZ, Encoder
from tests.browser.speech import speak

ENDS, SECONDS, PACKET_MS = 3, 30, 60
OVERLAP = 0.22  # of a turn, of every other one: so 15 % of the time two speak
VOICES = ("en", "en+f3", "en+m3")
Pcm = NDArray[np.int16]
Turn = tuple[float, float]


def turns(seed: int) -> list[list[Turn]]:
    """Since when and until when each of them talks. Of every turn, so much is beside the one before."""
    rng = random.Random(seed)
    found: list[list[Turn]] = [[] for _ in range(ENDS)]
    at, who = 0.0, rng.randrange(ENDS)
    while at < SECONDS:
        lasts = rng.uniform(1.5, 5)
        found[who].append((at, min(at + lasts, SECONDS)))
        # Half of the turns begin in one that goes on, the others after a breath.
        at += lasts - OVERLAP * lasts if rng.random() < 0.5 else lasts + rng.uniform(0.1, 0.4)
        who = (who + rng.choice((1, 2))) % ENDS
    return found


def double_talk(said: list[list[Turn]]) -> float:
    steps = np.zeros((ENDS, SECONDS * 100), bool)
    for who, mine in enumerate(said):
        for since, until in mine:
            steps[who, int(since * 100) : int(until * 100)] = True
    return float((steps.sum(axis=0) >= 2).mean())


def speech(folder: Path) -> list[Pcm]:
    """Half a minute of each voice, hardly a pause in it."""
    found = []
    for voice in VOICES:
        with wave.open(str(speak(folder / f"{voice}.wav", SECONDS, share=0.85, voice=voice))) as file:
            found.append(np.frombuffer(file.readframes(file.getnframes()), "<i2"))
    return found


def scripts(voices: list[Pcm], said: list[list[Turn]], kbps: float, room_rms: float) -> list[list[bytes]]:
    """Each end's packets, one for each packet time; empty where silence is not sent. Who doesn't talk is in a room."""
    rng = np.random.default_rng(3)
    made = []
    for voice, mine in zip(voices, said, strict=True):
        pcm = rng.normal(0, room_rms, len(voice)).astype(np.int16)
        for since, until in mine:
            first, last = int(since * RATE_HZ), int(until * RATE_HZ)
            pcm[first:last] = voice[first:last]
        encoder, size = Encoder(PACKET_MS, kbps), RATE_HZ * PACKET_MS // 1000
        made.append([encoder.encode(pcm[at : at + size].tobytes()) for at in range(0, len(pcm) - size + 1, size)])
    return made
