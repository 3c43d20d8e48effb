"""Plans notices, cancels them, sends failed ones again. Who is told what when is said in `flows.py`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Update, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.families import queries as families
from app.jobs import service as jobs
from app.jobs.service import Leased
from app.jobs.words import Lane
from app.kernel.errors import NotFound, Refused
from app.kernel.events import NoticeUnanswered
from app.kernel.numbers import E164
from app.notices import rules, terms
from app.notices.models import Delivery, Notice
from app.notices.templates import Param, stored
from app.notices.words import DeliveryState, NoticeState
from app.storage.database import new_id
from app.villages import queries as villages

DELIVER, UNANSWERED = "notice.deliver", "notice.unanswered"
TEXT, TERMINAL = "text", "terminal"
UNHAPPY = (DeliveryState.FAILED, DeliveryState.UNKNOWN)


@dataclass(frozen=True)
class _Reader:
    """Whose clock a notice goes by, and whose terms and whose account hold for it."""

    zone: str | None
    village_id: str | None


def plan(
    session: Session,
    *,
    template: str,
    subject: str,
    params: Mapping[str, Param],
    due_at: datetime,
    key: str,
    now: datetime,
    person_id: str | None = None,
    family_id: str | None = None,
    village_id: str | None = None,
    number: E164 | None = None,
    language: str | None = None,
    notice_id: str | None = None,
) -> str:  # fmt: skip
    """Plan to tell somebody something at `due_at`; the notice's id. A `key` that was planned before changes nothing.

    A person is told at their own confirmed number, or at `number`; the desk of `village_id` where there is neither;
    otherwise whoever holds `number`, in `language`. What is gentle waits until they are awake. `family_id` is whose
    budget it is on, or else it is the village's; what is for a number alone is on nobody's, unless it is said.

    What is already too late to be of use is kept as cancelled and never sent.
    """
    if known := session.scalar(select(Notice.id).where(Notice.key == key)):
        return known
    reader = _reader(session, template, person_id, family_id, village_id)
    if rules.POLICIES[template].gentle and reader.zone:
        due_at = rules.awake_at(due_at, reader.zone, terms.quiet_of(session, reader.village_id))
    state = NoticeState.PLANNED if rules.is_useful(template, due_at, now) else NoticeState.CANCELLED
    notice = Notice(
        id=notice_id or new_id(session), key=key, person_id=person_id, village_id=reader.village_id,
        family_id=family_id, template=template, params=stored(template, params), language=language, subject=subject,
        number=number, due_at=due_at, state=state, planned_at=now,
    )  # fmt: skip
    if known := _planned_meanwhile(session, notice):
        return known
    if state is NoticeState.PLANNED:
        put_delivery(session, notice, 1, due_at, now)
        _put_unanswered(session, notice, now)
    return notice.id


def cancel_for(
    session: Session, subject: str, now: datetime, templates: Collection[str] | None = None,
    person_id: str | None = None,
) -> int:  # fmt: skip
    """Cancel what is still planned for a subject, or only notices of some templates or to one person; how many.

    What a worker is sending at this moment goes out and is recorded as such.
    """
    _lock(session, subject)
    planned = _of(subject, templates, person_id).where(Notice.state == NoticeState.PLANNED)
    planned = planned.values(state=NoticeState.CANCELLED, closed_at=now)
    cancelled = session.scalars(planned.returning(Notice.id)).all()
    if templates is None and person_id is None:  # otherwise their due rows stay, and find nothing left to do
        jobs.cancel(session, subject, DELIVER)
    return len(cancelled)


def close(
    session: Session, now: datetime, *, subject: str, templates: Collection[str] | None = None,
    person_id: str | None = None,
) -> int:  # fmt: skip
    """Have nothing more done about notices of a subject: they were answered, or count no more; how many.

    What of them is still planned is cancelled; what is out is told by no further channel, and to nobody else instead.
    """
    cancelled = cancel_for(session, subject, now, templates, person_id)
    theirs = _of(subject, templates, person_id).where(Notice.state == NoticeState.OUT)
    closed = session.execute(
        theirs.values(closed_at=func.coalesce(Notice.closed_at, now)).returning(Notice.id, Notice.template)
    ).all()
    for notice_id, template in closed:
        if rules.POLICIES[template].escalate_after is not None:
            jobs.put_again(session, UNANSWERED, _unanswered_key(notice_id), None, now)
    return cancelled + len(closed)


def close_one(session: Session, notice_id: str, now: datetime) -> None:
    """Have nothing more done about one notice that was read. Raises NotFound."""
    notice = session.get(Notice, notice_id, with_for_update=True)
    if notice is None:
        raise NotFound
    notice.closed_at = notice.closed_at or now


def unanswered(session: Session, row: Leased, now: datetime) -> None:
    """The step for rows of kind `UNANSWERED`: say so, unless the notice was called off; reading it is no answer."""
    notice = session.get_one(Notice, row.payload["notice"])
    if notice.state is not NoticeState.CANCELLED:
        jobs.emit(session, NoticeUnanswered(now, notice.id), now)


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
    notice.state, notice.closed_at = NoticeState.PLANNED, None
    put_delivery(session, notice, again.number, now, now, again=True)
    return again.id


def put_delivery(
    session: Session, notice: Notice, number: int, due_at: datetime, now: datetime, *, repeat: bool = False,
    again: bool = False,
) -> None:  # fmt: skip
    """Put the due row of a notice's delivery of this number, or of that delivery's one repetition.

    `again`: it falls due then even if it was put for another time before.
    """
    payload, key = {"notice": notice.id, "number": number}, f"{'repeat' if repeat else 'deliver'}:{notice.id}:{number}"
    if again:
        jobs.put_again(session, DELIVER, key, due_at, now, lane=Lane.SEND, subject=notice.subject, payload=payload)
    else:
        jobs.put(session, DELIVER, due_at, now, lane=Lane.SEND, subject=notice.subject, payload=payload, key=key)


def _planned_meanwhile(session: Session, notice: Notice) -> str | None:
    """Keep a notice, unless another transaction has just planned it: then that one's id."""
    try:
        with session.begin_nested():
            session.add(notice)
    except IntegrityError:
        known = session.scalar(select(Notice.id).where(Notice.key == notice.key))
        if known is None:
            raise
        return known
    return None


