"""Puts, moves, cancels, leases and settles due rows. Whose rows they are and what they do is not decided here.

Order of locks, for whoever calls: first the rows of one's own, then due rows, by `put_again`, `cancel` and `done`.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from app.jobs import rules
from app.jobs.models import DueRow
from app.jobs.words import DueState, Lane
from app.kernel.errors import NotFound
from app.kernel.events import Event, to_payload
from app.storage.database import insert_into, new_id

log = logging.getLogger(__name__)

PUT_AGAIN = "jobs.put_again"
# How many rows a transaction has put: they are worked off in that order where they are due at one instant.
PLACE = "jobs.place"
DUE_NOW = "jobs.due_now"  # in a session's info: it puts something that is due already
UNHELD = {"leased_by": None, "leased_until": None}
# For statements about rows that their session has not loaded.
UNSYNCHRONIZED = {"synchronize_session": False}


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
    row = _new(session, kind, due_at, now, payload, lane, subject, key)
    adding = insert_into(session, DueRow).values(row).on_conflict_do_nothing(index_elements=["key"])
    while (added := session.scalar(adding.returning(DueRow.id))) is None:
        known = session.scalar(select(DueRow.id).where(DueRow.key == key))
        if known is not None:  # otherwise it was pruned between the two statements
            return known
    return str(added)


def put_again(
    session: Session,
    kind: str,
    key: str,
    due_at: datetime | None,
    now: datetime,
    *,
    payload: dict[str, Any] | None = None,
    lane: Lane = Lane.STEP,
    subject: str | None = None,
) -> None:
    """Let the one row of `key` fall due at `due_at`, whatever became of it before; None cancels it.

    May be called by the handler of that very row: it then stays waiting instead of being marked done.
    """
    if due_at is None:
        settled = {"state": DueState.CANCELLED, "done_at": now, "last_error": None, "attempts": 0, **UNHELD}
        moving = update(DueRow).where(DueRow.key == key).values(settled)
    else:
        row = _new(session, kind, due_at, now, payload, lane, subject, key)
        anew = {name: value for name, value in row.items() if name not in ("id", "key")}
        anew |= {"state": DueState.WAITING, "done_at": None, "last_error": None, "attempts": 0, **UNHELD}
        moving = insert_into(session, DueRow).values(row).on_conflict_do_update(index_elements=["key"], set_=anew)
    moved = session.scalar(moving.returning(DueRow.id))
    if moved is not None:
        session.info.setdefault(PUT_AGAIN, set()).add(moved)


def emit(session: Session, event: Event, now: datetime) -> None:
    """Write an event as a due row, in the transaction of what caused it; `flows.py` says what follows."""
    put(session, f"event:{type(event).__name__}", now, now, payload=to_payload(event))


def cancel(session: Session, subject: str, kind: str | None = None) -> int:
    """Cancel what still waits for a subject; a row that is being worked on is left to its worker."""
    waiting = select(DueRow.id).where(DueRow.subject == subject, DueRow.state == DueState.WAITING)
    if kind:
        waiting = waiting.where(DueRow.kind == kind)
    # In one order, so that two who cancel can't wait for each other.
    ids = session.scalars(waiting.order_by(DueRow.id).with_for_update()).all()
    session.execute(update(DueRow).where(DueRow.id.in_(ids)).values(state=DueState.CANCELLED))
    return len(ids)


def lease(session: Session, owner: str, lane: Lane, now: datetime, limit: int) -> list[Leased]:
    """Lease rows that are due, oldest first, and those of one instant as they were put.

    A row whose lease ran out is leased alone, since it may be what ended its worker; after as many leases as there are
    attempts it is dead.
    """
    ids = [row.id for row in _abandoned(session, lane, now)]
    if not ids:
        ids = list(session.scalars(_due(lane, now).limit(limit).with_for_update(skip_locked=True)))
    if not ids:
        return []
    leasing = update(DueRow).where(DueRow.id.in_(ids)).values(
        state=DueState.LEASED, leased_by=owner[:64], leased_until=rules.leased_until(now), lease=DueRow.lease + 1,
        attempts=DueRow.attempts + 1,
    )  # fmt: skip
    columns = DueRow.id, DueRow.kind, DueRow.lane, DueRow.subject, DueRow.payload, DueRow.due_at, DueRow.lease
    rows = session.execute(leasing.returning(*columns, DueRow.attempts), execution_options=UNSYNCHRONIZED)
    return sorted((Leased(*row) for row in rows), key=lambda row: ids.index(row.id))


def renew(session: Session, rows: Collection[Leased], now: datetime) -> list[Leased]:
    """Hold leases for longer; those rows that are not ours any more. One that is being settled is left alone."""
    query = select(DueRow).where(DueRow.id.in_([row.id for row in rows])).order_by(DueRow.id)
    found = {row.id: row for row in session.scalars(_locked(query))}
    mine = [row for row in rows if row.id in found and _is_held(found[row.id], row)]
    for row in mine:
        found[row.id].leased_until = rules.leased_until(now)
    return [row for row in rows if row.id in found and row not in mine]


def done(session: Session, row: Leased, now: datetime) -> None:
    """Mark a leased row done. Raises LeaseLost if it is no longer ours, unless its own handler put it again."""
    settled = {"state": DueState.DONE, "done_at": now, "last_error": None, **UNHELD}
    if _settle(session, row, settled) or _put_again_by_its_handler(session, row):
        return
    raise LeaseLost(row.kind)


def failed(session: Session, row: Leased, error: str, now: datetime, jitter: float) -> None:
    """Let a leased row be tried later, or declare it dead; does nothing where the lease is lost."""
    again_at = rules.retry_at(row.attempts, now, jitter)
    if again_at is None:
        give_up(session, row, error)
    else:
        waiting = {"state": DueState.WAITING, "due_at": again_at, **UNHELD}
        _settle(session, row, waiting | {"last_error": error[: rules.LONGEST_ERROR]})


def give_up(session: Session, row: Leased, error: str) -> None:
    """Declare a leased row dead at once; does nothing where the lease is lost."""
    if _settle(session, row, {"state": DueState.DEAD, "last_error": error[: rules.LONGEST_ERROR], **UNHELD}):
        log.error("%s %s is dead: %s", row.kind, row.id, error)


def later(session: Session, row: Leased, due_at: datetime) -> None:
    """Give a leased row back unworked, to fall due again at `due_at`."""
    _settle(session, row, {"state": DueState.WAITING, "due_at": due_at, "attempts": 0, **UNHELD})


def give_back(session: Session, row: Leased) -> None:
    """Give a leased row back that was not begun: it is due as before, and this lease does not count."""
    _settle(session, row, {"state": DueState.WAITING, "attempts": row.attempts - 1, **UNHELD})


def let_go(session: Session, owner: str, in_hand: Collection[str], now: datetime) -> None:
    """End the leases of an owner that doesn't know of them any more, since the database went away in between."""
    lost = update(DueRow).where(DueRow.state == DueState.LEASED, DueRow.leased_by == owner, DueRow.id.not_in(in_hand))
    session.execute(lost.values(leased_until=now))


