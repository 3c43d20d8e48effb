"""Who may come in as a person, and the device session that opens for them. Which door it was is said by the caller."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.families import queries as families
from app.families.models import Person
from app.kernel.numbers import E164
from app.web import sessions
from app.web.api import Door
from app.web.models import DeviceSession, PrincipalKind


def with_number(session: Session, number: E164) -> list[Person]:
    """Everybody whose confirmed number this is and who belongs to a family."""
    return [
        person
        for person in families.persons_with_phone(session, number)
        if person.phone_confirmed_at is not None and families.families_of_person(session, person.id)
    ]


def open_door(session: Session, person: Person, door: Door, by: str) -> tuple[DeviceSession, str]:
    """Sign this device in as a person; its session and token."""
    return sessions.open_session(
        session, PrincipalKind.PERSON, person.id, None, person.language, door.now, opened_by=by, label=door.label
    )


def open_again(session: Session, device_id: str, now: datetime) -> str | None:
    """A new token for a session whose first token was lost on its way; None if the session was ended since."""
    device = session.get(DeviceSession, device_id, with_for_update=True)
    if device is None or not sessions.is_open(device, now):
        return None
    return sessions.renew_token(device)
