"""The way of a packet between the socket and those who send and receive it, with nothing between that isn't needed.

aiortc gives each datagram to a queue, a task, a parser, a router and a jitter buffer. Here SRTP is undone where the
socket is read, and the packet handed on in the same call; sent ones are protected and written in one call as well. The
handshake, data channels and RTCP go aiortc's way. Of SRTP's profiles only the one is offered that every browser has
(RFC 8827, 6.5): its tag takes 10 bytes of each packet, that of those which aiortc prefers 16.
"""

import asyncio
import logging
import struct
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import pylibsrtp
from aioice.ice import CandidatePair, Connection
from aiortc import RTCDtlsTransport
from aiortc.rtcdtlstransport import SRTP_AES128_CM_SHA1_80, State
from aiortc.rtp import HeaderExtensions, RtpPacket

from app.kernel.clock import SystemClock
from app.media.receiving import EncodedReceiver

log = logging.getLogger(__name__)

CLOCK = SystemClock()


HEAD = struct.Struct("!BBHII")
EXTENSION = struct.Struct("!HH")
CHANNEL = struct.Struct("!HH")
MOST_BYTES = 2_048  # of a datagram; asyncio makes room for 256 kB each time
MOST_SOURCES = 64  # SSRCs of one connection; a flood of them would be remembered for ever

SendTo = Callable[[bytes, Any], object]


class Rtp(NamedTuple):
    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


class MediaDtls(RTCDtlsTransport):
    """A DTLS transport of aiortc's that was made one of these before anything went through it."""

    @classmethod
    def adopt(cls, dtls: RTCDtlsTransport) -> None:
        """Where it is made is deep inside aiortc; that the class has no slots is checked at start."""
        dtls.__class__ = cls
        assert isinstance(dtls, MediaDtls)
        dtls._srtp_profiles = [SRTP_AES128_CM_SHA1_80]
        dtls.dropped = Counter()
        dtls._routes = {}
        dtls._pair = None
        dtls._loop = asyncio.get_event_loop()
        dtls._reports = set()
        dtls._has_logged = False

    dropped: Counter[str]
    _routes: dict[tuple[int, int], EncodedReceiver]
    _pair: CandidatePair | None
    _way: tuple[SendTo, Any]
    _loop: asyncio.AbstractEventLoop
    _reports: "set[asyncio.Task[None]]"
    _has_logged: bool

    def take(self, datagram: bytes) -> None:
        """SRTP or SRTCP. Nothing that comes ends the connection."""
        now_ms = self._loop.time() * 1_000
        try:
            if 192 <= datagram[1] <= 208:
                self._take_report(self._rx_srtp.unprotect_rtcp(datagram))
            else:
                self._take_rtp(self._rx_srtp.unprotect(datagram), now_ms)
        except pylibsrtp.Error:
            self.dropped["unprotected"] += 1
        except (ValueError, IndexError, struct.error):
            self.dropped["malformed"] += 1
        except Exception:
            self.dropped["failed"] += 1
            if not self._has_logged:  # a line for each packet would be a flood of its own
                self._has_logged = True
                log.exception("what came could not be handed on")

    def transmit(self, packet: bytes) -> bool:
        """Send RTP or RTCP now. False where the connection doesn't stand: then it is lost, as on any link."""
        if self._state is not State.CONNECTED:
            return False
        pair = self.transport._connection._nominated.get(1)
        if pair is None:
            return False
        if pair is not self._pair:
            self._pair, self._way = pair, _way(pair)
        sealed = self._tx_srtp.protect_rtcp(packet) if 192 <= packet[1] <= 208 else self._tx_srtp.protect(packet)
        send, address = self._way
        send(sealed, address)
        return True

    def _setup_srtp(self) -> None:
        super()._setup_srtp()
        if self._rx_srtp is not None:
            _divert(self.transport._connection, self.take)

    def _register_rtp_receiver(self, receiver: Any, parameters: Any) -> None:
        super()._register_rtp_receiver(receiver, parameters)
        self._routes.clear()

    def _unregister_rtp_receiver(self, receiver: Any) -> None:
        super()._unregister_rtp_receiver(receiver)
        self._routes.clear()

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        """What was in aiortc's queue when the way was changed."""
        self._take_rtp(data, self._loop.time() * 1_000)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        try:
            await super()._handle_rtcp_data(data)
        except (ValueError, IndexError, struct.error):  # aiortc's parser trusts what is authentic
            self.dropped["malformed"] += 1

    def _take_report(self, packet: bytes) -> None:
        task = self._loop.create_task(self._handle_rtcp_data(packet))
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    def _take_rtp(self, packet: bytes, now_ms: float) -> None:
        first, second, sequence, timestamp, ssrc = HEAD.unpack_from(packet)
        begin, end = HEAD.size + 4 * (first & 0x0F), len(packet)
        if first & 0x20:
            end -= packet[-1]
        extensions = None
        if first & 0x10:
            begin, extensions = self._extensions(packet, begin)
        if begin > end or first >> 6 != 2:
            raise ValueError("not RTP")
        payload_type = second & 0x7F
        receiver = self._routes.get((ssrc, payload_type)) or self._route(ssrc, payload_type)
        if receiver is None:
            self.dropped["payload_type"] += 1
            return
        found = Rtp(payload_type, second > 127, sequence, timestamp, ssrc, packet[begin:end])
        receiver.take(found, extensions, now_ms)

    def _extensions(self, packet: bytes, begin: int) -> tuple[int, HeaderExtensions]:
        profile, words = EXTENSION.unpack_from(packet, begin)
        begin += EXTENSION.size
        value = packet[begin : begin + words * 4]
        return begin + words * 4, self._rtp_header_extensions_map.get(profile, value)

    def _route(self, ssrc: int, payload_type: int) -> EncodedReceiver | None:
        """By aiortc's table, which learns of a new SSRC by its payload type."""
        router = self._rtp_router
        if ssrc not in router.ssrc_table and len(router.ssrc_table) >= MOST_SOURCES:
            return None
        found = router.route_rtp(RtpPacket(payload_type=payload_type, ssrc=ssrc))
        if not isinstance(found, EncodedReceiver):
            return None
        self._routes[ssrc, payload_type] = found
        return found


