"""Who serves what: a media program holds a lease on each bridge, answering machine and line check.

The least loaded program that was heard of lately gets what is new. All that gives or takes a lease first holds the
rows of the connected programs, so one that goes away meanwhile is either not chosen or loses what it was just given.
A call is held before that, never after. What is wanted is decided by `media_works.py` and `line_checks.py`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.calls.media_models import MediaLease
from app.calls.models import Call
from app.calls.words import CallState, WorkKind
from app.kernel.errors import NotFound, Refused
from app.storage.database import new_id
from app.web import media_programs
from app.web.hints import hint
from app.web.models import MediaProgram

LEASE = timedelta(seconds=8)
FORGOTTEN = timedelta(minutes=1)
FULL_PERMILLE = 900


@dataclass(frozen=True)
class Health:
    """What a program says of itself with its heartbeat."""

    calls: int
    load_permille: int
    is_draining: bool


class Renewed(NamedTuple):
    """What a program holds now, and what another one, or nobody, holds instead of whoever held it before."""

    held: Sequence[MediaLease]
    moved: list[MediaLease]


def lease(
    session: Session, kind: WorkKind, now: datetime, *, call_id: str | None = None, line_check_id: str | None = None,
    may_wait: bool = False,
) -> MediaLease:  # fmt: skip
    """The open lease on this work, given to a program now if there was none.

    With no program alive it waits for the next one if it may. Raises Refused("no_media_program") where it may not.
    """
    programs = media_programs.held(session)
    work = [MediaLease.kind == kind, MediaLease.call_id == call_id, MediaLease.line_check_id == line_check_id]
    found = next(iter(_open(session, *work)), None)
    if found is not None and _is_served(found, programs, now):
        return found
    chosen = _choose(session, programs, now, of_call=call_id)
    if chosen is None and not may_wait:
        raise Refused("no_media_program")
    if found is None:
        made = MediaLease(id=new_id(session), kind=kind, call_id=call_id, line_check_id=line_check_id, made_at=now)
        made.leased_until = now
        try:
            with session.begin_nested():
                session.add(made)
            found = made
        except IntegrityError:  # by somebody else, while no program was there whose row had to be waited for
            (found,) = _open(session, *work)
    _give(session, found, chosen, now)
    return found


def end(session: Session, lease: MediaLease, now: datetime) -> None:
    """Have nobody serve this any more."""
    if lease.ended_at is None:
        lease.ended_at = now
        _tell(session, lease.program_id, now)


def renew(session: Session, program_id: str, sid: str, health: Health, now: datetime) -> Renewed:
    """A program's heartbeat: all that it holds now. What has nobody, or nobody who is heard of, is given anew first.

    Raises NotFound for a socket that is not the program's.
    """
    programs = media_programs.held(session)
    mine = next((each for each in programs if each.id == program_id and each.sid == sid), None)
    if mine is None:
        raise NotFound
    mine.seen_at, mine.calls, mine.load_permille = now, health.calls, health.load_permille
    mine.is_draining = health.is_draining
    for other in programs:
        if other.seen_at < now - FORGOTTEN:  # the web process that it was connected to died as well
            other.sid = None
    session.flush()
    moved = _give_anew(session, [each for each in _open(session) if not _is_served(each, programs, now)], programs, now)
    if mine.is_draining:
        _let_go(session, mine, programs, now)
    for held in (leases := _open(session, MediaLease.program_id == mine.id)):
        held.leased_until = now + LEASE
    return Renewed(leases, moved)


def gone(session: Session, sid: str, now: datetime) -> list[MediaLease]:
    """A program's socket is gone: another one has what it held, or the next one that comes; what that was."""
    programs = media_programs.held(session)
    left = next((each for each in programs if each.sid == sid), None)
    if left is None:
        return []
    left.sid = None
    session.flush()
    return _give_anew(session, _open(session, MediaLease.program_id == left.id), programs, now)


def of_call(session: Session, call_id: str) -> Sequence[MediaLease]:
    """The open leases of a call."""
    return _open(session, MediaLease.call_id == call_id)


def of_missed(session: Session, until: datetime) -> Sequence[MediaLease]:
    """The open leases on calls that had ended by then."""
    over = select(Call.id).where(Call.state == CallState.ENDED, Call.ended_at <= until)
    return _open(session, MediaLease.call_id.in_(over))


def answering(session: Session) -> Sequence[tuple[MediaLease, Call]]:
    """The open leases of answering machines, with their calls."""
    held = select(MediaLease, Call).join(Call, Call.id == MediaLease.call_id).where(
        MediaLease.kind == WorkKind.ANSWERING, MediaLease.ended_at.is_(None)
    )  # fmt: skip
    return [(lease, call) for lease, call in session.execute(held.order_by(MediaLease.id))]


def of_program(session: Session, call_id: str, program_id: str) -> MediaLease:
    """The lease by which a program has a place in a call. Raises NotFound without one."""
    found = [each for each in of_call(session, call_id) if each.program_id == program_id]
    if not found:
        raise NotFound
    return next((each for each in found if each.kind is WorkKind.BRIDGE), found[0])


def _give_anew(
    session: Session, those: Iterable[MediaLease], programs: Iterable[MediaProgram], now: datetime
) -> list[MediaLease]:
    """Give what nobody serves to somebody who is heard of; what has changed hands by that."""
    moved = []
    for each in those:
        before = each.program_id
        _give(session, each, _choose(session, programs, now, of_call=each.call_id), now)
        if each.program_id != before:
            moved.append(each)
    return moved


def _let_go(session: Session, mine: MediaProgram, programs: Iterable[MediaProgram], now: datetime) -> None:
    """Bridges of a program that is about to stop go on elsewhere at once; what is nearly done is left to it."""
    for each in _open(session, MediaLease.program_id == mine.id, MediaLease.kind == WorkKind.BRIDGE):
        if (other := _choose(session, programs, now)) is not None:
            _give(session, each, other, now)


def _is_served(lease: MediaLease, programs: Iterable[MediaProgram], now: datetime) -> bool:
    holder = next((each for each in programs if each.id == lease.program_id), None)
    return holder is not None and lease.leased_until > now


def _give(session: Session, lease: MediaLease, program: MediaProgram | None, now: datetime) -> None:
    before, lease.program_id = lease.program_id, program.id if program else None
    lease.leased_until = now + LEASE
    session.flush()
    for program_id in dict.fromkeys((before, lease.program_id)):
        _tell(session, program_id, now)


def _choose(
    session: Session, programs: Iterable[MediaProgram], now: datetime, *, of_call: str | None = None
) -> MediaProgram | None:
    """The one that has least to do; for a second work of one call the one that serves it already."""
    able = [each for each in programs if media_programs.is_heard(each, now) and not each.is_draining]
    held = Counter(each.program_id for each in _open(session))
    here = {each.program_id for each in _open(session, MediaLease.call_id == of_call)} if of_call else set()
    return min(
        able, default=None,
        key=lambda p: (p.id not in here, p.load_permille >= FULL_PERMILLE, held[p.id], p.load_permille, p.id),
    )  # fmt: skip


def _open(session: Session, *where: ColumnElement[bool]) -> Sequence[MediaLease]:
    held = select(MediaLease).where(MediaLease.ended_at.is_(None), *where).order_by(MediaLease.made_at, MediaLease.id)
    return session.scalars(held.execution_options(populate_existing=True)).all()


def _tell(session: Session, program_id: str | None, now: datetime) -> None:
    """Ask a program for a heartbeat at once."""
    if program_id is not None:
        hint(session, media_programs.TOPIC, program_id, now)
