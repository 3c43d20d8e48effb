"""Who belongs to the calls that are ahead when a family changes. Who is invited at first is `booking.py`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.calls import queries, timetable
from app.calls.models import Call, Invitee
from app.calls.words import CallState, Side
from app.families import queries as families
from app.families.words import MemberRole
from app.web.hints import hint

NOT_BEGUN = (CallState.PROPOSED, CallState.BOOKED)


def invite(session: Session, family_id: str, person_id: str, now: datetime) -> list[Call]:
    """Let who brings the children from now on belong to the family's calls that have not begun; these calls."""
    if not families.is_member(session, family_id, person_id, MemberRole.CAREGIVER):
        return []
    invited = select(Invitee.call_id).where(Invitee.person_id == person_id)
    ahead = select(Call.id).where(Call.family_id == family_id, Call.state.in_(NOT_BEGUN), Call.id.not_in(invited))
    calls = [queries.locked(session, call_id) for call_id in session.scalars(ahead.order_by(Call.id)).all()]
    found = [call for call in calls if call.state in NOT_BEGUN]
    session.add_all([Invitee(call_id=call.id, person_id=person_id, side=Side.VILLAGE) for call in found])
    session.flush()
    hint(session, "person", person_id, now)
    return found


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
