"""Tries a line over two data channels: round trips, and trains of packets each way, with every byte counted.

The browser opens both: `line` tells what comes next and what came, in JSON texts; `line.probe` is unordered and repeats
nothing, and carries what is measured. What it is worth is decided in `line_rules.py`, what is tried in `line_check.py`.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from app.media import line_rules
from app.media.line_rules import Arrival, Train

WORDS, PROBE = "line", "line.probe"
PING, PONG, TRAIN = range(3)
PINGS, PING_BYTES, PING_EVERY_SECONDS = 6, 12, 0.25  # no more than 7 kbit/s, so that they wait for no other
LONGEST_ROUND_TRIP_SECONDS, LONGEST_TRAIN_SECONDS = 3.0, 8.0
LATE_SECONDS = 0.15  # what was overtaken by the word that it was sent
MOST_PLACES = 16
WINDOW_BYTES = 12_000  # a whole train at once
# On the wire: IPv4, UDP, a DTLS record of AES-GCM, SCTP's header and that of its chunk; and the acknowledgement of it.
AROUND_BYTES, ACKNOWLEDGED_BYTES = 93, 97
SET_UP_BYTES = 6_500  # checks of the path, the handshake, both channels


class Line(Protocol):
    """The end whose line is tried: a `participant.Participant`, as far as it is used."""

    def say(self, label: str, data: str | bytes) -> bool: ...

    def hear(self, label: str, hearer: Callable[[str | bytes], None]) -> None: ...

    def channel(self, label: str) -> Any: ...


class Probe:
    """`on_word` gets what the browser says that is no answer; `wire_bytes` is what was sent and received so far."""

    def __init__(self, line: Line, on_word: Callable[[dict[str, Any]], None]) -> None:
        self._line, self._on_word = line, on_word
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._sent_ms: dict[int, float] = {}
        self._rtts_ms: dict[int, float] = {}
        self._up: dict[int, list[Arrival]] = {}
        self._down: dict[int, list[Arrival]] = {}
        self._sent_up: set[int] = set()
        self._sent = self._lost = 0
        self.wire_bytes = SET_UP_BYTES
        line.hear(WORDS, self._hear_word)
        line.hear(PROBE, self._hear_probe)

    @property
    def loss(self) -> float | None:
        return line_rules.loss_of(self._sent, self._lost)

    @property
    def rtts_ms(self) -> Sequence[float]:
        """In the order in which they were asked for."""
        return [self._rtts_ms[number] for number in sorted(self._rtts_ms)]

    def say(self, word: dict[str, Any]) -> None:
        text = json.dumps(word, separators=(",", ":"))
        self._count(len(text))
        self._line.say(WORDS, text)

    async def round_trips(self) -> None:
        for number in range(PINGS):
            self._sent_ms[number] = self._now_ms()
            self._put(bytes((PING, number)), PING_BYTES)
            await self._until(lambda: False, PING_EVERY_SECONDS)
        await self._until(lambda: bool(self._rtts_ms), LONGEST_ROUND_TRIP_SECONDS)
        patience = min(LONGEST_ROUND_TRIP_SECONDS, 2 * max(self.rtts_ms, default=0) / 1_000 + LATE_SECONDS)
        await self._until(lambda: len(self._rtts_ms) == PINGS, patience)
        self._sent += 2 * PINGS
        self._lost += PINGS - len(self._rtts_ms)

    async def down(self, nth: int, train: Train) -> Sequence[Arrival]:
        """What of a train came to the browser, by its own clock; nothing where it didn't say in time."""
        self._widen()
        for place in range(train.packets):
            self._put(bytes((TRAIN, nth, place)), train.payload_bytes)
        self.say({"came": nth})
        await self._until(lambda: nth in self._down, LONGEST_TRAIN_SECONDS)
        return self._counted(train, self._down.get(nth, ()))

    async def up(self, nth: int, train: Train) -> Sequence[Arrival]:
        """What of a train came from the browser."""
        came = self._up.setdefault(nth, [])
        self.say({"send": nth, "packets": train.packets, "bytes": train.payload_bytes})

        def is_whole() -> bool:
            return len(came) >= train.packets

        await self._until(lambda: is_whole() or nth in self._sent_up, LONGEST_TRAIN_SECONDS)
        await self._until(is_whole, LATE_SECONDS)
        return self._counted(train, came)

    def _counted(self, train: Train, came: Sequence[Arrival]) -> Sequence[Arrival]:
        self._sent += train.packets
        self._lost += max(0, train.packets - len(came))
        return came

    def _widen(self) -> None:
        """Let a train go at once: its pace is the line's, and not that of acknowledgements."""
        channel = self._line.channel(PROBE)
        if channel is not None:
            channel.transport._cwnd = max(channel.transport._cwnd, WINDOW_BYTES)

    def _put(self, head: bytes, length: int) -> None:
        self._count(length)
        self._line.say(PROBE, head + bytes(length - len(head)))

    def _count(self, length: int) -> None:
        self.wire_bytes += length + AROUND_BYTES + ACKNOWLEDGED_BYTES

    def _now_ms(self) -> float:
        return self._loop.time() * 1_000

    async def _until(self, is_so: Callable[[], bool], seconds: float) -> None:
        """Wait for news that make it so, but no longer."""
        ends_at = self._loop.time() + seconds
        while not is_so() and (left := ends_at - self._loop.time()) > 0:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except TimeoutError:
                return

    def _hear_probe(self, data: str | bytes) -> None:
        at_ms = self._now_ms()
        if not isinstance(data, bytes) or len(data) < 2:
            return
        self._count(len(data))
        kind, number = data[0], data[1]
        if kind == PONG and number in self._sent_ms:
            self._rtts_ms.setdefault(number, at_ms - self._sent_ms[number])
        elif kind == TRAIN and number in self._up and len(data) > 2:
            self._take(self._up[number], data[2], at_ms)
        self._news.set()

    def _hear_word(self, data: str | bytes) -> None:
        self._count(len(data))
        word = _read(data)
        if isinstance(word.get("sent"), int):
            self._sent_up.add(word["sent"])
        elif isinstance(word.get("came"), int):
            self._down.setdefault(word["came"], _arrivals(word.get("at")))
        else:
            self._on_word(word)
        self._news.set()

    @staticmethod
    def _take(came: list[Arrival], place: int, at_ms: float) -> None:
        if place < MOST_PLACES and all(place != each.place for each in came):
            came.append(Arrival(place, at_ms))


def _read(data: str | bytes) -> dict[str, Any]:
    """What can't be read says nothing."""
    try:
        word = json.loads(data)
    except ValueError:
        return {}
    return word if isinstance(word, dict) else {}


def _arrivals(told: Any) -> list[Arrival]:
    """As the browser tells them: pairs of place and milliseconds; what is no such pair is left out."""
    found: dict[int, Arrival] = {}
    for each in told if isinstance(told, list) else ():
        if isinstance(each, list) and len(each) == 2 and all(_is_number(part) for part in each):
            found[int(each[0])] = Arrival(int(each[0]), float(each[1]))
    return [arrival for place, arrival in found.items() if 0 <= place < MOST_PLACES]


def _is_number(part: Any) -> bool:
    return isinstance(part, int | float) and not isinstance(part, bool) and 0 <= part < 1e9
