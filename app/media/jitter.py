"""When each packet of a voice is played: in order, at a delay as long as the link is uneven, in milliseconds.

Pure; instants are milliseconds of one clock, and who plays asks at any pace. Delay is measured by RTP time stamps, so
packets of any length fit, and mixed ones. Silence that wasn't sent is no loss: the word after it is played at the delay
that is right then. Within a word the delay grows by small pieces that are concealed, and shrinks by leaving a packet
out.
"""

from bisect import insort
from collections import Counter, deque
from typing import NamedTuple

from app.media.frames import EncodedFrame

TICKS_PER_MS = 48
REMEMBERED = 128  # packets, by which the link is judged
LEAP_MS = 3_000.0  # farther from its time a packet belongs to a clock that began anew
MOST_FRAMES = 128  # that wait; more is a flood
MOST_CONCEALED_MS = 240.0  # in a row, where nothing comes; then it is silence
STRETCH_MS = 10.0  # by which delay grows at a time
SPARE_MS = 20.0  # more delay than this beyond what is needed is worth a packet
REPAIRS_REMEMBERED = 256  # packets, so long the delay leaves time for what was lost to come with a later packet
REMOVED_FRACTION = 0.05  # of packets may come too late for the target


class Lost(NamedTuple):
    """So much is missing. `next` is there already and comes right after it: it may repeat what is lost."""

    ms: float
    next: EncodedFrame | None = None


class _Waiting(NamedTuple):
    at_ms: float  # of the stream's own time
    came_ms: float
    frame: EncodedFrame


class _Arrival(NamedTuple):
    late_ms: float  # beside the stream's own time
    at_ms: float


