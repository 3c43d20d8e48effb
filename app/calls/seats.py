"""Seats: taken, kept by the heartbeat, lost, left, taken again. Signals go from seat to seat.

A side has one seat. A device that only stands ready (`here` is false) never takes it from one that is connected; a
person who joins or answers does, and the first device is told that the call has moved. Coming back takes it from nobody
who went on there. Nothing of the call's life is decided by the seats of guests (one each), of a coordinator, which is
never kept, and of a media program.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import admission, by_itself, guests, life, media_leases, queries, timetable
from app.calls.admission import Place
from app.calls.models import Call, LinkSample, Seat
from app.calls.words import WRONG_PERSON, CallState, SeatSide, WorkKind
from app.families import service as consent
from app.families.words import ConsentKind
from app.jobs import service as jobs
from app.kernel import events
from app.kernel.errors import NotFound, Refused
from app.kernel.rungs import RungName
from app.storage.database import new_id
from app.web.principals import Principal

FAREWELL = "hang_up"
CAME = {
    SeatSide.PARENT: "answered", SeatSide.VILLAGE: "answered", SeatSide.GUEST: "guest_joined",
    SeatSide.DESK: "desk_joined",
}  # fmt: skip


@dataclass(frozen=True)
class Device:
    """What asks for a seat: its socket, the page loaded in it, whether a person is there, and a coordinator's name.

    `by_itself`: it answers without anybody's touch. `had` is the name of the seat in which somebody was here before.
    """

    sid: str
    page: str
    is_here: bool
    name: str | None = None
    by_itself: bool = False
    had: str | None = None


@dataclass(frozen=True)
class Taken:
    """A seat that was taken; `displaced` is the socket of a device that had it before.

    `is_back`: over another socket than before; what was told to it meanwhile may be lost.
    """

    seat: Seat
    displaced: str | None
    peers: list[Seat]
    is_back: bool


@dataclass(frozen=True)
class Figures:
    """What a device measured since its last report; None where it can't tell."""

    received_audio_bytes: int = 0
    rtt_ms: int | None = None
    loss_permille: int | None = None
    received_kbps: int | None = None
    sent_kbps: int | None = None
    frames_per_second: int | None = None
    rung: RungName | None = None
    jitter_ms: int | None = None
    concealed_permille: int | None = None
    sent_bytes: int | None = None
    received_bytes: int | None = None


def seat_name(seat: Seat) -> str:
    """How the wire calls a seat: an older epoch is another name."""
    return f"{seat.id}.{seat.epoch}"


def take(session: Session, call_id: str, who: Principal, device: Device, now: datetime) -> Taken:
    """Take the seat of one's side. Consent is asked again; refused before the call opens and after it ended."""
    call = queries.locked(session, call_id)
    place = admission.place(session, call, who, device.name, now)
    admission.check_open(session, call, who, place.side, now)
    seat = _seat_of(session, call, place)
    if place.side is SeatSide.GUEST:
        guests.check(session, call, place.guest_id, device.is_here)
        may_wait = seat is not None and seat.left_at is None
        media_leases.lease(session, WorkKind.BRIDGE, now, call_id=call.id, may_wait=may_wait)
    if device.by_itself and (seat is None or seat.here_at is None):
        by_itself.check(session, call, who, now)
        timetable.log(session, call, by_itself.KIND, who.name, now)
    is_back = seat is not None and (seat.sid != device.sid or not is_connected(seat))
    displaced = None
    if seat is None:
        seat = Seat(id=new_id(session), call_id=call.id, side=place.side, guest_id=place.guest_id, epoch=0)
        session.add(seat)
    elif is_connected(seat) and seat.page != device.page:
        displaced = _displace(session, call, seat, who, device, now)
    elif seat.page != device.page and not device.is_here and _is_awaited(seat, now):
        raise Refused("seat_taken_elsewhere")
    _occupy(session, call, seat, who, device, now)
    seat.name, seat.serves = place.name, place.serves
    timetable.tick(session, call.id, now)
    return Taken(seat, displaced, peers(session, seat), is_back)


