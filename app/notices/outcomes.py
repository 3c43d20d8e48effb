"""What an attempt's end makes of delivery and notice: out, delivered, in doubt, or failed, and who learns it."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.families import queries as families
from app.jobs import service as jobs
from app.jobs.settling import DONE, Done
from app.kernel.events import NoticeFailed
from app.notices import channels, rules, terms
from app.notices.cases import Case
from app.notices.models import Attempt, Delivery, Notice
from app.notices.service import put_delivery
from app.notices.words import AttemptState, Channel, DeliveryState, NoticeState
from app.storage.database import new_id
from app.web.hints import hint

# A receipt only moves an attempt up.
RANK = {
    AttemptState.SENDING: 0, AttemptState.REFUSED: 0, AttemptState.UNKNOWN: 0, AttemptState.SENT: 1,
    AttemptState.FAILED: 2, AttemptState.DELIVERED: 3,
}  # fmt: skip
ARRIVED = {AttemptState.SENT: DeliveryState.SENT, AttemptState.DELIVERED: DeliveryState.DELIVERED}


def move(case: Case, attempt: Attempt, state: AttemptState, now: datetime, error: str | None = None) -> None:
    """Settle an attempt. One that was taken, or arrived, settles its delivery, and the notice is out."""
    attempt.state, attempt.settled_at, attempt.error = state, now, error[:200] if error else None
    best = max(case.attempts, key=lambda each: (each.state in ARRIVED, RANK[each.state])).state
    if best in ARRIVED:
        delivery = case.there()
        delivery.state, delivery.error, delivery.settled_at = ARRIVED[best], None, now
        case.notice.state = NoticeState.OUT


def has_arrived(case: Case) -> bool:
    """Whether it is known of one attempt that its vendor has the text; nothing is sent again then."""
    return any(each.state in ARRIVED for each in case.attempts)


def to_unknown(case: Case, attempt: Attempt, error: str) -> None:
    """Nobody knows the fate of this attempt: that is counted, and looked into."""
    attempt.state, attempt.error = AttemptState.UNKNOWN, error[:200]
    delivery = case.there()
    delivery.doubts += 1
    if not has_arrived(case):
        delivery.state, delivery.error = DeliveryState.UNKNOWN, "no_answer"


def leave(session: Session, case: Case, now: datetime) -> None:
    """Nothing more is done about a doubtful one, and the desk sees that."""
    case.notice.state, case.there().settled_at = NoticeState.OUT, now
    tell_desks(session, case.notice, now)


def fail(session: Session, case: Case, channel: Channel, error: str, now: datetime) -> Done:
    """It can't be delivered on this channel: the next one is tried at once, or a human learns it."""
    delivery = case.delivery
    if delivery is None:
        delivery = case.delivery = Delivery(
            id=new_id(session), notice_id=case.notice.id, number=case.number, channel=channel, attempts=0, doubts=0,
            state=DeliveryState.FAILED,
        )  # fmt: skip
        session.add(delivery)
    delivery.state, delivery.error, delivery.settled_at = DeliveryState.FAILED, error, now
    notice = case.notice
    if case.has_later:
        return DONE
    if _has_next(session, case, now):
        put_delivery(session, notice, case.number + 1, now, now, again=True)
        return DONE
    notice.state = NoticeState.OUT
    jobs.emit(session, NoticeFailed(at=now, notice_id=notice.id), now)
    tell_desks(session, notice, now)
    return DONE


def tell_desks(session: Session, notice: Notice, now: datetime) -> None:
    if notice.village_id is not None:
        hint(session, "village", notice.village_id, now)
    if notice.person_id is not None:
        for family in families.families_of_person(session, notice.person_id):
            hint(session, "village", family.village_id, now)


def _has_next(session: Session, case: Case, now: datetime) -> bool:
    notice = case.notice
    if notice.closed_at is not None or not rules.is_useful(notice.template, notice.due_at, now):
        return False
    first = case.earlier[0] if case.earlier else case.there()
    reach = replace(terms.reach(session, notice, now), has_push=first.channel == Channel.PUSH)
    return channels.channel(notice.template, case.number + 1, reach) is not None
