"""A line check: what a device's line carries and how its microphone is heard, told to the device and to web.

In this order: round trips, a train down and one up, longer ones as far as the line is worth them, then the microphone.
All of it stays within `MOST_BYTES` on the wire, both ways together. A line that is too thin for a voice is spared it;
one that is too slow for all of this is judged by what was measured until then.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from app.kernel.levels import VoiceLevel
from app.media import line_rules
from app.media.connection import Away, Refusal
from app.media.line_echo import DELAY_SECONDS, Echo
from app.media.line_probe import AROUND_BYTES, Probe
from app.media.line_rules import Arrival, Measured, Train
from app.media.work import Lease, Outside

if TYPE_CHECKING:
    from app.media.participant import Participant

log = logging.getLogger(__name__)

MOST_BYTES = 60_000
LEFT_OVER_BYTES = 4_000  # checks of the path, reports on the voice, what comes twice
LISTENS, SPEAKS_SECONDS, LEAST_SPEAKS_SECONDS = 2, 4.0, 2.0
SPOKEN_BYTES_A_SECOND = 4_000  # 12 kbit/s in packets of 120 ms, up and back
LEAST_VOICE_KBPS = 16.0  # what that takes, one way
JOINS_WITHIN_SECONDS, HELLO_WITHIN_SECONDS, MEASURED_WITHIN_SECONDS = 60.0, 15.0, 40.0
LAST_WORDS_SECONDS = 1.0  # what was said last is still to be heard
TOLD_TIMES, TOLD_AGAIN_SECONDS = 4, 1.0


class LineCheck:
    """A `work.Work`. It ends by itself once the device has its verdict and has heard itself, or is gone."""

    def __init__(self, lease: Lease, outside: Outside) -> None:
        self._lease, self._outside = lease, outside
        self._joined, self._gone = asyncio.Event(), asyncio.Event()
        self._end: Participant | None = None
        self._found: dict[str, Any] | None = None

    def join(self, participant: "Participant") -> None:
        self._end = participant
        self._joined.set()

    def part(self, participant: "Participant") -> None:
        if participant is self._end:
            self._gone.set()

    async def close(self) -> None:
        self._gone.set()

    async def run(self) -> None:
        trying, gone = asyncio.ensure_future(self._try()), asyncio.ensure_future(self._gone.wait())
        await asyncio.wait((trying, gone), return_when=asyncio.FIRST_COMPLETED)
        for task in (trying, gone):
            task.cancel()
        ended, _ = await asyncio.gather(trying, gone, return_exceptions=True)
        if self._found is not None:  # also where the device has gone once it knew
            await self._report(self._found)
        if isinstance(ended, Exception):
            raise ended

    async def _try(self) -> None:
        """Measure, listen, tell; in the end there is something to report, or the device never said a word."""
        if not await _in_time(self._joined.wait(), JOINS_WITHIN_SECONDS):
            return
        assert self._end is not None
        trial = Trial(self._end)
        if not await _in_time(trial.greeted.wait(), HELLO_WITHIN_SECONDS):
            return
        if not await _in_time(trial.measure(), MEASURED_WITHIN_SECONDS):
            log.info("a line was too slow to be measured whole")
        try:
            level = await trial.listen()
            self._found = self._verdict(trial.measured, level)
            trial.tell(self._found)
            await asyncio.sleep(DELAY_SECONDS + LAST_WORDS_SECONDS)
        finally:
            trial.close()

    def _verdict(self, measured: Measured, level: VoiceLevel) -> dict[str, Any]:
        loss = measured.loss
        return {
            "rung": line_rules.rung_of(self._outside.ladder, measured).value,
            "rtt_ms": _rounded(measured.rtt_ms), "loss_permille": None if loss is None else round(loss * 1_000),
            "up_kbps": _rounded(measured.up_kbps), "down_kbps": _rounded(measured.down_kbps), "level": level.value,
        }  # fmt: skip

    async def _report(self, verdict: dict[str, Any]) -> None:
        for _ in range(TOLD_TIMES):
            try:
                await self._outside.emit("line_checked", {"line_check": self._lease.room, **verdict})
                return
            except Away:
                await asyncio.sleep(TOLD_AGAIN_SECONDS)
            except Refusal as refusal:
                log.info("what was found of a line is not wanted: %s", refusal.code)
                return


class Trial:
    """One line being tried; `measured` is what is known of it so far."""

    def __init__(self, end: "Participant") -> None:
        self._end = end
        self._echo = Echo(end.send_voice)
        self._probe = Probe(end, self._hear_word)
        self._has_microphone = False
        self.greeted = asyncio.Event()
        self._rates: dict[str, float | None] = {"down": None, "up": None}

    @property
    def measured(self) -> Measured:
        rtts_ms = self._probe.rtts_ms
        return Measured(
            sorted(rtts_ms)[len(rtts_ms) // 2] if rtts_ms else None, line_rules.jitter_of(rtts_ms), self._probe.loss,
            self._rates["up"], self._rates["down"],
        )  # fmt: skip

    def _hear_word(self, word: dict[str, Any]) -> None:
        """The browser's first word: its channels are open, and whether it has a microphone."""
        if isinstance(word.get("microphone"), bool):
            self._has_microphone = word["microphone"]
            self.greeted.set()

    async def measure(self) -> None:
        self._probe.say({"stage": "round_trip"})
        await self._probe.round_trips()
        for way, send in (("down", self._probe.down), ("up", self._probe.up)):
            self._probe.say({"stage": way})
            await self._trains(way, send)

    async def _trains(self, way: str, send: "Send") -> None:
        done = 0
        while (train := line_rules.next_train(done, self._rates[way])) and self._is_affordable(train):
            came = await send(done, train)
            packet_bytes = train.payload_bytes + AROUND_BYTES
            rate = line_rules.rate_kbps(came, packet_bytes, self.measured.rtt_ms or 0)
            if rate is None and done:
                return  # what the shorter one gave stands
            self._rates[way] = rate
            done += 1

    def _is_affordable(self, train: Train) -> bool:
        return self._left_bytes >= train.packets * (train.payload_bytes + 2 * AROUND_BYTES)

    @property
    def _left_bytes(self) -> int:
        return MOST_BYTES - LEFT_OVER_BYTES - self._probe.wire_bytes - self._echo.wire_bytes

    async def listen(self) -> VoiceLevel:
        """How the microphone is heard, if there is one and the line carries a voice; it is given back meanwhile.

        Who hasn't spoken yet is listened to once more: silence costs next to nothing.
        """
        known = [rate for rate in self._rates.values() if rate is not None]
        level = VoiceLevel.UNKNOWN
        if not self._has_microphone or min(known, default=0) < LEAST_VOICE_KBPS:
            return level
        self._end.on_voice = self._echo.hear
        for _ in range(LISTENS):
            seconds = min(SPEAKS_SECONDS, self._left_bytes / SPOKEN_BYTES_A_SECOND)
            if seconds < LEAST_SPEAKS_SECONDS:
                break
            self._probe.say({"stage": "voice", "seconds": round(seconds, 1)})
            await asyncio.sleep(seconds + (self.measured.rtt_ms or 0) / 1_000 + 0.3)
            level = line_rules.level_of(self._echo.heard)
            if level is not VoiceLevel.SILENT:
                break
        return level

    def tell(self, verdict: dict[str, Any]) -> None:
        self._probe.say({"verdict": verdict})

    def close(self) -> None:
        self._end.on_voice = None
        self._echo.close()


Send = Callable[[int, Train], Awaitable[Sequence[Arrival]]]


async def _in_time(step: Coroutine[Any, Any, Any], seconds: float) -> bool:
    try:
        await asyncio.wait_for(step, seconds)
    except TimeoutError:
        return False
    return True


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)