def next_due(session: Session, lane: Lane) -> datetime | None:
    """When the next row falls due, or the next lease runs out."""
    waiting = select(func.min(DueRow.due_at)).where(DueRow.lane == lane, DueRow.state == DueState.WAITING)
    leased = select(func.min(DueRow.leased_until)).where(DueRow.lane == lane, DueRow.state == DueState.LEASED)
    return min((at for at in (session.scalar(waiting), session.scalar(leased)) if at), default=None)


def dead(session: Session) -> Sequence[DueRow]:
    return session.scalars(select(DueRow).where(DueRow.state == DueState.DEAD).order_by(DueRow.due_at)).all()


def died_at(session: Session, row_id: str) -> datetime | None:
    """When a dead row fell due for the last time; None for any other."""
    return session.scalar(select(DueRow.due_at).where(DueRow.id == row_id, DueRow.state == DueState.DEAD))


def revive(session: Session, row_id: str, now: datetime) -> None:
    """Let a dead row be tried again from now on. Raises NotFound for any other."""
    lying = update(DueRow).where(DueRow.id == row_id, DueRow.state == DueState.DEAD)
    revived = lying.values(state=DueState.WAITING, due_at=now, attempts=0).returning(DueRow.id)
    if session.scalar(revived) is None:
        raise NotFound


def _new(
    session: Session, kind: str, due_at: datetime, now: datetime, payload: dict[str, Any] | None, lane: Lane,
    subject: str | None, key: str | None,
) -> dict[str, Any]:  # fmt: skip
    if due_at <= now:
        session.info[DUE_NOW] = True
    place = session.info[PLACE] = session.info.get(PLACE, -1) + 1
    return {
        "id": new_id(session), "kind": kind, "key": key, "subject": subject, "payload": payload or {}, "lane": lane,
        "due_at": due_at, "put_at": now + timedelta(microseconds=place),
    }  # fmt: skip


def _due(lane: Lane, now: datetime) -> Select[str]:
    due = select(DueRow.id).where(DueRow.lane == lane, DueRow.state == DueState.WAITING, DueRow.due_at <= now)
    return due.order_by(DueRow.due_at, DueRow.put_at)


def _locked(query: Select[DueRow]) -> Select[DueRow]:
    return query.with_for_update(skip_locked=True).execution_options(populate_existing=True)


def _abandoned(session: Session, lane: Lane, now: datetime) -> list[DueRow]:
    """One row whose lease ran out; those that had all their attempts are declared dead."""
    over = select(DueRow).where(DueRow.lane == lane, DueRow.state == DueState.LEASED, DueRow.leased_until <= now)
    while row := session.scalar(_locked(over.order_by(DueRow.leased_until).limit(1))):
        if row.attempts < rules.MAX_ATTEMPTS:
            return [row]
        row.state, row.leased_by, row.leased_until = DueState.DEAD, None, None
        row.last_error = f"its worker ended, hung or lost it {row.attempts} times"
        log.error("%s %s is dead: %s", row.kind, row.id, row.last_error)
        session.flush()
    return []


def _settle(session: Session, row: Leased, values: dict[str, Any]) -> bool:
    """Whether the row was still held, and is now as `values` say."""
    held = update(DueRow).where(DueRow.id == row.id, DueRow.lease == row.lease, DueRow.state == DueState.LEASED)
    return session.scalar(held.values(values).returning(DueRow.id)) is not None


def _is_held(found: DueRow, row: Leased) -> bool:
    return found.state is DueState.LEASED and found.lease == row.lease


def _put_again_by_its_handler(session: Session, row: Leased) -> bool:
    """In this very transaction, so that nobody can have leased it meanwhile; before it, somebody may have."""
    if row.id not in session.info.get(PUT_AGAIN, ()):
        return False
    return session.scalar(select(DueRow.lease).where(DueRow.id == row.id)) == row.lease
