"""A consent that ends by its date: an event like its withdrawal, written with it and due at that instant.

What follows is said in `flows.py`, for both the same; whether another consent still holds is asked there.
"""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.families.models import Consent, Person, RecordedName
from app.jobs import service as jobs
from app.kernel.events import ConsentRanOut, to_payload

KIND = f"event:{ConsentRanOut.__name__}"


def start(session: Session, now: datetime) -> None:
    """Foresee what was given before ends were: those to come, and those whose contact is still seen or heard."""
    is_kept = or_(
        Person.photo_id.is_not(None), select(RecordedName.id).where(RecordedName.person_id == Person.id).exists()
    )
    dated = select(Consent).join(Person, Person.id == Consent.contact_id)
    dated = dated.where(Consent.until_at.is_not(None), Consent.revoked_at.is_(None))
    for consent in session.scalars(dated.where(or_(Consent.until_at > now, is_kept)).order_by(Consent.id)):
        foresee(session, consent, now)


def foresee(session: Session, consent: Consent, now: datetime) -> None:
    """Have its last instant followed by what follows, if it has one."""
    if consent.until_at is not None:
        over = ConsentRanOut(consent.until_at, consent.id, consent.child_id, consent.contact_id)
        jobs.put(session, KIND, consent.until_at, now, key=_key(consent), payload=to_payload(over))


def forestall(session: Session, consent: Consent, now: datetime) -> None:
    """It was withdrawn before: nothing ends a second time."""
    jobs.put_again(session, KIND, _key(consent), None, now)


def _key(consent: Consent) -> str:
    return f"consent:{consent.id}:over"
