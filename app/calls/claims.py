"""Taking the cells that a call holds. The unique index decides who has one; to ask first only spares work."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.calls.models import Claim
from app.storage.database import insert_into


class CellTaken(Exception):
    """Somebody else holds one of the cells: what was written for this call must not be kept."""


def are_taken(session: Session, wanted: Iterable[tuple[str, datetime]]) -> bool:
    """Whether somebody holds one of these cells already. What is free now may be taken a moment later."""
    cells: dict[str, list[datetime]] = defaultdict(list)
    for resource, cell in wanted:
        cells[resource].append(cell)
    held = or_(*(and_(Claim.resource == resource, Claim.cell_at.in_(of)) for resource, of in cells.items()))
    return session.scalar(select(Claim.call_id).where(held).limit(1)) is not None


def take(session: Session, call_id: str, wanted: Iterable[tuple[str, datetime]]) -> None:
    """Claim (resource, cell) by (resource, cell), in the global order of `rules.claims_of`; within a savepoint.

    Who is about to claim one of them is waited for. Raises CellTaken.
    """
    rows = [{"resource": resource, "cell_at": cell, "call_id": call_id} for resource, cell in sorted(wanted)]
    taking = insert_into(session, Claim).on_conflict_do_nothing().returning(Claim.cell_at)
    if rows and len(session.execute(taking, rows).all()) < len(rows):
        raise CellTaken
