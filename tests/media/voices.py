"""Speech for what is done to voices, and what a listener would say of it: PESQ (ITU-T P.862.2, wide band)."""

import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from av import AudioFrame, AudioResampler
from numpy.typing import NDArray
from pesq import pesq

RATE_HZ, HEARD_HZ = 48_000, 16_000
SAID = (
    "奶奶说你星期一发烧了，看医生了没有，现在好些了吗？春节以前我们就回家，给你带那件红色的大衣。"
    "这个星期在学校学了什么？老师说你的字写得越来越好看，妈妈听了很高兴。"
)


@cache
def speech(voice: str = "cmn+f2") -> bytes:
    """Half a minute, s16le, mono, 48 kHz; espeak-ng speaks."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "-w", str(path), SAID], check=True)
        return decoded(path)


def decoded(file: Path) -> bytes:
    """A whole file, s16le, mono, 48 kHz."""
    made, resampler = b"", AudioResampler("s16", "mono", RATE_HZ)
    with av.open(str(file)) as container:
        frames = [each for frame in container.decode(audio=0) for each in resampler.resample(frame)]
    for frame in (*frames, *resampler.resample(None)):
        made += samples_of(frame)
    return made


def samples_of(frame: AudioFrame) -> bytes:
    return bytes(frame.planes[0])[: frame.samples * 2]


def cut(pcm: bytes, packet_ms: int) -> list[bytes]:
    """In pieces of one packet, the last one filled up with silence."""
    size = packet_ms * RATE_HZ // 1000 * 2
    return [pcm[place : place + size].ljust(size, b"\0") for place in range(0, len(pcm), size)]


def quality(said: bytes, heard: bytes) -> float:
    """1 to 4.6. `heard` begins when `said` does, but for a second of delay at most."""
    return float(pesq(HEARD_HZ, _at_16k(said), _at_16k(heard), "wb"))


def _at_16k(pcm: bytes) -> NDArray[np.float32]:
    frame = AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
    frame.planes[0].update(pcm + bytes(frame.planes[0].buffer_size - len(pcm)))
    frame.sample_rate = RATE_HZ
    resampler = AudioResampler("s16", "mono", HEARD_HZ)
    made = b"".join(samples_of(each) for each in (*resampler.resample(frame), *resampler.resample(None)))
    return np.frombuffer(made, "<i2").astype(np.float32)


def loudness(pcm: bytes) -> float:
    """Root mean square, of 32768."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
