"""Sweeps out, every hour, codes and proofs that are good no more; invitations while somebody may ask about them."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.doors.models import Invitation, NumberProof, Pairing, SignInCode
from app.doors.rules import SWEPT_AFTER
from app.jobs import service as jobs
from app.jobs.service import Leased

KIND = "doors.sweep"
EVERY = timedelta(hours=1)
INVITATIONS_KEPT = timedelta(days=90)


def start(session: Session, now: datetime) -> None:
    jobs.put(session, KIND, now, now, key=KIND)


def sweep(session: Session, _row: Leased, now: datetime) -> None:
    for kind, kept in (
        (SignInCode, SWEPT_AFTER), (NumberProof, SWEPT_AFTER), (Pairing, SWEPT_AFTER), (Invitation, INVITATIONS_KEPT),
    ):  # fmt: skip
        session.execute(delete(kind).where(kind.expires_at < now - kept))
    jobs.put_again(session, KIND, KIND, now + EVERY, now)
