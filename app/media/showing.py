"""The one picture that each end of a bridge is shown: the speaker's, or whose the end chose; sent on as it is.

A moving picture goes to an end whose rung has room for it, a photo now and then (`static/call/pieces.js`) to one whose
rung sends photos. The old picture goes on until the new one begins with a key frame; such are asked for once a second
at most, however many want one. Pure: instants are milliseconds.
"""

from dataclasses import dataclass, field
from typing import Protocol

from app.media.forwarding import Rate, after
from app.media.frames import EncodedFrame
from app.media.ladder import Rung

STILLS = "stills"
TICKS_PER_MS = 90  # of pictures in RTP
BETWEEN_MS = 33.0  # two pictures of different ends, at least
KEY_FRAME_EVERY_MS = 1_000
TAKES = 1.5  # times the rung's rate, of a picture that is measured over a second or two
PIECE, RECEIPT, RECEIPT_BYTES, MOST_PIECE_BYTES = 1, 2, 5, 605


class Shown(Protocol):
    """What of an end's connection a picture needs."""

    def send_picture(self, frame: EncodedFrame) -> object: ...
    def request_key_frame(self) -> object: ...
    def say(self, label: str, data: str | bytes) -> bool: ...


@dataclass
class Looking:
    """Whose picture is wanted, and whose is shown until that one begins whole."""

    wanted: str | None = None
    shown: str | None = None

    def takes(self, name: str, *, is_key_frame: bool) -> bool:
        if name == self.wanted and is_key_frame:
            self.shown = name
        return self.shown == name

    @property
    def waits(self) -> bool:
        return self.wanted is not None and self.wanted != self.shown


@dataclass
class Numbers:
    """Photos of several ends as one row of numbers, as the other end expects them; and back, for its receipts."""

    _last: tuple[str, int] | None = None
    _number: int = 0

    def of(self, name: str, number: int) -> int:
        if (name, number) != self._last:
            self._last, self._number = (name, number), (self._number + 1) % 65_536
        return self._number

    def back(self, number: int) -> tuple[str, int] | None:
        return self._last if number == self._number else None


@dataclass
class Stream:
    """The packets of several pictures as one stream: time goes on, numbers have the gaps that each picture has."""

    _source: tuple[str, int] | None = None
    _stamp_offset: int = 0
    _number_offset: int = 0
    _stamp: int = 0
    _number: int = -1
    _sent_at: float | None = None

    def of(self, name: str, frame: EncodedFrame, now: float) -> EncodedFrame:
        if (name, frame.ssrc) != self._source:
            passed = max(BETWEEN_MS, now - self._sent_at) if self._sent_at is not None else 0.0
            self._source = name, frame.ssrc
            self._stamp_offset = self._stamp + round(passed * TICKS_PER_MS) - frame.rtp_timestamp
            self._number_offset = self._number + 1 - frame.sequence
        ahead = after(frame.rtp_timestamp + self._stamp_offset, self._stamp)
        further = (frame.sequence + self._number_offset - self._number + 0x8000) % 0x10000 - 0x8000
        made = frame._replace(rtp_timestamp=self._stamp + ahead, sequence=self._number + further)
        self._stamp, self._number = max(self._stamp, made.rtp_timestamp), max(self._number, made.sequence)
        self._sent_at = now
        return made


@dataclass
class Place:
    """One end. `chosen`: whose picture it wants, None for the speaker's."""

    end: Shown
    rung: Rung
    chosen: str | None = None
    looking: Looking = field(default_factory=Looking)
    stream: Stream = field(default_factory=Stream)
    rate: Rate = field(default_factory=Rate)
    seen_at: float | None = None
    asked_at: float = -KEY_FRAME_EVERY_MS
    numbers: Numbers = field(default_factory=Numbers)
    receipts: dict[tuple[int, str], int] = field(default_factory=dict)
    unwatched: tuple[int, set[int]] = field(default_factory=lambda: (-1, set()))


