"""Encoded voice and pictures through aiortc over real sockets, what the descriptions agree to, and bad input."""

import asyncio
import struct
from collections.abc import Callable

import aiortc
import pytest
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack
from av import AudioFrame

from app.media import aiortc_fit, redundancy
from app.media.aiortc_fit import EncodedFrame, EncodedReceiver, EncodedTrack, PeerConnection, UnfitError
from app.media.frames import Kind
from app.media.opus import Encoder
from app.media.rtp_path import MediaDtls
from app.media.sending import EncodedSender
from tests.media.ends import closing, connected, in_a_loop, until
from tests.media.voices import cut, speech

KEY = b"\x10\x00\x00\x9d\x01\x2a"  # the first packet of a VP8 key frame
BETWEEN = b"\x10\x01\x00\x00"


class Ends:
    """`one` offers voice and a picture, `other` answers; both are ours."""

    def __init__(self, *kinds: Kind) -> None:
        self.one, self.other = PeerConnection(), PeerConnection()
        self.tracks = {kind: EncodedTrack(kind) for kind in kinds}
        self.back = {kind: EncodedTrack(kind) for kind in kinds}
        self.got: list[EncodedFrame] = []
        for kind in kinds:
            self.one.addTrack(self.tracks[kind])
            self.other.addTrack(self.back[kind])

    async def connect(self, hears: Callable[[EncodedFrame], None] | None = None) -> None:
        await connected(self.one, self.other)
        for receiver in self.other.getReceivers():
            assert isinstance(receiver, EncodedReceiver)
            receiver.on_frame = hears or self.got.append
        await until(lambda: all(track.is_open for track in (*self.tracks.values(), *self.back.values())))

    def receiver(self, kind: Kind) -> EncodedReceiver:
        found = next(each.receiver for each in self.other.getTransceivers() if each.kind == kind)
        assert isinstance(found, EncodedReceiver)
        return found

    def raw(self, payload_type: int, payload: bytes, *, sequence: int = 1, stamp: int = 0, ssrc: int = 77) -> None:
        """A packet that no sender of ours would send, sealed all the same."""
        path = self.one.getSenders()[0].transport
        assert isinstance(path, MediaDtls)
        path.transmit(struct.pack("!BBHII", 0x80, payload_type, sequence & 0xFFFF, stamp, ssrc) + payload)


def voices(count: int, ms: int = 60) -> list[bytes]:
    encoder = Encoder(ms, 12)
    return [packet for piece in cut(speech(), ms)[: count * 2] if (packet := encoder.encode(piece))][:count]


@in_a_loop
async def test_voice_goes_through_as_it_is_and_by_its_time_stamps() -> None:
    ends = Ends("audio")
    async with closing(ends.one, ends.other):
        await ends.connect()
        packets, stamps = voices(6), [0, 2_880, 5_760, 60_000, 62_880, 65_760]  # with a silence in it
        for packet, stamp in zip(packets, stamps, strict=True):
            assert ends.tracks["audio"].send(packet, stamp, 60)
        await until(lambda: len(ends.got) == 6)
        assert [each.payload for each in ends.got] == packets
        assert [(each.rtp_timestamp - ends.got[0].rtp_timestamp) % (1 << 32) for each in ends.got] == stamps
        assert [(each.sequence - ends.got[0].sequence) % 65_536 for each in ends.got] == list(range(6))
        assert {(each.duration_ms, each.kind, each.codec, each.is_recovered) for each in ends.got} == {
            (60, "audio", "opus", False)
        }


@in_a_loop
async def test_pictures_keep_their_packets_gaps_and_key_frames() -> None:
    ends = Ends("audio", "video")
    async with closing(ends.one, ends.other):
        await ends.connect()
        for sequence, payload in ((10, KEY), (11, BETWEEN), (14, BETWEEN)):
            assert ends.tracks["video"].send(payload, sequence * 3_000, marker=True, sequence=sequence, codec="vp8")
        await until(lambda: len(ends.got) == 3)
        assert [(each.sequence - ends.got[0].sequence) % 65_536 for each in ends.got] == [0, 1, 4]
        assert [each.is_key_frame for each in ends.got] == [True, False, False]
        assert all(each.marker and each.codec == "vp8" for each in ends.got)
        assert not ends.tracks["video"].send(KEY, 0, codec="av1")