class JitterBuffer:
    """`target_ms` is the least delay, `most_ms` the longest that an uneven link may make of it.

    `asked_every_ms` is the pace of who plays. Who asks later than that has fallen behind, and is brought up again.
    """

    def __init__(self, target_ms: float, most_ms: float, asked_every_ms: float = 10.0) -> None:
        self.least_ms, self.most_ms, self._asked_every_ms = target_ms, most_ms, asked_every_ms
        self.dropped: Counter[str] = Counter()
        self._ssrc: int | None = None
        self._gone: int | None = None  # the stream before
        self._frames: list[_Waiting] = []
        self._arrivals: deque[_Arrival] = deque(maxlen=REMEMBERED)
        self._held_until = 0.0
        self._repairs: deque[tuple[int, float]] = deque(maxlen=16)
        self._count = 0
        self._base = self._offset = 0.0
        self._next_ms: float | None = None
        self._last: EncodedFrame | None = None
        self._given_up = 0  # packets that were concealed since the last that was played
        self._concealed_ms = 0.0
        self._stamp: int | None = None
        self._ticks = 0

    @property
    def target_ms(self) -> float:
        """The delay that this link needs, as far as is known."""
        if not self._arrivals:
            return self.least_ms
        late = sorted(each.late_ms - self._base for each in self._arrivals)
        needed = late[-1 - int(len(late) * REMOVED_FRACTION)]
        for count, arrival in self._repairs:
            if self._count - count < REPAIRS_REMEMBERED:
                needed = max(needed, arrival - self._base + 2 * STRETCH_MS)
        return min(self.most_ms, max(self.least_ms, needed))

    @property
    def delay_ms(self) -> float:
        """Of what is played now, beyond the fastest packet."""
        return self._offset - self._base if self._arrivals else self.least_ms

    @property
    def waiting_ms(self) -> float:
        return sum(each.frame.duration_ms for each in self._frames)

    def waiting(self) -> list[EncodedFrame]:
        """What wasn't played yet, in order."""
        return [each.frame for each in self._frames]

    def held_up(self, since_ms: float, until_ms: float) -> None:
        """This program stood still for so long: what it took in late, then and until it has caught up, is no link's."""
        self._held_until = until_ms + (until_ms - since_ms)
        kept = [each for each in self._arrivals if each.at_ms < since_ms or not self._is_late(each.late_ms)]
        self._arrivals = deque(kept, maxlen=REMEMBERED)

    def put(self, frame: EncodedFrame, now_ms: float) -> None:
        """Take a packet in; what is late, double or too much is dropped and counted."""
        if frame.ssrc != self._ssrc:
            if frame.ssrc == self._gone:
                self.dropped["gone"] += 1
                return
            self._begin(frame.ssrc)
        at_ms = self._unwrapped(frame)
        if self._arrivals and abs(now_ms - at_ms - self._base) > LEAP_MS:
            self._begin(frame.ssrc)
            at_ms = self._unwrapped(frame)
        self._learn(now_ms - at_ms, frame, now_ms)
        if refusal := self._refusal(at_ms):
            self.dropped[refusal] += 1
            return
        if self._next_ms is None and not self._frames:
            self._offset = max(self._base + self.target_ms, now_ms - at_ms)
        insort(self._frames, _Waiting(at_ms, now_ms, frame), key=lambda each: each.at_ms)

    def get(self, now_ms: float) -> EncodedFrame | Lost | None:
        """What is to be played next, if its time has come. Ask until there is None."""
        if not self._frames:
            return self._missing(now_ms)
        at_ms, came_ms, frame = self._frames[0]
        if self._next_ms is not None and at_ms > self._next_ms + 1:
            lost_ms = self._lost_before(at_ms, frame)
            if lost_ms:
                return self._lose(lost_ms, frame, now_ms)
            self._next_ms = None  # after silence
            self._offset = max(self._base + self.target_ms, came_ms - at_ms)
        if now_ms < at_ms + self._offset:
            return None
        self._offset = max(self._offset, now_ms - at_ms - self._asked_every_ms)
        if self._next_ms is not None:
            needed = self._base + self.target_ms
            if needed > self._offset + STRETCH_MS:
                self._offset += STRETCH_MS
                return Lost(STRETCH_MS)
            if self._may_leave_out(frame, needed):
                return self.get(now_ms)
        return self._play()

    def _play(self) -> EncodedFrame:
        at_ms, _, frame = self._frames.pop(0)
        self._next_ms, self._last = at_ms + frame.duration_ms, frame
        self._given_up, self._concealed_ms = 0, 0.0
        return frame

    def _refusal(self, at_ms: float) -> str:
        if self._next_ms is not None and at_ms < self._next_ms - 1:
            return "late"
        if len(self._frames) >= MOST_FRAMES:
            return "flood"
        return "twice" if any(each.at_ms == at_ms for each in self._frames) else ""

    def _may_leave_out(self, frame: EncodedFrame, needed: float) -> bool:
        """A quiet packet, or any when the delay is far too long."""
        spare = self._offset - needed - frame.duration_ms
        usual = sum(len(each.frame.payload) for each in self._frames) / len(self._frames)
        if spare < SPARE_MS or (len(frame.payload) > usual / 2 and spare < 2 * SPARE_MS):
            return False
        if len(self._frames) < 2:
            return False
        at_ms, _, left_out = self._frames.pop(0)
        self._next_ms, self._last = at_ms + left_out.duration_ms, left_out
        self._offset -= left_out.duration_ms
        self.dropped["ahead"] += 1
        return True

    def _lost_before(self, at_ms: float, frame: EncodedFrame) -> float:
        """How much of the hole before a packet was sent and lost; the rest of it is silence."""
        assert self._next_ms is not None
        hole = at_ms - self._next_ms
        if self._last is None:
            return 0.0
        steps = (frame.sequence - self._last.sequence - self._given_up & 0xFFFF) - 1
        usual = self._last.duration_ms or frame.duration_ms
        if not 0 < steps < 0x8000 or hole > usual * steps * 1.5 + 1:
            return 0.0
        return min(hole, usual)

    def _lose(self, lost_ms: float, frame: EncodedFrame, now_ms: float) -> Lost | None:
        assert self._next_ms is not None
        if now_ms < self._next_ms + self._offset:
            return None
        self._next_ms += lost_ms
        self._given_up += 1
        is_right_before = self._frames[0].at_ms <= self._next_ms + 1
        return Lost(lost_ms, frame if is_right_before else None)

    def _missing(self, now_ms: float) -> Lost | None:
        """Nothing is there: it is late, or lost, or there is nothing to say."""
        if self._next_ms is None or self._last is None or now_ms < self._next_ms + self._offset:
            return None
        lost_ms = self._last.duration_ms
        if self._concealed_ms + lost_ms > MOST_CONCEALED_MS:
            self._next_ms = None
            return None
        self._concealed_ms += lost_ms
        self._next_ms += lost_ms
        self._given_up += 1
        return Lost(lost_ms)

    def _begin(self, ssrc: int | None) -> None:
        """Another stream, or another clock of the same."""
        if ssrc != self._ssrc:
            self._gone, self._ssrc = self._ssrc, ssrc
        self._frames.clear()
        self._arrivals.clear()
        self._repairs.clear()
        self._base = self._offset = self._concealed_ms = 0.0
        self._next_ms = self._last = self._stamp = None
        self._given_up = self._ticks = self._count = 0

    def _unwrapped(self, frame: EncodedFrame) -> float:
        """The packet's place in the stream's own time."""
        if self._stamp is None:
            self._stamp = frame.rtp_timestamp
        step = (frame.rtp_timestamp - self._stamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        if step > 0:
            self._ticks, self._stamp = self._ticks + step, frame.rtp_timestamp
            step = 0
        return (self._ticks + step) / TICKS_PER_MS

    def _learn(self, late_ms: float, frame: EncodedFrame, now_ms: float) -> None:
        """The fastest of the last packets is where delay is counted from: clocks that drift are followed."""
        if now_ms < self._held_until and self._arrivals and self._is_late(late_ms):
            return
        if not frame.is_recovered:
            self._count += 1
            self._arrivals.append(_Arrival(late_ms, now_ms))
            self._base = min(self._arrivals).late_ms
        elif self._count > 1:  # what a first packet repeats is older than the stream
            self._repairs.append((self._count, late_ms))

    def _is_late(self, late_ms: float) -> bool:
        return late_ms > self._base + self.least_ms
