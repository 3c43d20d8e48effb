"""Puts, moves, cancels, leases and settles due rows. Whose rows they are and what they do is not decided here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from app.jobs import rules
from app.jobs.models import DueRow
from app.jobs.words import DueState, Lane
from app.kernel.errors import NotFound
from app.kernel.events import Event, to_payload
from app.storage.database import new_id

PUT_AGAIN = "jobs.put_again"


@dataclass(frozen=True)
class Leased:
    """A row as its worker sees it; `lease` proves that the lease is still its own."""

    id: str
    kind: str
    lane: Lane
    subject: str | None
    payload: dict[str, Any]
    due_at: datetime
    lease: int
    attempts: int


class LeaseLost(Exception):
    """Another worker has the row by now, or it was moved: what was done for it must not be kept."""


def put(
    session: Session,
    kind: str,
    due_at: datetime,
    now: datetime,
    *,
    payload: dict[str, Any] | None = None,
    lane: Lane = Lane.STEP,
    subject: str | None = None,
    key: str | None = None,
) -> str:
    """Put a row. With a `key` that was put before, in whatever state, nothing is added and the old id returned."""
    if key and (known := session.scalar(select(DueRow.id).where(DueRow.key == key))):
        return known
    row = DueRow(
        id=new_id(session),
        kind=kind,
        key=key,
        subject=subject,
        payload=payload or {},
        lane=lane,
        due_at=due_at,
        put_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def put_again(session: Session, kind: str, key: str, due_at: datetime | None, now: datetime, **more: Any) -> None:
    """Let the one row of `key` fall due at `due_at`, whatever became of it before; None cancels it.

    May be called by the handler of that very row: it then stays waiting instead of being marked done.
    """
    row = session.scalar(select(DueRow).where(DueRow.key == key).with_for_update())
    if row is None:
        if due_at is not None:
            put(session, kind, due_at, now, key=key, **more)
        return
    row.state = DueState.WAITING if due_at else DueState.CANCELLED
    row.due_at = due_at or row.due_at
    row.attempts, row.last_error, row.leased_by, row.leased_until = 0, None, None, None
    session.info.setdefault(PUT_AGAIN, set()).add(row.id)


def emit(session: Session, event: Event, now: datetime) -> None:
    """Write an event as a due row, in the transaction of what caused it; `flows.py` says what follows."""
    put(session, f"event:{type(event).__name__}", now, now, payload=to_payload(event))


def cancel(session: Session, subject: str, kind: str | None = None) -> int:
    """Cancel what still waits for a subject; a row that is being worked on is left to its worker."""
    waiting = update(DueRow).where(DueRow.subject == subject, DueRow.state == DueState.WAITING)
    if kind:
        waiting = waiting.where(DueRow.kind == kind)
    return session.execute(waiting.values(state=DueState.CANCELLED)).rowcount  # type: ignore[attr-defined,no-any-return]


def lease(session: Session, owner: str, lane: Lane, now: datetime, limit: int) -> list[Leased]:
    """Lease rows that are due, oldest first, and those whose worker's lease ran out."""
    free = or_(
        and_(DueRow.state == DueState.WAITING, DueRow.due_at <= now),
        and_(DueRow.state == DueState.LEASED, DueRow.leased_until <= now),
    )
    due = select(DueRow).where(DueRow.lane == lane, free).order_by(DueRow.due_at).limit(limit)
    rows = session.scalars(due.with_for_update(skip_locked=True)).all()
    for row in rows:
        row.state, row.leased_by = DueState.LEASED, owner
        row.leased_until = now + timedelta(seconds=rules.LEASE_SECONDS)
        row.lease += 1
        row.attempts += 1
    session.flush()
    return [Leased(r.id, r.kind, r.lane, r.subject, r.payload, r.due_at, r.lease, r.attempts) for r in rows]


def done(session: Session, row: Leased, now: datetime) -> None:
    """Mark a leased row done. Raises LeaseLost if it is no longer ours, unless its own handler put it again."""
    settled = session.execute(_held(row).values(state=DueState.DONE, done_at=now, last_error=None))
    if settled.rowcount == 0 and row.id not in session.info.get(PUT_AGAIN, ()):  # type: ignore[attr-defined]
        raise LeaseLost(row.kind)


def failed(session: Session, row: Leased, error: str, now: datetime, jitter: float) -> None:
    """Let a leased row be tried later, or declare it dead; does nothing where the lease is lost."""
    again_at = rules.retry_at(row.attempts, now, jitter)
    state = DueState.WAITING if again_at else DueState.DEAD
    session.execute(_held(row).values(state=state, due_at=again_at or now, last_error=error[:500], leased_until=None))


def later(session: Session, row: Leased, due_at: datetime) -> None:
    """Give a leased row back unworked, to fall due again at `due_at`."""
    session.execute(_held(row).values(state=DueState.WAITING, due_at=due_at, attempts=0, leased_until=None))


def next_due(session: Session, lane: Lane) -> datetime | None:
    waiting = select(DueRow.due_at).where(DueRow.lane == lane, DueRow.state == DueState.WAITING)
    return session.scalar(waiting.order_by(DueRow.due_at).limit(1))


def dead(session: Session) -> Sequence[DueRow]:
    return session.scalars(select(DueRow).where(DueRow.state == DueState.DEAD).order_by(DueRow.due_at)).all()


def revive(session: Session, row_id: str, now: datetime) -> None:
    row = session.get(DueRow, row_id)
    if row is None or row.state is not DueState.DEAD:
        raise NotFound
    row.state, row.due_at, row.attempts = DueState.WAITING, now, 0


def _held(row: Leased) -> Any:
    return update(DueRow).where(DueRow.id == row.id, DueRow.lease == row.lease, DueRow.state == DueState.LEASED)
