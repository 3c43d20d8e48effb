"""Reads what a batch of notices is decided by, in few statements; locks the notices, always in the same order."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.families.models import Person
from app.notices.models import Attempt, Delivery, Notice
from app.notices.words import AttemptState

Wanted = tuple[str, int]
IN_DOUBT = (AttemptState.SENDING, AttemptState.UNKNOWN)


@dataclass
class Case:
    """A notice's delivery of one number, None while nothing was done about it, and the attempts of that delivery.

    `earlier` are the notice's deliveries of lower numbers, `has_later` says whether there is one of a higher number.
    """

    notice: Notice
    number: int
    delivery: Delivery | None
    attempts: list[Attempt] = field(default_factory=list)
    earlier: Sequence[Delivery] = ()
    has_later: bool = False

    @property
    def last(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def key(self) -> str:
        """By what a vendor knows the delivery, in all its attempts."""
        return self.notice.key if self.number == 1 else f"{self.notice.key}~{self.number}"

    def there(self) -> Delivery:
        assert self.delivery is not None
        return self.delivery


def lock(session: Session, notice_ids: Collection[str]) -> None:
    """Hold notices until the transaction ends: all at once, in one order, so that no two batches wait in a ring."""
    session.execute(select(Notice.id).where(Notice.id.in_(notice_ids)).order_by(Notice.id).with_for_update())


def read(session: Session, wanted: Collection[Wanted]) -> dict[Wanted, Case]:
    """The cases that are wanted, of notices that are locked."""
    ids = {notice_id for notice_id, _number in wanted}
    notices = {notice.id: notice for notice in session.scalars(select(Notice).where(Notice.id.in_(ids)))}
    deliveries = defaultdict[str, list[Delivery]](list)
    for delivery in session.scalars(select(Delivery).where(Delivery.notice_id.in_(ids)).order_by(Delivery.number)):
        deliveries[delivery.notice_id].append(delivery)
    attempts = _attempts(session, [each.id for mine in deliveries.values() for each in mine])
    _keep_persons(session, {notice.person_id for notice in notices.values() if notice.person_id})
    return {
        (notice_id, number): _case(notices[notice_id], number, deliveries[notice_id], attempts)
        for notice_id, number in wanted
        if notice_id in notices
    }


def _case(
    notice: Notice, number: int, deliveries: Sequence[Delivery], attempts: dict[str, list[Attempt]]
) -> Case:  # fmt: skip
    mine = next((each for each in deliveries if each.number == number), None)
    return Case(
        notice, number, mine, attempts.get(mine.id, []) if mine else [],
        earlier=[each for each in deliveries if each.number < number],
        has_later=any(each.number > number for each in deliveries),
    )  # fmt: skip


def _attempts(session: Session, delivery_ids: Sequence[str]) -> dict[str, list[Attempt]]:
    found = defaultdict[str, list[Attempt]](list)
    if delivery_ids:
        theirs = select(Attempt).where(Attempt.delivery_id.in_(delivery_ids)).order_by(Attempt.number)
        for attempt in session.scalars(theirs):
            found[attempt.delivery_id].append(attempt)
    return found


def _keep_persons(session: Session, ids: Collection[str]) -> None:
    """Have all at hand before each is asked for by itself; a session forgets what nobody holds."""
    if ids:
        session.info["notices.persons"] = session.scalars(select(Person).where(Person.id.in_(ids))).all()
