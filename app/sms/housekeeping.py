"""Forgets, every hour, what people wrote: the words when nobody is shown them any more, and much later all of it."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from app.jobs import service as jobs
from app.jobs.service import Leased
from app.sms.models import Conversation, TextIn

KIND = "sms.sweep"
EVERY, SOON = timedelta(hours=1), timedelta(minutes=1)
WORDS_KEPT, KEPT = timedelta(days=60), timedelta(days=400)
AT_ONCE = 1000  # so that nobody waits for long


def start(session: Session, now: datetime) -> None:
    jobs.put(session, KIND, now, now, key=KIND)


def sweep(session: Session, _row: Leased, now: datetime) -> None:
    counts = [_forget_words(session, now), _forget_texts(session, now), _forget_conversations(session, now)]
    jobs.put_again(session, KIND, KIND, now + (SOON if AT_ONCE in counts else EVERY), now)


def _forget_words(session: Session, now: datetime) -> int:
    old = select(TextIn.id).where(TextIn.at < now - WORDS_KEPT, TextIn.text != "")
    ids = session.scalars(old.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    session.execute(update(TextIn).where(TextIn.id.in_(ids)).values(text=""))
    return len(ids)


def _forget_texts(session: Session, now: datetime) -> int:
    old = select(TextIn.id).where(TextIn.at < now - KEPT)
    ids = session.scalars(old.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    session.execute(delete(TextIn).where(TextIn.id.in_(ids)))
    return len(ids)


def _forget_conversations(session: Session, now: datetime) -> int:
    """Those that ended long ago, and in which a stranger's month of silence is over."""
    ended = now - WORDS_KEPT
    old = select(Conversation.number).where(
        Conversation.heard_at < ended,
        or_(Conversation.expires_at.is_(None), Conversation.expires_at < ended),
        or_(Conversation.told_stranger_at.is_(None), Conversation.told_stranger_at < ended),
    )  # fmt: skip
    numbers = session.scalars(old.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    session.execute(delete(Conversation).where(Conversation.number.in_(numbers)))
    return len(numbers)
