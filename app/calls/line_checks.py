"""Line checks: who may try a line and a microphone when, what was found, and for how long that counts.

A device has one check at a time, and a few in an hour. None is begun while a call is on here, or about to begin. A
terminal tries its line by itself an hour before a call, and when the desk asks for it: that wish is a row without a
device, until the terminal takes it up. What a line is good for is measured and judged by the media program.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from app.calls import life, media_leases, queries
from app.calls.media_models import LineCheck, MediaLease
from app.calls.models import Call, Invitee
from app.calls.words import CallState, WorkKind
from app.jobs import service as jobs
from app.kernel.errors import NotFound, Refused
from app.kernel.levels import VoiceLevel
from app.kernel.rungs import RungName
from app.storage.database import new_id
from app.web import limits, media_programs
from app.web.hints import hint
from app.web.limits import Limit
from app.web.principals import COORDINATOR, PERSON, TERMINAL, Principal

EXPIRE = "line_check.expire"
LASTS = timedelta(minutes=2)
COUNTS_FOR = timedelta(hours=2)
QUIET_BEFORE = timedelta(minutes=3)
MOST_TRIES = 2  # by itself, before one call
OFTEN = Limit("line_check", 8, 3_600)
OPEN_STATES = (CallState.BOOKED, CallState.RINGING, CallState.LIVE)
DEVICE_PREFIX, PROGRAM_PREFIX = "check.", "media."


@dataclass(frozen=True)
class Begun:
    """`to` is how signals name the media program that makes the check."""

    check: LineCheck
    to: str


@dataclass(frozen=True)
class Found:
    """What was measured; None where it could not be. `level` is how the microphone was heard."""

    rung: RungName
    rtt_ms: int | None
    loss_permille: int | None
    up_kbps: int | None
    down_kbps: int | None
    level: VoiceLevel


@dataclass(frozen=True)
class Moved:
    """What the device at `sid` is told of its check: who makes it now, None where there is nobody."""

    sid: str
    line_check: str
    to: str | None


@dataclass(frozen=True)
class Route:
    """Where a signal of a check goes, and whose it is called there."""

    sid: str
    sender: str
    side: str


def begin(session: Session, who: Principal, sid: str, page: str, now: datetime) -> Begun:
    """Have a media program try this device's line. Raises Refused where that may not be now, or where nobody can."""
    media_programs.held(session)  # one after the other
    if is_busy(session, who.kind == TERMINAL, who.subject_id, now) and who.kind != COORDINATOR:
        raise Refused("line_busy")
    for older in session.scalars(_open(_replaced_by(who))):
        _end(session, older, now)
    if refusal := limits.one_more(session, [(OFTEN, who.device_id)], now):
        raise refusal
    check = LineCheck(
        id=new_id(session), occupant=who.name, device_id=who.device_id, sid=sid, page=page, made_at=now,
        terminal_id=who.subject_id if who.kind == TERMINAL else None, village_id=who.village_id,
    )  # fmt: skip
    session.add(check)
    session.flush()
    lease = media_leases.lease(session, WorkKind.LINE_CHECK, now, line_check_id=check.id)
    _expire_later(session, check, now)
    _tell(session, check, now)
    return Begun(check, f"{PROGRAM_PREFIX}{lease.program_id}")


def ask(session: Session, terminal_id: str, village_id: str, now: datetime) -> None:
    """The desk wants a terminal to try its line: one that is free is told, and has two minutes to take it up."""
    if is_busy(session, True, terminal_id, now):
        raise Refused("line_busy")
    if session.scalar(_open(LineCheck.terminal_id == terminal_id, LineCheck.made_at > now - LASTS).limit(1)):
        return
    check = LineCheck(
        id=new_id(session), occupant=f"{TERMINAL}:{terminal_id}", device_id="", sid="", page="", made_at=now,
        terminal_id=terminal_id, village_id=village_id,
    )  # fmt: skip
    session.add(check)
    _expire_later(session, check, now)
    _tell(session, check, now)


