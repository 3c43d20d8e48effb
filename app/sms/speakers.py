"""For whom a number speaks: the persons who confirmed it by a code and belong to a family, and nobody else.

A text's sender can be forged by anybody with the right line. So a number speaks for less than a sign-in does: what it
can bring about is listed in `commands.py`, all of it is told to the number itself, and nothing is told to another one.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import queries as calls
from app.calls.models import Call, Invitee
from app.calls.words import CallState, Outcome, Side
from app.families import queries as families
from app.families.models import Family, Person
from app.families.words import MemberRole
from app.kernel.errors import NotFound
from app.sms.conversation import About
from app.web.principals import PERSON, Principal


def of_number(session: Session, number: str) -> list[Person]:
    """Everybody whose confirmed number this is and who belongs to a family; several may share it."""
    confirmed = select(Person).where(Person.phone == number, Person.phone_confirmed_at.is_not(None))
    holders = session.scalars(confirmed.order_by(Person.name, Person.id)).all()
    return [person for person in holders if families.families_of_person(session, person.id)]


def about_call(session: Session, person: Person, call_id: str) -> About | None:
    """A person and a call that they belong to, on their side of it; None for any other call."""
    call = session.get(Call, call_id)
    side = _side(session, person, call) if call is not None else None
    if call is None or side is None:
        return None
    return About(person.id, side, call.family_id, call.child_id, call.parent_id, call.id)


def current(session: Session, about: About) -> About | None:
    """The same about the call that this one became by moving; None when it took place."""
    call = session.get(Call, about.call_id, populate_existing=True) if about.call_id else None
    while call is not None and call.moved_to_id is not None:
        call = session.get_one(Call, call.moved_to_id)
    if call is None:
        return about
    return None if call.outcome in (Outcome.HELD, Outcome.MESSAGE) else replace(about, call_id=call.id)


def open_calls(session: Session, people: Sequence[Person]) -> list[About]:
    """What these have ahead or are in now, soonest first."""
    found: list[tuple[Call, About]] = []
    for person in people:
        invited = select(Invitee.call_id).where(Invitee.person_id == person.id)
        for call in session.scalars(select(Call).where(Call.id.in_(invited), Call.state != CallState.ENDED)):
            about = about_call(session, person, call.id)
            if about is not None:
                found.append((call, about))
    return [about for _call, about in sorted(found, key=lambda pair: (pair[0].starts_at, pair[0].id))]


def pairs(session: Session, people: Sequence[Person]) -> list[About]:
    """Every child and parent for whom one of these can ask for a call."""
    return [about for person in people for about in _pairs(session, person)]


def in_families(session: Session, people: Sequence[Person]) -> list[tuple[Person, Family]]:
    """Each of these in each of their families."""
    return [(person, family) for person in people for family in families.families_of_person(session, person.id)]


def _pairs(session: Session, person: Person) -> list[About]:
    own = [
        About(person.id, Side.PARENT, family.id, child.id, person.id)
        for family, child in families.children_of_parent(session, person.id)
    ]
    for family in families.families_of_person(session, person.id, MemberRole.CAREGIVER, MemberRole.CHILD):
        brings = families.is_member(session, family.id, person.id, MemberRole.CAREGIVER)
        own += [
            About(person.id, Side.VILLAGE, family.id, child.id, parent.id)
            for child in families.children(session, family.id)
            for parent in families.parents(session, family.id)
            if parent.id != person.id and (brings or child.id == person.id)
        ]
    return own


def _side(session: Session, person: Person, call: Call) -> Side | None:
    try:
        return calls.side_of(session, call, Principal(PERSON, person.id, None, "", person.language))
    except NotFound:
        return None
