"""Somebody asks to be called back: the other side is told, and the village's desk finds them in its line."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.calls.words import Side
from app.families import queries as families
from app.families import service as consent
from app.families.words import ConsentKind, MemberRole
from app.kernel.errors import HomethreadError
from app.notices import service as notices
from app.roster import waits
from app.sms import replies
from app.sms.conversation import About
from app.sms.replies import Done, Reply
from app.sms.words import Outcome
from app.villages.service import tell_village
from app.web.hints import hint


def ask(session: Session, abouts: Sequence[About], now: datetime) -> Done:
    """Ask for each child and parent of whom the writer may speak; none but whose contact is allowed."""
    refusal = ""
    allowed: list[About] = []
    for about in abouts:
        try:
            consent.hold_contact(session, ConsentKind.CALL, about.child_id, about.parent_id, now)
            allowed.append(about)
        except HomethreadError as refused:
            refusal = refused.code
    if not allowed:
        return replies.refused(refusal) if refusal else replies.no_call()
    for about in allowed:
        _ask(session, about, now)
    return Done(Outcome.CALL_BACK, Reply("sms_call_back"), about=allowed[0])


def _ask(session: Session, about: About, now: datetime) -> None:
    village_id = families.village_of(session, about.family_id)
    waits.ask(
        session, village_id=village_id, family_id=about.family_id, child_id=about.child_id,
        parent_id=about.parent_id, by=f"person:{about.person_id}", now=now,
    )  # fmt: skip
    others = [about.parent_id]
    if about.side is Side.PARENT:
        others = [who.id for who in families.caregivers(session, about.family_id)]
        _tell(session, about, now, village_id=village_id)
    for person_id in others:
        if person_id != about.person_id:
            _tell(session, about, now, person_id=person_id)
    tell_village(session, village_id, now)
    for person, role in families.members(session, about.family_id):
        if role is not MemberRole.CHILD:
            hint(session, "person", person.id, now)


def _tell(
    session: Session, about: About, now: datetime, *, person_id: str | None = None, village_id: str | None = None
) -> None:  # fmt: skip
    """Once an hour at most."""
    by = families.person(session, about.person_id)
    key = f"call_back:{person_id or village_id}:{by.id}:{about.child_id}:{now:%Y%m%dT%H}"
    notices.plan(
        session, person_id=person_id, village_id=village_id, family_id=about.family_id, template="call_back",
        subject=f"family:{about.family_id}", due_at=now, key=key, now=now,
        params={"by": by.name, "child": families.person(session, about.child_id).name},
    )  # fmt: skip
