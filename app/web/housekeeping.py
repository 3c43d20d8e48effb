"""Sweeps out, every hour, what only lives for a while: changes, kept answers, used codes."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.jobs import service as jobs
from app.jobs.service import Leased
from app.web import hints, limits
from app.web.models import DeviceSession, Idempotency, OneTimeCode

KIND = "web.sweep"
EVERY = timedelta(hours=1)
ANSWERS_KEPT = timedelta(days=3)
SESSIONS_KEPT = timedelta(days=90)  # a list of one's devices shows what has ended lately


def start(session: Session, now: datetime) -> None:
    jobs.put(session, KIND, now, now, key=KIND)


def sweep(session: Session, _row: Leased, now: datetime) -> None:
    hints.prune(session, now)
    limits.forget(session, now)
    session.execute(delete(DeviceSession).where(DeviceSession.expires_at < now - SESSIONS_KEPT))
    session.execute(delete(Idempotency).where(Idempotency.at < now - ANSWERS_KEPT))
    session.execute(delete(OneTimeCode).where(OneTimeCode.expires_at < now - ANSWERS_KEPT))
    jobs.put_again(session, KIND, KIND, now + EVERY, now)
