"""Forgets, every hour, what was told so long ago that neither desk nor ledger shows it: notices and all about them."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.jobs import service as jobs
from app.jobs.service import Leased
from app.notices.models import Attempt, Delivery, Notice
from app.notices.words import NoticeState

KIND = "notice.sweep"
EVERY, SOON = timedelta(hours=1), timedelta(minutes=1)
KEPT = timedelta(days=400)
AT_ONCE = 1000  # so that nobody waits for long


def start(session: Session, now: datetime) -> None:
    jobs.put(session, KIND, now, now, key=KIND)


def sweep(session: Session, _row: Leased, now: datetime) -> None:
    count = _forget(session, now)
    jobs.put_again(session, KIND, KIND, now + (SOON if count == AT_ONCE else EVERY), now)


def _forget(session: Session, now: datetime) -> int:
    """How many notices were forgotten; one that a worker has in hand is left for the next time."""
    ended = (NoticeState.OUT, NoticeState.CANCELLED)
    old = select(Notice.id).where(Notice.state.in_(ended), Notice.due_at < now - KEPT)
    ids = session.scalars(old.order_by(Notice.id).limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    theirs = select(Delivery.id).where(Delivery.notice_id.in_(ids))
    session.execute(delete(Attempt).where(Attempt.delivery_id.in_(theirs)))
    session.execute(delete(Delivery).where(Delivery.notice_id.in_(ids)))
    session.execute(delete(Notice).where(Notice.id.in_(ids)))
    return len(ids)
