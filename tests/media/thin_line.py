"""A line with a browser at its far end, as the work of a line check sees it: a rate each way, a delay, and loss."""

import asyncio
import json
from array import array
from collections.abc import Callable, Sequence
from random import Random
from types import SimpleNamespace
from typing import Any

from app.media.frames import EncodedFrame
from app.media.line_probe import PING, PONG, PROBE, TRAIN, WORDS
from app.media.opus import Encoder

PACKET_MS, STAMPS = 120, 5_760
AROUND_BYTES, VOICE_AROUND_BYTES, SACK_BYTES = 93, 50, 97
Hear = Callable[[str | bytes], None]


class _Way:
    """One direction: what waits its turn, what is on its way, what is lost. `wire_bytes` is all that was put on it."""

    def __init__(self, kbps: float, delay_seconds: float, loss: float, chance: Random) -> None:
        self.kbps, self._delay, self._loss, self._chance = kbps, delay_seconds, loss, chance
        self._free_at = 0.0
        self.wire_bytes = 0

    def put(self, size: int, arrive: Callable[[], None], *, is_reliable: bool = False) -> None:
        loop = asyncio.get_running_loop()
        self.wire_bytes += size
        self._free_at = max(self._free_at, loop.time()) + size * 8 / self.kbps / 1_000
        if self._chance.random() >= self._loss:
            loop.call_at(self._free_at + self._delay, arrive)
        elif is_reliable:
            loop.call_at(self._free_at + self._delay + 1.0, lambda: self.put(size, arrive, is_reliable=True))


class ThinLine:
    """Stands for a participant. `microphone`: packets that the browser says while it may; None where it has none."""

    def __init__(
        self, kbps: float, rtt_ms: float = 0, loss: float = 0, *, microphone: Sequence[bytes] | None = None,
        seed: int = 1,
    ) -> None:  # fmt: skip
        chance = Random(seed)
        self.down, self.up = (_Way(kbps, rtt_ms / 2_000, loss, chance) for _ in range(2))
        self.on_voice: Callable[[EncodedFrame], None] | None = None
        self.seat = "check.1"
        self.verdict: dict[str, Any] | None = None
        self.stages: list[str] = []
        self.heard: list[tuple[float, int]] = []
        self.is_dumb = False
        self._microphone, self._uttered = microphone, 0
        self._hearers: dict[str, Hear] = {}
        self._came: dict[int, list[list[float]]] = {}

    @property
    def wire_bytes(self) -> int:
        return self.down.wire_bytes + self.up.wire_bytes

    def hear(self, label: str, hearer: Hear) -> None:
        self._hearers[label] = hearer
        if set(self._hearers) == {WORDS, PROBE} and not self.is_dumb:
            self._says({"microphone": self._microphone is not None})

    def channel(self, _label: str) -> Any:
        return SimpleNamespace(transport=SimpleNamespace(_cwnd=0))

    def say(self, label: str, data: str | bytes) -> bool:
        arrive = (lambda: self._word(json.loads(data))) if label == WORDS else (lambda: self._probe(bytes(data)))  # type: ignore[arg-type]
        self.down.put(len(data) + AROUND_BYTES, arrive, is_reliable=label == WORDS)
        self.up.put(SACK_BYTES, lambda: None)
        return True

    def send_voice(self, payload: bytes, rtp_timestamp: int, _duration_ms: float) -> None:
        at = asyncio.get_running_loop().time
        self.down.put(len(payload) + VOICE_AROUND_BYTES, lambda: self.heard.append((at(), rtp_timestamp)))

    def _says(self, word: dict[str, Any]) -> None:
        self._sends(WORDS, json.dumps(word))

    def _sends(self, label: str, data: str | bytes) -> None:
        self.up.put(len(data) + AROUND_BYTES, lambda: self._hearers[label](data), is_reliable=label == WORDS)
        self.down.put(SACK_BYTES, lambda: None)

    def _word(self, word: dict[str, Any]) -> None:
        if "verdict" in word:
            self.verdict = word["verdict"]
        elif "stage" in word:
            self.stages.append(word["stage"])
            if word["stage"] == "voice":
                self._speak(word["seconds"])
        elif "send" in word:
            for place in range(word["packets"]):
                self._sends(PROBE, bytes((TRAIN, word["send"], place)) + bytes(word["bytes"] - 3))
            self._says({"sent": word["send"]})
        elif "came" in word:
            self._says({"came": word["came"], "at": self._came.get(word["came"], [])})

    def _probe(self, data: bytes) -> None:
        now_ms = asyncio.get_running_loop().time() * 1_000
        if data[0] == PING:
            self._sends(PROBE, bytes((PONG,)) + data[1:])
        elif data[0] == TRAIN:
            self._came.setdefault(data[1], []).append([data[2], now_ms])

    def _speak(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        said = (self._microphone or ())[self._uttered :][: int(seconds * 1_000 / PACKET_MS) + 1]
        for number, packet in enumerate(said):
            loop.call_later(number * PACKET_MS / 1_000, self._utter, self._uttered + number, packet)
        self._uttered += len(said)

    def _utter(self, number: int, packet: bytes) -> None:
        now_ms = asyncio.get_running_loop().time() * 1_000
        frame = EncodedFrame(packet, number * STAMPS, number, now_ms, "audio", duration_ms=PACKET_MS)
        self.up.put(len(packet) + VOICE_AROUND_BYTES, lambda: self.on_voice and self.on_voice(frame))


def packets(samples: Sequence[int]) -> list[bytes]:
    """What a browser makes of it by the rung of a line check."""
    encoder, size = Encoder(PACKET_MS, 12), PACKET_MS * 48
    cut = (samples[at : at + size] for at in range(0, len(samples) - size + 1, size))
    return [encoder.encode(array("h", each).tobytes()) for each in cut]
