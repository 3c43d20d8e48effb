"""Sends what is encoded already: at once, by the time stamps that it is given, silence as nothing at all.

aiortc's own sender takes 20 ms of sound at a time from a track, in a task. Here a track is written to. Which packets,
when and how long is decided by who writes; how they are numbered, repeated (RFC 2198) and sent again (RFC 4588) is
decided here.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from secrets import SystemRandom
from typing import TYPE_CHECKING, NamedTuple, cast

from aiortc import MediaStreamTrack, RTCRtpSender, clock
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpSendParameters
from aiortc.rtp import (
    RTP_HISTORY_SIZE,
    AnyRtcpPacket,
    RtcpByePacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
)

from app.media import redundancy
from app.media.frames import Kind
from app.media.rtp_path import HEAD

if TYPE_CHECKING:
    from app.media.rtp_path import MediaDtls

REPORT_SECONDS = {"audio": 5.0, "video": 2.0}  # RFC 3550 6.2: five; pictures are put to the voice by them
FIRST_REPORT_SECONDS = 1.0
AGAIN_A_SECOND = 200  # packets sent again at most
VERSION_2 = 0x80
RANDOM = SystemRandom()


class Heard(NamedTuple):
    """How the other end says that it hears us: since its report before, and on the whole."""

    loss_permille: int
    rtt_ms: float | None
    jitter_ms: float
    lost: int
    at_ms: float


class EncodedTrack(MediaStreamTrack):
    """`has_redundancy`: each packet of voice carries the one before it again, where the other end takes that."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        self.has_redundancy = False
        self.on_key_frame_wanted: Callable[[], None] | None = None
        self.sender: EncodedSender | None = None

    @property
    def is_open(self) -> bool:
        """Whether what is written now is sent."""
        return self.sender is not None and self.sender.is_open

    @property
    def heard(self) -> Heard | None:
        return self.sender.heard if self.sender is not None else None

    @property
    def codecs(self) -> tuple[str, ...]:
        """What the other end takes, first what it likes best: opus, or vp8 and h264."""
        return tuple(name for name in self.sender.codecs if name not in ("red", "rtx")) if self.sender else ()

    def send(
        self, payload: bytes, rtp_timestamp: int, duration_ms: float = 0, *,
        marker: bool = False, sequence: int | None = None, codec: str | None = None,
    ) -> bool:  # fmt: skip
        """One packet, now. False where it isn't sent, which is no error: nobody is there, or doesn't take this codec.

        `sequence`: a number that keeps the gaps of where it comes from; else one more than the last.
        """
        return self.sender is not None and self.sender.write(payload, rtp_timestamp, marker, sequence, codec)

    async def recv(self) -> None:  # type: ignore[override]
        """Nobody reads from it."""
        raise MediaStreamError


