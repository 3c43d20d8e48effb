"""Whether a row of a roster can have a slot that a coordinator picks for it, and who has to make room.

A coordinator who insists knows better than what is said of people's hours; never better than a claim, a closure, a
consent, or what somebody else has picked. Two rows change places only where both can.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import rules
from app.calls.models import Claim
from app.calls.obstacles import CHILD_HOURS, PARENT_HOURS
from app.calls.words import Obstacle
from app.desk import week
from app.families import availability, bringing, schedule
from app.families import queries as families
from app.families import rules as permission
from app.families.models import Person
from app.families.words import ConsentKind, Occupation, PatternKind
from app.kernel.errors import Refused
from app.kernel.intervals import Interval, covers
from app.roster.history import Slot, slot_of
from app.roster.models import Assignment, Roster
from app.roster.problem import Claim as Cell
from app.roster.service import Pick
from app.villages import queries as villages
from app.villages.models import Village

PICKED, MADE_ROOM, TAKEN_OUT = [{"code": "picked"}], [{"code": "made_room"}], [{"code": "taken_out"}]


@dataclass(frozen=True)
class Wanted:
    """A row, and the slot that it shall have."""

    row: Assignment
    slot: Slot
    minutes: int

    @property
    def starts_at(self) -> datetime:
        return self.slot.starts_at

    @property
    def ends_at(self) -> datetime:
        return self.slot.starts_at + timedelta(minutes=self.minutes)

    @property
    def pair(self) -> tuple[str, str]:
        return self.row.parent_id, self.row.child_id

    def cells(self, buffer_minutes: int) -> set[Cell]:
        """What it would claim."""
        return set(rules.claims_of(self.slot.terminal_id, self.pair, self.starts_at, self.ends_at, buffer_minutes))


def picks(
    session: Session, village: Village, roster: Roster, rows: Sequence[Assignment], wanted: Wanted, *,
    is_pinned: bool, is_forced: bool, now: datetime,
) -> list[Pick]:  # fmt: skip
    """What becomes of the row, and of the one whose slot it takes. Raises Refused with what stands against it.

    What `is_forced` overcomes says so in its detail: `can_force`.
    """
    moved = _displaced(rows, wanted, village.buffer_minutes)
    after, old = [wanted], slot_of(wanted.row)
    if moved is not None and old is not None:
        after.append(Wanted(moved, old, moved.minutes))
    place = _Place(session, village, roster, now)
    others = [
        Wanted(row, slot, row.minutes) for row in rows
        if (slot := slot_of(row)) and not row.is_fixed and row is not moved and row is not wanted.row
    ]  # fmt: skip
    for number, each in enumerate(after):
        place.check(each)
        place.check_others(each, [*others, *after[:number]])
        if not is_forced:
            place.check_hours(each)
    found = [Pick(wanted.row.id, wanted.slot, wanted.minutes, is_pinned, PICKED)]
    if moved is not None:
        found.append(Pick(moved.id, old, moved.minutes, is_pinned=False, reasons=MADE_ROOM))
    return found


def taken_out(row: Assignment, minutes: int, *, is_pinned: bool) -> list[Pick]:
    """What becomes of a row that is to have no slot."""
    rules.check_length(minutes)
    return [Pick(row.id, None, minutes, is_pinned, TAKEN_OUT)]


def _displaced(rows: Sequence[Assignment], wanted: Wanted, buffer_minutes: int) -> Assignment | None:
    """The row that has this slot in the draft. Calls that stand are known by their claims."""
    cells = {claim for claim in wanted.cells(buffer_minutes) if claim[0].startswith("terminal:")}
    there = [
        row for row in rows
        if (slot := slot_of(row)) and not row.is_fixed and row is not wanted.row
        and not cells.isdisjoint(Wanted(row, slot, row.minutes).cells(buffer_minutes))
    ]  # fmt: skip
    if len(there) > 1:
        raise Refused("several_in_slot")
    if there and there[0].is_pinned:
        raise Refused("slot_pinned")
    return there[0] if there else None


@dataclass(frozen=True)
class _Place:
    """The village and the week in which slots are picked."""

    session: Session
    village: Village
    roster: Roster
    now: datetime

    def check(self, wanted: Wanted) -> None:
        """All that nobody can insist on."""
        rules.check_length(wanted.minutes)
        rules.check_start(wanted.starts_at, self.now)
        begins, ends = week.bounds(self.roster.week, self.village.zone)
        if not begins <= wanted.starts_at < ends:
            raise Refused("outside_week")
        terminal = villages.terminal_of(self.session, self.village.id, wanted.slot.terminal_id)
        if terminal.retired_at is not None:
            raise Refused("terminal_retired")
        around = wanted.starts_at - timedelta(days=1), wanted.ends_at + timedelta(days=1)
        opened = villages.open_intervals(self.session, terminal, *around)
        rules.check_open(wanted.starts_at, wanted.ends_at, opened)
        self._check_consent(wanted)
        self._check_claims(wanted)

    def check_others(self, wanted: Wanted, others: Sequence[Wanted]) -> None:
        """Against what else stands in the draft."""
        buffer = self.village.buffer_minutes
        held = {claim for other in others for claim in other.cells(buffer)}
        self._refuse_held(wanted, wanted.cells(buffer) & held)

    def check_hours(self, wanted: Wanted) -> None:
        """What is said of people's hours."""
        patterns = schedule.patterns_of(self.session, wanted.pair)
        for person_id, away, otherwise, by in (
            (wanted.row.parent_id, Obstacle.PARENT_AWAY, Obstacle.PARENT_BUSY, PARENT_HOURS),
            (wanted.row.child_id, Obstacle.CHILD_AWAY, Obstacle.CHILD_BUSY, CHILD_HOURS),
        ):
            person = families.person(self.session, person_id)
            why = _why_not(patterns[person_id], person.zone, (wanted.starts_at, wanted.ends_at), away, otherwise, by)
            if why is not None:
                raise _refusal(why, wanted, person, can_force=True)
        if not self._is_brought(wanted):
            child = families.person(self.session, wanted.row.child_id)
            raise _refusal(Obstacle.CAREGIVER_AWAY, wanted, child, can_force=True)

    def _check_consent(self, wanted: Wanted) -> None:
        child_id, parent_id = wanted.row.child_id, wanted.row.parent_id
        given = families.consents(self.session, child_id, parent_id)
        bans = families.no_contacts(self.session, child_id, parent_id)
        for at in (self.now, wanted.ends_at - timedelta(minutes=1)):
            permission.may(ConsentKind.CALL, child_id, parent_id, given, bans, at)

    def _check_claims(self, wanted: Wanted) -> None:
        cells = wanted.cells(self.village.buffer_minutes)
        held = select(Claim.resource, Claim.cell_at).where(
            Claim.resource.in_({resource for resource, _cell in cells}), Claim.cell_at.in_({cell for _r, cell in cells})
        )
        self._refuse_held(wanted, {(row.resource, row.cell_at) for row in self.session.execute(held)} & cells)

    def _refuse_held(self, wanted: Wanted, held: set[Cell]) -> None:
        resources = {resource for resource, _cell in held}
        for person_id, why in (
            (wanted.row.parent_id, Obstacle.PARENT_IN_CALL), (wanted.row.child_id, Obstacle.CHILD_IN_CALL),
        ):  # fmt: skip
            if f"person:{person_id}" in resources:
                raise _refusal(why, wanted, families.person(self.session, person_id), can_force=False)
        if resources:
            raise Refused("slot_taken")

    def _is_brought(self, wanted: Wanted) -> bool:
        people = {who.id: who for who in families.caregivers(self.session, wanted.row.family_id)}
        bringers = bringing.who_can(people, wanted.pair)
        patterns = schedule.patterns_of(self.session, bringers)
        when = wanted.starts_at, wanted.ends_at
        return bringing.is_brought(
            [availability.free(patterns[who], people[who].zone, *when) for who in bringers], when
        )


def _why_not(
    patterns: Sequence[availability.PatternFacts], zone: str, when: Interval, away: Obstacle, otherwise: Obstacle,
    by: Mapping[Occupation, Obstacle],
) -> Obstacle | None:  # fmt: skip
    """Why somebody has no time; None if they have."""
    if covers(availability.free(patterns, zone, *when), *when):
        return None
    if availability.busy([p for p in patterns if p.kind is PatternKind.AWAY], zone, *when):
        return away
    whys = [by[occupation] for _start, _end, occupation in availability.busy(patterns, zone, *when) if occupation in by]
    return next(iter(whys), otherwise)


def _refusal(why: Obstacle, wanted: Wanted, person: Person, *, can_force: bool) -> Refused:
    return Refused(why.value, name=person.name, assignment_id=wanted.row.id, can_force=can_force)
