"""Numbers that want no more texts, and those that want them again. Whoever holds the number decides, known or not."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.notices.models import StoppedNumber
from app.sms.replies import Done, Reply
from app.sms.words import Outcome
from app.storage.database import insert_into


def is_stopped(session: Session, number: str) -> bool:
    return session.get(StoppedNumber, number) is not None


def stop(session: Session, number: str, now: datetime) -> Done:
    """No more texts to this number after one that says so."""
    adding = insert_into(session, StoppedNumber).values(number=number, stopped_at=now)
    added = session.scalar(adding.on_conflict_do_nothing().returning(StoppedNumber.number))
    return Done(Outcome.STOPPED, Reply("sms_stopped") if added else None)


def start(session: Session, number: str) -> Done:
    session.execute(delete(StoppedNumber).where(StoppedNumber.number == number))
    return Done(Outcome.STARTED, Reply("sms_started"))