class Showing:
    """`speaker`: whose picture is shown to whoever chose nobody."""

    def __init__(self) -> None:
        self.speaker: str | None = None
        self._places: dict[str, Place] = {}

    def come(self, name: str, end: Shown, rung: Rung) -> None:
        self._places[name] = Place(end, rung)

    def go(self, name: str) -> None:
        self._places.pop(name, None)
        self.speaker = None if self.speaker == name else self.speaker
        for place in self._places.values():
            place.chosen = None if place.chosen == name else place.chosen
            place.looking.shown = None if place.looking.shown == name else place.looking.shown
            place.looking.wanted = None if place.looking.wanted == name else place.looking.wanted

    def tune(self, name: str, rung: Rung) -> None:
        self._places[name].rung = rung

    def look_at(self, name: str, chosen: str | None, now: float) -> None:
        self._places[name].chosen = chosen
        self.look(now)

    def look(self, now: float) -> None:
        """See to it that everybody has the picture that is wanted, now and every so often.

        No key frame is asked of a picture that is too large for who waits: it would be left out. One whose rate isn't
        known yet has room.
        """
        for name, place in self._places.items():
            wanted = place.looking.wanted = self._wanted(name, place)
            if wanted in self._places and place.looking.waits and self._has_room(place, self._places[wanted]):
                self._ask(wanted, now)

    def see(self, name: str, frame: EncodedFrame, now: float) -> None:
        """Send on what one packet carries of a moving picture."""
        source = self._places.get(name)
        if source is None:
            return
        passed = now - source.seen_at if source.seen_at is not None else 0.0
        source.seen_at = now
        source.rate.add(len(frame.payload), max(1.0, passed))
        for place in self._places.values():
            if place is source or name not in (place.looking.wanted, place.looking.shown):
                continue
            if not self._has_room(place, source):
                place.looking.shown = None if place.looking.shown == name else place.looking.shown
            elif place.looking.takes(name, is_key_frame=frame.is_key_frame):
                place.end.send_picture(place.stream.of(name, frame, now))

    def want_key_frame(self, name: str, now: float) -> None:
        """This end lost something of the picture that it is shown."""
        place = self._places.get(name)
        if place is not None and place.looking.shown is not None:
            self._ask(place.looking.shown, now)

    def still(self, name: str, data: bytes) -> None:
        """Send on a piece of a photo, or take a receipt; anything else is left out."""
        if data[:1] == bytes([PIECE]) and RECEIPT_BYTES < len(data) <= MOST_PIECE_BYTES:
            if not (watching := self._watching(name)):
                self._tell_unwatched(name, data)
            for place in watching.values():
                number = place.numbers.of(name, int.from_bytes(data[1:3], "big"))
                place.end.say(STILLS, data[:1] + number.to_bytes(2, "big") + data[3:])
        elif data[:1] == bytes([RECEIPT]) and len(data) == RECEIPT_BYTES:
            self._receipt(name, data)

    def _tell_unwatched(self, name: str, data: bytes) -> None:
        """A photo at which nobody looks has come all the same: its sender would take the link for too thin."""
        source = self._places.get(name)
        if source is None:
            return
        number, place, count = int.from_bytes(data[1:3], "big"), data[3], data[4]
        if source.unwatched[0] != number:
            source.unwatched = number, set()
        source.unwatched[1].add(place)
        if len(source.unwatched[1]) == count:
            source.end.say(STILLS, bytes([RECEIPT]) + data[1:3] + bytes(2))  # 0: not how fast

    def _receipt(self, name: str, data: bytes) -> None:
        """The sender is told how fast the slowest of who watches had its photo, once all had."""
        place = self._places.get(name)
        meant = place.numbers.back(int.from_bytes(data[1:3], "big")) if place is not None else None
        source = self._places.get(meant[0]) if meant is not None else None
        if meant is None or source is None:
            return
        number = meant[1]
        source.receipts = {key: kbps for key, kbps in source.receipts.items() if key[0] == number}
        source.receipts[number, name] = int.from_bytes(data[3:5], "big")
        if all((number, each) in source.receipts for each in self._watching(meant[0])):
            slowest = min(source.receipts.values())
            source.end.say(STILLS, bytes([RECEIPT]) + number.to_bytes(2, "big") + slowest.to_bytes(2, "big"))

    def _watching(self, name: str) -> dict[str, Place]:
        """Who would see a moving picture sees a photo where none moves."""
        return {
            each: place for each, place in self._places.items()
            if each != name and place.looking.wanted == name and (place.rung.stills or place.rung.video)
        }  # fmt: skip

    def _wanted(self, name: str, place: Place) -> str | None:
        """Nobody looks at themselves: whoever speaks goes on seeing whom they saw, or at first anybody."""
        wanted = place.chosen or self.speaker
        if wanted not in (name, None):
            return wanted
        return place.looking.wanted or next((each for each in self._places if each != name), None)

    def _has_room(self, place: Place, source: Place) -> bool:
        return place.rung.video is not None and source.rate.kbps <= place.rung.video.max_kbps * TAKES

    def _ask(self, name: str, now: float) -> None:
        source = self._places.get(name)
        if source is not None and now - source.asked_at >= KEY_FRAME_EVERY_MS:
            source.asked_at = now
            source.end.request_key_frame()
