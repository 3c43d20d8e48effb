"""Gathers what is known of a pair's time and of their village, in few queries, and asks `proposals.py` for slots."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import rules
from app.calls.ground import MARGIN, History, PersonFacts, Question, TerminalFacts
from app.calls.models import Call, Claim
from app.calls.obstacles import Share
from app.calls.passport import passports
from app.calls.proposals import Answer, propose
from app.calls.rules import Slot
from app.calls.words import CallState, Obstacle, Outcome
from app.families import queries as families
from app.families import rules as permission
from app.families import schedule
from app.families.bringing import who_can
from app.families.words import ConsentKind, MemberRole
from app.kernel.errors import NotFound, Refused
from app.kernel.intervals import Interval
from app.villages import queries as villages
from app.villages.models import Village

MOST_OFFERS, OFFERED_AHEAD = 3, timedelta(days=7)
LOOKS_BACK = timedelta(weeks=8)
LONGEST_SEARCH = timedelta(weeks=8)
LONGEST_HELD = timedelta(hours=12)  # a call that is extended cell by cell goes on
EARLIEST = rules.PROPOSAL_NOTICE + timedelta(minutes=1)  # nobody is at the terminal in less; a proposal needs as long


@dataclass(frozen=True)
class Search:
    """A time is looked for from an instant on; for eight weeks, or as far as is booked, unless an end is given.

    `may_shrink`: where no call of these minutes fits, a shorter one will do.
    """

    family_id: str
    child_id: str
    parent_id: str
    minutes: int
    from_: datetime
    until: datetime | None = None
    may_shrink: bool = True


def find_time(session: Session, village: Village, search: Search, now: datetime) -> Answer:
    """The best slots for two members of a family. Raises Refused for lengths and searches that are out of range."""
    rules.check_length(search.minutes)
    within = _within(search, now)
    objection, allowed_until = _permission(session, search, now)
    if objection is not None:
        return Answer(search.minutes, obstacles=[Share(objection, 1.0)])
    return propose(_question(session, village, search, within, allowed_until, now))


def offers(session: Session, call: Call, now: datetime) -> list[Slot]:
    """New times for a call that came to nothing."""
    search = Search(call.family_id, call.child_id, call.parent_id, rules.CALL_MINUTES, now)
    return offers_for(session, call.village_id, search, now)


def offers_for(session: Session, village_id: str, search: Search, now: datetime) -> list[Slot]:
    """Of the week from an instant on the best times in their order, or the one that asks least.

    None for two who are no pair any more, or may not speak.
    """
    if not families.is_pair(session, search.family_id, search.child_id, search.parent_id):
        return []
    within = replace(search, until=search.from_ + OFFERED_AHEAD, may_shrink=False)
    found = find_time(session, villages.village(session, village_id), within, now)
    slots = [Slot(each.starts_at, each.ends_at, each.terminal_id) for each in found.proposals[:MOST_OFFERS]]
    if nearest := found.compromise:
        slots.append(Slot(nearest.starts_at, nearest.ends_at, nearest.terminal_id))
    return sorted(slots, key=lambda slot: slot.starts_at)


def _within(search: Search, now: datetime) -> Interval:
    if search.from_ > now + rules.BOOK_AHEAD:
        raise Refused("too_far_ahead", days=rules.BOOK_AHEAD.days)
    until = search.until or search.from_ + LONGEST_SEARCH
    rules.check_search(search.from_, until, LONGEST_SEARCH)
    from_, until = max(search.from_, now + EARLIEST), min(until, now + rules.BOOK_AHEAD)
    if until <= from_:
        raise Refused("too_late_to_propose")
    return from_, until


def _permission(session: Session, search: Search, now: datetime) -> tuple[Obstacle | None, datetime | None]:
    """What is said against any call of this pair now, and when the permission ends by itself."""
    asked = (ConsentKind.CALL, search.child_id, search.parent_id)
    consents = families.consents(session, search.child_id, search.parent_id)
    bans = families.no_contacts(session, search.child_id, search.parent_id)
    code = permission.objection(*asked, consents, bans, now)
    if code is not None:
        return Obstacle.NO_CONTACT if code == Obstacle.NO_CONTACT else Obstacle.NO_CONSENT, None
    return None, permission.permitted_until(*asked, consents, bans, now)


def _question(
    session: Session, village: Village, search: Search, within: Interval, allowed_until: datetime | None, now: datetime
) -> Question:
    pair = (search.parent_id, search.child_id)
    members = families.members(session, search.family_id)
    zones = {who.id: who.zone for who, _role in members}
    if not zones.keys() >= {*pair}:
        raise NotFound
    caregivers = who_can((who.id for who, role in members if role is MemberRole.CAREGIVER), pair)
    patterns = schedule.patterns_of(session, [*pair, *caregivers])
    engaged = _engaged(session, pair, within)

    def person(person_id: str) -> PersonFacts:
        return PersonFacts(zones[person_id], patterns[person_id], engaged.get(person_id, ()))

    return Question(
        minutes=search.minutes, from_=within[0], until=within[1], now=now, zone=village.zone,
        slot_minutes=village.slot_minutes, buffer_minutes=village.buffer_minutes,
        openings=villages.openings(session, village.id),
        terminals=_terminals(session, village, within, now),
        parent=person(search.parent_id), child=person(search.child_id),
        caregivers=[person(each) for each in caregivers],
        history=_history(session, search, now), allowed_until=allowed_until,
        promise_days=village.promise_days, may_shrink=search.may_shrink,
    )  # fmt: skip


def _terminals(session: Session, village: Village, within: Interval, now: datetime) -> list[TerminalFacts]:
    held, links = _held(session, village, within), passports(session, village, now)
    closures = villages.closures_of(session, village.id, *within)
    return [
        TerminalFacts(
            terminal.id, [(c.starts_at, c.ends_at) for c in closures if c.terminal_id in (None, terminal.id)],
            held.get(terminal.id, ()), links.get(terminal.id, {}),
        )
        for terminal in villages.terminals(session, village.id)
    ]  # fmt: skip


def _held(session: Session, village: Village, within: Interval) -> dict[str, list[Interval]]:
    """When each terminal is held: by every call that has not ended, and the change-over after it.

    These are the cells that its claims are kept for, in a quarter of the rows.
    """
    calls = select(Call.terminal_id, Call.starts_at, Call.ends_at).where(
        Call.village_id == village.id, Call.state != CallState.ENDED,
        Call.starts_at >= within[0] - LONGEST_HELD, Call.starts_at < within[1] + MARGIN,
    )  # fmt: skip
    buffer = timedelta(minutes=village.buffer_minutes)
    found: dict[str, list[Interval]] = {}
    for terminal_id, starts_at, ends_at in session.execute(calls):
        found.setdefault(terminal_id, []).append((starts_at, ends_at + buffer))
    return found


def _engaged(session: Session, person_ids: Sequence[str], within: Interval) -> dict[str, list[Interval]]:
    """When each of these persons is held, in whatever village."""
    held = select(Claim.resource, Claim.cell_at).where(
        Claim.resource.in_([f"person:{person_id}" for person_id in person_ids]),
        Claim.cell_at >= within[0] - MARGIN, Claim.cell_at < within[1] + MARGIN,
    )  # fmt: skip
    found: dict[str, list[Interval]] = {}
    for resource, cell_at in session.execute(held):
        found.setdefault(resource.removeprefix("person:"), []).append((cell_at, cell_at + rules.CELL))
    return found


def _history(session: Session, search: Search, now: datetime) -> History:
    """The pair's calls of the last eight weeks and those ahead."""
    calls = session.execute(
        select(Call.starts_at, Call.ended_at, Call.state, Call.outcome).where(
            Call.family_id == search.family_id, Call.starts_at >= now - LOOKS_BACK,
            Call.child_id == search.child_id, Call.parent_id == search.parent_id,
        ).order_by(Call.starts_at)
    ).all()  # fmt: skip
    held = [call for call in calls if call.outcome is Outcome.HELD]
    return History(
        held=[call.starts_at for call in held],
        missed=[call.starts_at for call in calls if call.outcome is Outcome.MISSED],
        ahead=[call.starts_at for call in calls if call.state is not CallState.ENDED],
        heard_at=max((call.ended_at for call in held), default=None),
    )
