"""The database's half of a delivery: what is to be done for a due row, and what became of it. Calls nobody.

A delivery in "sending" belongs to the worker that wrote it, told by the number of its attempts. One whose fate nobody
knows is "unknown"; while its notice is still planned, something may yet be done about it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.families import queries as families
from app.jobs import service as jobs
from app.jobs.rules import MAX_ATTEMPTS
from app.jobs.service import Leased, LeaseLost
from app.kernel.events import NoticeFailed
from app.kernel.numbers import E164
from app.notices import rules
from app.notices.models import Delivery, Notice
from app.notices.ports import GatewayError, SmsGateway
from app.notices.segments import segments
from app.notices.service import TERMINAL, TEXT, put_delivery
from app.notices.templates import SEALED, SEALED_FOR, Rendered, render
from app.notices.words import DeliveryState, NoticeState
from app.storage.database import new_id
from app.web.hints import hint
from app.web.sealing import Sealer


@dataclass(frozen=True)
class Work:
    """What every step of one piece of work shares."""

    session: Session
    row: Leased
    gateway: SmsGateway
    link: str
    sealer: Sealer
    now: datetime


@dataclass(frozen=True)
class Attempt:
    """One send that is written down as under way."""

    notice_id: str
    delivery_id: str
    number: int
    key: str
    to: E164
    says: Rendered


@dataclass(frozen=True)
class Question:
    """Whether the vendor has what was sent in attempt `number`."""

    notice_id: str
    delivery_id: str
    number: int
    key: str


def decide(work: Work) -> Attempt | Question | None:
    """What to do next: send (already written down), ask the vendor, or nothing."""
    notice = work.session.get_one(Notice, work.row.payload["notice"], with_for_update=True)
    number = work.row.payload["number"]
    delivery = work.session.scalar(select(Delivery).where(Delivery.notice_id == notice.id, Delivery.number == number))
    if delivery and delivery.state in (DeliveryState.SENDING, DeliveryState.UNKNOWN):
        return _doubt(work, notice, delivery)
    if notice.state is not NoticeState.PLANNED or (delivery and delivery.state is not DeliveryState.WAITING):
        return None
    return _begin(work, notice, delivery or _new_delivery(work.session, notice, number))


def taken(work: Work, attempt: Attempt | Question, ref: str) -> None:
    """The vendor has it: it said so, or said so when it was asked."""
    delivery, notice = _ours(work, attempt)
    delivery.state, delivery.ref, delivery.error, delivery.settled_at = DeliveryState.SENT, ref, None, work.now
    notice.state = NoticeState.OUT


def refused(work: Work, attempt: Attempt, error: GatewayError) -> None:
    """The vendor did not take it: give up, or wait for the next try, for as long as the notice is of use."""
    delivery, notice = _ours(work, attempt)
    if error.permanent:
        _fail(work, notice, delivery, rules.without_digits(error))
        return
    delivery.state, delivery.error = DeliveryState.WAITING, rules.without_digits(error)[:200]
    if work.row.attempts >= MAX_ATTEMPTS:
        jobs.later(work.session, work.row, work.now + rules.OUTAGE_PAUSE)


def unanswered(work: Work, attempt: Attempt, error: Exception) -> None:
    """Nobody knows whether the vendor took it: doubtful, and looked at again when it can't be under way any more."""
    delivery, _ = _ours(work, attempt)
    _to_unknown(delivery, f"{type(error).__name__}: {rules.without_digits(error)}")
    jobs.later(work.session, work.row, work.now + rules.pause_after_doubt(delivery.doubts))


def missing(work: Work, question: Question) -> Attempt | None:
    """The vendor was asked and does not have it: send it, if it is still wanted."""
    delivery, notice = _ours(work, question)
    if notice.state is not NoticeState.PLANNED:
        delivery.state = DeliveryState.WAITING
        return None
    return _begin(work, notice, delivery)


def key_of(notice: Notice, delivery: Delivery) -> str:
    """By what a vendor knows a delivery, in all its attempts."""
    return notice.key if delivery.number == 1 else f"{notice.key}~{delivery.number}"