def found(session: Session, check_id: str, who: Principal, what: Found, now: datetime) -> None:
    """Keep what the program that holds this check has found. NotFound for one that is over, or another's."""
    media_programs.held(session)
    check, lease = session.get(LineCheck, check_id, with_for_update=True), _lease(session, check_id)
    if check is None or check.ended_at is not None or lease is None or lease.program_id != who.subject_id:
        raise NotFound
    check.rung, check.rtt_ms, check.loss_permille = what.rung, what.rtt_ms, what.loss_permille
    check.up_kbps, check.down_kbps, check.level = what.up_kbps, what.down_kbps, what.level
    _end(session, check, now)


def leave(session: Session, check_id: str, who: Principal, now: datetime) -> None:
    """Give a check of one's own up; one that is over already stays as it is."""
    media_programs.held(session)
    check = session.get(LineCheck, check_id)
    if check is None or (check.occupant, check.device_id) != (who.name, who.device_id):
        raise NotFound
    if check.ended_at is None:
        _end(session, check, now)


def gone(session: Session, sid: str, now: datetime) -> None:
    """A device's socket is gone, and nobody can tell it anything more."""
    checks = session.scalars(_open(LineCheck.sid == sid)).all()
    if checks:
        media_programs.held(session)
    for check in checks:
        _end(session, check, now)


def expire(session: Session, check_id: str, now: datetime) -> None:
    """End a check that nobody has ended."""
    media_programs.held(session)
    check = session.get(LineCheck, check_id)
    if check is not None and check.ended_at is None:
        _end(session, check, now)


def follow(session: Session, moved: Iterable[MediaLease], now: datetime) -> list[Moved]:
    """Checks whose program is gone: each device begins anew with another program, or its check is over."""
    told = []
    for lease in moved:
        if lease.line_check_id is None:
            continue
        check = session.get_one(LineCheck, lease.line_check_id)
        if lease.program_id is None:
            _end(session, check, now)
        else:
            _expire_later(session, check, now)
        told.append(Moved(check.sid, check.id, lease.program_id and f"{PROGRAM_PREFIX}{lease.program_id}"))
    return told


def route(session: Session, check_id: str, who: Principal, sid: str, to: str) -> Route:
    """Where a signal goes, from the device to the program that holds its check or back. NotFound for others."""
    check, lease = session.get(LineCheck, check_id), _lease(session, check_id)
    if check is None or check.ended_at is not None or lease is None or lease.program_id is None:
        raise NotFound
    device, program = f"{DEVICE_PREFIX}{check.id}", f"{PROGRAM_PREFIX}{lease.program_id}"
    if who.kind == "media":
        if who.subject_id != lease.program_id or not media_programs.is_at(session, who.subject_id, sid):
            raise NotFound
        return _to(to, device, Route(check.sid, program, "media"))
    if check.device_id != who.device_id or check.sid != sid:
        raise NotFound
    at = media_programs.socket_of(session, lease.program_id)
    if at is None:
        raise Refused("stale_seat")
    return _to(to, program, Route(at, device, "device"))


def _to(named: str, known: str, route: Route) -> Route:
    if named != known:
        raise Refused("stale_seat")
    return route


def is_of(session: Session, check_id: str) -> bool:
    """Whether signals with this name are of a line check."""
    return session.get(LineCheck, check_id) is not None


def is_busy(session: Session, is_terminal: bool, subject_id: str, now: datetime) -> bool:
    """Whether a call is on at this terminal, or of this person, or begins in a moment."""
    near = select(Call.id).where(
        Call.state.in_(OPEN_STATES), Call.starts_at <= now + QUIET_BEFORE, Call.ends_at > now
    )  # fmt: skip
    if is_terminal:
        near = near.where(Call.terminal_id == subject_id)
        return queries.current_at_terminal(session, subject_id) is not None or session.scalar(near.limit(1)) is not None
    mine = select(Invitee.call_id).where(Invitee.person_id == subject_id)
    return session.scalar(near.where(Call.id.in_(mine)).limit(1)) is not None


