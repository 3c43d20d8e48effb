"""Reads of requests for the other parent: one's own, the village's, and who is known by the number that was given."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.doors.parent_request_models import ParentRequest, RequestState
from app.families import queries as families
from app.families.models import Family, Member, Person
from app.families.numbers import region_of, region_of_number
from app.families.words import MemberRole
from app.kernel.numbers import E164
from app.villages import queries as villages

TOLD_FOR = timedelta(days=30)  # the asking parent what became of it
UNDONE_WITHIN = timedelta(days=2)


def of_parent(session: Session, person_id: str, now: datetime) -> Sequence[ParentRequest]:
    """What somebody asked for and is still of interest, the latest first."""
    mine = [family.id for family in families.families_of_person(session, person_id, MemberRole.PARENT)]
    asked = select(ParentRequest).where(
        ParentRequest.asked_by == person_id, ParentRequest.family_id.in_(mine),
        ParentRequest.state != RequestState.WITHDRAWN,
        or_(ParentRequest.decided_at.is_(None), ParentRequest.decided_at > now - TOLD_FOR),
    )  # fmt: skip
    return session.scalars(asked.order_by(ParentRequest.asked_at.desc(), ParentRequest.id)).all()


def of_village(session: Session, village_id: str, now: datetime) -> Sequence[ParentRequest]:
    """What waits for the desk, the oldest first; then what it decided so lately that it can be undone."""
    at_desk = or_(
        ParentRequest.state == RequestState.OPEN,
        ParentRequest.state.in_((RequestState.ACCEPTED, RequestState.DECLINED))
        & (ParentRequest.decided_at > now - UNDONE_WITHIN),
    )
    theirs = select(ParentRequest).join(Family, Family.id == ParentRequest.family_id)
    theirs = theirs.where(Family.village_id == village_id, at_desk)
    found = session.scalars(theirs.order_by(ParentRequest.asked_at, ParentRequest.id)).all()
    return sorted(found, key=lambda request: request.state is not RequestState.OPEN)


def open_in_village(session: Session, village_id: str) -> int:
    """How many wait for the desk."""
    waiting = select(func.count()).select_from(ParentRequest).join(Family, Family.id == ParentRequest.family_id)
    waiting = waiting.where(Family.village_id == village_id, ParentRequest.state == RequestState.OPEN)
    return session.scalar(waiting) or 0


def known_by_number(session: Session, family: Family, request: ParentRequest) -> Sequence[Person]:
    """People of the village who have this number, or were taken in by it and have not read its code back yet."""
    taken_in = select(ParentRequest.person_id).join(Family, Family.id == ParentRequest.family_id)
    taken_in = taken_in.where(
        Family.village_id == family.village_id, ParentRequest.number == request.number,
        ParentRequest.state == RequestState.ACCEPTED,
    )  # fmt: skip
    theirs = select(Person).join(Member, Member.person_id == Person.id).join(Family, Family.id == Member.family_id)
    theirs = theirs.where(
        Family.village_id == family.village_id, Member.left_at.is_(None), Member.role != MemberRole.CHILD,
        or_(Person.phone == request.number, Person.id.in_(taken_in)),
    )  # fmt: skip
    return session.scalars(theirs.distinct().order_by(Person.name, Person.id)).all()


def zone_of(session: Session, family: Family, request: ParentRequest) -> str:
    """Where the other parent probably lives: with the one who asks, if the number is of that country."""
    asker, village = families.person(session, request.asked_by), villages.village(session, family.village_id)
    is_near = region_of_number(E164(request.number)) == region_of(asker.zone, asker.language)
    return asker.zone if is_near else village.zone
