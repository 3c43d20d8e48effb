"""A person's private address of their calls: made, revoked, read. What is written there is `calendar.py`.

One address at a time: a new one ends the one before. Whoever has it needs no sign-in, so it holds 160 random bits, is
shown once, and is kept as a hash, by which alone it is looked up.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.calls.calendar import Entry, status_of
from app.calls.models import CalendarFeed, Call, CallEvent, Invitee
from app.calls.words import Outcome
from app.families import queries as families
from app.families.models import Person
from app.families.names import given_name
from app.families.service import lock_person
from app.kernel.ids import random_token
from app.storage.database import new_id
from app.villages.models import Village
from app.web.sessions import hashed

KEPT = timedelta(days=60)
CHANGES = ("confirmed", "extended")  # what else changes an entry leaves its instant on the call itself


@dataclass(frozen=True)
class Reader:
    """Whose feed it is, and in which language it is read."""

    person_id: str
    language: str


def make(session: Session, person_id: str, now: datetime) -> str:
    """Make a new address instead of the one before; its secret, which nobody can read again."""
    lock_person(session, person_id)
    revoke(session, person_id, now)
    secret = random_token()
    session.add(CalendarFeed(id=new_id(session), person_id=person_id, secret_hash=hashed(secret), made_at=now))
    session.flush()
    return secret


def revoke(session: Session, person_id: str, now: datetime) -> None:
    """Let the address open nothing from now on; where there is none, that is so already."""
    session.execute(update(CalendarFeed).where(*_open(person_id)).values(revoked_at=now))


def standing(session: Session, person_id: str) -> CalendarFeed | None:
    """The feed that can be read now."""
    return session.scalar(select(CalendarFeed).where(*_open(person_id)))


def read(session: Session, secret: str, now: datetime) -> Reader | None:
    """Who reads by this secret, noted as read; None for a secret that nobody has, or has no more: the same work."""
    known = CalendarFeed.secret_hash == hashed(secret), CalendarFeed.revoked_at.is_(None)
    seen = update(CalendarFeed).where(*known).values(read_at=now).returning(CalendarFeed.person_id)
    person_id = session.scalar(seen)
    if person_id is None:
        return None
    return Reader(person_id, session.get_one(Person, person_id).language)


def entries(session: Session, person_id: str, now: datetime) -> list[Entry]:
    """The person's own calls in families they are in now: all that lie ahead, and what ended in the last 60 days.

    Of the calls that became one another by moving only the last is there, under the id of the first.
    """
    child, parent = aliased(Person), aliased(Person)
    mine = select(Invitee.call_id).where(Invitee.person_id == person_id)
    confirmed = select(Invitee.call_id).where(Invitee.call_id == Call.id, Invitee.confirmed_at.is_not(None))
    changed = select(func.max(CallEvent.at)).where(CallEvent.call_id == Call.id, CallEvent.kind.in_(CHANGES))
    found = (
        select(Call, child.name, parent.name, Village.name, confirmed.exists(), changed.scalar_subquery())
        .join(child, child.id == Call.child_id)
        .join(parent, parent.id == Call.parent_id)
        .join(Village, Village.id == Call.village_id)
        .where(Call.id.in_(mine), Call.family_id.in_(families.family_ids_of(person_id)), _shown(now - KEPT))
        .order_by(Call.starts_at, Call.id)
    )
    return [_entry(row, person_id) for row in session.execute(found)]


def _open(person_id: str) -> tuple[ColumnElement[bool], ...]:
    return CalendarFeed.person_id == person_id, CalendarFeed.revoked_at.is_(None)


def _shown(since: datetime) -> ColumnElement[bool]:
    is_last = or_(Call.outcome.is_(None), Call.outcome != Outcome.MOVED)
    return and_(is_last, or_(Call.ends_at >= since, Call.ended_at >= since))


def _entry(row: Row[Call, str, str, str, bool, datetime | None], person_id: str) -> Entry:
    call, child, parent, place, is_confirmed, changed_at = row
    sides = {call.child_id: given_name(child), call.parent_id: given_name(parent)}
    instants = (call.made_at, call.ended_at, changed_at)
    return Entry(
        root_id=call.root_id or call.id, starts_at=call.starts_at, ends_at=call.ends_at,
        status=status_of(
            call.state, call.outcome, waits_for_confirmation=call.confirm_by is not None and not is_confirmed
        ),
        moves=call.moves, changed_at=max(instant for instant in instants if instant),
        names=[name for known_id, name in sides.items() if known_id != person_id], place=place,
    )  # fmt: skip
