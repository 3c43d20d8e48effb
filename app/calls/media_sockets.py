"""The events of media programs: their heartbeat, and what became of a message that somebody left.

Seats and signals they share with everybody (`sockets.py`); line checks have events of their own (`line_checks.py`).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool
from sqlalchemy.orm import Session

from app.calls import line_checks, media_leases, media_works, peer_news, queries, seats
from app.calls.line_checks import Moved
from app.calls.media_leases import Health
from app.calls.media_models import MediaLease
from app.calls.models import Call, Seat
from app.calls.peer_news import News
from app.calls.seats import seat_name
from app.calls.shapes import Id, Shape
from app.calls.sockets import CallSockets, Count, Permille, news_of_return
from app.calls.words import SeatSide, WorkKind
from app.kernel.errors import NotFound
from app.web.principals import MEDIA
from app.web.sockets import SocketAsk, Sockets


class MediaBeat(Shape):
    """`calls`: so many works are being served; `load_permille` of what this program can do."""

    calls: Count
    load_permille: Permille
    draining: StrictBool = False


class Answering(Shape):
    """`upload` is the one in which a message was kept."""

    call: Id
    seat: Annotated[str, Field(max_length=32)]
    state: Literal["ready", "recording", "kept", "lost"]
    upload: Id | None = None


class MediaSockets:
    """Answers the events of media programs that are connected to this web process."""

    def __init__(self, calls: CallSockets) -> None:
        self.calls = calls

    def beat(self, ask: SocketAsk, body: MediaBeat) -> dict[str, Any]:
        health = Health(body.calls, body.load_permille, body.draining)
        with ask.floor.database.begin() as session:
            back = news_of_return(session, ask.sid, ask.now)
            held, moved = media_leases.renew(session, ask.who.subject_id, ask.sid, health, ask.now)
            begun_anew = line_checks.follow(session, moved, ask.now)
            media_works.sweep(session, ask.now)
            mine = [each for each in held if each.ended_at is None]
            leases = [_told(session, each) | self._relay(each, ask.now) for each in mine]
        self.calls.tell(back)
        self._tell(begun_anew)
        return {"leases": leases}

    def _relay(self, lease: MediaLease, now: datetime) -> dict[str, Any]:
        """For a line check, which has no seat to get it with."""
        if lease.line_check_id is None:
            return {}
        servers = self.calls.turn.issue(lease.id, now + line_checks.LASTS)
        return {"ice_servers": servers, "ice_policy": self.calls.turn.policy}

    def answering(self, ask: SocketAsk, body: Answering) -> dict[str, Any]:
        with ask.floor.database.read() as session:
            lease = media_leases.of_program(session, body.call, ask.who.subject_id)
            found = [each for each in queries.seats(session, body.call) if seat_name(each) == body.seat]
            if lease.kind is not WorkKind.ANSWERING or not found:
                raise NotFound
        self.calls.sockets.send(found[0].sid, "answering", {"call": body.call, "state": body.state})
        return {}

    def gone(self, ask: SocketAsk) -> None:
        if ask.who.kind is MEDIA:
            with ask.floor.database.begin() as session:
                moved = media_leases.gone(session, ask.sid, ask.now)
                begun_anew = line_checks.follow(session, moved, ask.now)
                left = [news for each in moved for news in _news_of_leaving(session, each)]
            self._tell(begun_anew)
            self.calls.tell(left)

    def _tell(self, begun_anew: Iterable[Moved]) -> None:
        for each in begun_anew:
            self.calls.sockets.send(each.sid, "line_check", {"line_check": each.line_check, "to": each.to})


def register(sockets: Sockets, calls: CallSockets) -> None:
    """Declare the events on the server of a web process, after those of calls: their seats go first."""
    media = MediaSockets(calls)
    sockets.on("media_beat", MEDIA, takes=MediaBeat)(media.beat)
    sockets.on("answering", MEDIA, takes=Answering)(media.answering)
    sockets.on_gone(media.gone)


def _told(session: Session, lease: MediaLease) -> dict[str, Any]:
    """A lease as its program is told: what it is for, and which seats it has to do with."""
    told: dict[str, Any] = {"lease": lease.id, "kind": lease.kind.value, "language": "en"}
    if lease.call_id is None:
        return told | {"line_check": lease.line_check_id}
    call = session.get_one(Call, lease.call_id)
    ends = [each for each in queries.seats(session, call.id) if _is_end(each)]
    told |= {"call": call.id, "ends": [seat_name(each) for each in ends]}
    waits = [each for each in ends if each.side.as_side and seats.is_connected(each)]
    if lease.kind is WorkKind.ANSWERING and waits:
        told |= {"seat": seat_name(waits[0]), "language": peer_news.language_of(session, waits[0])}
    return told


def _news_of_leaving(session: Session, lease: MediaLease) -> list[News]:
    """Where nobody is there who could take up a bridge its ends needn't wait for that."""
    if lease.kind is not WorkKind.BRIDGE or lease.program_id is not None or lease.call_id is None:
        return []
    carriers = [each for each in queries.seats(session, lease.call_id) if each.side is SeatSide.MEDIA]
    return [news for seat in carriers for news in peer_news.to_all(session, seats.peers(session, seat), seat, "left")]


def _is_end(seat: Seat) -> bool:
    """Also one that was lost: its voice may outlive its socket. Whose stay was ended is none any more."""
    return seat.side is not SeatSide.MEDIA and seat.here_at is not None and seat.left_at is None
