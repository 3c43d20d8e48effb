"""Plans notices, cancels them, sends failed ones again. Who is told what when is said in `flows.py`."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.families import queries as families
from app.jobs import service as jobs
from app.jobs.words import Lane
from app.kernel.errors import NotFound, Refused
from app.kernel.numbers import E164
from app.notices import rules
from app.notices.models import Delivery, Notice
from app.notices.templates import Param, stored
from app.notices.words import DeliveryState, NoticeState
from app.storage.database import new_id

DELIVER = "notice.deliver"
TEXT, TERMINAL = "text", "terminal"
UNHAPPY = (DeliveryState.FAILED, DeliveryState.UNKNOWN)


def plan(
    session: Session,
    *,
    person_id: str,
    template: str,
    subject: str,
    params: Mapping[str, Param],
    due_at: datetime,
    key: str,
    now: datetime,
    number: E164 | None = None,
) -> str:
    """Plan to tell a person something at `due_at`; the notice's id. A `key` that was planned before changes nothing.

    It goes to the person's own confirmed number, or to `number`. What is gentle waits until they are awake.

    What is already too late to be of use is kept as cancelled and never sent.
    """
    if known := session.scalar(select(Notice.id).where(Notice.key == key)):
        return known
    if rules.POLICIES[template].gentle:
        due_at = rules.awake_at(due_at, families.person(session, person_id).zone)
    state = NoticeState.PLANNED if rules.is_useful(template, due_at, now) else NoticeState.CANCELLED
    notice = Notice(
        id=new_id(session), key=key, person_id=person_id, template=template, params=stored(template, params),
        subject=subject, due_at=due_at, state=state, planned_at=now, number=number,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(notice)
    except IntegrityError:
        known = session.scalar(select(Notice.id).where(Notice.key == key))
        if known is None:
            raise
        return known
    if state is NoticeState.PLANNED:
        put_delivery(session, notice, 1, due_at, now)
    return notice.id


def cancel_for(
    session: Session, subject: str, now: datetime, templates: Collection[str] | None = None,
    person_id: str | None = None,
) -> int:  # fmt: skip
    """Cancel what is still planned for a subject, or only notices of some templates or to one person; how many.

    What a worker is sending at this moment goes out and is recorded as such.
    """
    planned = update(Notice).where(Notice.subject == subject, Notice.state == NoticeState.PLANNED)
    if templates is not None:
        planned = planned.where(Notice.template.in_(templates))
    if person_id is not None:
        planned = planned.where(Notice.person_id == person_id)
    cancelled = session.scalars(planned.values(state=NoticeState.CANCELLED).returning(Notice.id)).all()
    if templates is None and person_id is None:  # otherwise their due rows stay, and find nothing left to do
        jobs.cancel(session, subject, DELIVER)
    return len(cancelled)


def send_again(session: Session, delivery_id: str, now: datetime) -> str:
    """Send anew what failed, or what nobody knows the fate of, as a delivery of its own; its id."""
    delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        raise NotFound
    notice = session.get_one(Notice, delivery.notice_id, with_for_update=True)
    others = session.scalars(select(Delivery).where(Delivery.notice_id == notice.id)).all()
    if notice.state is not NoticeState.OUT or not all(each.state in UNHAPPY for each in others):
        raise Refused("not_to_send_again")
    if not rules.is_useful(notice.template, notice.due_at, now):
        raise Refused("notice_too_late")
    again = Delivery(
        id=new_id(session), notice_id=notice.id, number=max(each.number for each in others) + 1, channel=TEXT,
        state=DeliveryState.WAITING,
    )  # fmt: skip
    session.add(again)
    notice.state = NoticeState.PLANNED
    put_delivery(session, notice, again.number, now, now)
    return again.id


def put_delivery(
    session: Session, notice: Notice, number: int, due_at: datetime, now: datetime, *, repeat: bool = False
) -> None:  # fmt: skip
    """Put the due row of a notice's delivery of this number, or of that delivery's one repetition."""
    jobs.put(
        session, DELIVER, due_at, now, lane=Lane.ERRAND, subject=notice.subject,
        payload={"notice": notice.id, "number": number},
        key=f"{'repeat' if repeat else 'deliver'}:{notice.id}:{number}",
    )  # fmt: skip
