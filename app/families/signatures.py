"""Signatures that guardians gave on a screen: kept sealed beside their consent, shown again, forgotten.

One is kept for as long as its consent holds, and then as long as whatever nobody may hear any more, since somebody may
ask what was signed; the same when the child and the other one are in no family together any more. Who may look is
decided above.
"""

import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session, aliased

from app.families.models import Consent, Member, Signature
from app.families.rules import FORGOTTEN_AFTER
from app.families.signature_rules import Strokes, check_strokes
from app.families.words import MemberRole
from app.kernel.errors import NotFound
from app.web.sealing import Sealer


def keep(session: Session, sealer: Sealer, consent_id: str, strokes: Strokes, now: datetime) -> None:
    """Keep what was drawn for a consent. Raises Invalid, TooLarge."""
    check_strokes(strokes)
    drawn = json.dumps([list(stroke) for stroke in strokes], separators=(",", ":"))
    session.add(Signature(consent_id=consent_id, sealed=sealer.seal(_purpose(consent_id), drawn), signed_at=now))
    session.flush()


def get(session: Session, sealer: Sealer, consent_id: str) -> tuple[list[list[int]], datetime]:
    """The strokes, and when they were drawn. Raises NotFound."""
    found = session.get(Signature, consent_id)
    if found is None:
        raise NotFound
    strokes: list[list[int]] = json.loads(sealer.unseal(_purpose(consent_id), found.sealed))
    return strokes, found.signed_at


def signed(session: Session, consent_ids: Iterable[str]) -> set[str]:
    """Which of these consents have a signature that can be shown."""
    return set(session.scalars(select(Signature.consent_id).where(Signature.consent_id.in_(list(consent_ids)))))


def forget(session: Session, now: datetime) -> None:
    """Delete those whose time is over."""
    by = now - FORGOTTEN_AFTER
    over = select(Consent.id).where(or_(Consent.revoked_at <= by, Consent.until_at <= by, ~_were_together(by)))
    session.execute(delete(Signature).where(Signature.consent_id.in_(over)))


def _were_together(since: datetime) -> ColumnElement[bool]:
    """Whether the two of a consent are in one family, or were after this instant."""
    child, contact = aliased(Member), aliased(Member)
    theirs = select(child.id).join(contact, contact.family_id == child.family_id)
    return (
        theirs.where(child.person_id == Consent.child_id, child.role == MemberRole.CHILD)
        .where(contact.person_id == Consent.contact_id)
        .where(or_(child.left_at.is_(None), child.left_at > since))
        .where(or_(contact.left_at.is_(None), contact.left_at > since))
        .correlate(Consent)
        .exists()
    )


def _purpose(consent_id: str) -> str:
    """Sealed for this consent: under another one it can't be read."""
    return f"signature {consent_id}"
