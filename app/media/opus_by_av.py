"""Opus by PyAV, where the distribution has no libopus that can be bound. It does less.

Silence is judged by its level alone; what was lost is silence, since PyAV gives neither concealment nor the redundancy
inside the stream.
"""

from array import array
from fractions import Fraction

from av import AudioCodecContext, AudioFrame, CodecContext, FFmpegError, Packet

from app.media.opus_packets import RATE_HZ, WIDE_BAND_KBPS, OpusError, packet_ms

SAMPLES_PER_MS = RATE_HZ // 1000
PACKETS_MS = (20, 40, 60, 120)
KBPS = (6, 64)
QUIET = 100  # of 32768, root mean square: -50 dBFS
GOES_ON_MS = 200  # of quiet that is sent before it is left out: the ends of words are quiet
AGAIN_MS = 400  # that often quiet is sent all the same, so that the other end knows what it sounds like


class Encoder:
    """See `libopus.Encoder`."""

    def __init__(self, packet_ms: int, max_kbps: float, loss_permille: int = 0, *, complexity: int = 9) -> None:
        self._complexity = str(complexity)
        self._quiet_ms = 0
        self._samples_so_far = 0
        self._asked: tuple[int, float, int] | None = None
        self.set(packet_ms, max_kbps, loss_permille)

    def set(self, packet_ms: int, max_kbps: float, loss_permille: int = 0) -> None:
        """Between two packets. A change begins a new stream inside, which may be heard as a click."""
        if packet_ms not in PACKETS_MS or not KBPS[0] <= max_kbps <= KBPS[1]:
            raise OpusError(f"no voice of {packet_ms} ms and {max_kbps} kbps")
        if self._asked == (asked := (packet_ms, max_kbps, loss_permille)):
            return
        self._asked, self.packet_ms = asked, packet_ms
        context = CodecContext.create("libopus", "w")
        assert isinstance(context, AudioCodecContext)
        context.format, context.layout, context.sample_rate = "s16", "mono", RATE_HZ
        context.time_base = Fraction(1, RATE_HZ)
        context.bit_rate = round(max_kbps * 1000)
        loss = str(min(100, max(0, round(loss_permille / 10))))
        band_hz = "8000" if max_kbps <= WIDE_BAND_KBPS else "20000"
        form = {"application": "voip", "vbr": "on", "compression_level": self._complexity, "cutoff": band_hz}
        context.options = form | {"frame_duration": str(packet_ms), "packet_loss": loss}
        self._context = context

    def encode(self, pcm: bytes) -> bytes:
        samples = self.packet_ms * SAMPLES_PER_MS
        if len(pcm) != samples * 2:
            raise OpusError(f"{len(pcm)} bytes of sound for a packet of {self.packet_ms} ms")
        frame = AudioFrame(format="s16", layout="mono", samples=samples)
        frame.planes[0].update(pcm + bytes(frame.planes[0].buffer_size - len(pcm)))
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, self._samples_so_far, Fraction(1, RATE_HZ)
        self._samples_so_far += samples
        made = b"".join(bytes(packet) for packet in self._context.encode(frame))
        return made if self._is_worth_sending(pcm) else b""

    def _is_worth_sending(self, pcm: bytes) -> bool:
        samples = array("h", pcm)
        if sum(sample * sample for sample in samples) > QUIET * QUIET * len(samples):
            self._quiet_ms = 0
            return True
        before, self._quiet_ms = self._quiet_ms, self._quiet_ms + self.packet_ms
        return before < GOES_ON_MS or before // AGAIN_MS != self._quiet_ms // AGAIN_MS


class Decoder:
    """See `libopus.Decoder`."""

    def __init__(self) -> None:
        context = CodecContext.create("libopus", "r")
        assert isinstance(context, AudioCodecContext)
        context.format, context.layout, context.sample_rate = "s16", "mono", RATE_HZ
        self._context = context
        self._last_ms: float = 20

    def decode(self, packet: bytes) -> bytes:
        self._last_ms = packet_ms(packet)
        try:
            frames = self._context.decode(Packet(packet))
        except FFmpegError as error:
            raise OpusError(str(error)) from error
        return b"".join(bytes(frame.planes[0])[: frame.samples * 2] for frame in frames)

    def conceal(self, ms: float) -> bytes:
        return bytes(round(ms * SAMPLES_PER_MS) * 2)

    def recover(self, next_packet: bytes) -> bytes:
        packet_ms(next_packet)
        return self.conceal(self._last_ms)