def _new_delivery(session: Session, notice: Notice, number: int) -> Delivery:
    delivery = Delivery(
        id=new_id(session), notice_id=notice.id, number=number, channel=TEXT, state=DeliveryState.WAITING,
        attempts=0, doubts=0,
    )  # fmt: skip
    session.add(delivery)
    return delivery


def _begin(work: Work, notice: Notice, delivery: Delivery) -> Attempt | None:
    if not rules.is_useful(notice.template, notice.due_at, work.now):
        _fail(work, notice, delivery, "too_late")
        return None
    assert notice.person_id is not None
    person = families.person(work.session, notice.person_id)
    to = notice.number or (person.phone if person.phone_confirmed_at else None)
    if to is None:
        # Nothing to send: the terminal shows it to whoever comes.
        delivery.channel, delivery.state, delivery.settled_at = TERMINAL, DeliveryState.SENT, work.now
        notice.state = NoticeState.OUT
        return None
    says = render(
        notice.template, _opened(work, notice), language=person.language, zone=person.zone, now=work.now, link=work.link
    )
    if segments(says.text) > work.gateway.max_segments:
        _fail(work, notice, delivery, "too_long")
        return None
    delivery.state, delivery.gateway, delivery.attempted_at = DeliveryState.SENDING, work.gateway.name, work.now
    delivery.attempts += 1
    return Attempt(notice.id, delivery.id, delivery.attempts, key_of(notice, delivery), E164(to), says)


def _opened(work: Work, notice: Notice) -> dict[str, Any]:
    """The parameters as the text needs them; a code is in no table as it is read."""
    if SEALED not in notice.params:
        return notice.params
    return notice.params | {SEALED: work.sealer.unseal(SEALED_FOR, notice.params[SEALED])}


def _doubt(work: Work, notice: Notice, delivery: Delivery) -> Attempt | Question | None:
    assert delivery.attempted_at is not None
    if rules.is_in_flight(delivery.attempted_at, work.now):
        jobs.later(work.session, work.row, delivery.attempted_at + rules.IN_FLIGHT)
        return None
    if delivery.state is DeliveryState.SENDING:
        _to_unknown(delivery, "its worker died")
    if work.gateway.can_query and work.gateway.name == delivery.gateway:
        return Question(notice.id, delivery.id, delivery.attempts, key_of(notice, delivery))
    if notice.state is not NoticeState.PLANNED:
        return None
    again_at = rules.repeat_at(notice.template, notice.due_at, delivery.attempted_at, delivery.doubts)
    if again_at is None:
        notice.state, delivery.settled_at = NoticeState.OUT, work.now
        _tell_desks(work, notice)
        return None
    if work.now >= again_at:
        return _begin(work, notice, delivery)
    put_delivery(work.session, notice, delivery.number, again_at, work.now, repeat=True)
    return None


def _to_unknown(delivery: Delivery, error: str) -> None:
    delivery.state, delivery.error = DeliveryState.UNKNOWN, error[:200]
    delivery.doubts += 1


def _fail(work: Work, notice: Notice, delivery: Delivery, error: str) -> None:
    delivery.state, delivery.error, delivery.settled_at = DeliveryState.FAILED, error[:200], work.now
    notice.state = NoticeState.OUT
    jobs.emit(work.session, NoticeFailed(at=work.now, notice_id=notice.id), work.now)
    _tell_desks(work, notice)


def _tell_desks(work: Work, notice: Notice) -> None:
    for family in families.families_of_person(work.session, notice.person_id or ""):
        hint(work.session, "village", family.village_id, work.now)


def _ours(work: Work, was: Attempt | Question) -> tuple[Delivery, Notice]:
    """The delivery and its notice, if nobody else went on with it in between. Raises LeaseLost."""
    notice = work.session.get_one(Notice, was.notice_id, with_for_update=True)
    delivery = work.session.get_one(Delivery, was.delivery_id)
    state = DeliveryState.SENDING if isinstance(was, Attempt) else DeliveryState.UNKNOWN
    if delivery.attempts != was.number or delivery.state is not state:
        raise LeaseLost(work.row.kind)
    return delivery, notice
