"""What becomes of the rows of a batch: each is called about, done, put off or failed; settled in few statements."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.jobs import service
from app.jobs.models import DueRow
from app.jobs.service import UNHELD, UNSYNCHRONIZED, Leased
from app.jobs.words import DueState


@dataclass(frozen=True)
class Call:
    """The outside is called about it, with no transaction open; what `make` returns comes back with the row."""

    make: Callable[[], Any]


@dataclass(frozen=True)
class Later:
    """It falls due again; this lease counts as no attempt."""

    due_at: datetime


@dataclass(frozen=True)
class Failed:
    """It is tried again after a pause that grows, and is dead after the last attempt."""

    error: str


@dataclass(frozen=True)
class Done:
    """Nothing is left to do."""


DONE = Done()
Next = Call | Later | Failed | Done


def settle(session: Session, nexts: Iterable[tuple[Leased, Next]], now: datetime, jitter: float) -> None:
    """Settle the rows that nobody is called about; one whose lease is lost is left to whoever has it now."""
    done: dict[int, list[str]] = defaultdict(list)
    for row, what in nexts:
        match what:
            case Done():
                done[row.lease].append(row.id)
            case Later(due_at):
                service.later(session, row, due_at)
            case Failed(error):
                service.failed(session, row, error, now, jitter)
    for lease, ids in done.items():
        held = update(DueRow).where(DueRow.id.in_(ids), DueRow.lease == lease, DueRow.state == DueState.LEASED)
        settled = held.values(state=DueState.DONE, done_at=now, last_error=None, **UNHELD)
        session.execute(settled, execution_options=UNSYNCHRONIZED)
