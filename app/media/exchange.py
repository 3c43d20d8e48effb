"""Which way each voice of a bridge goes to each end: forwarded as it is, or through the mix. Pure, but for the codecs.

An end hears all others who are heard now. Is that one, and does the end's rung take their packets, they are forwarded;
is it more than one, or does the rung take less, the end is given to a tap of the mixer. Instants are milliseconds.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.media.forwarding import Gathering, Pace, Piece, Rate, Timeline, takes
from app.media.frames import EncodedFrame
from app.media.ladder import Audio
from app.media.mixing import TARGET_MS, TICK_MS, Decodes, Encodes, Mixer, TapKey
from app.media.speaking import Floor

RECKON_EVERY_MS = 500.0  # rates and rungs are looked at again
PRIMED_WITH = 2  # packets, so that a decoder knows the voice
LATEST_MS = 4 * TICK_MS  # behind: then the ticks that were missed are left out
HELD_UP_MS = 20.0

Send = Callable[[bytes, int, float], None]  # an Opus packet, its RTP time stamp, how many milliseconds it plays


@dataclass
class Source:
    """What comes from one end. `recent` are its newest packets."""

    duration_ms: float = 0.0
    rate: Rate = field(default_factory=Rate)
    pace: Pace = field(default_factory=Pace)
    recent: deque[EncodedFrame] = field(default_factory=lambda: deque(maxlen=PRIMED_WITH + 6))
    gatherings: dict[int, Gathering] = field(default_factory=dict)


@dataclass
class Receiver:
    """What goes to one end: as another end sends it, or as a tap has it, or nothing.

    `forwarded_until`: whose voices still come to the mix with what this end was sent before they were mixed for it.
    """

    name: str
    send: Send
    audio: Audio | None
    timeline: Timeline = field(default_factory=Timeline)
    forwards: str | None = None
    tap: TapKey | None = None
    forwarded_until: dict[str, float] = field(default_factory=dict)

    def forward(self, source: str, piece: Piece, now: float) -> None:
        stamp = self.timeline.stamp(source, piece.rtp_timestamp, piece.duration_ms, now)
        if stamp is not None:
            self.send(piece.packet, stamp, piece.duration_ms)


class Exchange:
    """`due`: when `tick` is to be called next, None while nothing is mixed."""

    def __init__(self, new_encoder: Callable[[int, float], Encodes], new_decoder: Callable[[], Decodes]) -> None:
        self.floor = Floor()
        self.due: float | None = None
        self.dropped = 0
        self._mixer = Mixer(new_encoder, new_decoder)
        self._sources: dict[str, Source] = {}
        self._receivers: dict[str, Receiver] = {}
        self._carried: list[str] = []
        self._reckon_at = 0.0

    def come(self, name: str, audio: Audio | None, send: Send) -> None:
        """`audio` is how the end wants to be sent to; None: not at all."""
        self.floor.come(name)
        self._sources[name], self._receivers[name] = Source(), Receiver(name, send, audio)
        self._reckon_at = 0.0

    def go(self, name: str) -> None:
        self.floor.go(name)
        self._sources.pop(name, None)
        self._receivers.pop(name, None)
        self._reckon_at = 0.0

    def tune(self, name: str, audio: Audio | None) -> None:
        receiver = self._receivers[name]
        if audio != receiver.audio:
            receiver.audio = audio
            self._reckon_at = 0.0

    def hear(self, name: str, frame: EncodedFrame, now: float) -> None:
        """Take one packet of an end in, and send it on where it goes."""
        source = self._sources.get(name)
        if source is None or not source.pace.allows(frame.duration_ms, now):
            self.dropped += 1
            return
        if len(frame.payload) > 2:
            source.rate.add(len(frame.payload), frame.duration_ms)
            source.duration_ms = frame.duration_ms
        if not frame.is_recovered:
            self.floor.hear(name, frame.payload, frame.duration_ms, now, frame.level_dbov)
        self._reckon(now)
        source.recent.append(frame)
        if (line := self._mixer.lines.get(name)) is not None:
            line.put(frame, now)
        self._forward(name, source, frame, now)

    def tick(self, now: float) -> None:
        """Mix what is due."""
        if self.due is None:
            return
        self.held_up(self.due, now)
        at = self.due if now - self.due < LATEST_MS else now
        self.due = at + TICK_MS
        self._mixer.pull(at)
        by_key: dict[TapKey, list[Receiver]] = {}
        for receiver in self._receivers.values():
            if receiver.tap is not None:
                by_key.setdefault(self._let_in(receiver, receiver.tap), []).append(receiver)
        for key, packet in self._mixer.mix(by_key):
            for receiver in by_key[key]:
                receiver.send(packet, receiver.timeline.own(key.packet_ms, now), key.packet_ms)
        self._reckon(now)

    def held_up(self, due: float, now: float) -> None:
        """Something was due at `due`: if that is long ago, the whole program stood still, and read no packets."""
        if now - due > HELD_UP_MS:
            self._mixer.held_up(due, now)

    def look(self, now: float) -> None:
        """Every so often: what nothing comes for any more."""
        self._reckon(now)
        for name, source in self._sources.items():
            for packet_ms, gathering in source.gatherings.items():
                for piece in gathering.overdue(now):
                    self._spread(name, packet_ms, piece, now)

    def _forward(self, name: str, source: Source, frame: EncodedFrame, now: float) -> None:
        piece = Piece(frame.payload, frame.rtp_timestamp, frame.duration_ms)
        for packet_ms in {
            each.audio.packet_ms for each in self._receivers.values() if each.forwards == name and each.audio
        }:
            if piece.duration_ms >= packet_ms:
                self._spread(name, packet_ms, piece, now)
                continue
            gathering = source.gatherings.setdefault(packet_ms, Gathering(packet_ms))
            for each in gathering.put(piece, now):
                self._spread(name, packet_ms, each, now)

    def _spread(self, name: str, packet_ms: int, piece: Piece, now: float) -> None:
        for receiver in self._receivers.values():
            if receiver.forwards == name and receiver.audio and receiver.audio.packet_ms == packet_ms:
                receiver.forward(name, piece, now)

    def _reckon(self, now: float) -> None:
        """Give every end its way anew, if who is heard has changed or it is time to."""
        carried = self.floor.carried(now)
        if carried == self._carried and now < self._reckon_at:
            return
        self._carried, self._reckon_at = carried, now + RECKON_EVERY_MS
        before = {name: receiver.tap for name, receiver in self._receivers.items()}
        wanted: set[str] = set()
        most = 1 if self.floor.is_calm(now) else None
        for receiver in self._receivers.values():
            wanted.update(self._route(receiver, [name for name in carried if name != receiver.name][:most], now))
        self._open(wanted)
        for name, receiver in self._receivers.items():
            if before[name] is not None and receiver.tap is None and receiver.forwards is not None:
                self._catch_up(receiver, receiver.forwards, now)
            if receiver.tap is None:
                receiver.forwarded_until.clear()
        self._mixer.keep(wanted, {receiver.tap for receiver in self._receivers.values() if receiver.tap})
        if not wanted:
            self.due = None
        elif self.due is None:
            self.due = now + TARGET_MS

    def _route(self, receiver: Receiver, names: Sequence[str], now: float) -> Sequence[str]:
        """Whose voices the mixer needs for this end."""
        was, receiver.forwards, receiver.tap = receiver.forwards, None, None
        audio = receiver.audio
        if audio is None or not names:
            return ()
        if len(names) == 1 and self._fits(names[0], audio, is_forwarded=was == names[0]):
            receiver.forwards = names[0]
            return ()
        if was is not None and was in names and was in self._mixer.lines:
            receiver.forwarded_until[was] = now
        own = {receiver.name} & set(self._carried)
        packet_ms = max(TICK_MS, audio.packet_ms)  # a mix is made by the tick
        receiver.tap = TapKey(packet_ms, audio.max_kbps, frozenset(own | receiver.forwarded_until.keys()))
        return names

    def _let_in(self, receiver: Receiver, tap: TapKey) -> TapKey:
        """Mix for an end the voices that are past what it was sent already; returns its tap from now on."""
        for name, until in list(receiver.forwarded_until.items()):
            line = self._mixer.lines.get(name)
            if line is None or (line.begins_with_ms is not None and line.begins_with_ms >= until):
                del receiver.forwarded_until[name]
                tap = tap._replace(without=tap.without - {name})
        receiver.tap = tap
        return tap

    def _fits(self, name: str, audio: Audio, *, is_forwarded: bool) -> bool:
        return takes(audio, self._sources[name].rate.kbps, is_forwarded=is_forwarded)

    def _open(self, wanted: set[str]) -> None:
        for name in wanted:
            if name not in self._mixer.lines:
                recent = list(self._sources[name].recent)[-PRIMED_WITH:]
                self._mixer.open(name, [frame.payload for frame in recent])

    def _catch_up(self, receiver: Receiver, name: str, now: float) -> None:
        """What waited for its turn in the mix is sent on as it is, but for what was sent before."""
        line, until = self._mixer.lines.get(name), receiver.forwarded_until.get(name, 0.0)
        for frame in line.waiting() if line is not None else ():
            if frame.arrived_ms >= until:
                receiver.forward(name, Piece(frame.payload, frame.rtp_timestamp, frame.duration_ms), now)
