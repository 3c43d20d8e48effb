"""Opus in Ogg: readable by others, right in time, whole to the last page of a file that was cut."""

import io
import itertools
import struct
from typing import NamedTuple

import av
import pytest

from app.media import ogg
from app.media.opus import Encoder, OpusError
from tests.media.voices import cut, loudness, samples_of, speech

PRE_SKIP_SECONDS = 312 / 48_000


class Packet(NamedTuple):
    at_ms: float
    payload: bytes


def said(packet_ms: int, seconds: int = 6, kbps: float = 12) -> list[Packet]:
    """What is sent of speech; of silence nothing."""
    encoder = Encoder(packet_ms, kbps)
    packets = [encoder.encode(piece) for piece in cut(speech(), packet_ms)[: seconds * 1000 // packet_ms]]
    return [Packet(place * packet_ms, packet) for place, packet in enumerate(packets) if packet]


def heard(data: bytes) -> bytes:
    with av.open(io.BytesIO(data), "r") as container:
        resampler = av.AudioResampler("s16", "mono", 48_000)
        frames = [each for frame in container.decode(audio=0) for each in resampler.resample(frame)]
    return b"".join(samples_of(each) for each in frames)


def pages(data: bytes) -> list[bytes]:
    found = []
    while data:
        count = data[26]
        size = 27 + count + sum(data[27 : 27 + count])
        found.append(data[:size])
        data = data[size:]
    return found


@pytest.mark.parametrize("ms", [20, 60, 120])
def test_others_read_it_and_it_is_as_long_as_what_was_said(ms: int) -> None:
    data = ogg.written(said(ms))
    with av.open(io.BytesIO(data), "r") as container:
        assert container.format.name == "ogg"
        assert container.streams.audio[0].codec_context.name == "opus"
        assert container.duration is not None
        assert abs(container.duration / av.time_base - 6) < 0.01
    assert len(heard(data)) / 96_000 == pytest.approx(6 - PRE_SKIP_SECONDS, abs=0.001)


def test_long_packets_at_64_kbps() -> None:
    assert len(heard(ogg.written(said(120, 3, 64)))) / 96_000 == pytest.approx(3 - PRE_SKIP_SECONDS, abs=0.001)


@pytest.mark.parametrize("hole_ms", [20, 60, 120, 180, 500, 4_000])
def test_silence_and_losses_take_their_time(hole_ms: int) -> None:
    spoken = said(20, 3)
    at_ms = spoken[60].at_ms
    packets = [*spoken[:60], *(Packet(each.at_ms + hole_ms, each.payload) for each in spoken[60:])]
    sound = heard(ogg.written(packets))
    assert len(sound) / 96_000 == pytest.approx(3 + hole_ms / 1000 - PRE_SKIP_SECONDS, abs=0.001)
    if hole_ms > 200:
        middle = round(at_ms + hole_ms / 2) * 96
        assert loudness(sound[middle - 2_000 : middle + 2_000]) < 10


def test_a_file_that_was_cut_is_played_to_its_last_page() -> None:
    parts: list[bytes] = []
    writer = ogg.Writer(parts.append, 7)
    for packet in said(60):
        writer.add(packet.at_ms, packet.payload)
    seconds = len(heard(b"".join(parts))) / 96_000  # without the end
    assert 4.9 < seconds < 6
    assert 1.8 < len(heard(b"".join(parts)[: len(b"".join(parts[:5])) - 30])) / 96_000 < 3


def test_pages_are_as_the_rfc_has_them() -> None:
    found = pages(ogg.written(said(60), serial=0xCAFE))
    assert [page[5] for page in found] == [2, *[0] * (len(found) - 2), 4]
    assert [struct.unpack_from("<I", page, 18)[0] for page in found] == list(range(len(found)))
    granules = [struct.unpack_from("<q", page, 6)[0] for page in found]
    assert granules == sorted(granules)
    assert max(b - a for a, b in itertools.pairwise(granules)) <= 48_000
    for page in found:
        assert struct.unpack_from("<I", page, 22)[0] == ogg.checksum(page[:22] + bytes(4) + page[26:])
        assert struct.unpack_from("<I", page, 14)[0] == 0xCAFE


def test_the_checksum_is_the_one_that_others_write() -> None:
    made = io.BytesIO()
    with av.open(made, "w", format="ogg") as target:
        stream = target.add_stream("libopus", rate=48_000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.sample_rate, frame.pts = 48_000, 0
        target.mux([*stream.encode(frame), *stream.encode(None)])
    for page in pages(made.getvalue()):
        assert struct.unpack_from("<I", page, 22)[0] == ogg.checksum(page[:22] + bytes(4) + page[26:])


def test_what_comes_again_or_is_no_packet() -> None:
    packets = said(60, 2)
    writer = ogg.Writer(lambda page: None, 1)
    for packet in [*packets, packets[3]]:
        writer.add(packet.at_ms, packet.payload)
    assert writer.seconds == pytest.approx((packets[-1].at_ms + 60) / 1000)
    with pytest.raises(OpusError):
        writer.add(2_000, b"\x03")


def test_a_leap_of_the_clock_is_not_filled() -> None:
    writer = ogg.Writer(lambda page: None, 1)
    packets = said(60, 1)
    writer.add(0, packets[0].payload)
    writer.add(9e9, packets[1].payload)
    assert writer.seconds == pytest.approx(0.12)
