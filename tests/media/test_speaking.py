"""Who is heard and who is said to speak, of packets that our own encoder made."""

import ctypes

import numpy as np
import pytest

from app.media import libopus
from app.media.opus_frames import frames, joined, voiced_share
from app.media.opus_packets import OpusError, packet_ms
from app.media.speaking import HOLD_MS, Floor, voiced_ms
from tests.media.syllables import encoded, room, voice


def test_a_voice_is_told_from_a_quiet_room_without_decoding() -> None:
    for kbps in (8, 12, 16, 24):
        for length in (60, 120):
            said = [each for each in encoded(voice(6), length, kbps) if each]
            spoken = [voiced_ms(packet, length) / length for packet in said]
            assert np.mean(spoken) > 0.5, f"{kbps} kbps in {length} ms"
            quiet = [voiced_ms(packet, length) / length for packet in encoded(room(6), length, kbps)[10:] if packet]
            assert sum(quiet) < 4, f"{kbps} kbps in {length} ms"


def test_the_bits_of_voice_are_those_of_the_encoder_frame_by_frame() -> None:
    silence = np.zeros(48_000 * 2, np.int16)
    packets = encoded(np.concatenate([silence, voice(2), silence]), 60, 12)
    voiced = [voiced_share(packet) or 0.0 if packet else 0.0 for packet in packets]
    assert sum(voiced[:30]) < 2
    assert sum(voiced[34:66]) > 20
    assert sum(voiced[76:]) < 2


@pytest.mark.parametrize("packet", [b"", b"\x03", b"\x03\x00", b"\x02\xff", b"\x01\x00\x00\x00", b"\xff\x7f\xff"])
def test_what_is_no_packet_is_refused(packet: bytes) -> None:
    with pytest.raises(OpusError):
        frames(packet)


def test_packets_that_are_joined_sound_as_they_did() -> None:
    packets = encoded(voice(1.2), 20, 16)
    assert all(packets)
    whole = [
        joined(packets[at : at + 3]) for at in range(0, 60, 3) if len({p[0] >> 2 for p in packets[at : at + 3]}) == 1
    ]
    assert len(whole) > 10
    assert {packet_ms(packet) for packet in whole} == {60}
    assert all(len(frames(packet)) == 3 for packet in whole)
    if len(whole) == 20:
        one, other = libopus.Decoder(), libopus.Decoder()
        apart = b"".join(one.decode(packet) for packet in packets)
        assert b"".join(other.decode(packet) for packet in whole) == apart


def test_long_frames_are_joined_with_sizes_of_two_bytes() -> None:
    packet = bytes([0x58]) + bytes(range(256)) + bytes(200)  # one frame of 60 ms
    once = joined([packet[:300], packet])
    assert [len(part) for part in frames(once)] == [299, 456]
    assert frames(once)[1] == packet[1:]
    with pytest.raises(OpusError):
        joined([packet, packet, packet])
    with pytest.raises(OpusError):
        joined([packet, bytes([0x50]) + packet[1:]])


def test_our_cutting_is_that_of_libopus() -> None:
    """Of packets of every code, padded and not, with what `opus_packet_parse` says of them."""
    parse = libopus.LIBRARY.opus_packet_parse
    sizes, toc, starts = (ctypes.c_int16 * 48)(), ctypes.c_ubyte(), (ctypes.c_char_p * 48)()
    rng = np.random.default_rng(5)
    agreed = 0
    for _ in range(3_000):
        config, code = int(rng.integers(32)), int(rng.integers(4))
        body = rng.integers(0, 256, int(rng.integers(0, 60))).astype(np.uint8).tobytes()
        if code == 3 and body:
            body = bytes([int(rng.integers(0, 4)) << 6 | int(rng.integers(0, 7))]) + body[1:]
        packet = bytes([config << 3 | code]) + body
        count = parse(packet, len(packet), ctypes.byref(toc), starts, sizes, None)
        if count <= 0:
            with pytest.raises(OpusError):
                frames(packet)
            continue
        assert [len(part) for part in frames(packet)] == list(sizes[:count]), packet.hex()
        agreed += 1
    assert agreed > 500


