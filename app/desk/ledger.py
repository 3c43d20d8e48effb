"""The ledger of a village: who was heard when, week by week and child by child, and what failed.

However many families there are, it is the same few statements; the sums are `sums.py`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, load_only

from app.calls import picture
from app.calls import queries as calls
from app.calls.models import Call
from app.calls.shapes import TerminalShape
from app.calls.words import CallState, Outcome
from app.desk import hearings, rules, sums
from app.desk.shapes import FailureShape, LedgerCall, LedgerChild, LedgerShape, WeekShape
from app.desk.sums import Ended, Hearing, Periods, Stay
from app.families.models import Family, Member, Person
from app.families.words import MemberRole
from app.villages import queries as villages
from app.villages.models import Terminal
from app.villages.rules import is_unheard
from app.web.principals import Principal

SHOWN = (
    Call.state, Call.outcome, Call.reason, Call.starts_at, Call.ends_at, Call.live_at, Call.talked_seconds,
)  # fmt: skip


@dataclass
class _Line:
    """What is known of one child."""

    family: Family
    child: Person
    hearings: list[Hearing] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)


def ledger(session: Session, who: Principal, now: datetime) -> LedgerShape:
    """Every child of the village, longest unheard first; twelve weeks; the calls of thirty days, the latest first."""
    village = villages.village(session, who.village)
    begins = sums.periods(now, village.zone)
    heard, ended = hearings.since(session, village.id, begins.weeks[0]), _ended(session, village.id, begins)
    lines, stays = _children(session, village.id)
    _deal_out(lines, heard, ended)
    last, ahead = hearings.last_heard(session, village.id), calls.next_starts(session, village.id, now)
    children = [
        _child(line, last.get(child_id), ahead.get(child_id), begins, village.promise_days, who)
        for child_id, line in lines.items()
    ]
    return LedgerShape(
        promise_days=village.promise_days,
        children=sorted(children, key=lambda child: rules.longest_unheard(child.last_heard_at)),
        weeks=[WeekShape(**vars(week)) for week in sums.by_week(heard, ended, stays, begins)],
        failures=[FailureShape(reason=reason, count=count) for reason, count in sums.by_reason(ended, begins)],
        calls=_calls(session, village.id, begins, who),
    )


def _deal_out(lines: dict[str, _Line], heard: Iterable[Hearing], ended: Iterable[Ended]) -> None:
    """Give each child's line what is its own; what is of children who left stays in the weeks alone."""
    for hearing in heard:
        if hearing.child_id in lines:
            lines[hearing.child_id].hearings.append(hearing)
    for call in ended:
        if call.child_id in lines:
            lines[call.child_id].ended.append(call)


def _child(
    line: _Line, last_heard_at: datetime | None, next_call_at: datetime | None, begins: Periods, promise_days: int,
    who: Principal,
) -> LedgerChild:  # fmt: skip
    own = sums.of_child(line.hearings, line.ended, begins)
    return LedgerChild(
        child=picture.person_shape(line.child, who), family=picture.family_shape(line.family),
        last_heard_at=last_heard_at, next_call_at=next_call_at,
        overdue=is_unheard(last_heard_at, promise_days, begins.now),
        minutes_week=own.minutes_week, minutes_month=own.minutes_month, weeks=list(own.minutes_by_week),
        held=own.held, missed=own.missed, reasons=list(own.reasons),
    )  # fmt: skip


def _children(session: Session, village_id: str) -> tuple[dict[str, _Line], list[Stay]]:
    """A line for each child who is in a family here, with the first of them; and every child's time, who left too."""
    rows = (
        select(Family, Person, Member.joined_at, Member.left_at)
        .join(Member, Member.family_id == Family.id)
        .join(Person, Person.id == Member.person_id)
        .where(Family.village_id == village_id, Member.role == MemberRole.CHILD)
        .order_by(Family.name, Family.id, Person.name, Person.id)
    )
    lines: dict[str, _Line] = {}
    stays = []
    for family, child, joined_at, left_at in session.execute(rows):
        stays.append(Stay(child.id, joined_at, left_at))
        if left_at is None:
            lines.setdefault(child.id, _Line(family, child))
    return lines, stays


def _ended(session: Session, village_id: str, begins: Periods) -> list[Ended]:
    """Calls of the weeks that are over. One that was cancelled for later has not failed yet."""
    columns = Call.child_id, Call.starts_at, Call.ended_at, Call.outcome, Call.reason, Call.origin, Call.expires_at
    begun = Call.starts_at >= begins.weeks[0] - calls.LONGER_THAN_ANY_CALL, Call.starts_at < begins.now
    over = select(*columns).where(Call.village_id == village_id, Call.state == CallState.ENDED, *begun)
    found = []
    for child_id, starts_at, ended_at, outcome, reason, origin, expires_at in session.execute(over):
        if outcome is not None and ended_at is not None:
            at = starts_at if outcome is Outcome.CANCELLED else ended_at
            found.append(Ended(child_id, at, outcome, reason, origin, was_agreed=expires_at is None))
    return found


def _calls(session: Session, village_id: str, begins: Periods, who: Principal) -> list[LedgerCall]:
    child, parent = aliased(Person), aliased(Person)
    rows = (
        select(Call, Family, child, parent, Terminal)
        .options(load_only(*SHOWN, raiseload=True))
        .join(Family, Family.id == Call.family_id)
        .join(child, child.id == Call.child_id)
        .join(parent, parent.id == Call.parent_id)
        .join(Terminal, Terminal.id == Call.terminal_id)
        .where(Call.village_id == village_id, Call.state == CallState.ENDED)
        .where(Call.starts_at >= begins.ledger, Call.starts_at < begins.now)
        .order_by(Call.starts_at.desc(), Call.id)
    )
    return [
        _call(call, family, (one, other), terminal, who) for call, family, one, other, terminal in session.execute(rows)
    ]


def _call(call: Call, family: Family, pair: Sequence[Person], terminal: Terminal, who: Principal) -> LedgerCall:
    child, parent = (picture.person_shape(person, who) for person in pair)
    return LedgerCall(
        id=call.id, state=call.state, outcome=call.outcome, reason=call.reason, starts_at=call.starts_at,
        ends_at=call.ends_at, live_at=call.live_at, talked_seconds=call.talked_seconds,
        family=picture.family_shape(family), child=child, parent=parent,
        terminal=TerminalShape(id=terminal.id, name=terminal.name),
    )  # fmt: skip