def _divert(connection: Connection, take: Callable[[bytes], None]) -> None:
    """Have each socket of the connection give what is SRTP to `take` (RFC 7983), the rest to whom it gave it before."""
    for protocol in connection._protocols:
        _divert_one(protocol, take)


def _divert_one(protocol: Any, take: Callable[[bytes], None]) -> None:
    plain = protocol.datagram_received

    def received(data: bytes, address: Any) -> None:
        if len(data) > 12 and 127 < data[0] < 192:
            take(data)
        elif data:
            plain(data, address)

    protocol.datagram_received = received
    relay = getattr(protocol.transport, "_TurnTransport__inner_protocol", None)
    socket = relay.transport if relay is not None else protocol.transport
    if isinstance(socket, asyncio.DatagramTransport):
        socket.max_size = MOST_BYTES  # type: ignore[attr-defined]  # the selector loop's


def _way(pair: CandidatePair) -> tuple[SendTo, Any]:
    """How a datagram gets to the other end, straight or over the relay."""
    transport = pair.protocol.transport
    relay: Any = getattr(transport, "_TurnTransport__inner_protocol", None)
    if relay is None:
        return transport.sendto, pair.remote_addr

    def relayed(data: bytes, address: Any) -> None:
        """A channel that stands needs no task of its own for each packet; aioice binds and renews it."""
        channel = relay.peer_to_channel.get(address)
        if channel is None or address in relay.peer_connect_waiters or _is_due(relay, channel):
            transport.sendto(data, address)
        else:
            relay._send(CHANNEL.pack(channel, len(data)) + data)

    return relayed, pair.remote_addr


def _is_due(relay: Any, channel: int) -> bool:
    return CLOCK.now().timestamp() > float(relay.channel_refresh_at[channel])
