"""Sends on what one end sends, as it is: one continuous RTP stream for each receiver, whoever is in it. Pure.

A packet is forwarded where the receiver's rung takes its packet time and its bit rate; short packets are put together
into longer ones (RFC 6716, 3.2.5), which changes no sound. What fits nowhere is transcoded by who asks, not here.
Receivers see no hole in the sequence where the sender's link lost something: they would blame their own link for it.
The time stamps show it, by which they conceal.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from app.media.ladder import Audio
from app.media.opus_frames import joined
from app.media.opus_packets import LONGEST_MS

TICKS_PER_MS = 48  # Opus in RTP (RFC 7587, 4.1)
LEAP_MS, REORDER_MS = 2_000, 240
RATE_MS, RATE_KNOWN_MS = 1_500, 400  # over how long a rate is taken; the first word is forwarded
MOST_PAUSE_MS = RATE_MS / 2  # of a pause: it leaves half of a rate, or what was too much would be let in after it
TAKES, STILL_TAKES = 1.15, 1.35  # times the rung's rate: what is forwarded stays so while it is near
AHEAD, AHEAD_MS = 1.25, 1_000.0  # more sound than time is a flood


def after(later: int, earlier: int) -> int:
    """How far one RTP time stamp is behind another, around the wrap."""
    return (later - earlier + 0x80000000) % 0x100000000 - 0x80000000


@dataclass
class Timeline:
    """The time stamps of one outgoing stream. Where its source changes, time goes on."""

    _source: object = None
    _offset: int = 0
    _last: int = 0  # of the source
    _next: int = 0  # of the stream
    _sent_at: float | None = None
    _lasts_ms: float = 0
    _seen: deque[int] = field(default_factory=lambda: deque(maxlen=8))

    def stamp(self, source: object, timestamp: int, duration_ms: float, now: float) -> int | None:
        """The stamp to send by; None for what came twice or far too late."""
        if source != self._source or self._leaps(timestamp, now):
            self._anchor(source, timestamp, now)
        elif timestamp in self._seen or after(timestamp, self._last) < -REORDER_MS * TICKS_PER_MS:
            return None
        self._seen.append(timestamp)
        sent = (timestamp + self._offset) % 0x100000000
        ends = (sent + round(duration_ms * TICKS_PER_MS)) % 0x100000000
        if after(ends, self._next) > 0:
            self._next, self._last = ends, timestamp
        self._sent_at, self._lasts_ms = now, duration_ms
        return sent

    def own(self, duration_ms: float, now: float) -> int:
        """The stamp of what is made here, right after what was sent, or after the silence since."""
        sent = (self._next + self._silence(now)) % 0x100000000
        self._source, self._sent_at, self._lasts_ms = None, now, duration_ms
        self._next = (sent + round(duration_ms * TICKS_PER_MS)) % 0x100000000
        return sent

    def _anchor(self, source: object, timestamp: int, now: float) -> None:
        self._offset = (self._next + self._silence(now) - timestamp) % 0x100000000
        self._source, self._last = source, timestamp
        self._seen.clear()

    def _silence(self, now: float) -> int:
        """In ticks. What comes a little late or early follows at once."""
        if self._sent_at is None:
            return 0
        past = now - self._sent_at - self._lasts_ms
        return round(past * TICKS_PER_MS) if past > self._lasts_ms else 0

    def _leaps(self, timestamp: int, now: float) -> bool:
        """Whether the stamps are those of another stream: its SSRC changed, or the sender began anew."""
        moved_ms = after(timestamp, self._last) / TICKS_PER_MS
        passed_ms = now - self._sent_at if self._sent_at is not None else 0.0
        return abs(moved_ms - passed_ms) > LEAP_MS


@dataclass
class Rate:
    """What an end's voice or picture takes, in kbit/s, while it is sent; 0 while that isn't known."""

    kbps: float = 0.0
    _mean_kbps: float = 0.0
    _known_ms: float = 0.0

    def add(self, size: int, duration_ms: float) -> None:
        counted_ms = min(duration_ms, MOST_PAUSE_MS)
        self._known_ms += counted_ms
        self._mean_kbps += (size * 8 / counted_ms - self._mean_kbps) * counted_ms / min(RATE_MS, self._known_ms)
        self.kbps = self._mean_kbps if self._known_ms >= RATE_KNOWN_MS else 0.0


@dataclass
class Pace:
    """Lets through as much sound as there is time, and a second more."""

    _spare_ms: float = AHEAD_MS
    _at: float | None = None

    def allows(self, duration_ms: float, now: float) -> bool:
        passed = now - self._at if self._at is not None else 0.0
        self._at = now
        self._spare_ms = min(AHEAD_MS, self._spare_ms + passed * AHEAD)
        if self._spare_ms < duration_ms:
            return False
        self._spare_ms -= duration_ms
        return True


def takes(audio: Audio, kbps: float, *, is_forwarded: bool) -> bool:
    """Whether a receiver of this rung is sent such a voice as it is."""
    return kbps <= audio.max_kbps * (STILL_TAKES if is_forwarded else TAKES)


class Piece(NamedTuple):
    packet: bytes
    rtp_timestamp: int
    duration_ms: float


@dataclass
class Gathering:
    """Packets of one source on their way to receivers who take longer ones."""

    packet_ms: int
    _held: list[Piece] = field(default_factory=list)
    _held_ms: float = 0.0
    _since: float = 0.0

    def put(self, piece: Piece, now: float) -> list[Piece]:
        """What is complete now: a packet that can't be put to what is held sends that on before it."""
        if piece.duration_ms >= self.packet_ms:
            return [*self.flush(), piece]
        done: list[Piece] = []
        if self._held and not self._follows(piece):
            done = self.flush()
        if not self._held:
            self._since = now
        self._held.append(piece)
        self._held_ms += piece.duration_ms
        return [*done, *self.flush()] if self._held_ms + piece.duration_ms > self.packet_ms else done

    def overdue(self, now: float) -> list[Piece]:
        """What waits in vain: its sender fell silent."""
        return self.flush() if self._held and now - self._since > 2 * self.packet_ms else []

    def flush(self) -> list[Piece]:
        held, self._held, self._held_ms = self._held, [], 0.0
        if len(held) < 2:
            return held
        return [
            Piece(joined([each.packet for each in held]), held[0].rtp_timestamp, sum(each.duration_ms for each in held))
        ]

    def _follows(self, piece: Piece) -> bool:
        last = self._held[-1]
        is_next = after(piece.rtp_timestamp, last.rtp_timestamp) == round(last.duration_ms * TICKS_PER_MS)
        fits = self._held_ms + piece.duration_ms <= min(self.packet_ms, LONGEST_MS)
        return is_next and fits and piece.packet[0] >> 2 == last.packet[0] >> 2
