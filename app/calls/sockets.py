"""The call's socket events: beat, take_seat, leave_seat, signal, rung, figures, and what a lost socket means."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, model_validator
from sqlalchemy.orm import Session

from app.calls import life, line_checks, peer_news, proposing, seats
from app.calls.models import Call, Seat
from app.calls.peer_news import News
from app.calls.ports import TurnIssuer
from app.calls.rungs import Reason
from app.calls.seats import Device, Figures, seat_name
from app.calls.shapes import Id, Shape, Text
from app.kernel.rungs import RungName
from app.web import sessions
from app.web.principals import COORDINATOR, MEDIA, PERSON, TERMINAL, Principal
from app.web.sockets import SocketAsk, Sockets

RELAY_GRACE = life.EXTEND_BY + timedelta(minutes=10)  # a call may be extended, and a goodbye takes its time

NameOf = Callable[[Session, Principal], str]
Percent = Annotated[float, Field(ge=0, le=100)]
Permille = Annotated[int, Field(ge=0, le=1000)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Bytes = Annotated[int, Field(ge=0, le=100_000_000_000)]
Page = Annotated[Text, Field(min_length=1, max_length=36)]
SeatName = Annotated[Text, Field(min_length=1, max_length=32)]


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
    """`by_itself`: nobody has touched the terminal, which answers all the same.

    `had` is the seat in which this page was with somebody there: it comes back, unless they went on at another device.
    """

    call: Id
    here: StrictBool = True
    by_itself: StrictBool = False
    page: Page
    had: SeatName | None = None


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
            back = news_of_return(session, ask.sid, ask.now)
        self.tell(back)
        return {"at": ask.now.isoformat()}

    def take_seat(self, ask: SocketAsk, body: TakeSeat) -> dict[str, Any]:
        with ask.floor.database.begin() as session:
            name = self.name_of(session, ask.who) if ask.who.kind is COORDINATOR else None
            device = Device(ask.sid, body.page, body.here, name, body.by_itself, body.had)
            taken = seats.take(session, body.call, ask.who, device, ask.now)
            rung = proposing.begin(session, taken.seat, ask.now)
            relay_until = session.get_one(Call, body.call).ends_at + RELAY_GRACE
            state = "back" if taken.is_back else "seated"
            news = peer_news.to_all(session, taken.peers, taken.seat, state)
            peers = [peer_news.of(session, peer, "seated", taken.seat) for peer in taken.peers]
            if taken.displaced:
                news.append(News(taken.displaced, peer_news.of(session, taken.seat, "moved", taken.seat)))
        self.tell(news)
        return {
            "seat": seat_name(taken.seat),
            "side": taken.seat.side.value,
            "peers": peers,
            "ice_servers": self.turn.issue(taken.seat.id, relay_until),
            "ice_policy": self.turn.policy,
            "rung": rung.value,
        }

    def leave_seat(self, ask: SocketAsk, body: LeaveSeat) -> dict[str, Any]:
        with ask.floor.database.begin() as session:
            left_behind = (ask.who.device_id, body.page) if body.page else None
            seat = seats.leave(session, body.call, ask.sid, body.reason, ask.now, left_behind)
            news = _news_of_going(session, seat)
        self.tell(news)
        return {}

    def signal(self, ask: SocketAsk, body: Signal) -> dict[str, Any]:
        message = body.model_dump(exclude={"to"}, exclude_none=True)
        with ask.floor.database.read() as session:
            if line_checks.is_of(session, body.call):
                route = line_checks.route(session, body.call, ask.who, ask.sid, body.to)
                self.sockets.send(route.sid, "signal", message | {"from": route.sender, "side": route.side})
                return {}
            mine, to = seats.addressee(session, body.call, ask.sid, body.to, ask.now)
        self.sockets.send(to.sid, "signal", message | {"from": seat_name(mine), "side": mine.side.value})
        return {}

    def rung(self, ask: SocketAsk, body: RungIn) -> dict[str, Any]:
        with ask.floor.database.begin() as session:
            seat = proposing.propose(session, body.call, ask.sid, body.rung, body.reason, body.held, ask.now)
            news = peer_news.to_all(session, seats.peers(session, seat), seat, "rung") if seat else []
        self.tell(news)
        return {}

    def figures(self, ask: SocketAsk, body: FiguresIn) -> dict[str, Any]:
        measured = Figures(**body.model_dump(exclude={"call", "received_video_frames"}))
        with ask.floor.database.begin() as session:
            seats.report(session, body.call, ask.sid, measured, ask.now)
        return {}

    def gone(self, ask: SocketAsk) -> None:
        with ask.floor.database.begin() as session:
            lost = seats.disconnected(session, ask.sid, ask.now)
            news = [each for seat in lost for each in _news_of_going(session, seat)]
        self.tell(news)

    def tell(self, news: Iterable[News]) -> None:
        for each in news:
            self.sockets.send(each.sid, "peer", each.payload)


def news_of_return(session: Session, sid: str, now: datetime) -> list[News]:
    """Keep the seats of a socket; what is told where one of them had been thought lost."""
    told = list[News]()
    for seat in seats.renew(session, sid, now):
        peers = seats.peers(session, seat)
        told += peer_news.to_all(session, peers, seat, "back")
        for peer in peers:  # who came while it was away was told that nobody is here
            told += peer_news.to_all(session, [seat], peer, "seated")
    return told


def _news_of_going(session: Session, seat: Seat) -> list[News]:
    return peer_news.to_all(session, seats.peers(session, seat), seat, "lost" if seat.left_at is None else "left")


def register(sockets: Sockets, turn: TurnIssuer, name_of: NameOf) -> CallSockets:
    """Declare the events on the server of a web process."""
    calls = CallSockets(sockets, turn, name_of)
    sockets.on("beat", PERSON, TERMINAL, COORDINATOR, takes=Beat)(calls.beat)
    sockets.on("take_seat", PERSON, TERMINAL, COORDINATOR, MEDIA, takes=TakeSeat)(calls.take_seat)
    sockets.on("leave_seat", PERSON, TERMINAL, COORDINATOR, MEDIA, takes=LeaveSeat)(calls.leave_seat)
    sockets.on("signal", PERSON, TERMINAL, COORDINATOR, MEDIA, takes=Signal)(calls.signal)
    sockets.on("rung", PERSON, TERMINAL, takes=RungIn)(calls.rung)
    sockets.on("figures", PERSON, TERMINAL, takes=FiguresIn)(calls.figures)
    sockets.on_gone(calls.gone)
    return calls
