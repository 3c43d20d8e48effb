"""One text instead of a flood: who was told three things within ten minutes is told the rest together, in one.

What can't wait is never held back: kinds that aren't gatherable, and whatever is about a call that is near. What is
held waits until the ten minutes are over, and with it all that comes meanwhile. Then one is told by itself, and several
in one text, which `NoticesGathered` asks for: what there is to say of the next call is not known here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.families.models import Person
from app.jobs import service as jobs
from app.kernel.events import NoticesGathered
from app.notices import rules
from app.notices.models import Attempt, Delivery, Notice
from app.notices.rules import POLICIES
from app.notices.words import Channel, DeliveryState, NoticeState
from app.storage.database import new_id

DIGESTS = ("digest", "digest_no_call")
WINDOW = timedelta(minutes=10)
TOLD_AT_ONCE = 3
PAUSE = timedelta(seconds=1)


def gather(session: Session, notice: Notice, now: datetime) -> datetime | None:
    """When this notice is to be looked at again; None: now is the time for its text.

    Unless it was told meanwhile: then its `told_in_id` is set, it is out, and there is nothing more to be done for it.
    Two workers can't count for one person at the same time: the second comes back a moment later. What a clock that was
    ahead has written holds nothing back.
    """
    if notice.person_id is None or not _can_wait(notice, now):
        return None
    session.flush()  # what was begun in this very transaction counts too
    if not _lock(session, notice.person_id):
        return now + PAUSE
    if notice.held_until is not None and not now < notice.held_until <= now + WINDOW:
        _tell_together(session, notice, now)
        return None
    notice.held_until = notice.held_until or _held_until(session, notice.person_id, now)
    return notice.held_until


def _can_wait(notice: Notice, now: datetime) -> bool:
    if not POLICIES[notice.template].is_gatherable:
        return False
    about = [notice.params[key] for key in ("starts_at", "from_at") if key in notice.params]
    return not any(rules.is_near(datetime.fromisoformat(at), now) for at in about)


def _lock(session: Session, person_id: str) -> bool:
    """Whether the person's texts are ours to count. Never waits, so that two batches can't wait for each other."""
    person = select(Person.id).where(Person.id == person_id)
    return session.scalar(person.with_for_update(skip_locked=True, key_share=True)) is not None


def _held_until(session: Session, person_id: str, now: datetime) -> datetime | None:
    """Until when others to this person are held, or this one is, since there were enough; None: it is told."""
    held = select(func.min(Notice.held_until, type_=Notice.held_until.type)).where(
        Notice.person_id == person_id, Notice.state == NoticeState.PLANNED, Notice.held_until > now,
        Notice.held_until <= now + WINDOW,
    )  # fmt: skip
    if until := session.scalar(held):
        return until
    began = _began(session, person_id, now)
    return began[-TOLD_AT_ONCE] + WINDOW if len(began) >= TOLD_AT_ONCE else None


def _began(session: Session, person_id: str, now: datetime) -> list[datetime]:
    """When the texts of the last minutes went out that were no answers and no alarms, oldest first."""
    counted = [template for template, policy in POLICIES.items() if policy.is_gatherable]
    first = func.min(Attempt.began_at, type_=Attempt.began_at.type)
    texts = (
        select(first)
        .join(Delivery, Delivery.id == Attempt.delivery_id)
        .join(Notice, Notice.id == Delivery.notice_id)
        .where(
            Notice.person_id == person_id, Notice.template.in_([*counted, *DIGESTS]), Delivery.channel == Channel.TEXT,
            Attempt.began_at > now - WINDOW, Attempt.began_at <= now,
        )
        .group_by(Notice.id)
        .order_by(first)
    )  # fmt: skip
    return list(session.scalars(texts))


def _tell_together(session: Session, notice: Notice, now: datetime) -> None:
    together = [notice, *_held_with(session, notice)]
    if len(together) == 1:
        return
    digest_id = new_id(session)
    for each in together:
        each.told_in_id, each.state = digest_id, NoticeState.OUT
    session.flush()
    jobs.emit(session, NoticesGathered(now, digest_id, str(notice.person_id)), now)


def _held_with(session: Session, notice: Notice) -> Sequence[Notice]:
    begun = exists().where(Delivery.notice_id == Notice.id, Delivery.state != DeliveryState.WAITING)
    held = select(Notice).where(
        Notice.person_id == notice.person_id, Notice.state == NoticeState.PLANNED, Notice.held_until.is_not(None),
        Notice.id != notice.id, ~begun,
    )  # fmt: skip
    return session.scalars(held.order_by(Notice.due_at, Notice.id).with_for_update(skip_locked=True)).all()
