"""A parent's name in the parent's own voice, which a terminal plays when they call: kept, replaced, removed, forgotten.

It is as long as "it's mother" and no longer. It stays as long as somebody may be rung by this person. Which terminal
may have it is decided by whoever knows of calls.
"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.families import queries, service
from app.families.models import RecordedName
from app.families.words import MemberRole
from app.kernel.errors import NotFound
from app.storage.database import new_id
from app.villages.ogg_opus import checked_ms
from app.villages.service import tell_village
from app.web.hints import hint

MOST_BYTES = 12_000  # four seconds at twice the bits that our own pages use
SHORTEST_MS, LONGEST_MS = 300, 4_300  # one word of which the silence was cut off; four seconds and a packet's end


def keep(session: Session, person_id: str, raw: bytes, now: datetime) -> RecordedName:
    """Keep what a parent calls themselves, instead of what was recorded before.

    Raises NotFound for others, Invalid, TooLarge.
    """
    lasts_ms = checked_ms(raw, MOST_BYTES, SHORTEST_MS, LONGEST_MS)
    service.lock_person(session, person_id)
    if not queries.families_of_person(session, person_id, MemberRole.PARENT):
        raise NotFound
    forget(session, person_id)
    name = RecordedName(
        id=new_id(session), person_id=person_id, recording=raw, duration_ms=lasts_ms, recorded_at=now,
    )  # fmt: skip
    session.add(name)
    session.flush()
    _tell(session, person_id, now)
    return name


def remove(session: Session, person_id: str, now: datetime) -> None:
    """Have nothing of it left. Raises NotFound where nothing was recorded."""
    service.lock_person(session, person_id)
    if id_of(session, person_id) is None:
        raise NotFound
    forget(session, person_id)
    _tell(session, person_id, now)


def id_of(session: Session, person_id: str) -> str | None:
    """Another one as soon as it was recorded anew; None where nobody recorded it."""
    return session.scalar(select(RecordedName.id).where(RecordedName.person_id == person_id))


def get(session: Session, recorded_name_id: str) -> RecordedName:
    """Raises NotFound."""
    found = session.get(RecordedName, recorded_name_id)
    if found is None:
        raise NotFound
    return found


def forget(session: Session, person_id: str) -> None:
    """Have nothing of it left, if there is any, and tell nobody: when, is decided in `forgetting.py`."""
    session.execute(delete(RecordedName).where(RecordedName.person_id == person_id))


def _tell(session: Session, person_id: str, now: datetime) -> None:
    """The person's own phones, and the terminals that may ring for them."""
    hint(session, "person", person_id, now)
    for family in queries.families_of_person(session, person_id, MemberRole.PARENT):
        tell_village(session, family.village_id, now)
