"""The call's socket events: beat, take_seat, leave_seat, signal, rung, figures, and what a lost socket means."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, model_validator
from sqlalchemy.orm import Session

from app.calls import life, proposing, seats
from app.calls.models import Call, Seat
from app.calls.ports import TurnIssuer
from app.calls.rungs import Reason
from app.calls.seats import Device, Figures, seat_name
from app.calls.shapes import Id, Shape, Text
from app.kernel.rungs import RungName
from app.web import sessions
from app.web.principals import COORDINATOR, PERSON, TERMINAL, Principal
from app.web.sockets import SocketAsk, Sockets

RELAY_GRACE = life.EXTEND_BY + timedelta(minutes=10)  # a call may be extended, and a goodbye takes its time

NameOf = Callable[[Session, Principal], str]
Percent = Annotated[float, Field(ge=0, le=100)]
Permille = Annotated[int, Field(ge=0, le=1000)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Bytes = Annotated[int, Field(ge=0, le=100_000_000_000)]
Page = Annotated[Text, Field(min_length=1, max_length=36)]


class Link(Shape):
    rtt_ms: Count | None = None
    loss: Percent | None = None
    up_kbps: Count | None = None
    down_kbps: Count | None = None


class Beat(Shape):
    page: Annotated[Text, Field(max_length=24)]
    visible: StrictBool
    link: Link | None = None


class TakeSeat(Shape):
    call: Id
    here: StrictBool = True
    page: Page


class LeaveSeat(Shape):
    """`page` is that which held the seat, so that it can be given up over a later socket."""

    call: Id
    reason: Literal["hang_up", "page_closed"]
    page: Page | None = None


class Description(Shape):
    type: Literal["offer", "answer", "rollback"]
    sdp: Annotated[str, Field(max_length=15_000)] = ""


class Candidate(Shape):
    candidate: Annotated[str, Field(max_length=500)] = ""
    sdpMid: Annotated[str, Field(max_length=32)] | None = None  # noqa: N815 - RTCIceCandidateInit
    sdpMLineIndex: Annotated[int, Field(ge=0, le=64)] | None = None  # noqa: N815
    usernameFragment: Annotated[str, Field(max_length=300)] | None = None  # noqa: N815


class Signal(Shape):
    call: Id
    to: Annotated[str, Field(max_length=32)]
    description: Description | None = None
    candidate: Candidate | None = None

    @model_validator(mode="after")
    def _carries_one_thing(self) -> "Signal":
        if (self.description is None) == (self.candidate is None):
            raise ValueError("a description or a candidate")
        return self


class RungIn(Shape):
    """What an end proposes; the lower of two is in effect. `held`: a person wants it no better."""

    call: Id
    rung: RungName
    reason: Reason
    held: StrictBool = False


class FiguresIn(Shape):
    """`sent_bytes` and `received_bytes` are all that the page has counted in this call."""

    call: Id
    received_audio_bytes: Count
    received_video_frames: Count = 0
    rtt_ms: Count | None = None
    loss_permille: Permille | None = None
    received_kbps: Count | None = None
    sent_kbps: Count | None = None
    frames_per_second: Count | None = None
    rung: RungName | None = None
    jitter_ms: Count | None = None
    concealed_permille: Permille | None = None
    sent_bytes: Bytes | None = None
    received_bytes: Bytes | None = None


class CallSockets:
    """Answers the events of one web process; `turn` gives each seat its relay, `name_of` a coordinator's name."""

    def __init__(self, sockets: Sockets, turn: TurnIssuer, name_of: NameOf) -> None:
        self.sockets, self.turn, self.name_of = sockets, turn, name_of

    def beat(self, ask: SocketAsk, body: Beat) -> dict[str, Any]:
        with ask.floor.database.begin() as session:
            sessions.beat(session, ask.who.device_id, body.page, body.visible, ask.now)
            back = [(seat, seats.peers(session, seat)) for seat in seats.renew(session, ask.sid, ask.now)]
        for seat, peers in back:
            self._tell(peers, seat, "back")
            for peer in peers:  # who came while it was away was told that nobody is here
                self._tell([seat], peer, "seated")
        return {"at": ask.now.isoformat()}

    def take_seat(self, ask: SocketAsk, body: TakeSeat) -> dict[str, Any]:
        with ask.floor.database.begin() as session:
            name = self.name_of(session, ask.who) if ask.who.kind is COORDINATOR else None
            device = Device(ask.sid, body.page, body.here, name)
            taken = seats.take(session, body.call, ask.who, device, ask.now)
            rung = proposing.begin(session, taken.seat, ask.now)
            relay_until = session.get_one(Call, body.call).ends_at + RELAY_GRACE
        if taken.displaced:
            self.sockets.send(taken.displaced, "peer", _peer(taken.seat, "moved", taken.seat))
        self._tell(taken.peers, taken.seat, "seated" if taken.seat.epoch == 1 else "back")
        return {
            "seat": seat_name(taken.seat),
            "side": taken.seat.side.value,
            "peers": [_peer(peer, "seated", taken.seat) for peer in taken.peers],
            "ice_servers": self.turn.issue(taken.seat.id, relay_until),
            "ice_policy": self.turn.policy,
            "rung": rung.value,
        }

    def leave_seat(self, ask: SocketAsk, body: LeaveSeat) -> dict[str, Any]:
        with ask.floor.database.begin() as session:
            left_behind = (ask.who.device_id, body.page) if body.page else None
            seat = seats.leave(session, body.call, ask.sid, body.reason, ask.now, left_behind)
            peers = seats.peers(session, seat)
        self._tell_gone(peers, seat)
        return {}

    def signal(self, ask: SocketAsk, body: Signal) -> dict[str, Any]:
        with ask.floor.database.read() as session:
            mine, to = seats.addressee(session, body.call, ask.sid, body.to, ask.now)
        message = body.model_dump(exclude={"to"}, exclude_none=True)
        self.sockets.send(to.sid, "signal", message | {"from": seat_name(mine), "side": mine.side.value})
        return {}

    def rung(self, ask: SocketAsk, body: RungIn) -> dict[str, Any]:
        with ask.floor.database.begin() as session:
            seat = proposing.propose(session, body.call, ask.sid, body.rung, body.reason, body.held, ask.now)
            peers = seats.peers(session, seat) if seat else []
        if seat:
            self._tell(peers, seat, "rung")
        return {}

    def figures(self, ask: SocketAsk, body: FiguresIn) -> dict[str, Any]:
        measured = Figures(**body.model_dump(exclude={"call", "received_video_frames"}))
        with ask.floor.database.begin() as session:
            seats.report(session, body.call, ask.sid, measured, ask.now)
        return {}

    def gone(self, ask: SocketAsk) -> None:
        with ask.floor.database.begin() as session:
            lost = [(seat, seats.peers(session, seat)) for seat in seats.disconnected(session, ask.sid, ask.now)]
        for seat, peers in lost:
            self._tell_gone(peers, seat)

    def _tell_gone(self, peers: list[Seat], seat: Seat) -> None:
        self._tell(peers, seat, "lost" if seat.left_at is None else "left")

    def _tell(self, peers: list[Seat], seat: Seat, state: str) -> None:
        for peer in peers:
            self.sockets.send(peer.sid, "peer", _peer(seat, state, peer))


