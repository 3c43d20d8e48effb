"""One stream for each receiver, whoever is in it; what fits a rung."""

from app.media.forwarding import Gathering, Pace, Piece, Rate, Timeline, after, takes
from app.media.ladder import Audio
from app.media.opus_packets import packet_ms
from tests.media.syllables import encoded, voice

PACKET = 60 * 48
VOICE = Audio(60, 12, dtx=True, redundancy=None, feedback=False)


def test_a_stream_goes_on_where_its_source_changes() -> None:
    line = Timeline()
    first = [line.stamp("a", 0xFFFFF000 + number * PACKET & 0xFFFFFFFF, 60, number * 60.0) for number in range(4)]
    assert [after(each or 0, first[0] or 0) for each in first] == [0, PACKET, 2 * PACKET, 3 * PACKET], "over the wrap"
    second = [line.stamp("b", 77 + number * PACKET, 60, 245.0 + number * 60) for number in range(3)]
    assert second[0] is not None
    assert after(second[0], first[3] or 0) == PACKET, "right after, though it came 5 ms late"
    assert after(second[2] or 0, second[0]) == 2 * PACKET


def test_silence_takes_its_time_and_so_does_what_is_lost() -> None:
    line = Timeline()
    assert line.stamp("a", 1000, 60, 0.0) == 0
    assert line.stamp("a", 1000 + 3 * PACKET, 60, 180.0) == 3 * PACKET, "two were lost: the stamps show it"
    assert line.stamp("b", 5, 60, 1240.0) == 4 * PACKET + 48_000, "a second of silence between two speakers"
    assert line.own(60, 1300.0) == 5 * PACKET + 48_000
    assert line.own(60, 2360.0) == 6 * PACKET + 2 * 48_000


def test_what_comes_twice_or_too_late_is_left_out_and_what_is_out_of_order_is_not() -> None:
    line = Timeline()
    for number in (0, 1, 3):
        line.stamp("a", number * PACKET, 60, number * 60.0)
    assert line.stamp("a", 2 * PACKET, 60, 185.0) == 2 * PACKET
    assert line.stamp("a", 2 * PACKET, 60, 186.0) is None
    for number in range(4, 20):
        assert line.stamp("a", number * PACKET, 60, number * 60.0) == number * PACKET
    assert line.stamp("a", 4 * PACKET, 60, 1200.0) is None


def test_a_sender_that_begins_anew_is_heard_at_once() -> None:
    line = Timeline()
    line.stamp("a", 5_000_000, 60, 0.0)
    again = line.stamp("a", 12, 60, 60.0)
    assert again == PACKET
    assert line.stamp("a", 12 + PACKET, 60, 120.0) == 2 * PACKET


def test_what_fits_a_rung_is_forwarded_and_does_not_flutter() -> None:
    assert takes(VOICE, 12.5, is_forwarded=False)
    assert not takes(VOICE, 15.0, is_forwarded=False)
    assert takes(VOICE, 15.0, is_forwarded=True)
    assert not takes(VOICE, 17.0, is_forwarded=True)


def test_a_rate_is_taken_over_a_second_or_two() -> None:
    rate = Rate()
    for number in range(3):
        rate.add(180, 60)
        assert rate.kbps < 4, number
    for _ in range(100):
        rate.add(180, 60)
    assert 23 < rate.kbps <= 24


def test_a_stereo_stream_of_128_kbps_is_no_longer_forwarded_after_half_a_second() -> None:
    rate, sent = Rate(), 0
    while takes(VOICE, rate.kbps, is_forwarded=True):
        rate.add(320, 20)
        sent += 1
    assert sent * 20 < 500


def test_short_packets_become_long_ones() -> None:
    short = [each for each in encoded(voice(1.2), 20, 16) if each]
    gathering, made = Gathering(60), []
    for number, packet in enumerate(short):
        made += gathering.put(Piece(packet, number * 960, 20), number * 20.0)
    made += gathering.flush()
    assert sum(piece.duration_ms for piece in made) == len(short) * 20
    assert all(piece.duration_ms == packet_ms(piece.packet) for piece in made)
    assert [piece.rtp_timestamp for piece in made] == sorted({piece.rtp_timestamp for piece in made})
    assert sum(piece.duration_ms == 60 for piece in made) > len(made) / 2


def test_a_hole_ends_a_long_packet_and_silence_does_not_keep_half_of_one() -> None:
    packet = bytes([0x48]) + bytes(40)  # one frame of 20 ms
    gathering = Gathering(60)
    assert gathering.put(Piece(packet, 0, 20), 0.0) == []
    assert gathering.put(Piece(packet, 960, 20), 20.0) == []
    held = gathering.put(Piece(packet, 960 * 5, 20), 100.0)
    assert [piece.duration_ms for piece in held] == [40]
    assert gathering.overdue(150.0) == []
    assert [piece.duration_ms for piece in gathering.overdue(300.0)] == [20]
    longer = Piece(bytes([0x58]) + bytes(40), 20_000, 60)
    gathering.put(Piece(packet, 10_000, 20), 400.0)
    assert [piece.duration_ms for piece in gathering.put(longer, 420.0)] == [20, 60]


def test_more_sound_than_time_is_dropped() -> None:
    pace = Pace()
    passed = sum(pace.allows(60, number * 1.0) for number in range(1_000))
    assert passed < 45
    pace = Pace()
    assert all(pace.allows(60, number * 60.0) for number in range(1_000))
    assert all(pace.allows(60, 60_000 + number * 0.1) for number in range(12)), "what was held up comes at once"
