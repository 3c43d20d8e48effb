"""The answering machine of a call: who waits alone leaves a message over the connection that stands already.

Nothing is recorded but between the touch that begins a message and the one that ends it, three minutes later at most,
or the end of the connection; what was said until then is kept from one second on. It is written down as it came,
without being encoded again, and is brought to web by `uploading.py`. How it sounds is judged while it is said.
"""

import asyncio
import json
import logging
from array import array
from typing import TYPE_CHECKING, Any

from app.media import line_rules, recording, tone
from app.media.connection import Away, Refusal
from app.media.frames import EncodedFrame
from app.media.line_rules import Loudness
from app.media.opus import Decoder, OpusError
from app.media.recording import Packet, Recording
from app.media.spool import Entry
from app.media.uploading import SHORTEST_SECONDS
from app.media.work import Lease, Outside

if TYPE_CHECKING:
    from app.media.participant import Participant

log = logging.getLogger(__name__)

CHANNEL = "media"
LONGEST_SECONDS = 180.0
TAIL_SECONDS = 0.4  # what was said before the touch is still on its way
WRITTEN_EACH_SECONDS = 1.0
MOST_WORD_BYTES = 1_000
MOST_PACKET_BYTES = 1_500


class Answering:
    """A `work.Work`: one machine for each end that is connected."""

    def __init__(self, lease: Lease, outside: Outside) -> None:
        self._lease, self._outside = lease, outside
        self._machines: dict[Participant, Machine] = {}
        self._closed = asyncio.Event()

    async def run(self) -> None:
        await self._closed.wait()

    def join(self, participant: "Participant") -> None:
        self._machines[participant] = Machine(participant, self._lease.room, self._outside)

    def part(self, participant: "Participant") -> None:
        machine = self._machines.pop(participant, None)
        if machine is not None:
            machine.gone()

    async def close(self) -> None:
        for machine in self._machines.values():
            await machine.finish()
        self._closed.set()


class Machine:
    """What the person at one end says into it. `recorded` is set while they do."""

    def __init__(self, participant: "Participant", call: str, outside: Outside) -> None:
        self._participant, self._call, self._outside = participant, call, outside
        self._message: Message | None = None
        self._tasks: set[asyncio.Future[None]] = set()
        participant.hear(CHANNEL, self._heard)
        participant.when_open(CHANNEL, lambda: self._tell("ready"))

    async def finish(self) -> None:
        """End a message that is being said, if there is one, and keep it."""
        message = self._message
        if message is not None and message.is_taking:
            await asyncio.sleep(TAIL_SECONDS)
        self._end(message)

    def gone(self) -> None:
        """The connection is: what was said is all there will be."""
        self._end(self._message)

    def _heard(self, data: str | bytes) -> None:
        word = _word(data)
        if word.get("record") is True and self._message is None:
            self._message = Message(self._participant, self._call, self._outside)
            self._spawn(self._record(self._message))
        elif word.get("record") is False:
            self._spawn(self.finish())
        elif word.get("discard") is True:
            self._end(self._message, is_wanted=False)

    async def _record(self, message: "Message") -> None:
        """Sound the tone, then take what is said until somebody or the time ends it."""
        await tone.sound(self._participant.send_voice)
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + LONGEST_SECONDS
        if self._message is message:
            self._participant.on_voice = message.take
            message.is_taking = True
            self._tell("recording", seconds=0)
        while self._message is message and loop.time() < ends_at:
            await asyncio.sleep(WRITTEN_EACH_SECONDS)
            if self._message is message:
                message.write_down()
                self._say({"state": "recording", "seconds": int(message.seconds), "level": message.level})
        self._end(message)

    def _end(self, message: "Message | None", *, is_wanted: bool = True) -> None:
        if message is None or self._message is not message:
            return
        self._message, self._participant.on_voice = None, None
        is_kept = is_wanted and message.seconds >= SHORTEST_SECONDS
        if is_kept:
            self._say({"state": "kept", "seconds": round(message.seconds), "level": message.level})
            message.keep()
        else:
            message.discard()
            self._tell("lost" if is_wanted else "ready", seconds=0)

    def _tell(self, state: str, **more: Any) -> None:
        self._say({"state": state, **more})
        self._spawn(self._tell_web(state))

    async def _tell_web(self, state: str) -> None:
        try:
            told = {"call": self._call, "seat": self._participant.seat, "state": state}
            await self._outside.emit("answering", told)
        except (Away, Refusal) as lost:  # a hint for the page; the channel says it too
            log.debug("web doesn't hear that a machine is %s: %s", state, lost)

    def _say(self, word: dict[str, Any]) -> None:
        self._participant.say(CHANNEL, json.dumps(word))

    def _spawn(self, step: Any) -> None:
        task = asyncio.ensure_future(step)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Message:
    """One that is being said: in memory, and sealed on disk second by second."""

    def __init__(self, participant: "Participant", call: str, outside: Outside) -> None:
        self.is_taking = False
        self._outside = outside
        self._recording, self._decoder = Recording(), Decoder()
        self._loudness: list[Loudness] = []
        self._unwritten: list[Packet] = []
        self._entry: Entry | None = None
        self._about = {
            "call": call, "seat": participant.seat, "recorded_at": outside.clock.now().isoformat(),
        }  # fmt: skip

    @property
    def seconds(self) -> float:
        return self._recording.seconds

    @property
    def level(self) -> str:
        return line_rules.level_of(self._loudness).value

    def take(self, frame: EncodedFrame) -> None:
        """Take one packet of voice; what is no Opus is left out."""
        if not 0 < len(frame.payload) <= MOST_PACKET_BYTES:
            return
        try:
            sound = self._decoder.decode(frame.payload)
        except OpusError:
            self._outside.tally.dropped["not_opus"] += 1
            return
        packet = self._recording.add(frame.rtp_timestamp, len(sound) / 96, frame.payload)
        if packet is not None:
            self._loudness += line_rules.loudness_of(array("h", sound))
            self._unwritten.append(packet)

    def write_down(self) -> None:
        """Seal what came since the last time."""
        if not self._unwritten:
            return
        if self._entry is None:
            self._entry = self._outside.uploads.spool.begin(self._about)
        self._entry.add(recording.packed(self._unwritten))
        self._unwritten = []

    def keep(self) -> None:
        self.write_down()
        assert self._entry is not None  # a second of it is there
        self._entry.sync()
        self._outside.uploads.bring(self._entry)

    def discard(self) -> None:
        self._unwritten = []
        if self._entry is not None:
            self._entry.drop()


def _word(data: str | bytes) -> dict[str, Any]:
    """What a browser says; nothing, where it makes no sense."""
    if not isinstance(data, str) or len(data) > MOST_WORD_BYTES:
        return {}
    try:
        word = json.loads(data)
    except ValueError:
        return {}
    return word if isinstance(word, dict) else {}