def leave(
    session: Session, call_id: str, sid: str, reason: str, now: datetime, left_behind: tuple[str, str] | None = None
) -> Seat:
    """Give a seat up on purpose. The call ends when the other side has left too.

    `left_behind` is the (device, page) that held the seat over a socket which is gone: it hung up without being heard.
    """
    call = queries.locked(session, call_id)
    seat = _left_behind(session, call_id, *left_behind) if left_behind else held(session, call_id, sid)
    if seat.side is SeatSide.MEDIA:
        seat.left_at = now
    elif seat.side is SeatSide.DESK:
        timetable.dismiss(session, call, seat, now, now)
    elif reason == FAREWELL and seat.side is SeatSide.GUEST:
        timetable.part(session, call, seat, now, now)
    elif reason == FAREWELL:
        seat.left_at, seat.media_at = now, None
        timetable.count_talk(call, False, now)
        timetable.log(session, call, "left", seat.occupant, now)
    else:
        timetable.lose(session, call, seat, now, now)
        seat.sid = seat.page = ""  # its connection is gone: the same page comes back with another
    timetable.tick(session, call.id, now)
    return seat


def wrong_person(session: Session, call_id: str, who: Principal, now: datetime) -> Call:
    """Somebody else answered: the village's seat is given up, and the terminal rings again."""
    call = queries.locked(session, call_id)
    side, facts = queries.side_of(session, call, who), queries.facts(session, call)
    if code := queries.not_rung_again(session, call, side, facts):
        raise Refused(code)
    for seat in queries.seats(session, call_id):
        seat.media_at = None  # what was heard so far says nothing about who comes now
        if seat.side is SeatSide.VILLAGE:
            seat.left_at, seat.here_at = now, None
    timetable.log(session, call, WRONG_PERSON, who.name, now)
    timetable.ring_again(session, call, now)
    return call


def disconnected(session: Session, sid: str, now: datetime) -> list[Seat]:
    """Note that a socket is gone: its seats are lost, and kept for two minutes."""
    seats = session.scalars(select(Seat).where(Seat.sid == sid, Seat.lost_at.is_(None), Seat.left_at.is_(None))).all()
    lost = []
    for call_id in sorted({seat.call_id for seat in seats}):
        call = queries.locked(session, call_id)
        for seat in queries.seats(session, call_id):
            if seat.sid == sid and is_connected(seat) and call.state is not CallState.ENDED:
                timetable.lose(session, call, seat, now, now)
                lost.append(seat)
        timetable.tick(session, call_id, now)
    return lost


def renew(session: Session, sid: str, now: datetime) -> list[Seat]:
    """Keep the seats of a socket for as long as its heartbeat lasts; those that were thought lost are back."""
    back = []
    for seat in session.scalars(select(Seat).where(Seat.sid == sid, Seat.left_at.is_(None))).all():
        seat.leased_until = now + life.SEAT_LEASE
        if seat.lost_at is not None:
            call = queries.locked(session, seat.call_id)
            if call.state is not CallState.ENDED:
                seat.lost_at = None
                timetable.log_end(session, call, "back", seat, now)
                timetable.tick(session, call.id, now)
                back.append(seat)
    return back


def report(session: Session, call_id: str, sid: str, figures: Figures, now: datetime) -> None:
    """Keep a sample of the link and count its bytes; the first that has received voice makes this side's media flow."""
    call = queries.locked(session, call_id)
    seat = held(session, call_id, sid)
    seat.leased_until = now + life.SEAT_LEASE
    if (side := seat.side.as_side) is not None:
        session.add(
            LinkSample(
                id=new_id(session), call_id=call_id, side=side, at=now, rtt_ms=figures.rtt_ms,
                loss_permille=figures.loss_permille, received_kbps=figures.received_kbps, sent_kbps=figures.sent_kbps,
                frames_per_second=figures.frames_per_second, rung=figures.rung, jitter_ms=figures.jitter_ms,
                concealed_permille=figures.concealed_permille,
            )
        )  # fmt: skip
    _count_bytes(seat, figures)
    if figures.received_audio_bytes > 0 and seat.media_at is None and _hears_the_other(session, call, seat):
        seat.media_at = now
        timetable.tick(session, call_id, now)
        facts = queries.facts(session, call)
        if call.state is CallState.LIVE and facts.both_here and facts.parent.media and facts.village.media:
            timetable.count_talk(call, True, now)
            timetable.tell(session, call, now)


def _hears_the_other(session: Session, call: Call, seat: Seat) -> bool:
    """Whether what comes may be the other side's voice, and not a guest's or a media program's alone."""
    if (side := seat.side.as_side) is None:
        return False
    others = peers(session, seat)
    if all(each.side.as_side for each in others) or call.state is CallState.LIVE:
        return True
    return any(each.side.as_side is side.other and each.here_at is not None for each in others)


def _count_bytes(seat: Seat, figures: Figures) -> None:
    """Add what came since the page was heard last. A count that falls is that of another page, from nothing."""
    if (sent := figures.sent_bytes) is not None:
        seat.sent_bytes += sent - (seat.last_sent_bytes if sent >= seat.last_sent_bytes else 0)
        seat.last_sent_bytes = sent
    if (received := figures.received_bytes) is not None:
        seat.received_bytes += received - (seat.last_received_bytes if received >= seat.last_received_bytes else 0)
        seat.last_received_bytes = received


