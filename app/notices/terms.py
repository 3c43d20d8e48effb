"""What a village decides about its notices, and what of it holds for one: on or off, quiet hours, budgets, pushes.

Spending is counted in segments a month, by family; what is on no family's account is on the village's own. Codes and
answers to a text are on nobody's. The village's month is all of its rows together, so that its many texts don't queue
for one row; only where it has a budget do they.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.orm import Session

from app.families import queries as families
from app.families.models import Family
from app.kernel.local_time import wall_of
from app.notices.channels import Reach
from app.notices.models import Notice, NoticeChoice, NoticeTerms, PushSubscription, Spending, StoppedNumber
from app.notices.rules import POLICIES, QUIET, Quiet
from app.storage.database import insert_into
from app.villages import queries as villages
from app.web.models import DeviceSession, PrincipalKind

SEGMENT_PRICE, CURRENCY = 450, "CNY"
# Where the services behind browsers' pushes can't be reached.
WITHOUT_PUSH = frozenset(
    {"Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Chungking", "Asia/Harbin", "Asia/Kashgar", "PRC"}
)


@dataclass(frozen=True)
class Terms:
    """Budgets are segments a month, None is none set; `segment_price` is in 1/10,000 of `currency`."""

    quiet: Quiet
    family_segments: int | None
    village_segments: int | None
    segment_price: int
    currency: str
    is_push_on: bool


def terms_of(session: Session, village_id: str) -> Terms:
    row = session.get(NoticeTerms, village_id)
    if row is None:
        is_push_on = villages.village(session, village_id).zone not in WITHOUT_PUSH
        return Terms(QUIET, None, None, SEGMENT_PRICE, CURRENCY, is_push_on)
    return Terms(
        Quiet(row.quiet_from_minute, row.quiet_until_minute), row.family_segments, row.village_segments,
        row.segment_price, row.currency, row.is_push_on,
    )  # fmt: skip


def quiet_of(session: Session, village_id: str | None) -> Quiet:
    return terms_of(session, village_id).quiet if village_id else QUIET


def change(session: Session, village_id: str, given: Mapping[str, Any]) -> None:
    """Decide some of a village's terms, by the names of their columns; the others stay as they are."""
    now = terms_of(session, village_id)
    row = {
        "village_id": village_id, "quiet_from_minute": now.quiet.from_minute,
        "quiet_until_minute": now.quiet.until_minute, "family_segments": now.family_segments,
        "village_segments": now.village_segments, "segment_price": now.segment_price, "currency": now.currency,
        "is_push_on": now.is_push_on,
    }  # fmt: skip
    deciding = insert_into(session, NoticeTerms).values(row | dict(given))
    session.execute(deciding.on_conflict_do_update(index_elements=["village_id"], set_=dict(given)))


def choose(session: Session, village_id: str, template: str, given: Mapping[str, Any]) -> None:
    """Decide something about one kind, by the names of its columns; what is not said stays as it is."""
    row = {"village_id": village_id, "template": template, "is_on": True, "escalate_minutes": None}
    choosing = insert_into(session, NoticeChoice).values(row | dict(given))
    keys = ["village_id", "template"]
    if given:
        session.execute(choosing.on_conflict_do_update(index_elements=keys, set_=dict(given)))


def is_on(session: Session, notice: Notice) -> bool:
    """Whether the village has this kind sent; most can't be switched off."""
    return notice.village_id is None or is_kind_on(session, notice.village_id, notice.template)


def is_kind_on(session: Session, village_id: str, template: str) -> bool:
    choice = session.get(NoticeChoice, (village_id, template))
    return choice is None or choice.is_on or not POLICIES[template].can_be_off


def escalate_minutes(session: Session, template: str, village_id: str | None) -> int | None:
    """How long after a notice is due others are asked instead of who did not answer it; None: never."""
    usual = POLICIES[template].escalate_after
    if usual is None:
        return None
    choice = session.get(NoticeChoice, (village_id, template)) if village_id else None
    if choice is None or choice.escalate_minutes is None:
        return round(usual / timedelta(minutes=1))
    return choice.escalate_minutes


def reach(session: Session, notice: Notice, now: datetime, *, has_push_sender: bool = True) -> Reach:
    """How the reader can be reached at this moment."""
    number, is_desk = number_of(session, notice), notice.person_id is None and notice.number is None
    has_push = has_push_sender and _has_push(session, notice)
    return Reach(
        has_number=number is not None,
        has_push=has_push,
        is_stopped=number is not None and session.get(StoppedNumber, number) is not None,
        may_spend=_has_room(session, notice, 1, now),
        is_desk=is_desk,
    )


