"""Ends of calls for the benchmark `bridge`: real ICE, DTLS and SRTP, pre-encoded Opus, and an eye on what comes.

aiortc makes the connection; then packets go straight between the socket and libsrtp, so that one core is enough for
hundreds of ends. The header of what comes is read as it is, only every few ends' packets are deciphered.
"""

import asyncio
import random
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, rtcdtlstransport
from numpy.typing import NDArray

PACKET_MS, TICKS = 60, 48
WHEEL_MS = 5
AROUND_BYTES = 28  # IPv4 and UDP
AT_ONCE_MS = 5.0
SILENT_BYTES = 24  # packets of silence are like each other, so that none is known again
REPORT_EVERY = 80  # packet times between two reports, as Chromium's five seconds
# What Chromium and we agree upon, so that bytes are comparable.
rtcdtlstransport.SRTP_PROFILES = [
    each for each in rtcdtlstransport.SRTP_PROFILES if each.openssl_profile == b"SRTP_AES128_CM_SHA1_80"
]


@dataclass
class Seen:
    """What came to one end within a window.

    `delays_ms` are those of packets that were forwarded; `waited_ms` of those that had been taken for a mix and were
    sent on as they are when it ended: all that come at once after a mixed one.
    """

    wire_bytes: int = 0
    packets: int = 0
    arrivals: list[tuple[float, int]] = field(default_factory=list)  # milliseconds, RTP time stamp
    delays_ms: list[float] = field(default_factory=list)
    waited_ms: list[float] = field(default_factory=list)
    heard: list[tuple[float, bytes]] = field(default_factory=list)  # of an end that deciphers
    said: list[tuple[float, bytes]] = field(default_factory=list)


