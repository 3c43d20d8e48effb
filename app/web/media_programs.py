"""Which media programs are connected: each enters with a token of its own and has one row for as long as it runs.

What they are given to do is decided by `calls.media_leases`. A program that connects again, to this web process or to
another, is the same one by its name; the socket before it counts no more.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.kernel import media_token
from app.storage.database import new_id
from app.web.floor import floor
from app.web.models import MediaProgram, PrincipalKind
from app.web.principals import Principal

FACE = TOPIC = PrincipalKind.MEDIA.value
UNHEARD = timedelta(seconds=6)  # three heartbeats


def enter(token: str, sid: str) -> Principal | None:
    """Who connects with this token over this socket; None for a token that is not ours or not good any more."""
    now = floor().now()
    name = media_token.read(floor().sealer.media_key, token, now)
    if name is None:
        return None
    with floor().database.begin() as session:
        program = connected(session, name, sid, now)
        return Principal(PrincipalKind.MEDIA, program.id, None, program.id, "en")


def connected(session: Session, name: str, sid: str, now: datetime) -> MediaProgram:
    """Note that a program is here, over this socket from now on."""
    program = _of_name(session, name, now)
    program.sid, program.seen_at, program.is_draining = sid, now, False
    return program


def is_at(session: Session, program_id: str, sid: str) -> bool:
    """Whether a program speaks over this socket still, and not over a later one."""
    return socket_of(session, program_id) == sid


def socket_of(session: Session, program_id: str) -> str | None:
    """The socket over which a program is reached now; None where it is gone."""
    return session.scalar(select(MediaProgram.sid).where(MediaProgram.id == program_id))


def held(session: Session) -> Sequence[MediaProgram]:
    """All that are connected, locked in one order: whoever gives work to them, or takes it, does so alone."""
    connected = select(MediaProgram).where(MediaProgram.sid.is_not(None)).order_by(MediaProgram.id)
    return session.scalars(connected.with_for_update().execution_options(populate_existing=True)).all()


def is_heard(program: MediaProgram, now: datetime) -> bool:
    return program.sid is not None and program.seen_at > now - UNHEARD


def _of_name(session: Session, name: str, now: datetime) -> MediaProgram:
    known = select(MediaProgram).where(MediaProgram.name == name).with_for_update()
    found = session.scalar(known)
    if found is not None:
        return found
    made = MediaProgram(id=new_id(session), name=name, seen_at=now, started_at=now)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:  # connected twice at once
        return session.scalars(known).one()
    return made
