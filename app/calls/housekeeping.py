"""Forgets, every hour, what media programs did and tried long ago, and the programs themselves when they are gone.

A lease that ended is kept while a message that was left under it may still come, a line check while a link passport
looks back at it, a program while anything names it. What is open is never forgotten; an answering machine that waits
for a program after its call was missed is ended.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.calls import left_messages, media_works
from app.calls.media_models import LineCheck, MediaLease
from app.jobs import service as jobs
from app.jobs.service import Leased
from app.storage.record import Record
from app.web.models import MediaProgram

KIND = "media.sweep"
EVERY, SOON = timedelta(hours=1), timedelta(minutes=1)
CHECKS_KEPT = timedelta(days=28)
GONE_FOR = timedelta(days=1)
AT_ONCE = 1000  # so that nobody waits for long


def start(session: Session, now: datetime) -> None:
    jobs.put(session, KIND, now, now, key=KIND)


def sweep(session: Session, _row: Leased, now: datetime) -> None:
    media_works.sweep(session, now)
    session.flush()
    counts = [_forget_leases(session, now), _forget_checks(session, now), _forget_programs(session, now)]
    jobs.put_again(session, KIND, KIND, now + (SOON if AT_ONCE in counts else EVERY), now)


def _forget_leases(session: Session, now: datetime) -> int:
    return _forget(session, MediaLease, MediaLease.id, MediaLease.ended_at < now - left_messages.MAY_WAIT)


def _forget_checks(session: Session, now: datetime) -> int:
    held = select(MediaLease.id).where(MediaLease.line_check_id == LineCheck.id).exists()
    return _forget(session, LineCheck, LineCheck.id, LineCheck.ended_at < now - CHECKS_KEPT, ~held)


def _forget_programs(session: Session, now: datetime) -> int:
    held = select(MediaLease.id).where(MediaLease.program_id == MediaProgram.id).exists()
    return _forget(session, MediaProgram, MediaProgram.id, MediaProgram.seen_at < now - GONE_FOR, ~held)


def _forget(
    session: Session, kind: type[Record], id_: InstrumentedAttribute[str], *old: ColumnElement[Any]
) -> int:  # fmt: skip
    """How many were forgotten; what somebody has in hand is left for the next time."""
    ids = session.scalars(select(id_).where(*old).limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    session.execute(delete(kind).where(id_.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)
