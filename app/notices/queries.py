"""Reads for the desk: what could not be delivered to a village's people, and what was told about one subject."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from app.families.models import Family, Member, Person
from app.kernel.errors import NotFound
from app.notices.models import Attempt, Delivery, Notice, StoppedNumber
from app.notices.service import UNHAPPY
from app.notices.words import DeliveryState, NoticeState
from app.storage.types import Instant

LISTED_FOR = timedelta(days=7)
A_NIGHT = timedelta(days=1)  # a desk is told something in the morning at the latest
MOST_LISTED = 50


@dataclass(frozen=True)
class Trouble:
    """A delivery that failed, or of which nobody knows, and that nothing later made good.

    `error` is a word that the desk can translate. `gateway` was tried last, and `detail` is what its vendor said.
    """

    delivery_id: str
    person_name: str
    template: str
    subject: str
    state: DeliveryState
    error: str | None
    at: datetime
    gateway: str | None
    detail: str | None


@dataclass(frozen=True)
class Told:
    """One notice and its latest delivery, if it came to one."""

    notice_id: str
    person_id: str | None
    template: str
    due_at: datetime
    state: NoticeState
    channel: str | None
    delivery: DeliveryState | None


def troubles(session: Session, village_id: str, since: datetime) -> list[Trouble]:
    """What could not be delivered since an instant to persons of a village, newest first."""
    rows = session.execute(
        select(
            Delivery.id, Person.name, Notice.template, Notice.subject, Delivery.state, Delivery.error,
            type_coerce(Delivery.settled_at, Instant), Attempt.gateway, Attempt.error,
        )
        .join(Notice, Notice.id == Delivery.notice_id)
        .outerjoin(Attempt, and_(Attempt.delivery_id == Delivery.id, _is_last_attempt()))
        .join(Person, Person.id == Notice.person_id)
        .where(
            Notice.state == NoticeState.OUT, Delivery.state.in_(UNHAPPY), Delivery.settled_at >= since,
            _is_latest(), _is_of_village(village_id),
        )
        .order_by(Delivery.settled_at.desc(), Delivery.id)
    )  # fmt: skip
    return [Trouble(*row) for row in rows]


def ids_of_village(village_id: str, ids: Collection[str]) -> Select[str]:
    """Of these notices those to this village's people, or to its desk."""
    return select(Notice.id).where(Notice.id.in_(ids), or_(_is_to_desk(village_id), _is_of_village(village_id)))


def delivery_of_village(session: Session, village_id: str, delivery_id: str) -> Delivery:
    """A delivery to a person of this village. Raises NotFound for any other."""
    of_village = select(Delivery).join(Notice, Notice.id == Delivery.notice_id).where(_is_of_village(village_id))
    found = session.scalar(of_village.where(Delivery.id == delivery_id))
    if found is None:
        raise NotFound
    return found


def desk_notices(session: Session, village_id: str, now: datetime) -> Sequence[Notice]:
    """What a village's desk was told and nobody has closed, newest first."""
    due = _of_desk(village_id).where(Notice.due_at <= now, Notice.due_at > now - LISTED_FOR)
    listed = due.where(
        Notice.closed_at.is_(None), Notice.state != NoticeState.CANCELLED,
        Notice.planned_at > now - LISTED_FOR - A_NIGHT,  # by which they are found
    )  # fmt: skip
    return session.scalars(listed.order_by(Notice.due_at.desc(), Notice.id).limit(MOST_LISTED)).all()


def desk_notice(session: Session, village_id: str, notice_id: str) -> Notice:
    """A notice to this village's desk. Raises NotFound for any other."""
    found = session.scalar(_of_desk(village_id).where(Notice.id == notice_id))
    if found is None:
        raise NotFound
    return found


def told(session: Session, subject: str) -> list[Told]:
    """The notices of a subject, by when they are due."""
    rows = session.execute(
        select(
            Notice.id, Notice.person_id, Notice.template, Notice.due_at, Notice.state, Delivery.channel, Delivery.state
        )
        .outerjoin(Delivery, and_(Delivery.notice_id == Notice.id, _is_latest()))
        .where(Notice.subject == subject)
        .order_by(Notice.due_at, Notice.id)
    )
    return [Told(*row) for row in rows]


def without_texts(session: Session, person_ids: Collection[str]) -> set[str]:
    """Of these persons those whose number wants no more texts."""
    stopped = select(Person.id).join(StoppedNumber, StoppedNumber.number == Person.phone)
    return set(session.scalars(stopped.where(Person.id.in_(person_ids))))


def _of_desk(village_id: str) -> Select[Notice]:
    return select(Notice).where(_is_to_desk(village_id))


def _is_to_desk(village_id: str) -> ColumnElement[bool]:
    return and_(Notice.village_id == village_id, Notice.person_id.is_(None), Notice.number.is_(None))


def _is_latest() -> ColumnElement[bool]:
    later = aliased(Delivery)
    return ~exists().where(later.notice_id == Delivery.notice_id, later.number > Delivery.number)


def _is_last_attempt() -> ColumnElement[bool]:
    later = aliased(Attempt)
    return ~exists().where(later.delivery_id == Attempt.delivery_id, later.number > Attempt.number)


def _is_of_village(village_id: str) -> ColumnElement[bool]:
    """To a person of the village; who is of two has notices of both, each by one's terms or by none's."""
    is_with_it = exists().where(
        Member.person_id == Notice.person_id,
        Member.left_at.is_(None),
        Member.family_id == Family.id,
        Family.village_id == village_id,
    )
    return and_(is_with_it, or_(Notice.village_id == village_id, Notice.village_id.is_(None)))
