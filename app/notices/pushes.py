"""Browsers that want pushes: who they belong to, how all of a reader's are tried at once, and which are gone.

A subscription lives no longer than the session of the device that made it. A village's desk is every coordinator who
is signed in there. Which notices are pushed at all is not decided here.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, delete, exists, select, update
from sqlalchemy.orm import Session

from app.families import queries as families
from app.jobs import service as jobs
from app.jobs.service import Leased
from app.notices.models import Notice, PushSubscription
from app.notices.ports import LONGEST_CALL_SECONDS, GatewayError, Gone, NoAnswer, PushSender, Subscription
from app.notices.push_message import Push, Reader, push_of
from app.notices.templates import PARAMS, SEALED
from app.storage.database import insert_into, new_id
from app.villages import queries as villages
from app.web.models import DeviceSession
from app.web.principals import COORDINATOR, Principal, face_of

SWEEP = "notice.push_sweep"
SWEPT_EVERY, ENDED_KEPT = timedelta(hours=1), timedelta(days=30)
MOST_OF_ONE = 8  # browsers of one person or coordinator; the one that came first gives way
AT_ONCE = 16
GONE, SIGNED_OUT, SWITCHED_OFF, REPLACED, TOO_MANY = "gone", "signed_out", "switched_off", "replaced", "too_many"


@dataclass(frozen=True)
class Target:
    """One browser, and what it is to be sent."""

    id: str
    subscription: Subscription
    push: Push


@dataclass(frozen=True)
class Answer:
    """What became of one try; `ref` is the push service's name for it if it was taken, maybe empty."""

    target_id: str
    ref: str | None
    error: Exception | None


@dataclass(frozen=True)
class Outcome:
    answers: Sequence[Answer]

    @property
    def ref(self) -> str | None:
        """Not None if one browser's push service took it."""
        return next((answer.ref for answer in self.answers if answer.ref is not None), None)

    @property
    def error(self) -> Exception | None:
        """None if one took it. Otherwise doubt before a passing fault before a lasting one."""
        if self.ref is not None:
            return None
        errors = [answer.error for answer in self.answers if answer.error is not None]
        doubts = [error for error in errors if not isinstance(error, GatewayError | Gone)]
        passing = [error for error in errors if isinstance(error, GatewayError) and not error.permanent]
        for found in (*doubts, *passing):
            return found
        return GatewayError("no browser takes it", permanent=True)


def subscribe(session: Session, who: Principal, wanted: Subscription, now: datetime) -> None:
    """Have this browser get the pushes of whoever is signed in on it; told again, it is the same subscription."""
    values = {
        "principal": who.name, "device_id": who.device_id, "endpoint": wanted.endpoint, "p256dh": wanted.p256dh,
        "auth": wanted.auth, "made_at": now, "ended_at": None, "ended_reason": None,
    }  # fmt: skip
    adding = insert_into(session, PushSubscription).values(
        id=new_id(session), endpoint_hash=_hash(who, wanted.endpoint), **values
    )
    session.execute(adding.on_conflict_do_update(index_elements=["endpoint_hash"], set_=values))
    newest = _open_of(who.name, now).order_by(PushSubscription.made_at.desc(), PushSubscription.id.desc())
    surplus = session.scalars(newest.offset(MOST_OF_ONE)).all()
    _end(session, [each.id for each in surplus], TOO_MANY, now)


def unsubscribe(session: Session, who: Principal, endpoint: str, now: datetime, reason: str = SWITCHED_OFF) -> None:
    """Have this browser get no more; nothing happens for one that is not theirs."""
    own = select(PushSubscription.id).where(
        PushSubscription.endpoint_hash == _hash(who, endpoint), PushSubscription.principal == who.name
    )
    _end(session, session.scalars(own).all(), reason, now)


def end_of_device(session: Session, device_id: str, now: datetime) -> None:
    """Push nothing more to a device that is signed out; `sweep` finds those that are signed out elsewhere."""
    own = select(PushSubscription.id).where(PushSubscription.device_id == device_id)
    _end(session, session.scalars(own).all(), SIGNED_OUT, now)


def of_device(session: Session, who: Principal, now: datetime) -> PushSubscription | None:
    """The subscription of the device that is asking."""
    own = _open_of(who.name, now).where(PushSubscription.device_id == who.device_id)
    return session.scalar(own.order_by(PushSubscription.made_at.desc()).limit(1))


def has_subscription(session: Session, principal: str, now: datetime) -> bool:
    """Whether anything can be pushed to `person:ID` or `coordinator:ID`."""
    return session.scalar(_open_of(principal, now).limit(1)) is not None


def has_push(session: Session, notice: Notice, now: datetime) -> bool:
    """Whether anybody can be pushed this notice: its person, or whoever sits at the desk of its village."""
    browsers = _browsers(notice, now)
    return browsers is not None and session.execute(browsers.limit(1)).first() is not None