def _reader(
    session: Session, template: str, person_id: str | None, family_id: str | None, village_id: str | None
) -> _Reader:  # fmt: skip
    if village_id is None and family_id is not None:
        village_id = families.village_of(session, family_id)
    if person_id is None:
        return _Reader(villages.village(session, village_id).zone if village_id else None, village_id)
    if village_id is None and not rules.POLICIES[template].is_for_number:
        theirs = families.families_of_person(session, person_id)
        village_id = theirs[0].village_id if theirs else None
    return _Reader(families.person(session, person_id).zone, village_id)


def _of(subject: str, templates: Collection[str] | None, person_id: str | None) -> Update:
    some = update(Notice).where(Notice.subject == subject)
    if templates is not None:
        some = some.where(Notice.template.in_(templates))
    return some if person_id is None else some.where(Notice.person_id == person_id)


def _lock(session: Session, subject: str) -> None:
    """In the same order as the workers do, so that nobody waits for each other."""
    session.execute(select(Notice.id).where(Notice.subject == subject).order_by(Notice.id).with_for_update())


def _put_unanswered(session: Session, notice: Notice, now: datetime) -> None:
    minutes = terms.escalate_minutes(session, notice.template, notice.village_id)
    if minutes is not None:
        jobs.put(
            session, UNANSWERED, notice.due_at + timedelta(minutes=minutes), now, subject=notice.subject,
            payload={"notice": notice.id}, key=_unanswered_key(notice.id),
        )  # fmt: skip


def _unanswered_key(notice_id: str) -> str:
    return f"unanswered:{notice_id}"
