"""Who speaks, told from Opus packets without decoding them, and whose voice is carried: pure, with time as an argument.

Whose voice is carried is decided within a packet, since the beginning of a word must not be lost; who is said to speak
is decided slowly, since a picture follows it. Instants are milliseconds of one clock.
"""

from dataclasses import dataclass, field

from app.media.opus_frames import voiced_share

HOLD_MS = 300  # a voice is carried on through the pauses between its words
SOUNDS_MS = 600  # silence is told twice a second
QUIET_DBOV, LOUD_DBOV = -70, -55  # of RFC 6464, where an end sends it
CELT_VOICE_KBPS = 9  # comfort noise takes less
SILENT_BYTES = 2  # "silence goes on"
SURE_MS, FADES_MS = 400, 1_500  # so much voice makes a speaker; without any it is forgotten in so long
LONG_AGO = -1e12


def voiced_ms(packet: bytes, duration_ms: float, level_dbov: int | None = None) -> float:
    """How much of a packet is voice. `level_dbov` is what the sender said beside it (RFC 6464), where it did."""
    if len(packet) <= SILENT_BYTES or (level_dbov is not None and level_dbov < QUIET_DBOV):
        return 0.0
    share = voiced_share(packet)
    if share is None and level_dbov is not None:
        share = float(level_dbov >= LOUD_DBOV)
    if share is None:
        share = float(len(packet) * 8 / duration_ms >= CELT_VOICE_KBPS)
    return share * duration_ms


@dataclass
class Voice:
    """What is known of one end's voice; `sure_ms` is how much there was of it, fading with time."""

    voiced_at: float = LONG_AGO
    sounded_at: float = LONG_AGO
    was_voiced: bool = False
    sure_ms: float = 0.0
    sure_at: float = 0.0

    def sure(self, now: float) -> float:
        return max(0.0, self.sure_ms - (now - self.sure_at) * SURE_MS / FADES_MS)


@dataclass
class Floor:
    """Who is heard now. Names are whatever the caller calls its ends."""

    voices: dict[str, Voice] = field(default_factory=dict)
    _last: str | None = None
    _beside: str | None = None
    _speaker: str | None = None

    def come(self, name: str) -> None:
        self.voices[name] = Voice()

    def go(self, name: str) -> None:
        self.voices.pop(name, None)
        self._last = None if self._last == name else self._last
        self._beside = None if self._beside == name else self._beside
        self._speaker = None if self._speaker == name else self._speaker

    def hear(self, name: str, packet: bytes, duration_ms: float, now: float, level_dbov: int | None = None) -> None:
        """Take one packet in, in the order of their coming."""
        voice = self.voices[name]
        voiced = voiced_ms(packet, duration_ms, level_dbov)
        if len(packet) > SILENT_BYTES:
            voice.sounded_at = now
        # Beside somebody who is heard, a click of one frame is not yet a word.
        if voiced * 2 >= duration_ms or (voiced and (voice.was_voiced or not self._others_heard(name, now))):
            voice.voiced_at, self._last = now, name
        voice.was_voiced = voiced > 0
        voice.sure_ms, voice.sure_at = min(voice.sure(now) + voiced, 2.0 * SURE_MS), now

    def carried(self, now: float) -> list[str]:
        """Whose voice goes to the others: all who are heard. While nobody is: one, and one for that one to hear."""
        heard = [name for name, voice in self.voices.items() if now - voice.voiced_at <= HOLD_MS]
        if heard:
            return heard
        sounding = [name for name, voice in self.voices.items() if now - voice.sounded_at <= SOUNDS_MS]
        if sounding and self._last not in sounding:
            self._last = max(sounding, key=lambda name: self.voices[name].sounded_at)
        others = [name for name in sounding if name != self._last]
        if others and self._beside not in others:
            self._beside = max(others, key=lambda name: self.voices[name].sounded_at)
        return [name for name in (self._last, self._beside) if name in self.voices and name is not None]

    def is_calm(self, now: float) -> bool:
        """Whether nobody is heard: then one voice is enough for each end, and no two are mixed."""
        return all(now - voice.voiced_at > HOLD_MS for voice in self.voices.values())

    def speaker(self, now: float) -> str | None:
        """Who is said to speak: stays through pauses, until another one surely does."""
        sure = {name: voice.sure(now) for name, voice in self.voices.items()}
        held = sure.get(self._speaker, 0.0) if self._speaker is not None else 0.0
        best = max(sure, key=lambda name: sure[name], default=None)
        if best is not None and sure[best] >= SURE_MS and (held < SURE_MS / 2 or sure[best] > held + SURE_MS / 2):
            self._speaker = best
        elif self._speaker is not None and now - self.voices[self._speaker].voiced_at > 2 * FADES_MS:
            self._speaker = None
        return self._speaker

    def _others_heard(self, name: str, now: float) -> bool:
        return any(now - voice.voiced_at <= HOLD_MS for other, voice in self.voices.items() if other != name)