def addressee(session: Session, call_id: str, sid: str, to: str, now: datetime) -> tuple[Seat, Seat]:
    """Find sender and addressee of a signal. NotFound without a seat in the call, Refused for an older epoch.

    Consent is asked again: who goes on after it was withdrawn, or after the end, is not helped to.
    """
    mine = held(session, call_id, sid)
    call = session.get_one(Call, call_id)
    if call.state is CallState.ENDED:
        raise Refused("call_over")
    consent.may_contact(session, ConsentKind.CALL, call.child_id, call.parent_id, now)
    for seat in queries.seats(session, call_id):
        if seat.id != mine.id and seat_name(seat) == to and is_connected(seat):
            for guest_id in filter(None, (mine.guest_id, seat.guest_id)):
                consent.may_contact(session, ConsentKind.CALL, call.child_id, guest_id, now)
            return mine, seat
    raise Refused("stale_seat")


def peers(session: Session, seat: Seat) -> list[Seat]:
    """The other connected seats of the same call."""
    return [s for s in queries.seats(session, seat.call_id) if s.id != seat.id and is_connected(s)]


def is_connected(seat: Seat) -> bool:
    return seat.lost_at is None and seat.left_at is None


def _is_awaited(seat: Seat, now: datetime) -> bool:
    """Somebody was in it whose link is away: it comes back into that seat, whatever else stands ready meanwhile."""
    if seat.here_at is None or seat.left_at is not None or seat.lost_at is None:
        return False
    return now < seat.lost_at + life.SEAT_KEPT


def _displace(session: Session, call: Call, seat: Seat, who: Principal, device: Device, now: datetime) -> str:
    """Whose socket loses the seat to this device, if it may be taken."""
    if seat.side is SeatSide.DESK and seat.occupant != who.name:
        raise Refused("another_coordinator", name=seat.name)
    if not device.is_here or device.had not in (None, seat_name(seat)):
        raise Refused("seat_taken_elsewhere")
    if seat.side is SeatSide.DESK:
        timetable.dismiss(session, call, seat, now, now)
    return seat.sid


def _occupy(session: Session, call: Call, seat: Seat, who: Principal, device: Device, now: datetime) -> None:
    side = seat.side.as_side
    if seat.page != device.page or seat.left_at is not None:
        seat.epoch += 1
        seat.media_at, seat.taken_at, seat.rung = None, now, None
        seat.last_sent_bytes = seat.last_received_bytes = 0
        if side is not None:
            timetable.count_talk(call, False, now)
        if seat.left_at is not None or seat.occupant != who.name:
            seat.here_at = None
    seat.occupant, seat.device_id, seat.sid, seat.page = who.name, who.device_id, device.sid, device.page
    seat.lost_at, seat.left_at = None, None
    seat.leased_until = now + life.SEAT_LEASE
    if seat.here_at is None and (device.is_here or side is None):
        seat.here_at = now
        _note_coming(session, call, seat, now)


def _note_coming(session: Session, call: Call, seat: Seat, now: datetime) -> None:
    if seat.side in CAME:
        timetable.log(session, call, CAME[seat.side], seat.occupant, now)
    if seat.side is SeatSide.DESK:
        jobs.emit(session, events.CallJoinedByDesk(now, call.id, seat.occupant), now)
    elif seat.side is SeatSide.GUEST:
        jobs.emit(session, events.GuestJoined(now, call.id, seat.guest_id), now)
    elif seat.side.as_side is not None:
        jobs.emit(session, events.CallAnswered(now, call.id, seat.side.value), now)


def _seat_of(session: Session, call: Call, place: Place) -> Seat | None:
    where = (Seat.call_id == call.id, Seat.side == place.side, Seat.guest_id == place.guest_id)
    return session.scalar(select(Seat).where(*where))


def _left_behind(session: Session, call_id: str, device_id: str, page: str) -> Seat:
    held = select(Seat).where(Seat.call_id == call_id, Seat.device_id == device_id, Seat.page == page)
    seat = session.scalar(held.where(Seat.left_at.is_(None)))
    if seat is None:
        raise NotFound
    return seat


def held(session: Session, call_id: str, sid: str) -> Seat:
    """The seat that this socket holds. NotFound for one that holds none."""
    seat = session.scalar(select(Seat).where(Seat.call_id == call_id, Seat.sid == sid))
    if seat is None or not is_connected(seat):
        raise NotFound
    return seat