class End:
    """One end. `script` has a packet for each packet time, empty where nothing is sent; a call shares `sent_at`."""

    def __init__(self, script: list[bytes], place: int, sent_at: dict[bytes, float], *, deciphers: bool) -> None:
        self.script, self.place = script, place
        self.phase = random.randrange(PACKET_MS // WHEEL_MS)
        self.seen = Seen()
        self._sent_at, self._deciphers = sent_at, deciphers
        self._sequence, self._stamp, self._ssrc = random.randrange(1 << 14), 0, random.randrange(1 << 31)
        self._octets = self._count = 0
        self._talks = False
        self._mix_ended_ms: float | None = None  # None while mixed packets come
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._stands = asyncio.Event()
        self.pc.on("connectionstatechange", self._turned)

    async def connect(self, answer: Callable[[str], Any]) -> None:
        """`answer` has the other side's description for ours."""
        self.pc.addTransceiver("audio")
        await self.pc.setLocalDescription(await self.pc.createOffer())
        text = await answer(self.pc.localDescription.sdp)
        await self.pc.setRemoteDescription(RTCSessionDescription(text, "answer"))
        await asyncio.wait_for(self._stands.wait(), 20)
        self._take_over()

    def _turned(self) -> None:
        if self.pc.connectionState == "connected":
            self._stands.set()

    def _take_over(self) -> None:
        """From here on no packet of voice passes through aiortc."""
        sender = self.pc.getSenders()[0]
        transport = sender.transport
        self._ssrc = sender._ssrc
        self._payload_type = self._opus()
        connection = transport.transport._connection
        pair = connection._nominated[1]
        self._protect, self._unprotect = transport._tx_srtp.protect, transport._rx_srtp.unprotect
        self._protect_rtcp = transport._tx_srtp.protect_rtcp
        socket, self._address = pair.protocol.transport, pair.remote_addr
        self._sendto = socket.sendto
        self._others = pair.protocol.datagram_received
        pair.protocol.datagram_received = self._came  # type: ignore[method-assign, assignment]
        socket.max_size = 2_048  # type: ignore[attr-defined]  # asyncio makes room for 256 kB each time
        self._talks = True

    def _opus(self) -> int:
        lines = self.pc.remoteDescription.sdp.splitlines()
        return next(
            int(line.split(":")[1].split()[0])
            for line in lines
            if line.lower().startswith("a=rtpmap:") and "opus/48000" in line.lower()
        )

    def _came(self, data: bytes, address: Any) -> None:
        seen = self.seen
        seen.wire_bytes += len(data) + AROUND_BYTES
        if not 127 < data[0] < 192:
            self._others(data, address)
            return
        if 191 < data[1] < 224:  # a report
            return
        now = time.monotonic() * 1000
        seen.packets += 1
        seen.arrivals.append((now, int.from_bytes(data[4:8], "big")))
        if self._deciphers:
            payload = _payload(self._unprotect(data))
            seen.heard.append((now, payload))
            if len(payload) > SILENT_BYTES:
                self._judge(payload, now)

    def _judge(self, payload: bytes, now: float) -> None:
        sent = self._sent_at.get(payload)
        if sent is None:
            self._mix_ended_ms = None
            return
        if self._mix_ended_ms is None:
            self._mix_ended_ms = now
        has_waited = now - self._mix_ended_ms < AT_ONCE_MS
        (self.seen.waited_ms if has_waited else self.seen.delays_ms).append(now - sent)

    def speak(self) -> None:
        """One packet time."""
        packet = self.script[self.place % len(self.script)]
        self.place += 1
        self._stamp = (self._stamp + PACKET_MS * TICKS) & 0xFFFFFFFF
        if not self._talks:
            return
        if packet:
            self._sequence = (self._sequence + 1) & 0xFFFF
            head = struct.pack("!BBHLL", 0x80, self._payload_type, self._sequence, self._stamp, self._ssrc)
            now = self._sent_at[packet] = time.monotonic() * 1000
            if self._deciphers:
                self.seen.said.append((now, packet))
            self._sendto(self._protect(head + packet), self._address)
            self._octets, self._count = self._octets + len(packet), self._count + 1
        if self.place % REPORT_EVERY == 0 and self._count:
            report = struct.pack(
                "!BBHLQLLL",
                0x80,
                200,
                6,
                self._ssrc,
                int(time.time() * 4294967296),
                self._stamp,
                self._count,
                self._octets,
            )
            self._sendto(self._protect_rtcp(report), self._address)

    def fresh(self) -> Seen:
        """What came since this was asked last."""
        seen, self.seen = self.seen, Seen()
        return seen


class Wheel:
    """Has every end speak at its times; `late_ms` is how late the wheel itself was."""

    def __init__(self) -> None:
        self.ends: list[End] = []
        self.late_ms: list[float] = []
        self._slots: list[list[End]] = [[] for _ in range(PACKET_MS // WHEEL_MS)]
        self._task = asyncio.ensure_future(self._turn())

    def add(self, end: End) -> None:
        self.ends.append(end)
        self._slots[end.phase].append(end)

    async def _turn(self) -> None:
        began, turn = time.monotonic(), 0
        while True:
            turn += 1
            due = began + turn * WHEEL_MS / 1000
            if (left := due - time.monotonic()) > 0:
                await asyncio.sleep(left)
            self.late_ms.append((time.monotonic() - due) * 1000)
            for end in self._slots[turn % len(self._slots)]:
                end.speak()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(*(end.pc.close() for end in self.ends))


def _payload(packet: bytes) -> bytes:
    """Of RTP (RFC 3550, 5.1)."""
    begin, end = 12 + 4 * (packet[0] & 0x0F), len(packet)
    if packet[0] & 0x10:
        begin += 4 + 4 * int.from_bytes(packet[begin + 2 : begin + 4], "big")
    return packet[begin : end - packet[-1] if packet[0] & 0x20 else end]


def lateness_ms(arrivals: list[tuple[float, int]]) -> list[float]:
    """How much later than its time each packet came, beside the earliest within two seconds."""
    if len(arrivals) < 10:
        return []
    at = np.array([each[0] for each in arrivals])
    stamps = np.unwrap(np.array([each[1] for each in arrivals], np.float64), period=2.0**32) / TICKS
    over = at - stamps
    found: list[float] = []
    for since in np.arange(at[0], at[-1], 2000):
        part: NDArray[np.float64] = over[(at >= since) & (at < since + 2000)]
        if len(part):
            found += list(part - part.min())
    return found
