"""Days of a series whose call was cancelled or moved by itself: none is made for them again, whatever the rule becomes.

Whoever changes a series, or a call that may belong to one, locks the series first and then its calls. A call changes
its series only under the lock of the one that it leaves.
"""

from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import queries
from app.calls.models import Call, Series
from app.kernel.errors import NotFound


def hold(session: Session, series_id: str) -> Series:
    """Read the series afresh, locked until the transaction ends."""
    query = select(Series).where(Series.id == series_id).with_for_update().execution_options(populate_existing=True)
    series = session.scalar(query)
    if series is None:
        raise NotFound
    return series


def hold_call(session: Session, call_id: str) -> Call:
    """Read the call afresh, locked with the series that it belongs to."""
    held: str | None = None
    while (series_id := session.scalar(select(Call.series_id).where(Call.id == call_id))) not in (None, held):
        held = hold(session, series_id).id
    return queries.locked(session, call_id)


def note(session: Session, call: Call, what: Literal["cancelled", "moved"]) -> None:
    """Keep what was done to the one call of a series that is held."""
    if call.series_id is not None and call.occurs_on is not None:
        series = session.get_one(Series, call.series_id)
        series.exceptions = {**series.exceptions, call.occurs_on.isoformat(): what}
