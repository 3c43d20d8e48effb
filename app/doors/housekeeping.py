"""Sweeps out, every hour, codes and proofs that are good no more; invitations while somebody may ask about them.

A request for the other parent holds the number of somebody who may never come: it goes when nobody is told of it more.
What a guardian signed on the desk's screen goes when its own time is over (`signatures.py`).
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from app.doors.models import Invitation, NumberProof, Pairing, SignInCode
from app.doors.parent_request_models import ParentRequest
from app.doors.parent_request_queries import TOLD_FOR
from app.doors.rules import SWEPT_AFTER
from app.families import signatures
from app.jobs import service as jobs
from app.jobs.service import Leased

KIND = "doors.sweep"
EVERY = timedelta(hours=1)
INVITATIONS_KEPT = timedelta(days=90)
REQUESTS_OPEN = timedelta(days=90)


def start(session: Session, now: datetime) -> None:
    jobs.put(session, KIND, now, now, key=KIND)


def sweep(session: Session, _row: Leased, now: datetime) -> None:
    for kind, kept in (
        (SignInCode, SWEPT_AFTER), (NumberProof, SWEPT_AFTER), (Pairing, SWEPT_AFTER), (Invitation, INVITATIONS_KEPT),
    ):  # fmt: skip
        session.execute(delete(kind).where(kind.expires_at < now - kept))
    is_over = or_(ParentRequest.decided_at < now - TOLD_FOR, ParentRequest.asked_at < now - REQUESTS_OPEN)
    session.execute(delete(ParentRequest).where(is_over))
    signatures.forget(session, now)
    jobs.put_again(session, KIND, KIND, now + EVERY, now)
