"""Hands out what comes over RTP as it came: encoded, at once, in the order of arrival, each packet once.

aiortc's own receiver puts packets through a jitter buffer that counts packets, and decodes them in a thread of its own.
Here nothing waits; who plays or records what comes puts it in order. What is malformed, unknown or too much is dropped
and counted, by what was wrong with it.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable
from secrets import SystemRandom
from typing import TYPE_CHECKING, Any, cast

from aiortc import RTCRtpReceiver
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    HeaderExtensions,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    pack_remb_fci,
)

from app.media import redundancy
from app.media.frames import EncodedFrame, Kind
from app.media.opus_packets import OpusError, packet_ms
from app.media.pictures import begins_key_frame
from app.media.reception import Missing, Reception

if TYPE_CHECKING:
    from app.media.rtp_path import MediaDtls, Rtp

MOST_A_SECOND = {"audio": 200, "video": 2_000}  # packets; 2.5 ms packets of Opus, and then some
MOST_STREAMS = 8  # SSRCs of one receiver
REMEMBERED = 64  # packets of voice, to know what came twice
REPORT_SECONDS = {"audio": 3.0, "video": 1.0}  # on a thin link each costs as much as a packet of voice

RANDOM = SystemRandom()

OnFrame = Callable[[EncodedFrame], None]


class EncodedReceiver(RTCRtpReceiver):
    """`on_frame` is called straight from the socket."""

    _RTCRtpReceiver__rtcp_ssrc: int | None
    _RTCRtpReceiver__rtcp_started: asyncio.Event
    _RTCRtpReceiver__rtcp_exited: asyncio.Event
    _RTCRtpReceiver__rtcp_task: "asyncio.Future[None] | None"
    _RTCRtpReceiver__started: bool

    def __init__(self, kind: Kind, transport: RTCDtlsTransport) -> None:
        super().__init__(kind, transport)
        self.on_frame: OnFrame | None = None
        self.dropped: Counter[str] = Counter()
        self.streams: dict[int, Reception] = {}
        self._kind: Kind = kind
        self._names: dict[int, str] = {}
        self._repairs: dict[int, int] = {}  # payload types of retransmissions, and of what is retransmitted
        self._repaired: dict[int, int] = {}  # SSRCs, likewise
        self._clock_hz = 48_000 if kind == "audio" else 90_000
        self._seen: deque[int] = deque(maxlen=REMEMBERED)
        self._second_ms, self._count = 0.0, 0
        self._ssrc = 0
        self._missing = Missing()
        self._estimator = RemoteBitrateEstimator() if kind == "video" else None

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Take what was negotiated, also anew."""
        self._learn(parameters.codecs)
        for encoding in parameters.encodings:
            if encoding.rtx:
                self._repaired[encoding.rtx.ssrc] = encoding.ssrc
        self.transport._register_rtp_receiver(self, parameters)
        if not self._RTCRtpReceiver__started:
            self._RTCRtpReceiver__rtcp_task = asyncio.ensure_future(self._run_rtcp())
            self._RTCRtpReceiver__started = True

    def request_key_frame(self) -> None:
        """Ask the sender for a picture that needs no other (RFC 4585, 6.3.1). How often is decided by who asks."""
        if self._ssrc:
            self._tell(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._own_ssrc, media_ssrc=self._ssrc))

    def take(self, packet: "Rtp", extensions: HeaderExtensions | None, now_ms: float) -> None:
        """One RTP packet that was meant for this receiver."""
        if not self._enabled:
            return
        if now_ms - self._second_ms > 1_000:
            self._second_ms, self._count = now_ms, 0
        self._count += 1
        if self._count > MOST_A_SECOND[self._kind]:
            self.dropped["flood"] += 1
            return
        name = self._names.get(packet.payload_type)
        if name is None:
            self.dropped["payload_type"] += 1
            return
        self._note(packet, now_ms)
        if packet.payload:  # else padding, by which a sender probes the link
            if self._kind == "audio":
                level = extensions.audio_level[1] if extensions and extensions.audio_level else None
                self._take_voice(name, packet, -level if level is not None else None, now_ms)
            else:
                self._take_picture(name, packet, extensions, now_ms)

    async def stop(self) -> None:
        await super().stop()
        self.on_frame = None
        if self._track is not None:
            self._track.stop()

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpSrPacket) and (stream := self.streams.get(packet.ssrc)) is not None:
            stream.heard_report(packet.sender_info.ntp_timestamp, asyncio.get_running_loop().time() * 1_000)

    def _take_voice(self, name: str, packet: "Rtp", level_dbov: int | None, now_ms: float) -> None:
        if name == "opus":
            self._hand_out(packet.payload, packet, 0, level_dbov, now_ms)
            return
        try:
            *earlier, (_, own, payload) = redundancy.unpack(packet.payload)
        except redundancy.RedundancyError:
            self.dropped["malformed"] += 1
            return
        for back, (offset, payload_type, block) in zip(range(len(earlier), 0, -1), earlier, strict=True):
            stamp = packet.timestamp - offset & 0xFFFFFFFF
            if block and stamp not in self._seen and self._names.get(payload_type) == "opus":
                sequence = packet.sequence - back & 0xFFFF
                self._hand_out(block, packet._replace(timestamp=stamp, sequence=sequence), back, None, now_ms)
        if self._names.get(own) == "opus":
            self._hand_out(payload, packet, 0, level_dbov, now_ms)
        else:
            self.dropped["payload_type"] += 1

    def _hand_out(self, payload: bytes, packet: "Rtp", back: int, level_dbov: int | None, now_ms: float) -> None:
        if packet.timestamp in self._seen:
            self.dropped["twice"] += 1
            return
        try:
            duration_ms = packet_ms(payload)
        except OpusError:
            self.dropped["malformed"] += 1
            return
        self._seen.append(packet.timestamp)
        if self.on_frame is not None:
            self.on_frame(
                EncodedFrame(
                    payload, packet.timestamp, packet.sequence, now_ms, "audio", False, packet.ssrc, duration_ms,
                    packet.marker, level_dbov, back > 0,
                )
            )  # fmt: skip

    def _take_picture(self, name: str, packet: "Rtp", extensions: HeaderExtensions | None, now_ms: float) -> None:
        self._estimate(packet, extensions, now_ms)
        if name == "rtx":
            original, payload_type = self._repaired.get(packet.ssrc), self._repairs.get(packet.payload_type)
            if original is None or payload_type not in self._names or len(packet.payload) < 3:
                self.dropped["malformed"] += 1
                return
            sequence, payload = int.from_bytes(packet.payload[:2], "big"), packet.payload[2:]
            packet = packet._replace(ssrc=original, payload_type=payload_type, sequence=sequence, payload=payload)
            name = self._names[payload_type]
        self._ssrc = packet.ssrc
        if lost := self._missing.add(packet.sequence):
            self._tell(RtcpRtpfbPacket(RTCP_RTPFB_NACK, self._own_ssrc, packet.ssrc, lost))
        if self.on_frame is not None:
            self.on_frame(
                EncodedFrame(
                    packet.payload, packet.timestamp, packet.sequence, now_ms, "video",
                    begins_key_frame(name, packet.payload), packet.ssrc, 0, packet.marker, codec=name,
                )
            )  # fmt: skip

    def _note(self, packet: "Rtp", now_ms: float) -> None:
        """For the reports to the sender."""
        stream = self.streams.get(packet.ssrc)
        if stream is None:
            if len(self.streams) >= MOST_STREAMS:
                oldest = min(self.streams, key=lambda ssrc: self.streams[ssrc].heard_ms)
                del self.streams[oldest]
            stream = self.streams[packet.ssrc] = Reception(self._clock_hz)
            self._seen.clear()
        stream.add(packet.sequence, packet.timestamp, now_ms)

    def _estimate(self, packet: "Rtp", extensions: HeaderExtensions | None, now_ms: float) -> None:
        """How much more the sender may send, which browsers without transport-cc learn from nobody else."""
        sent_at = extensions.abs_send_time if extensions else None
        if self._estimator is None or sent_at is None:
            return
        found = self._estimator.add(sent_at, round(now_ms), len(packet.payload), packet.ssrc)
        if found is not None:
            fci = pack_remb_fci(*found)
            self._tell(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self._own_ssrc, media_ssrc=0, fci=fci))

    def _learn(self, codecs: Iterable[RTCRtpCodecParameters]) -> None:
        for codec in codecs:
            if codec.payloadType is not None:
                self._names[codec.payloadType] = codec.name.lower()
                repaired = codec.parameters.get("apt")
                if isinstance(repaired, int):
                    self._repairs[codec.payloadType] = repaired

    @property
    def _own_ssrc(self) -> int:
        return self._RTCRtpReceiver__rtcp_ssrc or 0

    def _tell(self, report: Any) -> None:
        cast("MediaDtls", self.transport).transmit(bytes(report))

    async def _run_rtcp(self) -> None:
        self._RTCRtpReceiver__rtcp_started.set()
        try:
            while True:
                await asyncio.sleep(REPORT_SECONDS[self._kind] * RANDOM.uniform(0.5, 1.5))
                now_ms = asyncio.get_running_loop().time() * 1_000
                reports = [self._report(ssrc) for ssrc, each in self.streams.items() if each.is_new(now_ms)]
                if reports:
                    self._tell(RtcpRrPacket(ssrc=self._own_ssrc, reports=reports))
        except asyncio.CancelledError:
            pass  # as aiortc ends it
        self._RTCRtpReceiver__rtcp_exited.set()

    def _report(self, ssrc: int) -> RtcpReceiverInfo:
        stream = self.streams[ssrc]
        lsr, dlsr = stream.sender_report(asyncio.get_running_loop().time() * 1_000)
        return RtcpReceiverInfo(
            ssrc, stream.fraction_lost(), stream.packets_lost, stream.highest & 0xFFFFFFFF, stream.jitter, lsr, dlsr
        )