@in_a_loop
async def test_a_picture_that_was_lost_is_sent_again_and_a_key_frame_is_asked_for() -> None:
    ends = Ends("audio", "video")
    async with closing(ends.one, ends.other):
        await ends.connect()
        wanted: list[bool] = []
        ends.tracks["video"].on_key_frame_wanted = lambda: wanted.append(True)
        sender = ends.tracks["video"].sender
        assert isinstance(sender, EncodedSender)
        path = sender.transport
        assert isinstance(path, MediaDtls)
        ends.tracks["video"].send(KEY, 0, codec="vp8")
        await until(lambda: len(ends.got) == 1)
        path._state, state = aiortc.rtcdtlstransport.State.CONNECTING, path._state
        assert not ends.tracks["video"].send(BETWEEN + b"lost", 3_000, codec="vp8")
        path._state = state
        ends.tracks["video"].send(BETWEEN, 6_000, codec="vp8")
        await until(lambda: len(ends.got) == 3)
        assert BETWEEN + b"lost" in {each.payload for each in ends.got}
        aiortc_fit.request_key_frame(ends.receiver("video"))
        await until(lambda: bool(wanted))


@in_a_loop
async def test_redundancy_brings_back_what_was_lost_and_nothing_comes_twice() -> None:
    ends = Ends("audio")
    async with closing(ends.one, ends.other):
        await ends.connect()
        receiver, packets = ends.receiver("audio"), voices(3)
        receiver._names[63] = "red"  # as a browser's offer would have it
        ends.other.getReceivers()[0].transport._rtp_router.payload_type_table[63] = {receiver}
        opus = next(number for number, name in receiver._names.items() if name == "opus")
        for place in (0, 2):
            earlier = [(2_880, packets[place - 1])] if place else []
            ends.raw(63, redundancy.pack(packets[place], opus, earlier), sequence=place, stamp=place * 2_880)
        ends.raw(opus, packets[1], sequence=1, stamp=2_880)  # late
        await until(lambda: receiver.dropped["twice"] == 1)
        assert [(each.payload, each.sequence, each.is_recovered) for each in ends.got] == [
            (packets[0], 0, False),
            (packets[1], 1, True),
            (packets[2], 2, False),
        ]


@in_a_loop
async def test_bad_input_is_dropped_and_counted_and_what_comes_after_it_is_heard() -> None:
    ends = Ends("audio")
    async with closing(ends.one, ends.other):
        await ends.connect()
        receiver, packet = ends.receiver("audio"), voices(1)[0]
        opus = next(iter(receiver._names))
        path = receiver.transport
        assert isinstance(path, MediaDtls)
        ends.raw(50, packet)
        ends.raw(opus, b"\x03", sequence=2)
        ends.raw(opus, bytes(1_340), sequence=3)
        for data in (b"", b"\x80", bytes([0x80]) * 13, bytes([0x90, opus]) + bytes(30), bytes([200]) * 1_400):
            path.take(b"\x80\x6f" + data)
        for first in (0xB0, 0xBF, 0x90):
            with pytest.raises((ValueError, struct.error)):
                path._take_rtp(bytes([first, opus]) + bytes(9) + b"\xff", 0)
        ends.raw(opus, packet[:1], sequence=4, stamp=20)  # one byte: silence goes on
        for ssrc in range(200):
            ends.raw(opus, packet, ssrc=1_000 + ssrc, stamp=ssrc * 2_880)
        await until(lambda: receiver.dropped["malformed"] == 2 and path.dropped["payload_type"] > 100)
        assert path.dropped["unprotected"] >= 2
        assert len(receiver.streams) <= 8
        assert ends.tracks["audio"].send(packet, 0, 60)
        await until(lambda: ends.got[-1].ssrc not in range(1_000, 1_200) and ends.got[-1].payload == packet)


@in_a_loop
async def test_a_flood_is_bounded_and_an_error_in_who_listens_ends_nothing() -> None:
    ends = Ends("audio")
    heard = []

    def hear(frame: EncodedFrame) -> None:
        heard.append(frame)
        raise ZeroDivisionError

    async with closing(ends.one, ends.other):
        await ends.connect(hear)
        receiver, packet = ends.receiver("audio"), voices(1)[0]
        for number in range(800):
            ends.tracks["audio"].send(packet, number * 2_880, 60)
            if number % 50 == 49:
                await asyncio.sleep(0)
        await until(lambda: receiver.dropped["flood"] > 100)
        assert len(heard) <= 400
        assert ends.other.connectionState == "connected"