def is_wanted(session: Session, terminal_id: str, now: datetime) -> bool:
    """Whether a terminal is to try its line now: the desk asks for it, or a call comes within the hour."""
    if is_busy(session, True, terminal_id, now):
        return False
    wish = _open(LineCheck.terminal_id == terminal_id, LineCheck.device_id == "", LineCheck.made_at > now - LASTS)
    if session.scalar(wish.limit(1)) is not None:
        return True
    ahead = select(Call).where(
        Call.terminal_id == terminal_id, Call.state == CallState.BOOKED, Call.starts_at > now,
        Call.starts_at <= now + life.LINE_TRIED_BEFORE,
    )  # fmt: skip
    call = session.scalar(ahead.order_by(Call.starts_at).limit(1))
    return call is not None and not _was_tried(session, terminal_id, call.starts_at - life.LINE_TRIED_BEFORE)


def _was_tried(session: Session, terminal_id: str, since: datetime) -> bool:
    tries = select(LineCheck).where(
        LineCheck.terminal_id == terminal_id, LineCheck.device_id != "", LineCheck.made_at >= since
    )  # fmt: skip
    made = session.scalars(tries).all()
    return len(made) >= MOST_TRIES or any(each.rung is not None or each.ended_at is None for each in made)


def newest_rungs(session: Session, call: Call, now: datetime) -> tuple[RungName | None, RungName | None]:
    """What the newest checks of late found: of the call's terminal, and of the parent's phone."""
    of_phone = LineCheck.occupant == f"{PERSON}:{call.parent_id}"
    return tuple(_newest_rung(session, of, now) for of in (LineCheck.terminal_id == call.terminal_id, of_phone))  # type: ignore[return-value]


def _newest_rung(session: Session, of: ColumnElement[bool], now: datetime) -> RungName | None:
    lately = _over(of).where(LineCheck.ended_at > now - COUNTS_FOR, LineCheck.ended_at <= now)
    check = session.scalar(lately.limit(1))
    return check.rung if check else None


def last_of(session: Session, terminal_id: str) -> LineCheck | None:
    """The last check of a terminal that found something."""
    return session.scalar(_over(LineCheck.terminal_id == terminal_id).limit(1))


def is_going_on(session: Session, terminal_id: str, now: datetime) -> bool:
    """Whether a terminal's line is being tried, or it is asked to."""
    going = _open(LineCheck.terminal_id == terminal_id, LineCheck.made_at > now - LASTS)
    return session.scalar(going.limit(1)) is not None


def _over(of: ColumnElement[bool]) -> Select[LineCheck]:
    return select(LineCheck).where(of, LineCheck.rung.is_not(None)).order_by(LineCheck.made_at.desc())


def _open(*where: ColumnElement[bool]) -> Select[LineCheck]:
    return select(LineCheck).where(LineCheck.ended_at.is_(None), *where).order_by(LineCheck.id)


def _replaced_by(who: Principal) -> ColumnElement[bool]:
    """What a new check of this device takes the place of: its own before, and the wish for it."""
    wish = (LineCheck.occupant == who.name) & (LineCheck.device_id == "")
    return or_(LineCheck.device_id == who.device_id, wish)


def _lease(session: Session, check_id: str) -> MediaLease | None:
    held = select(MediaLease).where(MediaLease.line_check_id == check_id, MediaLease.ended_at.is_(None))
    return session.scalar(held.execution_options(populate_existing=True))


def _end(session: Session, check: LineCheck, now: datetime) -> None:
    check.ended_at = now
    if lease := _lease(session, check.id):
        media_leases.end(session, lease, now)
    _tell(session, check, now)
    jobs.put_again(session, EXPIRE, f"{EXPIRE}:{check.id}", None, now)


def _expire_later(session: Session, check: LineCheck, now: datetime) -> None:
    key, payload = f"{EXPIRE}:{check.id}", {"check_id": check.id}
    jobs.put_again(session, EXPIRE, key, now + LASTS, now, subject=check.occupant, payload=payload)


def _tell(session: Session, check: LineCheck, now: datetime) -> None:
    """Those who look at it: the device, and the desk of its village."""
    kind, _, subject_id = check.occupant.partition(":")
    topics: Iterable[tuple[str, str | None]] = ((kind, subject_id), ("village", check.village_id))
    for topic, known in topics:
        if known is not None:
            hint(session, topic, known, now)
