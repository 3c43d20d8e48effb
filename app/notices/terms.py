"""What a village decides about its notices, and what of it holds for one: on or off, quiet hours, budgets, pushes.

Spending is counted in segments a month, by family; what is on no family's account is on the village's own. Codes and
answers to a text are on nobody's. The village's month is all of its rows together, so that its many texts don't queue
for one row; only where it has a budget do they.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

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


# Segments by owner and month, as in `Spending`.
Tally = Counter[tuple[str, str]]


@dataclass(frozen=True)
class Choice:
    """What a village decided about one kind; `escalate_minutes` None is the usual time."""

    is_on: bool
    escalate_minutes: int | None


@dataclass
class _Known:
    """What one transaction has read already, since its many notices are of few villages."""

    terms: dict[str, Terms] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    choices: dict[str, dict[str, Choice]] = field(default_factory=dict)
    stopped: dict[str, bool] = field(default_factory=dict)
    pushed: dict[str, bool] = field(default_factory=dict)


def terms_of(session: Session, village_id: str) -> Terms:
    known = _known(session).terms
    if village_id not in known:
        row = session.get(NoticeTerms, village_id, populate_existing=True)
        known[village_id] = _decided(row) if row else _usual(_zone(session, village_id))
    return known[village_id]


def look_up(session: Session, notices: Sequence[Notice]) -> None:
    """Read at once what `reach` will ask of each of these notices, whose persons are at hand."""
    known = _known(session)
    numbers = {number for notice in notices if (number := number_of(session, notice))}
    stopped = set(session.scalars(select(StoppedNumber.number).where(StoppedNumber.number.in_(numbers))))
    known.stopped |= {number: number in stopped for number in numbers}
    readers = {f"person:{notice.person_id}" for notice in notices if notice.person_id and _may_push(session, notice)}
    if readers:
        pushed = select(PushSubscription.principal).where(
            PushSubscription.principal.in_(readers), PushSubscription.ended_at.is_(None)
        )
        found = set(session.scalars(pushed.distinct()))
        known.pushed |= {reader: reader in found for reader in readers}


def quiet_of(session: Session, village_id: str | None) -> Quiet:
    return terms_of(session, village_id).quiet if village_id else QUIET


def forget(session: Session, village_id: str) -> None:
    """Have what a village decided read anew: it was changed in this transaction."""
    known = _known(session)
    known.terms.pop(village_id, None)
    known.choices.pop(village_id, None)


def is_on(session: Session, notice: Notice) -> bool:
    """Whether the village has this kind sent; most can't be switched off."""
    return notice.village_id is None or is_kind_on(session, notice.village_id, notice.template)


def is_kind_on(session: Session, village_id: str, template: str) -> bool:
    if not POLICIES[template].can_be_off:
        return True
    choice = _choice(session, village_id, template)
    return choice is None or choice.is_on


def escalate_minutes(session: Session, template: str, village_id: str | None) -> int | None:
    """How long after a notice is due others are asked instead of who did not answer it; None: never."""
    usual = POLICIES[template].escalate_after
    if usual is None:
        return None
    choice = _choice(session, village_id, template) if village_id else None
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
        is_stopped=number is not None and _is_stopped(session, number),
        may_spend=_has_room(session, notice, 1, now),
        is_desk=is_desk,
    )


def number_of(session: Session, notice: Notice) -> str | None:
    """Where a text of this notice would go: its own number, or the one that its person confirmed."""
    if notice.number is not None or notice.person_id is None:
        return notice.number
    person = families.person(session, notice.person_id)
    return person.phone if person.phone_confirmed_at else None


def spend(session: Session, notice: Notice, segments: int, now: datetime, tally: Tally | None = None) -> bool:
    """Count the segments of a text, or False: the month's budget is used up, and this kind does not go beyond it.

    Locks what it counts on, until the transaction ends: who counts several does so by village and then by family
    (`account`), so that two who do can't wait for each other. With a `tally`, what no budget holds back is only noted
    there: `write_down` counts it, in one statement.
    """
    if notice.village_id is None:
        return True
    terms, is_bound = terms_of(session, notice.village_id), not POLICIES[notice.template].is_essential
    has_budget = terms.village_segments is not None or (terms.family_segments is not None and bool(notice.family_id))
    if tally is not None and not (is_bound and has_budget):
        tally[_owner(notice), month_of(session, notice.village_id, now)] += segments
        return True
    write_down(session, tally)
    if is_bound and terms.village_segments is not None:
        own = select(NoticeTerms.village_id).where(NoticeTerms.village_id == notice.village_id)
        session.execute(own.with_for_update())
        if not _has_room(session, notice, segments, now):
            return False
    budget = terms.family_segments if is_bound and notice.family_id else None
    if budget is not None and segments > budget:
        return False
    return _count(session, _owner(notice), month_of(session, notice.village_id, now), segments, budget)


