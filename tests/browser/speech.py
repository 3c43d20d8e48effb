"""Somebody speaking, made by a program: espeak-ng's voice, with the pauses and the room of a real recording.

It stands for speech where bytes are counted and levels are looked at; how people sound it does not say.
"""

import array
import random
import shutil
import subprocess
import wave
from pathlib import Path

import pytest

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
    rate, noise = 48_000, random.Random(6)
    samples = array.array("h")
    place = 0
    while len(samples) < seconds * rate:
        spoken = parts[place % len(parts)]
        samples.extend(spoken)
        samples.extend([0] * int(len(spoken) * (1 - share) / share))
        place += 1
    del samples[int(seconds * rate) :]
    heard = (max(-32768, min(32767, sample // 3 + int(noise.gauss(0, ROOM_RMS)))) for sample in samples)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(array.array("h", heard).tobytes())
    return path


def _sentence(program: str, voice: str, said: str, path: Path) -> "array.array[int]":
    """espeak-ng speaks at 22.05 kHz; straight lines between its samples bring it to 48 kHz."""
    subprocess.run([program, "-v", voice, "-s", "150", "-w", str(path), said], check=True)
    with wave.open(str(path), "rb") as file:
        rate, plain = file.getframerate(), array.array("h", file.readframes(file.getnframes()))
    path.unlink()
    step, made = rate / 48_000, array.array("h")
    for place in range(int((len(plain) - 1) / step)):
        whole, part = divmod(place * step, 1)
        one, other = plain[int(whole)], plain[int(whole) + 1]
        made.append(int(one + (other - one) * part))
    return made


def _without_quiet(spoken: "array.array[int]") -> "array.array[int]":
    step, kept = int(QUIET_SECONDS * 48_000), array.array("h")
    for place in range(0, len(spoken), step):
        part = spoken[place : place + step]
        if sum(sample * sample for sample in part) > QUIET_RMS**2 * len(part):
            kept.extend(part)
    return kept
