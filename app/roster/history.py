"""What undo goes back to: for each change the rows as they were before it. So much is kept, and the oldest forgotten.

Calls that stood before are not the roster's to change, and no step holds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.roster.models import Assignment, Roster

MOST_STEPS, MOST_ROWS = 40, 2000

Reason = dict[str, Any]
"""`code`, and what its sentence needs."""


@dataclass(frozen=True)
class Slot:
    """Where and when a call begins."""

    terminal_id: str
    starts_at: datetime


def slot_of(row: Assignment) -> Slot | None:
    return Slot(row.terminal_id, row.starts_at) if row.terminal_id and row.starts_at else None


def can_undo(roster: Roster) -> bool:
    return bool(_steps(roster))


def remember(roster: Roster, rows: Sequence[Assignment], *, is_all: bool = False) -> None:
    """Keep rows as they are now. `is_all`: going back leaves no other than these."""
    step = {"is_all": is_all, "rows": [_written(row) for row in rows], "figures": roster.figures}
    steps = [*_steps(roster), step]
    while len(steps) > MOST_STEPS or (len(steps) > 1 and sum(len(each["rows"]) for each in steps) > MOST_ROWS):
        del steps[0]
    roster.history = {"steps": steps}


def go_back(session: Session, roster: Roster) -> None:
    """Make the rows what they were before the last step."""
    *steps, step = _steps(roster)
    if step["is_all"]:
        own = delete(Assignment).where(Assignment.roster_id == roster.id, Assignment.is_fixed.is_(False))
        session.execute(own)
    for written in step["rows"]:
        starts_at = written["starts_at"] and datetime.fromisoformat(written["starts_at"])
        session.merge(Assignment(**written | {"starts_at": starts_at}, roster_id=roster.id, is_fixed=False))
    roster.history, roster.figures = {"steps": steps}, step["figures"]


def _steps(roster: Roster) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = roster.history.get("steps", [])
    return found


def _written(row: Assignment) -> dict[str, Any]:
    return {
        "id": row.id, "family_id": row.family_id, "child_id": row.child_id, "parent_id": row.parent_id,
        "place": row.place, "terminal_id": row.terminal_id, "minutes": row.minutes, "reasons": row.reasons,
        "starts_at": row.starts_at.isoformat() if row.starts_at else None, "is_pinned": row.is_pinned,
    }  # fmt: skip
