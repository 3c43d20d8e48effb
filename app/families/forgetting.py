"""What is kept of a contact no longer: the voice of who may call no child, the face of who may not write to one either.

It is asked when a consent was withdrawn, beaten or is over by its date, and when somebody left. A voice goes at once.
A face goes by the promised day, since a consent that is given anew on another paper brings no camera with it. Who
lives in a family beside its children keeps a face there, whatever their own contact with a child may be.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from app.families import queries, recorded_names, rules, service
from app.families.rules import FORGOTTEN_AFTER
from app.families.words import ConsentKind, MemberRole
from app.jobs import service as jobs
from app.kernel.errors import Refused
from app.kernel.events import ConsentEnded, GraceOver, MemberLeft, to_payload

KIND = f"event:{GraceOver.__name__}"
IN_TOUCH = {ConsentKind.CALL, ConsentKind.MESSAGE}
AT_HOME = (MemberRole.CAREGIVER, MemberRole.CHILD)


def of_ending(session: Session, event: ConsentEnded, now: datetime) -> None:
    children = queries.children_of_parent(session, event.contact_id)
    if not any(_may_call(session, child.id, event.contact_id, now) for _family, child in children):
        recorded_names.forget(session, event.contact_id)
    _look_later(session, event.contact_id, event.at, now)


def of_leaving(session: Session, event: MemberLeft, now: datetime) -> None:
    """Who is nobody's parent any more leaves no voice behind, who is in no family any more no face."""
    if not queries.families_of_person(session, event.person_id, MemberRole.PARENT):
        recorded_names.forget(session, event.person_id)
    _look_later(session, event.person_id, event.at, now)


def of_grace(session: Session, event: GraceOver, now: datetime) -> None:
    """Drop the face of who is neither at home anywhere nor in touch with a child."""
    person_id = event.person_id
    children = queries.children_of_parent(session, person_id)
    is_known = any(_was_in_touch(session, child.id, person_id, now) for _family, child in children)
    if not is_known and not queries.families_of_person(session, person_id, *AT_HOME):
        service.remove_photo(session, person_id, now)


def _look_later(session: Session, person_id: str, since: datetime, now: datetime) -> None:
    over = GraceOver(since + FORGOTTEN_AFTER, person_id)
    key = f"grace:{person_id}:{since.isoformat()}"
    jobs.put(session, KIND, over.at, now, payload=to_payload(over), key=key)


def _may_call(session: Session, child_id: str, contact_id: str, now: datetime) -> bool:
    try:
        service.may_contact(session, ConsentKind.CALL, child_id, contact_id, now)
    except Refused:
        return False
    return True


def _was_in_touch(session: Session, child_id: str, contact_id: str, now: datetime) -> bool:
    """Whether calls or messages are allowed to these two, or were within the days of grace."""
    given, bans = queries.consents(session, child_id, contact_id), queries.no_contacts(session, child_id, contact_id)
    for kind in {consent.kind for consent in given} & IN_TOUCH:
        since = rules.forbidden_since(kind, child_id, contact_id, given, bans, now)
        if since is None or since > now - FORGOTTEN_AFTER:
            return True
    return False
