"""Taking the cells that a call holds. The unique index decides who has one; nobody asks first."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from app.calls.models import Claim
from app.storage.database import insert_into


class CellTaken(Exception):
    """Somebody else holds one of the cells: what was written for this call must not be kept."""


def take(session: Session, call_id: str, wanted: Iterable[tuple[str, datetime]]) -> None:
    """Claim (resource, cell) by (resource, cell), in the global order of `rules.claims_of`; within a savepoint.

    Who is about to claim one of them is waited for. Raises CellTaken.
    """
    rows = [{"resource": resource, "cell_at": cell, "call_id": call_id} for resource, cell in sorted(wanted)]
    taking = insert_into(session, Claim).values(rows).on_conflict_do_nothing().returning(Claim.cell_at)
    if rows and len(session.execute(taking).all()) < len(rows):
        raise CellTaken