class Table:
    """A floor of three and its clock."""

    def __init__(self) -> None:
        self.floor, self.now = Floor(), 0.0
        for name in "abc":
            self.floor.come(name)
        self.said = [each for each in encoded(voice(4), 60, 12) if each]
        self.voiced = [each for each in self.said if voiced_ms(each, 60) == 60]

    def speak(self, *names: str, packets: int = 10) -> None:
        for number in range(packets):
            self.now += 60
            for name in names:
                self.floor.hear(name, self.voiced[number % len(self.voiced)], 60, self.now)


def test_the_first_packet_of_a_word_is_carried_and_nobody_is_dropped_between_words() -> None:
    table = Table()
    assert table.floor.carried(0) == []
    table.speak("a", packets=1)
    assert table.floor.carried(table.now) == ["a"]
    table.speak("b", packets=1)
    assert table.floor.carried(table.now) == ["a", "b"]
    assert table.floor.carried(60 + HOLD_MS) == ["a", "b"]
    assert table.floor.carried(60 + HOLD_MS + 1) == ["b"]
    assert table.floor.carried(table.now + 10_000) == ["b"], "the last one goes on, there is nobody else"


def test_of_whom_there_is_any_sound_is_carried_where_nobody_speaks() -> None:
    table = Table()
    table.speak("a", packets=5)
    hum = bytes([table.voiced[0][0], 0x00]) + table.voiced[0][2:]  # the same without its bits of voice
    table.floor.hear("b", hum, 60, table.now + 100)
    assert table.floor.carried(table.now + 100) == ["a"]
    table.floor.hear("b", hum, 60, table.now + 900)
    assert table.floor.carried(table.now + 900) == ["b"]


def test_while_nobody_speaks_who_spoke_last_hears_another_and_no_third_takes_turns_with_it() -> None:
    table = Table()
    table.speak("a", packets=5)
    hum = bytes([table.voiced[0][0], 0x00]) + table.voiced[0][2:]
    for _ in range(20):
        table.now += 60
        for name in "abc":
            table.floor.hear(name, hum, 60, table.now)
        beside = table.floor.carried(table.now)[1:]
        assert beside in ([], ["b"]), "a speaks still, then nobody does"
    assert table.floor.is_calm(table.now)
    assert table.floor.carried(table.now) == ["a", "b"]
    for _ in range(12):
        table.now += 60
        table.floor.hear("c", hum, 60, table.now)
    assert table.floor.carried(table.now) == ["c", "b"], "c is heard, and what b's silence says is sent to c"


def test_a_click_beside_a_speaker_is_not_mixed_and_a_word_is() -> None:
    table = Table()
    table.speak("a", packets=5)
    click = bytes([table.voiced[0][0], 0x80]) + table.voiced[0][2:]  # a third of it is voice
    table.floor.hear("b", click, 60, table.now)
    assert table.floor.carried(table.now) == ["a"]
    table.floor.hear("b", click, 60, table.now + 60)
    assert table.floor.carried(table.now + 60) == ["a", "b"]


def test_who_is_said_to_speak_changes_slowly() -> None:
    table = Table()
    assert table.floor.speaker(0) is None
    table.speak("a", packets=4)
    assert table.floor.speaker(table.now) is None
    table.speak("a", packets=20)
    assert table.floor.speaker(table.now) == "a"
    table.speak("a", "b", packets=30)
    assert table.floor.speaker(table.now) == "a", "both speak: no flicker"
    table.speak("b", packets=25)
    assert table.floor.speaker(table.now) == "b"
    assert table.floor.speaker(table.now + 10_000) is None
    table.floor.go("b")
    assert table.floor.carried(table.now) == []
    assert table.floor.speaker(table.now + 10_000) is None


def test_the_level_that_a_sender_says_overrules_what_bytes_look_like() -> None:
    packet = next(each for each in encoded(voice(2), 60, 12)[8:] if each)
    celt = bytes([0xFC]) + bytes(90)
    assert voiced_ms(packet, 60, -90) == 0
    assert voiced_ms(celt, 20) == 20
    assert voiced_ms(celt, 20, -60) == 0
    assert voiced_ms(celt, 20, -30) == 20
    assert voiced_ms(b"\xfc", 20) == 0
