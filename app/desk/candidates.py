"""Who of those in line could have a freed slot: free then by their hours and their other calls, and not asked too much.

Nobody is offered a slot that they had before and let go, two at a time, or more than two a day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.calls import claims
from app.calls import rules as bookable
from app.calls.free import free_intervals
from app.calls.models import Call, Claim
from app.calls.words import CallState, Origin
from app.families import availability, bringing, schedule
from app.families.availability import PatternFacts
from app.families.models import Member, Person
from app.families.words import MemberRole
from app.kernel.intervals import Interval, covers
from app.kernel.local_time import day_of, start_of_day
from app.notices import terms
from app.notices.rules import awake_at
from app.roster import rules
from app.roster.rules import Waiting
from app.villages.models import Village

LONGEST = timedelta(minutes=bookable.LONGEST_MINUTES)


@dataclass(frozen=True)
class FreedSlot:
    village_id: str
    terminal_id: str
    starts_at: datetime
    ends_at: datetime

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at) / timedelta(minutes=1))

    @property
    def payload(self) -> dict[str, Any]:
        return asdict(self) | {"starts_at": self.starts_at.isoformat(), "ends_at": self.ends_at.isoformat()}

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "FreedSlot":
        instants = {name: datetime.fromisoformat(payload[name]) for name in ("starts_at", "ends_at")}
        return cls(payload["village_id"], payload["terminal_id"], **instants)


def of(
    session: Session, slot: FreedSlot, village: Village, line: Sequence[Waiting], now: datetime
) -> Iterator[tuple[Waiting, datetime | None]]:
    """Those who could have the slot, in their order, with the instant at which who sleeps now can be asked."""
    asked = _asked_enough(session, village, now)
    let_go = _had_it_before(session, slot)
    left = [w for w in line if w.family_id not in asked and not let_go & {w.parent_id, w.child_id}]
    people, quiet = _People.of(session, left, slot), terms.quiet_of(session, village.id)
    for one in left:
        if not one.may_speak_until(slot.ends_at) or not people.have_time(one, slot):
            continue
        awake = awake_at(now, people.zones[one.parent_id], quiet)
        if awake == now:
            yield one, None
        elif not rules.is_too_close(slot.starts_at, awake):
            yield one, awake


def is_there(session: Session, slot: FreedSlot, buffer_minutes: int) -> bool:
    """Whether the terminal still stands, is open then, and has no call by now that leaves no room for the slot."""
    terminal = f"terminal:{slot.terminal_id}"
    if not covers(free_intervals(session, terminal, slot.starts_at, slot.ends_at), slot.starts_at, slot.ends_at):
        return False
    cells = bookable.cells(slot.starts_at, slot.ends_at + timedelta(minutes=buffer_minutes))
    return not claims.are_taken(session, [(terminal, cell) for cell in cells])


def _asked_enough(session: Session, village: Village, now: datetime) -> set[str]:
    """Families with an offer that is open, or with as many as may be made on one day of the village."""
    today = start_of_day(day_of(now, village.zone), village.zone)
    offers = select(Call.family_id).where(Call.village_id == village.id, Call.origin == Origin.WAIT)
    is_open = offers.where(Call.state == CallState.PROPOSED)
    often = offers.where(Call.made_at >= today).group_by(Call.family_id).having(func.count() >= rules.OFFERS_A_DAY)
    return {*session.scalars(is_open), *session.scalars(often)}


def _had_it_before(session: Session, slot: FreedSlot) -> set[str]:
    """Parents and children who had a call at that time and let it go, or did not take it."""
    over = select(Call.parent_id, Call.child_id).where(
        Call.state == CallState.ENDED, Call.starts_at < slot.ends_at, Call.ends_at > slot.starts_at
    )  # fmt: skip
    over = over.where(Call.village_id == slot.village_id, Call.starts_at > slot.starts_at - LONGEST)
    return {person for pair in session.execute(over) for person in pair}


@dataclass(frozen=True)
class _People:
    """What is known of the people in line: their zones and hours, who is in another call then, who brings the child."""

    zones: dict[str, str]
    hours: dict[str, list[PatternFacts]]
    busy: set[str]
    caregivers: dict[str, list[str]]

    @classmethod
    def of(cls, session: Session, line: Sequence[Waiting], slot: FreedSlot) -> "_People":
        members = select(Member.family_id, Member.person_id).where(
            Member.family_id.in_({w.family_id for w in line}), Member.role == MemberRole.CAREGIVER,
            Member.left_at.is_(None),
        )  # fmt: skip
        caregivers: dict[str, list[str]] = {}
        for family_id, person_id in session.execute(members.order_by(Member.person_id)):
            caregivers.setdefault(family_id, []).append(person_id)
        speaking = {person for w in line for person in (w.parent_id, w.child_id)}
        everybody = speaking.union(*caregivers.values())
        zones = session.execute(select(Person.id, Person.zone).where(Person.id.in_(everybody)))
        return cls(
            dict(zones.all()),
            schedule.patterns_of(session, sorted(everybody)),
            _in_other_calls(session, speaking, slot),
            caregivers,
        )

    def have_time(self, one: Waiting, slot: FreedSlot) -> bool:
        """Whether both can speak then, and somebody can bring the child where somebody is known to."""
        if {one.parent_id, one.child_id} & self.busy:
            return False
        when, bring = (slot.starts_at, slot.ends_at), self.caregivers.get(one.family_id, [])
        if not all(covers(self._free(person_id, when), *when) for person_id in (one.parent_id, one.child_id)):
            return False
        bringers = bringing.who_can(bring, (one.parent_id, one.child_id))
        return bringing.is_brought([self._free(person_id, when) for person_id in bringers], when)

    def _free(self, person_id: str, when: Interval) -> list[Interval]:
        return availability.free(self.hours[person_id], self.zones[person_id], *when)


def _in_other_calls(session: Session, persons: set[str], slot: FreedSlot) -> set[str]:
    cells = bookable.cells(slot.starts_at, slot.ends_at)
    resources = [f"person:{person}" for person in sorted(persons)]
    taken = select(Claim.resource).where(Claim.resource.in_(resources), Claim.cell_at.in_(cells))
    return {resource.removeprefix("person:") for resource in session.scalars(taken.distinct())}