@in_a_loop
async def test_each_end_hears_how_it_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.media.sending.FIRST_REPORT_SECONDS", 0.1)
    monkeypatch.setattr("app.media.receiving.REPORT_SECONDS", {"audio": 0.3, "video": 0.3})
    ends = Ends("audio")
    async with closing(ends.one, ends.other):
        await ends.connect()
        track, packet = ends.tracks["audio"], voices(1)[0]
        for number in range(60):
            if number % 4:
                track.send(packet, number * 2_880, 60, sequence=number)
            await asyncio.sleep(0.02)
        await until(lambda: track.heard is not None and track.heard.lost > 5)
        assert track.heard is not None
        assert track.heard.rtt_ms is None or track.heard.rtt_ms < 500


@in_a_loop
async def test_our_own_ends_understand_aiortc_itself() -> None:
    """aiortc's own end sends its 20 ms, and decodes ours."""
    ours, theirs = PeerConnection(), RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
    heard: list[MediaStreamTrack] = []
    theirs.on("track", heard.append)
    theirs.addTrack(AudioStreamTrack())
    track = EncodedTrack("audio")
    got: list[EncodedFrame] = []
    ours.addTrack(track)
    async with closing(ours, theirs):
        await connected(theirs, ours)
        receiver = ours.getReceivers()[0]
        assert isinstance(receiver, EncodedReceiver)
        receiver.on_frame = got.append
        await until(lambda: track.is_open and len(got) > 3)
        assert got[-1].duration_ms == 20
        for number, packet in enumerate(voices(12)):
            track.send(packet, number * 2_880, 60)
        frame = await asyncio.wait_for(heard[0].recv(), 10)
        assert isinstance(frame, AudioFrame)


OFFER = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 {0}
a=setup:actpass
m=audio 9 UDP/TLS/RTP/SAVPF {1}
c=IN IP4 0.0.0.0
a=mid:0
a=sendrecv
a=rtcp-mux
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:2 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:0 PCMU/8000
"""


async def answer(formats: str, *, has_levels: bool = False) -> str:
    end = PeerConnection(has_levels=has_levels)
    async with closing(end):
        offer = OFFER.format(":".join(["AB"] * 32), formats).replace("\n", "\r\n")
        await end.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        end.addTrack(EncodedTrack("audio"))
        await end.setLocalDescription(await end.createAnswer())
        return end.localDescription.sdp


@in_a_loop
async def test_an_answer_agrees_to_opus_and_its_redundancy_and_to_nothing_that_costs() -> None:
    text = await answer("111 63 0")
    assert "UDP/TLS/RTP/SAVPF 111 63\r\n" in text
    assert "a=fmtp:63 111/111\r\n" in text
    assert "a=fmtp:111 minptime=10;useinbandfec=1\r\n" in text
    assert "transport-cc" not in text
    assert "ssrc-audio-level" not in text
    assert "srflx" not in text
    assert "ssrc-audio-level" in await answer("111 63 0", has_levels=True)
    assert " red/" not in await answer("111 0")


@in_a_loop
async def test_no_public_server_is_ever_asked() -> None:
    async with closing(end := PeerConnection(aiortc.RTCConfiguration())):
        end.addTransceiver("audio")
        assert end.getSenders()[0].transport.transport._connection.stun_server is None


def test_another_aiortc_is_refused_in_clear_words(monkeypatch: pytest.MonkeyPatch) -> None:
    aiortc_fit.fit()
    monkeypatch.setattr(aiortc, "__version__", "1.17.0")
    with pytest.raises(UnfitError, match=r"aiortc 1\.17\.0 is installed; the media program needs 1\.16"):
        aiortc_fit.fit()
    monkeypatch.setattr(aiortc, "__version__", "1.16.3")
    monkeypatch.setitem(aiortc_fit.INSIDES, aiortc.RTCRtpSender, ("_run_rtp", "_is_gone"))
    with pytest.raises(UnfitError, match=r"RTCRtpSender .* has no _is_gone"):
        aiortc_fit.fit()
