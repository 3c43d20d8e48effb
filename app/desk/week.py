"""Gathers what is known of a village's week from calls, families and villages.

However many families there are, it is the same few statements. Which wishes follow from it is `wishes.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.calls import rules
from app.calls.models import Call, Claim
from app.calls.passport import passports
from app.calls.words import CallState, Outcome
from app.desk import hearings
from app.desk.wishes import Picked, Standing, WeekFacts, days_of
from app.families import availability, pairs, schedule
from app.families.models import Person
from app.families.pairs import Pair
from app.families.words import ConsentKind
from app.kernel.errors import Invalid, Refused
from app.kernel.intervals import Interval, merged
from app.kernel.local_time import day_of, moment_of_day
from app.roster import queries
from app.roster.history import Slot, slot_of
from app.roster.models import Roster
from app.roster.problem import Claim as Cell
from app.roster.problem import Terminal
from app.villages import queries as villages
from app.villages import rules as hours
from app.villages.models import Village
from app.villages.rules import ClosureFacts

LOOKS_BACK = timedelta(weeks=8)
NOTICE = rules.PROPOSAL_NOTICE  # nobody is at the terminal in less
WEEK = timedelta(days=7)


def check_week(week: date, zone: str, now: datetime) -> None:
    """A week begins on a Monday, is not over, and lies within what can be booked."""
    if week.weekday() != 0:
        raise Invalid("not_a_monday")
    today = day_of(now, zone)
    if week <= today - WEEK:
        raise Refused("in_the_past")
    if week > today + rules.BOOK_AHEAD - WEEK:
        raise Refused("too_far_ahead", days=rules.BOOK_AHEAD.days)


def bounds(week: date, zone: str) -> Interval:
    days = days_of(week, zone)
    return days[0][0], days[-1][1]


def gathered(session: Session, village: Village, roster: Roster, now: datetime) -> WeekFacts:
    begins, ends = bounds(roster.week, village.zone)
    within = min(max(begins, now + NOTICE), ends), ends
    allowed = pairs.allowed_until(session, village.id, ConsentKind.CALL, now)
    taking_part = {pair: until for pair, until in allowed.items() if until is None or until > within[0]}
    caregivers = pairs.caregivers(session, village.id)
    talking = {person_id for pair in taking_part for person_id in pair[1:]}
    terminals = _terminals(session, village, roster.week, within, now)
    return WeekFacts(
        days=days_of(roster.week, village.zone), within=within, zone=village.zone, minutes=roster.minutes,
        buffer_minutes=village.buffer_minutes, terminals=terminals, pairs=taking_part, caregivers=caregivers,
        free=_free(session, talking | {who for family in caregivers.values() for who in family}, within),
        standing=standing(session, village.id, begins, ends), picked=_picked(session, roster, taking_part),
        heard_at=hearings.last_heard(session, village.id), spoken_at=_spoken(session, village.id, now),
        claims=_claims(session, [t.id for t in terminals], talking, within),
    )  # fmt: skip


def standing(session: Session, village_id: str, begins: datetime, ends: datetime) -> list[Standing]:
    """The calls of a week that a roster has to leave as they are."""
    columns = (
        Call.id, Call.family_id, Call.child_id, Call.parent_id, Call.terminal_id, Call.starts_at, Call.ends_at,
    )  # fmt: skip
    calls = select(*columns).where(
        Call.village_id == village_id, Call.starts_at >= begins, Call.starts_at < ends,
        or_(Call.state != CallState.ENDED, Call.outcome == Outcome.HELD),
    )  # fmt: skip
    return [
        Standing(id_, Pair(*pair), Slot(terminal_id, starts_at), -(-(ends_at - starts_at) // timedelta(minutes=1)))
        for id_, *pair, terminal_id, starts_at, ends_at in session.execute(calls.order_by(Call.starts_at, Call.id))
    ]


def openings(session: Session, village: Village, from_: datetime, until: datetime) -> dict[str, list[Interval]]:
    """When each terminal is open."""
    weekly, closures = villages.openings(session, village.id), villages.closures_of(session, village.id, from_, until)
    found = {}
    for terminal in villages.terminals(session, village.id):
        closed = [ClosureFacts(c.starts_at, c.ends_at) for c in closures if c.terminal_id in (None, terminal.id)]
        found[terminal.id] = hours.open_intervals(weekly, closed, village.zone, from_, until)
    return found


def _terminals(
    session: Session, village: Village, week: date, within: Interval, now: datetime
) -> tuple[Terminal, ...]:  # fmt: skip
    links = passports(session, village, now)
    days = [week + timedelta(days=n) for n in range(7)]

    def good(terminal_id: str) -> tuple[Interval, ...]:
        at = [60 * hour for hour, link in links.get(terminal_id, {}).items() if link.is_good]
        ends = [(moment_of_day(d, m, village.zone), moment_of_day(d, m + 60, village.zone)) for d in days for m in at]
        return tuple(merged(ends))

    opened = openings(session, village, *within)
    return tuple(Terminal(id_, tuple(intervals), good(id_)) for id_, intervals in opened.items())


def _free(session: Session, person_ids: Iterable[str], within: Interval) -> dict[str, list[Interval]]:
    known = sorted(person_ids)
    zones = dict(session.execute(select(Person.id, Person.zone).where(Person.id.in_(known))).all())
    patterns = schedule.patterns_of(session, known)
    return {who: availability.free(patterns[who], zones[who], *within) for who in known}


def _picked(session: Session, roster: Roster, taking_part: Mapping[Pair, datetime | None]) -> list[Picked]:
    """Rows of those who may not speak any more are left out, and with the next draft gone."""
    found = []
    for row in queries.pinned(session, roster.id):
        pair = Pair(row.family_id, row.child_id, row.parent_id)
        if pair in taking_part:
            found.append(Picked(row.id, pair, slot_of(row), row.minutes))
    return found


def _spoken(session: Session, village_id: str, now: datetime) -> dict[tuple[str, str], list[datetime]]:
    held = select(Call.child_id, Call.parent_id, Call.starts_at).where(
        Call.village_id == village_id, Call.outcome == Outcome.HELD, Call.starts_at >= now - LOOKS_BACK
    )
    found: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for child_id, parent_id, starts_at in session.execute(held.order_by(Call.starts_at)):
        found[child_id, parent_id].append(starts_at)
    return dict(found)


def _claims(
    session: Session, terminal_ids: Sequence[str], person_ids: Iterable[str], within: Interval
) -> frozenset[Cell]:  # fmt: skip
    """What is held in the week, also by calls of other villages."""
    resources = [*(f"terminal:{id_}" for id_ in terminal_ids), *(f"person:{id_}" for id_ in sorted(person_ids))]
    cells = select(Claim.resource, Claim.cell_at).where(
        Claim.resource.in_(resources), Claim.cell_at >= within[0] - rules.CELL, Claim.cell_at < within[1] + WEEK / 7
    )
    return frozenset((resource, cell_at) for resource, cell_at in session.execute(cells))
