"""What becomes of calls on a terminal that is taken out of use: another one of the village, or an end with a reason.

A call that only changes its terminal stays as it is for its people: same village, same time. Series are looked at
first, since their calls are theirs to place.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.calls import booking, claims, queries, rules, series, timetable
from app.calls.booking import Actor
from app.calls.free import free_intervals
from app.calls.models import Call, Claim
from app.calls.words import CallState
from app.kernel.events import TerminalRetired
from app.kernel.intervals import covers
from app.villages import queries as villages

NOT_BEGUN = (CallState.PROPOSED, CallState.BOOKED)
NOBODY = Actor("", None)
BROKEN = "terminal_broken"


def leave(session: Session, event: TerminalRetired, now: datetime) -> None:
    """Find another place for everything that is still to come on this terminal."""
    there = select(Call).where(
        Call.terminal_id == event.terminal_id, Call.state.in_(NOT_BEGUN), Call.starts_at > now
    )  # fmt: skip
    waiting = session.scalars(there.order_by(Call.id)).all()
    for series_id in sorted({call.series_id for call in waiting if call.series_id}):
        series.extend(session, series_id, now)
    for call_id in [call.id for call in waiting if not call.series_id]:
        _rehouse(session, queries.locked(session, call_id), now)


def _rehouse(session: Session, call: Call, now: datetime) -> None:
    if call.state not in NOT_BEGUN or call.starts_at <= now:
        return
    village = villages.village(session, call.village_id)
    around = call.starts_at - timedelta(days=1), call.ends_at + timedelta(days=1)
    for terminal in villages.terminals(session, village.id):
        is_open = covers(free_intervals(session, f"terminal:{terminal.id}", *around), call.starts_at, call.ends_at)
        if is_open and _takes(session, call, terminal.id, village.buffer_minutes):
            timetable.log(session, call, "rehoused", None, now)
            timetable.rearm(session, call, now)
            return
    booking.cancel(session, call.id, NOBODY, BROKEN, None, now)


def _takes(session: Session, call: Call, terminal_id: str, buffer_minutes: int) -> bool:
    wanted = rules.claims_of(terminal_id, (), call.starts_at, call.ends_at, buffer_minutes)
    try:
        with session.begin_nested():
            claims.take(session, call.id, wanted)
    except claims.CellTaken:
        return False
    before = (Claim.call_id == call.id, Claim.resource == f"terminal:{call.terminal_id}")
    session.execute(delete(Claim).where(*before))
    call.terminal_id = terminal_id
    session.flush()
    return True
