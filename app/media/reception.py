"""What is known of a stream that comes in: lost, late, uneven (RFC 3550 sections 6.4.1 and A.3), what to ask for again.

Pure. Instants are milliseconds of one clock.
"""

STILL_NEW_MS = 10_000.0  # a stream that fell silent so long ago isn't reported on
LEAP = 3_000  # of sequence numbers: the sender began anew
MOST_MISSING = 128  # what senders keep


class Reception:
    """One SSRC."""

    def __init__(self, clock_hz: int) -> None:
        self._per_ms = clock_hz / 1_000
        self.heard_ms = 0.0
        self.received = 0
        self.highest = -1  # with its cycles
        self._first = 0
        self._jitter = 0.0
        self._transit: float | None = None
        self._before = (0, 0)
        self._report: tuple[int, float] | None = None

    def add(self, sequence: int, timestamp: int, now_ms: float) -> None:
        self.heard_ms = now_ms
        step = (sequence - self.highest + 0x8000 & 0xFFFF) - 0x8000
        if self.highest < 0 or abs(step) > LEAP:
            self.highest = self._first = sequence
            self.received, self._before, step = 0, (0, 0), 0
        self.received += 1
        self.highest += max(0, step)
        transit = now_ms * self._per_ms - timestamp
        if self._transit is not None:
            moved = abs((transit - self._transit + 0x80000000) % 0x100000000 - 0x80000000)
            if moved < self._per_ms * 10_000:  # else its clock began anew
                self._jitter += (moved - self._jitter) / 16
        self._transit = transit

    @property
    def expected(self) -> int:
        return self.highest - self._first + 1

    @property
    def packets_lost(self) -> int:
        return max(-(1 << 23), min(self.expected - self.received, (1 << 23) - 1))

    @property
    def jitter(self) -> int:
        """In ticks of the stream's clock."""
        return round(self._jitter) & 0xFFFFFFFF

    def fraction_lost(self) -> int:
        """Of 256, since it was asked last."""
        expected, received = self.expected - self._before[0], self.received - self._before[1]
        self._before = (self.expected, self.received)
        lost = expected - received
        return min(255, lost * 256 // expected) if expected > 0 and lost > 0 else 0

    def heard_report(self, ntp: int, now_ms: float) -> None:
        """The sender's own report: the middle of its time goes back in ours."""
        self._report = (ntp >> 16 & 0xFFFFFFFF, now_ms)

    def sender_report(self, now_ms: float) -> tuple[int, int]:
        """The last one, and how long ago it came, in 1/65536 s; twice 0 before the first."""
        if self._report is None:
            return 0, 0
        return self._report[0], min(round((now_ms - self._report[1]) * 65.536), 0xFFFFFFFF)

    def is_new(self, now_ms: float) -> bool:
        return now_ms - self.heard_ms < STILL_NEW_MS


class Missing:
    """Sequence numbers that were skipped."""

    def __init__(self) -> None:
        self._highest: int | None = None
        self._numbers: dict[int, None] = {}  # in order

    def add(self, sequence: int) -> list[int]:
        """All that miss, where a new one does."""
        step = 0 if self._highest is None else (sequence - self._highest + 0x8000 & 0xFFFF) - 0x8000
        if self._highest is None or abs(step) > MOST_MISSING:
            self._highest = sequence
            self._numbers.clear()
            return []
        if step <= 0:
            self._numbers.pop(sequence, None)
            return []
        for each in range(self._highest + 1, self._highest + step):
            self._numbers[each & 0xFFFF] = None
        self._highest = sequence
        for each in [each for each in self._numbers if sequence - each & 0xFFFF > MOST_MISSING]:
            del self._numbers[each]
        return list(self._numbers) if step > 1 else []