def number_of(session: Session, notice: Notice) -> str | None:
    """Where a text of this notice would go: its own number, or the one that its person confirmed."""
    if notice.number is not None or notice.person_id is None:
        return notice.number
    person = families.person(session, notice.person_id)
    return person.phone if person.phone_confirmed_at else None


def spend(session: Session, notice: Notice, segments: int, now: datetime) -> bool:
    """Count the segments of a text, or False: the month's budget is used up, and this kind does not go beyond it.

    Locks what it counts on, until the transaction ends: who counts several does so by village and then by family
    (`account`), so that two who do can't wait for each other.
    """
    if notice.village_id is None:
        return True
    terms, is_bound = terms_of(session, notice.village_id), not POLICIES[notice.template].is_essential
    if is_bound and terms.village_segments is not None:
        own = select(NoticeTerms.village_id).where(NoticeTerms.village_id == notice.village_id)
        session.execute(own.with_for_update())
        if not _has_room(session, notice, segments, now):
            return False
    budget = terms.family_segments if is_bound and notice.family_id else None
    if budget is not None and segments > budget:
        return False
    return _count(session, _owner(notice), _month(session, notice.village_id, now), segments, budget)


def give_back(session: Session, notice: Notice, segments: int, spent_at: datetime) -> None:
    """Take segments off the account again, which were counted at `spent_at` for a text that did not go out."""
    if notice.village_id is None:
        return
    month = _month(session, notice.village_id, spent_at)
    row = update(Spending).where(Spending.owner == _owner(notice), Spending.month == month)
    left = case((Spending.segments > segments, Spending.segments - segments), else_=0)
    session.execute(row.values(segments=left))


def account(notice: Notice) -> tuple[str, str]:
    """By what several notices are put in order before they are spent on."""
    return notice.village_id or "", notice.family_id or ""


def spent_by_village(session: Session, village_id: str, now: datetime) -> int:
    """Segments of this month by all families of a village and by the village itself."""
    of_families = select("family:" + Family.id).where(Family.village_id == village_id)
    month = select(func.coalesce(func.sum(Spending.segments), 0)).where(
        Spending.month == _month(session, village_id, now),
        or_(Spending.owner == f"village:{village_id}", Spending.owner.in_(of_families)),
    )
    return int(session.scalar(month) or 0)


def spent_by_families(session: Session, village_id: str, now: datetime) -> list[tuple[Family, int]]:
    """The families of a village that cost something this month, the dearest first."""
    spent = (
        select(Family, Spending.segments)
        .join(Spending, Spending.owner == "family:" + Family.id)
        .where(Family.village_id == village_id, Spending.month == _month(session, village_id, now))
        .where(Spending.segments > 0)
    )
    rows = session.execute(spent.order_by(Spending.segments.desc(), Family.name, Family.id))
    return [(family, segments) for family, segments in rows]


def _has_room(session: Session, notice: Notice, segments: int, now: datetime) -> bool:
    if notice.village_id is None:
        return True
    terms = terms_of(session, notice.village_id)
    if terms.village_segments is not None:
        spent = spent_by_village(session, notice.village_id, now)
        if spent + segments > terms.village_segments:
            return False
    if terms.family_segments is None or notice.family_id is None:
        return True
    key = (_owner(notice), _month(session, notice.village_id, now))
    of_family = select(Spending.segments).where(Spending.owner == key[0], Spending.month == key[1])
    return (session.scalar(of_family) or 0) + segments <= terms.family_segments


def _count(session: Session, owner: str, month: str, segments: int, budget: int | None) -> bool:
    after = Spending.segments + segments
    adding = insert_into(session, Spending).values(owner=owner, month=month, segments=segments)
    adding = adding.on_conflict_do_update(
        index_elements=["owner", "month"], set_={"segments": after}, where=None if budget is None else after <= budget
    )
    return session.scalar(adding.returning(Spending.owner)) is not None


def _has_push(session: Session, notice: Notice) -> bool:
    """Whether some browser of the reader wants pushes; for a desk, of one of its coordinators."""
    if notice.village_id is None or not terms_of(session, notice.village_id).is_push_on:
        return False
    standing = select(PushSubscription.id).where(PushSubscription.ended_at.is_(None))
    if notice.person_id is not None:
        standing = standing.where(PushSubscription.principal == f"person:{notice.person_id}")
    else:
        standing = standing.join(DeviceSession, DeviceSession.id == PushSubscription.device_id).where(
            DeviceSession.kind == PrincipalKind.COORDINATOR, DeviceSession.village_id == notice.village_id
        )
    return session.scalar(standing.limit(1)) is not None


def _owner(notice: Notice) -> str:
    return f"family:{notice.family_id}" if notice.family_id else f"village:{notice.village_id}"


def _month(session: Session, village_id: str, now: datetime) -> str:
    return f"{wall_of(now, villages.village(session, village_id).zone):%Y-%m}"
