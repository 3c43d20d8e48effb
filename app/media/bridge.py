"""The family bridge: three to eight ends in one call, each sent one voice and one picture over one connection.

Which way a voice goes is decided in `exchange`, whose picture an end is shown in `showing`. Here they meet the ends'
connections and the clock. Nothing that is said is kept: packets stay in memory for as long as a mix waits for them.
"""

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from app.media.exchange import Exchange
from app.media.frames import EncodedFrame
from app.media.opus import Decoder, Encoder
from app.media.showing import STILLS, Showing
from app.media.work import Lease, Outside

if TYPE_CHECKING:
    from app.media.participant import Participant

CHANNEL = "media"
LOOK_EVERY_SECONDS = 0.2
MOST_ENDS = 8
MOST_TEXT = 200  # characters of what a browser says on the channel


class Bridge:
    """Ends are named by their seats; a newer connection of a seat takes the place of the one before."""

    def __init__(self, lease: Lease, outside: Outside) -> None:
        self.lease, self._outside = lease, outside
        self._exchange = Exchange(Encoder, Decoder)
        self._showing = Showing()
        self._ends: dict[str, Participant] = {}
        self._speaker: str | None = None
        self._loop = asyncio.get_running_loop()
        self._ticking: asyncio.TimerHandle | None = None
        self._closed = asyncio.Event()

    async def run(self) -> None:
        """Look after what no packet tells of: who fell silent, which rungs have changed."""
        while not self._closed.is_set():
            self._look()
            due = self._now() + LOOK_EVERY_SECONDS * 1_000
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            self._exchange.held_up(due, self._now())

    def join(self, participant: "Participant") -> None:
        name = participant.seat
        if name in self._ends:
            self._go(name)
        if len(self._ends) >= MOST_ENDS:
            self._outside.tally.dropped["bridge is full"] += 1
            return
        self._ends[name] = participant
        self._exchange.come(name, participant.audio, participant.send_voice)
        self._showing.come(name, participant, self._outside.ladder[participant.rung])
        participant.on_voice = partial(self._hear, name)
        participant.on_picture = partial(self._see, name)
        participant.on_key_frame_wanted = partial(self._want_key_frame, name)
        participant.hear(CHANNEL, partial(self._told, name))
        participant.hear(STILLS, partial(self._still, name))
        participant.when_open(CHANNEL, partial(self._announce, name))

    def part(self, participant: "Participant") -> None:
        if self._ends.get(participant.seat) is participant:
            self._go(participant.seat)

    async def close(self) -> None:
        self._closed.set()
        for name in list(self._ends):
            self._go(name)
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None

    def _go(self, name: str) -> None:
        participant = self._ends.pop(name)
        participant.on_voice = participant.on_picture = participant.on_key_frame_wanted = None
        self._exchange.go(name)
        self._showing.go(name)

    def _now(self) -> float:
        return self._loop.time() * 1000

    def _hear(self, name: str, frame: EncodedFrame) -> None:
        self._exchange.hear(name, frame, self._now())
        self._set_out()

    def _set_out(self) -> None:
        """Have the mixer's next tick come at its time."""
        if self._exchange.due is not None and self._ticking is None:
            self._ticking = self._loop.call_at(self._exchange.due / 1000, self._tick)

    def _tick(self) -> None:
        self._ticking = None
        due, now = self._exchange.due, self._now()
        if due is not None:
            self._outside.tally.late(now - due)
            self._exchange.tick(now)
            self._set_out()

    def _look(self) -> None:
        now = self._now()
        for name, participant in self._ends.items():
            participant.set_rung(participant.rung)  # by what it loses now
            rung = self._outside.ladder[participant.rung]
            self._exchange.tune(name, participant.audio)
            self._showing.tune(name, rung)
        self._exchange.look(now)
        self._set_out()
        speaker = self._exchange.floor.speaker(now)
        if speaker != self._speaker:
            self._speaker = speaker
            self._showing.speaker = speaker
            for name in self._ends:
                self._announce(name)
        self._showing.look(now)

    def _announce(self, name: str) -> None:
        if (participant := self._ends.get(name)) is not None:
            participant.say(CHANNEL, json.dumps({"speaks": self._speaker}))

    def _see(self, name: str, frame: EncodedFrame) -> None:
        self._showing.see(name, frame, self._now())

    def _want_key_frame(self, name: str) -> None:
        self._showing.want_key_frame(name, self._now())

    def _still(self, name: str, data: str | bytes) -> None:
        if isinstance(data, bytes):
            self._showing.still(name, data)

    def _told(self, name: str, data: str | bytes) -> None:
        """What a browser wants to look at; anything else is left out."""
        wanted = _read(data).get("look_at")
        if isinstance(wanted, str) and (wanted == "speaker" or wanted in self._ends):
            self._showing.look_at(name, None if wanted == "speaker" else wanted, self._now())


def _read(data: str | bytes) -> dict[str, Any]:
    if not isinstance(data, str) or len(data) > MOST_TEXT:
        return {}
    try:
        told = json.loads(data)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