def targets(session: Session, notice: Notice, now: datetime) -> list[Target]:
    """Every browser that a notice is to be pushed to, each in its reader's language."""
    browsers = _browsers(notice, now)
    if browsers is None or SEALED in PARAMS[notice.template]:
        return []
    found = session.execute(browsers.order_by(PushSubscription.made_at.desc(), PushSubscription.id)).all()
    return [
        Target(
            own.id, Subscription(own.endpoint, own.p256dh, own.auth),
            push_of(notice, _reader(session, notice, device), now),
        )
        for own, device in found
    ]  # fmt: skip


def push_out(sender: PushSender, wanted: Sequence[Target]) -> Outcome:
    """Try each browser once, side by side, within LONGEST_CALL_SECONDS. Call it with no transaction open."""
    if not wanted:
        return Outcome([])
    pool = ThreadPoolExecutor(min(len(wanted), AT_ONCE), thread_name_prefix="push")
    tries = {each.id: pool.submit(_try, sender, each) for each in wanted}
    wait(tries.values(), timeout=LONGEST_CALL_SECONDS - 1)
    pool.shutdown(wait=False, cancel_futures=True)
    unheard = NoAnswer("the push service takes too long")
    return Outcome(
        [found.result() if found.done() and not found.cancelled() else Answer(id_, None, unheard)
         for id_, found in tries.items()]
    )  # fmt: skip


def settle(session: Session, outcome: Outcome, now: datetime) -> None:
    """Keep which browsers take pushes, and end those that are gone."""
    taken = [answer.target_id for answer in outcome.answers if answer.ref is not None]
    session.execute(update(PushSubscription).where(PushSubscription.id.in_(taken)).values(taken_at=now))
    gone = [answer.target_id for answer in outcome.answers if isinstance(answer.error, Gone)]
    _end(session, gone, GONE, now)


def start(session: Session, now: datetime) -> None:
    jobs.put(session, SWEEP, now, now, key=SWEEP)


def sweep(session: Session, _row: Leased, now: datetime) -> None:
    """End the subscriptions of devices that were signed out; forget those that ended long ago."""
    is_there = exists().where(DeviceSession.id == PushSubscription.device_id, _is_open(now))
    left = select(PushSubscription.id).where(PushSubscription.ended_at.is_(None), ~is_there)
    _end(session, session.scalars(left).all(), SIGNED_OUT, now)
    session.execute(delete(PushSubscription).where(PushSubscription.ended_at < now - ENDED_KEPT))
    jobs.put_again(session, SWEEP, SWEEP, now + SWEPT_EVERY, now)


def _try(sender: PushSender, target: Target) -> Answer:
    push = target.push
    try:
        ref = sender.send(
            target.subscription, push.payload, urgency=push.urgency, topic=push.topic, ttl_seconds=push.ttl_seconds
        )
    except Exception as error:  # each browser's fault is its own
        return Answer(target.id, None, error)
    return Answer(target.id, ref, None)


def _browsers(notice: Notice, now: datetime) -> Select[PushSubscription, DeviceSession] | None:
    """The browsers of a notice's readers; None for one that goes to a bare number."""
    found = select(PushSubscription, DeviceSession).join(
        DeviceSession, and_(DeviceSession.id == PushSubscription.device_id, _is_open(now))
    )
    found = found.where(PushSubscription.ended_at.is_(None))
    if notice.person_id is not None:
        return found.where(PushSubscription.principal == f"person:{notice.person_id}")
    if notice.number is not None or notice.village_id is None:
        return None
    return found.where(DeviceSession.kind == COORDINATOR, DeviceSession.village_id == notice.village_id)


def _reader(session: Session, notice: Notice, device: DeviceSession) -> Reader:
    if notice.person_id is not None:
        person = families.person(session, notice.person_id)
        return Reader("phone", person.language, person.zone)
    assert notice.village_id is not None
    return Reader(face_of(device.kind), device.language, villages.village(session, notice.village_id).zone)


def _open_of(principal: str, now: datetime) -> Select[PushSubscription]:
    return (
        select(PushSubscription)
        .join(DeviceSession, and_(DeviceSession.id == PushSubscription.device_id, _is_open(now)))
        .where(PushSubscription.principal == principal, PushSubscription.ended_at.is_(None))
    )


def _is_open(now: datetime) -> ColumnElement[bool]:
    return and_(DeviceSession.ended_at.is_(None), DeviceSession.expires_at > now)


def _end(session: Session, ids: Sequence[str], reason: str, now: datetime) -> None:
    still = update(PushSubscription).where(PushSubscription.id.in_(ids), PushSubscription.ended_at.is_(None))
    session.execute(still.values(ended_at=now, ended_reason=reason))


def _hash(who: Principal, endpoint: str) -> str:
    """One browser may be signed in once per face, and each of them has its own pushes."""
    return hashlib.sha256(f"{who.kind} {endpoint}".encode()).hexdigest()
