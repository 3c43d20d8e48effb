"""A microphone heard back: each packet of voice goes back as it came, a while later, and is listened to meanwhile.

A quiet room doesn't go back: browsers send its noise by the packet, and its bytes are better spent on listening longer
to who hasn't begun to speak. Nothing of a voice is kept but how loud it was.
"""

import asyncio
from array import array
from collections.abc import Callable

from app.media import line_rules
from app.media.frames import EncodedFrame
from app.media.line_rules import Loudness
from app.media.opus import Decoder, OpusError

DELAY_SECONDS = 2.0
AROUND_BYTES = 54  # IPv4, UDP, RTP and its tag, and a relay's four
MOST_BYTES = 400  # of a packet of voice at the asked rate, with room

SendVoice = Callable[[bytes, int, float], None]


class Echo:
    """`heard` is how loud each 20 ms were."""

    def __init__(self, send: SendVoice) -> None:
        self._send, self._decoder = send, Decoder()
        self._loop = asyncio.get_running_loop()
        self._timers: set[asyncio.TimerHandle] = set()
        self._is_spoken = False
        self.heard: list[Loudness] = []
        self.wire_bytes = 0

    def hear(self, frame: EncodedFrame) -> None:
        """Take one packet of voice; what is none, or far larger than was asked for, is left out."""
        if frame.kind != "audio" or not 0 < len(frame.payload) <= MOST_BYTES:
            return
        try:
            sound = self._decoder.decode(frame.payload)
        except OpusError:
            return
        loudness = line_rules.loudness_of(array("h", sound))
        self.heard += loudness
        self.wire_bytes += len(frame.payload) + AROUND_BYTES
        was_spoken, self._is_spoken = self._is_spoken, any(each.rms_db > line_rules.SPEECH_DB for each in loudness)
        if self._is_spoken or was_spoken:  # the end of a word is soft
            self.wire_bytes += len(frame.payload) + AROUND_BYTES
            self._timers.add(self._loop.call_later(DELAY_SECONDS, self._give_back, frame))

    def _give_back(self, frame: EncodedFrame) -> None:
        self._send(frame.payload, frame.rtp_timestamp, frame.duration_ms)

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
