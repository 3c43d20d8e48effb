"""Who asked for the other parent of a child is told once what the desk answered; why, they read on their phone."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.doors.parent_request_models import ParentRequest, RequestState
from app.families import queries as families
from app.families.words import MemberRole
from app.kernel import events
from app.notices import service as notices
from app.notices.models import Notice

TEMPLATES = {RequestState.ACCEPTED: "parent_accepted", RequestState.DECLINED: "parent_declined"}


def of_answer(session: Session, event: events.ParentRequestAnswered, now: datetime) -> None:
    """Tell the answer, unless it was undone meanwhile; an earlier one that still waits for the morning is not told."""
    request = session.get(ParentRequest, event.request_id)
    if request is None or request.decided_at != event.at or request.state not in TEMPLATES:
        return
    if not families.is_member(session, request.family_id, request.asked_by, MemberRole.PARENT):
        return
    key = f"parent_request:{request.id}:{event.at:%Y%m%dT%H%M%S.%f}"
    if session.scalar(select(Notice.id).where(Notice.key == key)) is not None:
        return
    notices.close(session, now, subject=_subject(request.id))
    notices.plan(
        session, person_id=request.asked_by, family_id=request.family_id, template=TEMPLATES[request.state],
        subject=_subject(request.id), params={"name": request.name}, due_at=now, key=key, now=now,
    )  # fmt: skip


def of_reopening(session: Session, event: events.ParentRequestReopened, now: datetime) -> None:
    request = session.get(ParentRequest, event.request_id)
    if request is not None and request.state is RequestState.OPEN:
        notices.close(session, now, subject=_subject(request.id))


def _subject(request_id: str) -> str:
    return f"parent_request:{request_id}"
