"""What workers do beside their work: be seen alive, sweep out old rows, mend what a wrong clock has left."""

from datetime import datetime, timedelta

from sqlalchemy import CursorResult, delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.jobs import rules
from app.jobs.models import DueRow, WorkerBeat
from app.jobs.words import DueState, Lane

SKEW = timedelta(seconds=rules.SKEW_SECONDS)
BEATS_KEPT = timedelta(days=1)
SETTLED = (DueState.DONE, DueState.CANCELLED)


def beat(session: Session, name: str, now: datetime) -> None:
    """Be seen alive. Dropped are beats of long ago, and those of the future, which nobody can tell from fresh ones."""
    wrong = or_(WorkerBeat.at < now - BEATS_KEPT, WorkerBeat.at > now + SKEW)
    session.execute(delete(WorkerBeat).where(wrong, WorkerBeat.name != name))
    session.merge(WorkerBeat(name=name, at=now))


def say_goodbye(session: Session, name: str) -> None:
    session.execute(delete(WorkerBeat).where(WorkerBeat.name == name))


def prune(session: Session, now: datetime, limit: int) -> int:
    """Delete up to `limit` rows that were settled long ago, with their keys; the number of them."""
    ended = now - timedelta(days=rules.KEPT_DAYS)
    old = select(DueRow.id).where(
        DueRow.state.in_(SETTLED), DueRow.lane.in_(list(Lane)), DueRow.due_at < ended,
        func.coalesce(DueRow.done_at, DueRow.due_at) < ended,
    )  # fmt: skip
    ids = session.scalars(old.limit(limit).with_for_update(skip_locked=True)).all()
    session.execute(delete(DueRow).where(DueRow.id.in_(ids)))
    return len(ids)


def mend(session: Session, now: datetime) -> int:
    """Make due what was put at once, tried or leased by a clock that was ahead and is right again; how many rows."""
    waiting = update(DueRow).where(DueRow.state == DueState.WAITING)
    put_in_future = waiting.where(DueRow.put_at > now + SKEW, DueRow.due_at <= DueRow.put_at)
    failed_in_future = waiting.where(DueRow.attempts > 0, DueRow.due_at > rules.latest_retry(now))
    leased = update(DueRow).where(DueRow.state == DueState.LEASED)
    leased_in_future = leased.where(DueRow.leased_until > rules.leased_until(now) + SKEW)
    mended = 0
    for mending in (
        put_in_future.values(due_at=now, put_at=now),
        failed_in_future.values(due_at=now),
        leased_in_future.values(leased_until=now),
    ):
        result = session.execute(mending)
        assert isinstance(result, CursorResult)
        mended += result.rowcount
    return mended
