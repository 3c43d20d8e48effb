"""Somebody speaking, made by a program: espeak-ng's voice, with the pauses and the room of a real recording.

It stands for speech where bytes are counted and levels are looked at; how people sound it does not say.
"""

import shutil
import subprocess
import wave
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

RATE_HZ = 48_000
Samples = NDArray[np.int16]
SPEECH_SHARE = 0.58
ROOM_RMS = 25.0  # of 32768: a quiet room, about -62 dBFS
QUIET_RMS, QUIET_SECONDS = 600.0, 0.01  # less than that is no voice any more
SENTENCES = (
    "Hello my dear, this is your mother. It is raining here, and the bus was late again.",
    "Granny told me that you read a whole page aloud at school, in front of everybody.",
    "I am so proud of you. Did you eat well today? The new shoes are in the parcel, under the coat.",
    "When the harvest is over I shall have a week, and then we go to the river together.",
    "Say good night to the little one, and help with the water. Sleep well, and tell me on Sunday what you dreamt.",
    "There was a dog at the gate of the factory this morning, a brown one, with one white ear.",
    "He looked at me as if he knew me. I gave him half of my bread, and he walked with me to the door.",
)


def speak(path: Path, seconds: float, *, share: float = SPEECH_SHARE, voice: str = "en") -> Path:
    """A mono file of 48 kHz, 16 bits, with speech in that share of its time; 1: without any quiet, also between words.

    Fails the test where no voice is there.
    """
    program = shutil.which("espeak-ng")
    if program is None:
        pytest.fail("espeak-ng is missing: run python3 -m tests, or apt-get install espeak-ng")
    parts = [_sentence(program, voice, said, path.with_suffix(".part.wav")) for said in SENTENCES]
    if share == 1:
        parts = [_without_quiet(part) for part in parts]
    said, wanted = [np.zeros(0, np.int16)], int(seconds * RATE_HZ)
    for spoken in cycle(parts):
        if sum(map(len, said)) >= wanted:
            break
        said += [spoken, np.zeros(int(len(spoken) * (1 - share) / share), np.int16)]
    room = np.random.default_rng(6).normal(0, ROOM_RMS, wanted)
    heard = np.clip(np.concatenate(said)[:wanted] / 3 + room, -32768, 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(heard.tobytes())
    return path


def _sentence(program: str, voice: str, said: str, path: Path) -> Samples:
    """espeak-ng speaks at 22.05 kHz; straight lines between its samples bring it to 48 kHz."""
    subprocess.run([program, "-v", voice, "-s", "150", "-w", str(path), said], check=True)
    with wave.open(str(path), "rb") as file:
        step, plain = file.getframerate() / RATE_HZ, np.frombuffer(file.readframes(file.getnframes()), "<i2")
    path.unlink()
    made: Samples = np.interp(np.arange(0, len(plain) - 1, step), np.arange(len(plain)), plain).astype(np.int16)
    return made


def _without_quiet(spoken: Samples) -> Samples:
    step = int(QUIET_SECONDS * RATE_HZ)
    parts = np.resize(spoken, (len(spoken) // step, step))
    voiced: Samples = parts[np.mean(parts.astype(float) ** 2, axis=1) > QUIET_RMS**2].ravel()
    return voiced
