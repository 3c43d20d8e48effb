"""What one text says for several notices that were held back: how many they are, and when the reader's next call is."""

from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.calls import queries
from app.calls.models import Call
from app.calls.people import people
from app.calls.words import CallState
from app.kernel import events
from app.notices import service as notices
from app.notices.models import Notice


def of_gathering(session: Session, event: events.NoticesGathered, now: datetime) -> None:
    gathered = select(func.count()).where(Notice.told_in_id == event.notice_id)
    one = session.scalars(select(Notice).where(Notice.told_in_id == event.notice_id).limit(1)).one()
    count = {"count": str(session.scalar(gathered))}
    call = session.scalars(_ahead(event.person_id, now)).first()
    params = count if call is None else people(session, call.id).params | count
    notices.plan(
        session, notice_id=event.notice_id, person_id=event.person_id, family_id=one.family_id,
        template="digest" if call else "digest_no_call", subject=f"person:{event.person_id}", params=params, due_at=now,
        key=f"digest:{event.notice_id}", now=now,
    )  # fmt: skip


def _ahead(person_id: str, now: datetime) -> Select[Call]:
    mine = queries.of_person(person_id, now).where(Call.state != CallState.ENDED, Call.starts_at > now)
    return mine.limit(1)
