"""One end that is connected to this program: its RTCPeerConnection, its signals, and the ways to send to it.

The browser offers and we answer, with all our candidates in the answer and none after it, since aiortc knows no trickle
towards the other end and no ICE restart: whoever needs another path makes another connection, and another participant.
We could offer too. What is sent when is decided by the works.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.rtcicetransport import RTCIceCandidate
from aiortc.sdp import candidate_from_sdp

from app.kernel.rungs import RungName
from app.media import sdp
from app.media.aiortc_fit import EncodedReceiver, EncodedTrack, PeerConnection
from app.media.frames import EncodedFrame
from app.media.ladder import Ladder
from app.media.sdp import Origin, SdpError
from app.media.tally import Tally
from app.media.work import End

log = logging.getLogger(__name__)

STANDS_WITHIN_SECONDS = 40.0  # two tries of a browser on a link of 500 ms that loses packets, and a slow relay
STILLS = "stills"  # negotiated beforehand, as `static/call/tuning.js` has it
MOST_EARLY_CANDIDATES = 60
LOSSY_PERMILLE = 20  # from here on each packet of voice carries the one before it again, where the rung allows that

Say = Callable[[dict[str, Any]], Awaitable[None]]
Hear = Callable[[str | bytes], None]
OnFrame = Callable[[EncodedFrame], None]


class Participant:
    """`on_stands` is called once when the connection stands, `on_ends` once when it is gone, however it went.

    `audio` is how this end is sent to: by its rung, and by what it loses. `on_voice`, `on_picture` and
    `on_key_frame_wanted` are whoever's it is now that this end is joined to.
    """

    def __init__(
        self, end: End, ice_servers: list[dict[str, Any]], ice_policy: str, ladder: Ladder, say: Say,
        on_stands: Callable[["Participant"], None], on_ends: Callable[["Participant"], None], tally: Tally,
    ) -> None:  # fmt: skip
        self.end, self.rung = end, end.rung
        self.stands = self.stood = self.ended = False
        self._tally = tally
        self.origin: Origin | None = None
        self.on_voice: OnFrame | None = None
        self.on_picture: OnFrame | None = None
        self.on_key_frame_wanted: Callable[[], None] | None = None
        self._ladder, self._say = ladder, say
        self.audio = ladder[end.rung].audio
        self._voice, self._picture = EncodedTrack("audio"), EncodedTrack("video")
        self._receivers: dict[str, EncodedReceiver] = {}
        self._on_stands, self._on_ends = on_stands, on_ends
        self._early: list[dict[str, Any]] = []
        self._answer: dict[str, Any] | None = None
        self._channels: dict[str, RTCDataChannel] = {}
        self._hearers: dict[str, Hear] = {}
        self._openers: dict[str, Callable[[], None]] = {}
        self._order = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self.pc = PeerConnection(configuration(ice_servers, ice_policy))
        self.pc.on("connectionstatechange", self._turned)
        self.pc.on("datachannel", self._opened)
        self._soon(self._give_up_later())

    @property
    def seat(self) -> str:
        return self.end.seat

    def send_voice(self, payload: bytes, rtp_timestamp: int, duration_ms: float) -> None:
        """One Opus packet, at its time."""
        self._count(self._voice.send(payload, rtp_timestamp, duration_ms), "audio")

    def send_picture(self, frame: EncodedFrame) -> None:
        """One packet of a picture, at once; its number keeps the gaps of where it comes from."""
        sent = self._picture.send(
            frame.payload, frame.rtp_timestamp, marker=frame.marker, sequence=frame.sequence, codec=frame.codec
        )
        self._count(sent, "video")

    def request_key_frame(self) -> None:
        if (receiver := self._receivers.get("video")) is not None:
            receiver.request_key_frame()

    def set_rung(self, rung: RungName) -> None:
        """How this end wants to be sent to from now on."""
        self.rung = rung
        plain, heard = self._ladder[rung].audio, self._voice.heard
        is_lossy = heard is not None and heard.loss_permille >= LOSSY_PERMILLE
        doubled = plain.doubled if plain and is_lossy else None
        self.audio, self._voice.has_redundancy = doubled or plain, doubled is not None

    def take(self, signal: dict[str, Any]) -> None:
        """A description or a candidate of the other end; what can't be understood is logged."""
        description, candidate = signal.get("description"), signal.get("candidate")
        if isinstance(description, dict):
            self._soon(self._take_description(str(description.get("type")), str(description.get("sdp"))))
        elif isinstance(candidate, dict):
            self._soon(self._take_candidate(candidate))

    async def offer(self) -> None:
        """Begin the connection from this end: voice, a picture and both channels."""
        async with self._order:
            for kind in ("audio", "video"):
                self._equip(self.pc.addTransceiver(kind))
            self._keep(self.pc.createDataChannel(STILLS, negotiated=True, id=0, ordered=False, maxPacketLifeTime=5_000))
            self._keep(self.pc.createDataChannel("media"))
            await self.pc.setLocalDescription(await self.pc.createOffer())
            await self._say({"description": self._described()})

    def say(self, label: str, data: str | bytes) -> bool:
        """Send on a channel; False where it isn't open."""
        channel = self._channels.get(label)
        if channel is None or channel.readyState != "open":
            return False
        channel.send(data)
        return True

    def hear(self, label: str, hearer: Hear) -> None:
        """Have what comes on a channel, now or once it is there, given to this alone."""
        self._hearers[label] = hearer

    def when_open(self, label: str, run: Callable[[], None]) -> None:
        """Call this once a channel that the other end opens is there, now if it is."""
        if label in self._channels:
            run()
        else:
            self._openers[label] = run

    def channel(self, label: str) -> RTCDataChannel | None:
        return self._channels.get(label)

    async def close(self) -> None:
        if self.ended:
            return
        self.ended, self.stands = True, False
        current = asyncio.current_task()
        for task in self._tasks - ({current} if current else set()):
            task.cancel()
        await self.pc.close()
        for receiver in self._receivers.values():
            self._tally.dropped.update(receiver.dropped)
        self._on_ends(self)

    async def _take_description(self, kind: str, text: str) -> None:
        async with self._order:
            try:
                if kind == "offer":
                    await self._answer_to(text)
                elif kind == "answer" and self.pc.signalingState == "have-local-offer":
                    await self.pc.setRemoteDescription(RTCSessionDescription(text, "answer"))
                    self.origin = sdp.origin(text)
            except (SdpError, ValueError, AssertionError, KeyError, AttributeError) as wrong:  # aiortc's parser is bold
                log.warning("a description of %s is not understood: %r", self.seat, wrong)
                return
        for early in self._early:
            self._soon(self._take_candidate(early))
        self._early = []

    async def _answer_to(self, text: str) -> None:
        """An offer that came before is answered as before."""
        origin = sdp.origin(text)
        if self._answer is None or origin != self.origin:
            await self.pc.setRemoteDescription(RTCSessionDescription(text, "offer"))
            self.origin = origin
            self._be_ready(text)
            await self.pc.setLocalDescription(await self.pc.createAnswer())
            self._answer = self._described()
        await self._say({"description": self._answer})

    def _be_ready(self, offer: str) -> None:
        """Send and receive by whatever the offer has room for."""
        for transceiver in self.pc.getTransceivers():
            self._equip(transceiver)
        if "application" in sdp.kinds(offer) and STILLS not in self._channels:
            self._keep(self.pc.createDataChannel(STILLS, negotiated=True, id=0, ordered=False, maxPacketLifeTime=5_000))

    def _equip(self, transceiver: RTCRtpTransceiver) -> None:
        """Let what comes by it be heard here, and what we send go by it; one of each kind is used."""
        kind = transceiver.kind
        if kind in self._receivers or not isinstance(transceiver.receiver, EncodedReceiver):
            return
        transceiver.direction = "sendrecv"
        transceiver.sender.replaceTrack(self._voice if kind == "audio" else self._picture)
        self._receivers[kind] = transceiver.receiver
        transceiver.receiver.on_frame = self._hear_voice if kind == "audio" else self._see
        self._picture.on_key_frame_wanted = self._want_key_frame

    def _hear_voice(self, frame: EncodedFrame) -> None:
        self._tally.packets_in["audio"] += 1
        if self.on_voice is not None:
            self.on_voice(frame)

    def _see(self, frame: EncodedFrame) -> None:
        self._tally.packets_in["video"] += 1
        if self.on_picture is not None:
            self.on_picture(frame)

    def _want_key_frame(self) -> None:
        if self.on_key_frame_wanted is not None:
            self.on_key_frame_wanted()

    def _count(self, is_sent: bool, kind: str) -> None:
        if is_sent:
            self._tally.packets_out[kind] += 1
        else:
            self._tally.dropped["not_sent"] += 1

    def _described(self) -> dict[str, Any]:
        local = self.pc.localDescription
        return {"type": local.type, "sdp": sdp.compact(local.sdp, self._ladder[self.rung].audio)}

    async def _take_candidate(self, told: dict[str, Any]) -> None:
        if self.origin is None:  # it came before the description that it belongs to
            if len(self._early) < MOST_EARLY_CANDIDATES:
                self._early.append(told)
            return
        ufrag = told.get("usernameFragment")
        if ufrag and ufrag != self.origin.ufrag:
            return  # of a connection that was given up
        try:
            await self.pc.addIceCandidate(_candidate(told))
        except (ValueError, AssertionError, LookupError) as wrong:
            log.debug("a candidate of %s is not understood: %s", self.seat, wrong)

    def _turned(self) -> None:
        state = self.pc.connectionState
        if state == "connected" and not self.stands and not self.ended:
            self.stands = self.stood = True
            self._on_stands(self)
        elif state in ("failed", "closed") and not self.ended:
            self._soon(self.close())

    def _opened(self, channel: RTCDataChannel) -> None:
        self._keep(channel)
        if (run := self._openers.pop(channel.label, None)) is not None:
            run()

    def _keep(self, channel: RTCDataChannel) -> None:
        label = channel.label
        self._channels[label] = channel

        def heard(data: str | bytes) -> None:
            if (hearer := self._hearers.get(label)) is not None:
                hearer(data)

        channel.on("message", heard)

    async def _give_up_later(self) -> None:
        await asyncio.sleep(STANDS_WITHIN_SECONDS)
        if not self.stands:
            log.info("%s was never connected", self.seat)
            await self.close()

    def _soon(self, step: Any) -> None:
        task = asyncio.ensure_future(step)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("the connection of %s: %r", self.seat, failure, exc_info=failure)


def configuration(ice_servers: list[dict[str, Any]], policy: str) -> RTCConfiguration:
    """The relay that web names and our own addresses; never a server that aiortc would think of by itself."""
    servers = []
    for server in ice_servers:
        urls = server.get("urls") or []
        relays = [url for url in ([urls] if isinstance(urls, str) else urls) if url.startswith("turn")]
        if relays:
            servers.append(RTCIceServer(relays, server.get("username"), server.get("credential")))
    return RTCConfiguration(
        iceServers=servers,
        bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
        iceTransportPolicy=RTCIceTransportPolicy.RELAY if policy == "relay" else RTCIceTransportPolicy.ALL,
    )


def _candidate(told: dict[str, Any]) -> RTCIceCandidate | None:
    """None, in a candidate's place, says that there are no more."""
    text = str(told["candidate"]).removeprefix("candidate:")
    if not text:
        return None
    candidate = candidate_from_sdp(text)
    candidate.sdpMid = told.get("sdpMid")
    candidate.sdpMLineIndex = told.get("sdpMLineIndex")
    return candidate
