"""A browser's end of a call without a browser: it signs in, takes a seat, offers a connection, speaks and listens.

It stands on the official Socket.IO client and on aiortc, with the same encoded voice that a browser sends.
"""

import asyncio
import json
import math
import time
from array import array
from collections.abc import Callable
from typing import Any

import socketio
from aiortc import RTCDataChannel, RTCSessionDescription

from app.media import works
from app.media.aiortc_fit import EncodedReceiver, EncodedTrack, PeerConnection
from app.media.frames import EncodedFrame
from app.media.opus import Encoder
from app.web import sessions
from app.web.models import PrincipalKind
from tests.browser.village import Village

PATIENCE_SECONDS, SAID_AGAIN_SECONDS = 12.0, 1.5
HOST = "127.0.0.1"  # tests leave the loopback nowhere
PACKET_MS, STAMPS = 60, 2_880


def token(village: Village, kind: PrincipalKind, subject_id: str, village_id: str | None) -> str:
    with village.scene.database.begin() as session:
        code = sessions.issue_code(session, kind, subject_id, village_id, "en", village.now())
        return sessions.enter(session, code, village.now())[1]


def spoken(seconds: float) -> list[bytes]:
    """Opus packets of a wavering tone, which is no silence."""
    encoder, packets = Encoder(PACKET_MS, 16), []
    for number in range(round(seconds * 1_000 / PACKET_MS)):
        at = [number * STAMPS + place for place in range(STAMPS)]
        pcm = (round(9_000 * math.sin(n / 40 + 3 * math.sin(n / 9_000)) * (1 + math.sin(n / 5_000)) / 2) for n in at)
        packets.append(encoder.encode(array("h", pcm).tobytes()))
    return [packet for packet in packets if packet]


class FarEnd:
    """`heard` is what came: packets of voice, events by their name, words on the channel `media`."""

    def __init__(self, village: Village, face: str, secret: str, url: str | None = None) -> None:
        self._url, self._face, self._secret = url or village.url, face, secret
        self.socket = socketio.AsyncClient(handle_sigint=False, reconnection_delay=0.1, reconnection_delay_max=0.3)
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.voice: list[EncodedFrame] = []
        self.words: list[dict[str, Any]] = []
        self.pc: PeerConnection | None = None
        self._made: list[PeerConnection] = []
        self.channel: RTCDataChannel | None = None
        self.mouth = EncodedTrack("audio")
        self._stamp = 0
        self.seat: dict[str, Any] = {}
        for event in ("peer", "signal", "answering", "serve"):
            self.socket.on(event, self._hears(event))

    def _hears(self, event: str) -> Callable[[dict[str, Any]], None]:
        def heard(payload: dict[str, Any]) -> None:
            self.events.append((event, payload))

        return heard

    async def connect(self) -> None:
        auth = {"token": self._secret, "face": self._face}
        await self.socket.connect(self._url, transports=["websocket"], auth=auth)

    async def emit(self, event: str, payload: dict[str, Any]) -> dict[str, Any]:
        answer = await self.socket.call(event, payload, timeout=PATIENCE_SECONDS)
        assert isinstance(answer, dict)
        assert "error" not in answer, answer
        return answer

    async def sit(self, call: str) -> None:
        self.seat = {
            "call": call,
            **await self.emit("take_seat", {"call": call, "here": True, "page": self._secret[:20]}),
        }

    async def event(self, name: str, fits: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """The first event of this name that fits and was not taken yet."""

        def found() -> Any:
            return next((each for each in self.events if each[0] == name and fits(each[1])), None)

        taken = await until(found)
        self.events.remove(taken)
        payload: dict[str, Any] = taken[1]
        return payload

    async def media_seat(self) -> str:
        """The seat of the media program in our call, once it is there."""
        for peer in self.seat["peers"]:
            if peer["side"] == "media":
                return str(peer["seat"])
        peer = await self.event("peer", lambda p: p["side"] == "media" and p["state"] in ("seated", "back"))
        return str(peer["seat"])

    async def offer(self, to: str) -> None:
        """Connect to the media program as a browser does, with a voice and the channel."""
        works.prepare(HOST)
        self.pc = PeerConnection()
        self._made.append(self.pc)
        transceiver = self.pc.addTransceiver("audio")
        transceiver.sender.replaceTrack(self.mouth)
        assert isinstance(transceiver.receiver, EncodedReceiver)
        transceiver.receiver.on_frame = self.voice.append
        self.channel = self.pc.createDataChannel("media")
        self.channel.on("message", lambda data: self.words.append(json.loads(data)))
        await self.pc.setLocalDescription(await self.pc.createOffer())
        local = self.pc.localDescription
        description = {"type": "offer", "sdp": local.sdp}
        saying = asyncio.ensure_future(self._say_until_answered(to, description))
        try:
            answer = await self.event("signal", lambda s: s["from"] == to and "description" in s)
        finally:
            saying.cancel()
        await self.pc.setRemoteDescription(RTCSessionDescription(answer["description"]["sdp"], "answer"))
        channel = self.channel
        await until(lambda: channel.readyState == "open")

    async def _say_until_answered(self, to: str, description: dict[str, str]) -> None:
        """As browsers do: what comes before the program knows of its work is lost."""
        while True:
            await self.emit("signal", {"call": self.seat["call"], "to": to, "description": description})
            await asyncio.sleep(SAID_AGAIN_SECONDS)

    def say(self, **word: Any) -> None:
        assert self.channel is not None
        self.channel.send(json.dumps(word))

    async def word(self, state: str, **more: Any) -> dict[str, Any]:
        """The first word of this state, and with this in it, that was not taken yet."""
        wanted = {"state": state, **more}
        found = await until(lambda: next((word for word in self.words if wanted.items() <= word.items()), None))
        self.words.remove(found)
        return dict(found)

    async def speak(self, packets: list[bytes]) -> None:
        """In their own time."""
        begins_at = time.monotonic()
        for number, packet in enumerate(packets):
            self.mouth.send(packet, self._stamp & 0xFFFFFFFF, PACKET_MS)
            self._stamp += STAMPS
            await asyncio.sleep(max(0.0, begins_at + (number + 1) * PACKET_MS / 1_000 - time.monotonic()))

    async def close(self) -> None:
        await self.socket.disconnect()
        for made in self._made:
            await made.close()


async def until(found: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    give_up = time.monotonic() + seconds
    while not (what := found()):
        assert time.monotonic() < give_up, f"never: {found}"
        await asyncio.sleep(0.02)
    return what
