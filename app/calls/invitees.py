"""Who belongs to the calls that are ahead when somebody leaves the family. Who is invited at first is `booking.py`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.calls import queries, timetable
from app.calls.models import Invitee
from app.families import queries as families


def uninvite(session: Session, family_id: str, person_id: str, now: datetime) -> Sequence[str]:
    """Take who is not in the family any more out of the calls to which they would have brought a child; their ids."""
    if families.is_member(session, family_id, person_id):
        return []
    call_ids = queries.open_brought_by(session, family_id, person_id)
    for call_id in call_ids:
        call = queries.locked(session, call_id)
        session.execute(delete(Invitee).where(Invitee.call_id == call_id, Invitee.person_id == person_id))
        timetable.rearm(session, call, now)  # their word may have been the only one
    return call_ids
