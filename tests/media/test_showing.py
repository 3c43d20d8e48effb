"""Whose picture each end of a bridge is shown, and who is asked for what."""

import itertools
from dataclasses import dataclass, field

from app.kernel.rungs import RungName
from app.media.forwarding import after
from app.media.frames import EncodedFrame
from app.media.ladder import read
from app.media.showing import STILLS, Looking, Showing
from tests.media.test_ladder import FILE

LADDER = read(FILE)
FPS_MS = 100.0


@dataclass
class Screen:
    """An end that notes what it is sent and asked for."""

    shown: list[EncodedFrame] = field(default_factory=list)
    stills: list[bytes] = field(default_factory=list)
    asked: int = 0

    def send_picture(self, frame: EncodedFrame) -> None:
        self.shown.append(frame)

    def request_key_frame(self) -> None:
        self.asked += 1

    def say(self, label: str, data: str | bytes) -> bool:
        assert label == STILLS
        assert isinstance(data, bytes)
        self.stills.append(data)
        return True


class Family:
    """Three ends and their clock; each end's stream of pictures begins wherever it likes."""

    def __init__(self, *rungs: RungName) -> None:
        self.showing, self.now = Showing(), 0.0
        self.screens = {name: Screen() for name in "abc"}
        for name, rung in zip("abc", rungs or (RungName.VIDEO,) * 3, strict=True):
            self.showing.come(name, self.screens[name], LADDER[rung])
        self.sent = dict.fromkeys("abc", 0)

    def look(self, speaker: str | None) -> None:
        self.showing.speaker = speaker
        self.showing.look(self.now)

    def film(self, *names: str, pictures: int = 10, key: bool = False, size: int = 100) -> None:
        """Two packets a picture, the first of them maybe a key frame."""
        for picture in range(pictures):
            self.now += FPS_MS
            for name in names:
                for part in range(2):
                    number = self.sent[name]
                    self.sent[name] += 1
                    stamp = (ord(name) * 7_000_000 + number // 2 * 9_000) % 0x100000000
                    self.showing.see(
                        name,
                        EncodedFrame(
                            name.encode() * size, stamp, (65_530 + number) % 65_536, self.now, "video",
                            key and picture == 0 and part == 0, ord(name), 0, part == 1, codec="vp8",
                        ),
                        self.now,
                    )  # fmt: skip

    def names_shown(self, to: str) -> str:
        return "".join(dict.fromkeys(frame.payload[:1].decode() for frame in self.screens[to].shown))


def test_the_old_picture_stays_until_the_new_one_begins_whole() -> None:
    looking = Looking(wanted="a")
    assert not looking.takes("a", is_key_frame=False)
    assert looking.takes("a", is_key_frame=True)
    assert looking.takes("a", is_key_frame=False)
    looking.wanted = "b"
    assert looking.waits
    assert looking.takes("a", is_key_frame=False)
    assert not looking.takes("b", is_key_frame=False)
    assert looking.takes("b", is_key_frame=True)
    assert not looking.takes("a", is_key_frame=True)
    assert not looking.waits


def test_everybody_sees_the_speaker_and_the_speaker_whoever_spoke_before() -> None:
    family = Family()
    family.look("a")
    family.film("a", "b", "c", key=True)
    assert [family.names_shown(to) for to in "bc"] == ["a", "a"]
    family.screens["b"].shown.clear()
    family.look("b")
    family.film("a", "b", "c", key=True)
    assert family.names_shown("a") == "b"
    assert family.names_shown("b") == "a", "nobody looks at themselves"
    assert family.names_shown("c") == "ab"


def test_the_stream_of_pictures_goes_on_from_one_end_to_the_next() -> None:
    family = Family()
    family.look("a")
    family.film("a", key=True)
    family.look("b")
    family.film("b", key=True)
    shown = family.screens["c"].shown
    assert {frame.payload[:1] for frame in shown} == {b"a", b"b"}
    assert [frame.sequence for frame in shown] == list(range(shown[0].sequence, shown[0].sequence + 40))
    steps = {after(b.rtp_timestamp, a.rtp_timestamp) for a, b in itertools.pairwise(shown)}
    assert steps == {0, 9_000}


def test_what_the_source_lost_is_a_gap_in_what_is_sent_on() -> None:
    family = Family()
    family.look("a")
    family.film("a", key=True, pictures=2)
    family.sent["a"] += 4
    family.film("a", pictures=1)
    numbers = [frame.sequence for frame in family.screens["c"].shown]
    assert numbers[-2] - numbers[-3] == 5


def test_key_frames_are_asked_for_once_a_second_however_many_want_one() -> None:
    family = Family()
    family.look("a")
    assert family.screens["a"].asked == 1
    family.film("a", key=True)
    family.now += 2_000
    for _ in range(50):
        for name in "bc":
            family.showing.want_key_frame(name, family.now)
        family.now += 10
    assert family.screens["a"].asked == 2


def test_an_end_may_look_at_the_child_whoever_speaks() -> None:
    family = Family()
    family.showing.look_at("a", "c", 0)
    family.look("b")
    family.film("b", "c", key=True)
    assert family.names_shown("a") == "c"
    family.showing.go("c")
    family.look("b")
    family.film("b", key=True)
    assert family.names_shown("a") == "cb"


def test_a_picture_that_is_too_large_for_a_rung_is_not_sent_by_it() -> None:
    family = Family(RungName.VIDEO, RungName.THIN_VIDEO, RungName.VOICE)
    family.look("a")
    family.film("a", key=True, size=2_000, pictures=60)
    assert len(family.screens["b"].shown) < 40, "320 kbit/s is no thin picture"
    assert not family.screens["c"].shown


def test_a_pause_makes_no_room_for_a_large_picture_and_a_small_one_goes_on_after_it() -> None:
    for size, has_room in ((2_000, False), (400, True)):
        family = Family(RungName.VIDEO, RungName.THIN_VIDEO, RungName.VIDEO)
        family.look("a")
        family.film("a", key=True, size=size, pictures=60)
        for name in "bc":
            family.screens[name].shown.clear()
        family.now += 10_000
        family.film("a", key=True, size=size, pictures=30)
        assert len(family.screens["c"].shown) == 60
        assert len(family.screens["b"].shown) == (60 if has_room else 0), size


def test_no_key_frame_is_asked_for_that_an_end_has_no_room_for() -> None:
    family = Family(RungName.VIDEO, RungName.THIN_VIDEO, RungName.VIDEO)
    family.look("a")
    family.film("a", key=True, size=2_000, pictures=60)
    asked = family.screens["a"].asked
    for _ in range(10):
        family.film("a", size=2_000)
        family.look("a")
    assert family.screens["a"].asked == asked
    family.showing.tune("b", LADDER[RungName.VIDEO])
    family.look("a")
    assert family.screens["a"].asked == asked + 1, "its rung has risen"


def test_a_key_frame_is_asked_for_once_a_picture_has_become_small_enough() -> None:
    family = Family(RungName.VIDEO, RungName.THIN_VIDEO, RungName.VIDEO)
    family.look("a")
    family.film("a", key=True, size=2_000, pictures=60)
    asked = family.screens["a"].asked
    for _ in range(4):
        family.film("a", size=375)
        family.look("a")
    assert family.screens["a"].asked > asked
    family.screens["b"].shown.clear()
    family.film("a", key=True, size=375)
    assert len(family.screens["b"].shown) == 20


def test_photos_go_to_whose_rung_has_them_and_the_slowest_paces_the_sender() -> None:
    family = Family(RungName.STILLS, RungName.STILLS, RungName.STILLS)
    family.look("a")
    piece = bytes([1, 0, 7, 0, 2]) + b"jpeg"
    family.showing.still("a", piece)
    numbers = {name: family.screens[name].stills[0][1:3] for name in "bc"}
    family.showing.still("b", bytes([2]) + numbers["b"] + (30).to_bytes(2, "big"))
    assert not family.screens["a"].stills
    family.showing.still("c", bytes([2]) + numbers["c"] + (12).to_bytes(2, "big"))
    assert family.screens["a"].stills == [bytes([2, 0, 7, 0, 12])]


def test_a_photo_goes_to_who_would_see_a_moving_picture_and_not_to_a_voice() -> None:
    family = Family(RungName.STILLS, RungName.VIDEO, RungName.VOICE)
    family.look("a")
    family.showing.still("a", bytes([1, 0, 7, 0, 1]) + b"jpeg")
    assert [len(family.screens[name].stills) for name in "abc"] == [0, 1, 0]


def test_a_photo_at_which_nobody_looks_has_come_all_the_same() -> None:
    family = Family(RungName.STILLS, RungName.VOICE, RungName.VOICE)
    family.look("b")
    for place in (0, 0, 1):
        assert not family.screens["a"].stills
        family.showing.still("a", bytes([1, 0, 7, place, 2]) + b"jpeg")
    assert family.screens["a"].stills == [bytes([2, 0, 7, 0, 0])], "received, and not how fast"
    family.showing.still("a", bytes([1, 0, 8, 1, 2]) + b"jpeg")
    assert len(family.screens["a"].stills) == 1


def test_the_numbers_of_photos_rise_though_they_are_of_several_ends() -> None:
    family = Family(*[RungName.STILLS] * 3)
    for number, speaker in ((900, "a"), (3, "b"), (4, "b"), (901, "a")):
        family.look(speaker)
        family.showing.still(speaker, bytes([1]) + number.to_bytes(2, "big") + bytes([0, 1]) + b"jpeg")
    assert [int.from_bytes(data[1:3], "big") for data in family.screens["c"].stills] == [1, 2, 3, 4]


def test_nonsense_on_the_channel_of_photos_is_left_out() -> None:
    family = Family(*[RungName.STILLS] * 3)
    family.look("a")
    for data in (b"", b"\x01", b"\x02\x00", bytes(5), bytes([2, 0, 0, 0, 9]), bytes([1]) + bytes(2_000), b"\x03" * 20):
        family.showing.still("a", data)
        family.showing.still("nobody", data)
    assert not any(screen.stills for screen in family.screens.values())
