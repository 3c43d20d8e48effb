"""What somebody has read: nothing more is done about it, so that no text follows a push that was seen."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from app.notices.models import Delivery, Notice
from app.notices.words import Channel


def read(session: Session, person_id: str, ids: Collection[str] | None, now: datetime) -> int:
    """Close notices to a person, or all that were pushed to them so far; how many. Other people's are left alone."""
    seen = select(Notice.id).where(Notice.person_id == person_id, Notice.closed_at.is_(None))
    if ids is None:
        seen = seen.where(exists().where(Delivery.notice_id == Notice.id, Delivery.channel == Channel.PUSH))
    else:
        seen = seen.where(Notice.id.in_(ids))
    # In one order, so that two who read can't wait for each other.
    found = session.scalars(seen.order_by(Notice.id).with_for_update()).all()
    session.execute(update(Notice).where(Notice.id.in_(found)).values(closed_at=now))
    return len(found)