def write_down(session: Session, tally: Tally | None) -> None:
    """Count what was noted, as it was noted: by `account`."""
    if not tally:
        return
    adding = insert_into(session, Spending)
    adding = adding.on_conflict_do_update(
        index_elements=["owner", "month"], set_={"segments": Spending.segments + adding.excluded.segments}
    )
    noted = [{"owner": owner, "month": month, "segments": segments} for (owner, month), segments in tally.items()]
    session.connection().execute(adding, noted)
    tally.clear()


def give_back(
    session: Session, notice: Notice, segments: int, spent_at: datetime, tally: Tally | None = None
) -> None:  # fmt: skip
    """Take segments off the account again, which were counted at `spent_at` for a text that did not go out.

    What is noted in `tally` is counted before, so that accounts are locked in their order.
    """
    if notice.village_id is None:
        return
    write_down(session, tally)
    month = month_of(session, notice.village_id, spent_at)
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
        Spending.month == month_of(session, village_id, now),
        or_(Spending.owner == f"village:{village_id}", Spending.owner.in_(of_families)),
    )
    return int(session.scalar(month) or 0)


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
    key = (_owner(notice), month_of(session, notice.village_id, now))
    of_family = select(Spending.segments).where(Spending.owner == key[0], Spending.month == key[1])
    return (session.scalar(of_family) or 0) + segments <= terms.family_segments


def _count(session: Session, owner: str, month: str, segments: int, budget: int | None) -> bool:
    after = Spending.segments + segments
    adding = insert_into(session, Spending).values(owner=owner, month=month, segments=segments)
    adding = adding.on_conflict_do_update(
        index_elements=["owner", "month"], set_={"segments": after}, where=None if budget is None else after <= budget
    )
    return session.scalar(adding.returning(Spending.owner)) is not None


def _may_push(session: Session, notice: Notice) -> bool:
    return notice.village_id is not None and terms_of(session, notice.village_id).is_push_on


def _has_push(session: Session, notice: Notice) -> bool:
    """Whether some browser of the reader wants pushes; for a desk, of one of its coordinators."""
    if not _may_push(session, notice):
        return False
    standing = select(PushSubscription.id).where(PushSubscription.ended_at.is_(None))
    if notice.person_id is None:
        standing = standing.join(DeviceSession, DeviceSession.id == PushSubscription.device_id).where(
            DeviceSession.kind == PrincipalKind.COORDINATOR, DeviceSession.village_id == notice.village_id
        )
        return session.scalar(standing.limit(1)) is not None
    known, reader = _known(session).pushed, f"person:{notice.person_id}"
    if reader not in known:
        known[reader] = session.scalar(standing.where(PushSubscription.principal == reader).limit(1)) is not None
    return known[reader]


def _is_stopped(session: Session, number: str) -> bool:
    known = _known(session).stopped
    if number not in known:
        known[number] = session.get(StoppedNumber, number) is not None
    return known[number]


def _choice(session: Session, village_id: str, template: str) -> Choice | None:
    known = _known(session).choices
    if village_id not in known:
        rows = select(NoticeChoice.template, NoticeChoice.is_on, NoticeChoice.escalate_minutes)
        theirs = session.execute(rows.where(NoticeChoice.village_id == village_id))
        known[village_id] = {kind: Choice(is_on, minutes) for kind, is_on, minutes in theirs}
    return known[village_id].get(template)


def _decided(row: NoticeTerms) -> Terms:
    return Terms(
        Quiet(row.quiet_from_minute, row.quiet_until_minute), row.family_segments, row.village_segments,
        row.segment_price, row.currency, row.is_push_on,
    )  # fmt: skip


def _usual(zone: str) -> Terms:
    return Terms(QUIET, None, None, SEGMENT_PRICE, CURRENCY, zone not in WITHOUT_PUSH)


def _known(session: Session) -> _Known:
    """A session is one transaction."""
    known: _Known = session.info.setdefault("notices.terms", _Known())
    return known


def _zone(session: Session, village_id: str) -> str:
    known = _known(session).zones
    if village_id not in known:
        known[village_id] = villages.village(session, village_id).zone
    return known[village_id]


def _owner(notice: Notice) -> str:
    return f"family:{notice.family_id}" if notice.family_id else f"village:{notice.village_id}"


def month_of(session: Session, village_id: str, now: datetime) -> str:
    return f"{wall_of(now, _zone(session, village_id)):%Y-%m}"