def register(sockets: Sockets, turn: TurnIssuer, name_of: NameOf) -> None:
    """Declare the events on the server of a web process."""
    calls = CallSockets(sockets, turn, name_of)
    sockets.on("beat", PERSON, TERMINAL, COORDINATOR, takes=Beat)(calls.beat)
    sockets.on("take_seat", PERSON, TERMINAL, COORDINATOR, takes=TakeSeat)(calls.take_seat)
    sockets.on("leave_seat", PERSON, TERMINAL, COORDINATOR, takes=LeaveSeat)(calls.leave_seat)
    sockets.on("signal", PERSON, TERMINAL, COORDINATOR, takes=Signal)(calls.signal)
    sockets.on("rung", PERSON, TERMINAL, takes=RungIn)(calls.rung)
    sockets.on("figures", PERSON, TERMINAL, takes=FiguresIn)(calls.figures)
    sockets.on_gone(calls.gone)


def _peer(seat: Seat, state: str, to: Seat) -> dict[str, Any]:
    """How a seat stands, for another that is told. Of two seats one offers a connection, the other is polite."""
    offers = to.side.offers_to(seat.side)
    return {
        "call": seat.call_id, "seat": seat_name(seat), "side": seat.side.value, "here": seat.here_at is not None,
        "state": state, "name": seat.name, "offerer": offers, "polite": not offers,
        "rung": seat.rung and seat.rung.value,
    }  # fmt: skip