class EncodedSender(RTCRtpSender):
    _RTCRtpSender__cname: str | None
    _RTCRtpSender__packet_count: int
    _RTCRtpSender__octet_count: int
    _RTCRtpSender__rtcp_exited: asyncio.Event
    _RTCRtpSender__rtcp_started: asyncio.Event
    _RTCRtpSender__rtp_exited: asyncio.Event
    _RTCRtpSender__rtp_started: asyncio.Event
    _RTCRtpSender__rtx_payload_type: int | None

    def __init__(self, track_or_kind: MediaStreamTrack | str, transport: "MediaDtls") -> None:
        self.is_open = False
        self.codecs: dict[str, int] = {}
        self.heard: Heard | None = None
        super().__init__(track_or_kind, transport)
        self._loop = asyncio.get_event_loop()
        self._first_sequence = RANDOM.getrandbits(15)
        self._first_timestamp = RANDOM.getrandbits(32)
        self._next_sequence = 0
        self._clock_hz = 48_000 if self.kind == "audio" else 90_000
        self._last: tuple[int, bytes] | None = None  # time stamp and payload of voice, to be repeated
        self._last_sent = (0, 0.0)  # time stamp, and when
        self._reported_count = 0
        self._report: tuple[int, float] | None = None
        self._history: dict[int, tuple[int, bytes]] = {}
        self._again_sequence = RANDOM.getrandbits(15)
        self._again_left, self._again_since = AGAIN_A_SECOND, 0.0

    def replaceTrack(self, track: MediaStreamTrack | None) -> None:  # noqa: N802  # aiortc's name
        super().replaceTrack(track)
        if isinstance(track, EncodedTrack):
            track.sender = self

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        for codec in reversed(parameters.codecs):
            if codec.payloadType is not None:
                self.codecs.pop(codec.name.lower(), None)
                self.codecs[codec.name.lower()] = codec.payloadType
        self.codecs = dict(reversed(self.codecs.items()))
        await super().send(parameters)

    def write(self, payload: bytes, rtp_timestamp: int, marker: bool, sequence: int | None, codec: str | None) -> bool:
        payload_type = self._payload_type(codec)
        if not self.is_open or not self._enabled or not payload or payload_type is None:
            return False
        number = self._next_sequence if sequence is None else sequence
        self._next_sequence = number + 1
        if self.kind == "audio":
            payload_type, carried = self._with_redundancy(payload, rtp_timestamp, payload_type)
        else:
            carried = payload
        packet = HEAD.pack(
            VERSION_2, marker << 7 | payload_type, number + self._first_sequence & 0xFFFF,
            rtp_timestamp + self._first_timestamp & 0xFFFFFFFF, self._ssrc,
        ) + carried  # fmt: skip
        if self.kind == "video":
            self._history[number + self._first_sequence & RTP_HISTORY_SIZE - 1] = (number, packet)
        self._RTCRtpSender__packet_count += 1
        self._RTCRtpSender__octet_count += len(carried)
        self._last_sent = (rtp_timestamp, self._loop.time())
        return self._path.transmit(packet)

    @property
    def _path(self) -> "MediaDtls":
        return cast("MediaDtls", self.transport)

    def _payload_type(self, codec: str | None) -> int | None:
        if codec is not None:
            return self.codecs.get(codec)
        return next(iter(self.codecs.values()), None) if self.kind == "video" else self.codecs.get("opus")

    def _with_redundancy(self, payload: bytes, rtp_timestamp: int, opus: int) -> tuple[int, bytes]:
        red, last, self._last = self.codecs.get("red"), self._last, (rtp_timestamp, payload)
        if red is None or not isinstance(self.track, EncodedTrack) or not self.track.has_redundancy:
            return opus, payload
        offset = (rtp_timestamp - last[0] & 0xFFFFFFFF) if last else 0
        return red, redundancy.pack(payload, opus, ((offset, last[1]),) if last else ())

    async def _run_rtp(self, codec: RTCRtpCodecParameters) -> None:
        """There is nothing to run; it ends when aiortc says so."""
        self.is_open = True
        self._RTCRtpSender__rtp_started.set()
        with suppress(asyncio.CancelledError):  # as aiortc ends it
            await asyncio.get_running_loop().create_future()
        self.is_open = False
        if isinstance(self.track, EncodedTrack):
            self.track.on_key_frame_wanted = None
            self.track.stop()
        self._RTCRtpSender__rtp_exited.set()

    def _send_keyframe(self) -> None:
        if isinstance(self.track, EncodedTrack) and self.track.on_key_frame_wanted is not None:
            self.track.on_key_frame_wanted()

    async def _retransmit(self, sequence_number: int) -> None:
        """`sequence_number` is one of the wire."""
        now = self._loop.time()
        if now - self._again_since > 1:
            self._again_since, self._again_left = now, AGAIN_A_SECOND
        kept = self._history.get(sequence_number & RTP_HISTORY_SIZE - 1)
        if kept is None or kept[0] + self._first_sequence & 0xFFFF != sequence_number or not self._again_left:
            return
        self._again_left -= 1
        packet, payload_type = kept[1], self._RTCRtpSender__rtx_payload_type
        if payload_type is not None:
            first, second, _, timestamp, _ = HEAD.unpack_from(packet)
            head = HEAD.pack(first, second & 0x80 | payload_type, self._again_sequence, timestamp, self._rtx_ssrc)
            packet = head + packet[2:4] + packet[HEAD.size :]
            self._again_sequence = self._again_sequence + 1 & 0xFFFF
        self._path.transmit(packet)

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            for report in packet.reports:
                if report.ssrc == self._ssrc:
                    self._hear(report)
        await super()._handle_rtcp_packet(packet)

    def _hear(self, report: RtcpReceiverInfo) -> None:
        now, rtt_ms = self._loop.time(), self.heard.rtt_ms if self.heard else None
        if self._report is not None and self._report[0] == report.lsr:
            rtt_ms = max(0.0, (now - self._report[1] - report.dlsr / 65_536) * 1_000)
        jitter_ms = report.jitter * 1_000 / self._clock_hz
        loss_permille = round(report.fraction_lost * 1_000 / 256)
        self.heard = Heard(loss_permille, rtt_ms, jitter_ms, report.packets_lost, now * 1_000)

    async def _run_rtcp(self) -> None:
        self._RTCRtpSender__rtcp_started.set()
        seconds = FIRST_REPORT_SECONDS
        try:
            while True:
                await asyncio.sleep(seconds * RANDOM.uniform(0.5, 1.5))
                seconds = REPORT_SECONDS[self.kind]
                if self._RTCRtpSender__packet_count != self._reported_count:
                    self._path.transmit(b"".join(map(bytes, self._sender_report())))
        except asyncio.CancelledError:
            pass  # as aiortc ends it
        self._path.transmit(bytes(RtcpByePacket(sources=[self._ssrc])))
        self._RTCRtpSender__rtcp_exited.set()

    def _sender_report(self) -> list[AnyRtcpPacket]:
        """The name goes with the first report alone; the description says it too."""
        now, ntp = self._loop.time(), clock.current_ntp_time()
        self._report = (ntp >> 16 & 0xFFFFFFFF, now)
        since = round((now - self._last_sent[1]) * self._clock_hz)
        timestamp = self._last_sent[0] + self._first_timestamp + since & 0xFFFFFFFF
        packets, octets = self._RTCRtpSender__packet_count, self._RTCRtpSender__octet_count
        info = RtcpSenderInfo(ntp, timestamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
        found: list[AnyRtcpPacket] = [RtcpSrPacket(ssrc=self._ssrc, sender_info=info)]
        if not self._reported_count and self._RTCRtpSender__cname is not None:
            name = self._RTCRtpSender__cname.encode()
            found.append(RtcpSdesPacket(chunks=[RtcpSourceInfo(ssrc=self._ssrc, items=[(1, name)])]))
        self._reported_count = packets
        return found
