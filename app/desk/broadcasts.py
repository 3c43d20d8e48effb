"""A text from the desk to everybody of the village, in the coordinator's own words: shown with its cost, then sent.

Each parent and caregiver is told once; who share a number are told once together. It wakes nobody, is on the village's
account, and goes out whole or not at all: not where every gateway takes approved texts only, not when it is too long
for all of them, not beyond what is left of the month.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.desk.broadcast_shapes import BroadcastShape, PreviewShape, Refusal
from app.desk.service import record
from app.desk.text_costs import Estimate, Telling, estimate
from app.families.models import Family, Member, Person
from app.families.words import MemberRole
from app.kernel.errors import Invalid, Refused
from app.notices import service as notices
from app.notices.names import typed
from app.notices.ports import SmsGateway
from app.notices.rules import without_digits
from app.notices.segments import split
from app.storage.database import new_id
from app.villages import queries as villages
from app.web.principals import Principal

TEMPLATE = "announcement"
KEPT_CHARACTERS = 300  # of the words, in the audit, without numbers


def preview(
    session: Session, who: Principal, gateways: Sequence[SmsGateway], text: str, now: datetime
) -> PreviewShape:  # fmt: skip
    """What it would cost, and why it could not be sent. Raises Invalid("empty_text")."""
    _tellings, found = _looked_at(session, who, gateways, text, now)
    return PreviewShape(
        people=found.people, segments_each=found.segments_each, segments=found.segments, cost=found.cost,
        currency=found.currency, encoding=found.encoding, unreachable=list(found.unreachable),
        left_this_month=found.left_this_month, parts=split(found.longest) if found.longest else [],
        most_segments=_most_segments(gateways), refusal=_refusal(gateways, found),
    )  # fmt: skip


def send(
    session: Session, who: Principal, gateways: Sequence[SmsGateway], text: str, now: datetime
) -> BroadcastShape:  # fmt: skip
    """Plan it for everybody. Raises Invalid("empty_text"), and Refused with what `preview` says."""
    tellings, found = _looked_at(session, who, gateways, text, now)
    if refusal := _refusal(gateways, found):
        raise Refused(
            refusal, segments=found.segments, left=found.left_this_month or 0, each=found.segments_each,
            most=_most_segments(gateways),
        )  # fmt: skip
    broadcast_id = new_id(session)
    for telling in tellings:
        notices.plan(
            session, person_id=telling.person.id, village_id=who.village, template=TEMPLATE, params=telling.params,
            subject=f"broadcast:{broadcast_id}", due_at=now, key=f"{TEMPLATE}:{broadcast_id}:{telling.person.id}",
            now=now,
        )  # fmt: skip
    detail = {"text": without_digits(typed(text)[:KEPT_CHARACTERS]), "people": found.people, "segments": found.segments}
    record(session, who, "broadcast", f"village:{who.village}", detail, now)
    return BroadcastShape(
        id=broadcast_id, people=found.people, segments=found.segments, cost=found.cost, currency=found.currency
    )


def _looked_at(
    session: Session, who: Principal, gateways: Sequence[SmsGateway], text: str, now: datetime
) -> tuple[list[Telling], Estimate]:  # fmt: skip
    words = typed(text)
    if not words:
        raise Invalid("empty_text")
    village = villages.village(session, who.village)
    params = {"place": village.name, "text": words}
    tellings = [Telling(person, TEMPLATE, params) for person in _once_a_number(_people(session, village.id))]
    gateway = next(iter(_free(gateways)), gateways[0])
    return tellings, estimate(session, village.id, gateway, tellings, now)


def _refusal(gateways: Sequence[SmsGateway], found: Estimate) -> Refusal | None:
    if not _free(gateways):
        return "no_free_text"
    if found.segments_each > _most_segments(gateways):
        return "text_too_long"
    if found.left_this_month is not None and found.segments > found.left_this_month:
        return "budget_used_up"
    return None if found.people else "nobody_to_tell"


def _free(gateways: Sequence[SmsGateway]) -> list[SmsGateway]:
    return [gateway for gateway in gateways if not gateway.templates_only]


def _most_segments(gateways: Sequence[SmsGateway]) -> int:
    return max((gateway.max_segments for gateway in _free(gateways)), default=0)


def _people(session: Session, village_id: str) -> Sequence[Person]:
    present = select(Member.person_id).join(Family, Family.id == Member.family_id).where(
        Family.village_id == village_id, Member.left_at.is_(None),
        Member.role.in_((MemberRole.PARENT, MemberRole.CAREGIVER)),
    )  # fmt: skip
    return session.scalars(select(Person).where(Person.id.in_(present)).order_by(Person.name, Person.id)).all()


def _once_a_number(people: Iterable[Person]) -> list[Person]:
    """Of those who share a confirmed number only the first."""
    found: dict[str, Person] = {}
    for person in people:
        shared = person.phone if person.phone and person.phone_confirmed_at else person.id
        found.setdefault(shared, person)
    return list(found.values())
