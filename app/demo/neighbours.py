"""Families for a village: faces, hours of their own, weeks of calls behind them; the same ones for the same number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from sqlalchemy.orm import Session

from app.calls.models import Call
from app.calls.words import CallState, Outcome, Side
from app.demo.hours import hours_of, hours_of_neighbour
from app.demo.households import CAREGIVER, CHILD, PARENT, Household, household_of
from app.demo.portraits import portrait
from app.families import queries as known
from app.families import rules, schedule
from app.families import service as families
from app.families.words import ConsentKind, MemberRole
from app.kernel.local_time import day_of, moment_of_day
from app.storage.database import new_id
from app.villages.models import Terminal, Village

WEEKS_BACK = 6
# How many days ago each was heard last, one after the other; some never were.
LAST_HEARD_DAYS = (2, 9, 5, None, 3, 16, 6, 4, 12, 7)


@dataclass(frozen=True)
class Home:
    """Ids of a family that lives there now."""

    family: str
    parents: list[str]
    caregivers: list[str]
    children: list[str]


def enrol(
    session: Session, village: Village, terminals: Sequence[Terminal], count: int, language: str, by: str,
    now: datetime, *, has_faces: bool = True,
) -> list[Home]:  # fmt: skip
    """Let so many more families live in a village, with the calls of the last weeks; drawing faces takes a while."""
    homes = []
    for number in range(count):
        free = rules.free_emblems(known.emblems_taken(session, village.id))
        emblem = free[number % len(free)]
        household = household_of(number, language, emblem)
        home = settle(session, village, household, language, by, now, number=number, has_faces=has_faces)
        _remember_weeks(session, village, terminals[number % len(terminals)], home, number, now)
        homes.append(home)
    return homes


def settle(
    session: Session, village: Village, household: Household, language: str, by: str, now: datetime, *,
    number: int | None = None, has_faces: bool = True,
) -> Home:  # fmt: skip
    """Add a household with photos, hours and consents; with hours of their own if they have a number."""
    family = families.add_family(session, village_id=village.id, name=household.name, emblem=household.emblem, now=now)
    ids: dict[MemberRole, list[str]] = {role: [] for role in MemberRole}
    for place, somebody in enumerate(household.people):
        person = families.add_person(
            session, name=somebody.name, zone=somebody.zone, language=language, phone=somebody.phone, confirmed_at=now
        )
        families.add_member(session, family_id=family.id, person_id=person.id, role=somebody.role, now=now)
        if has_faces:
            drawn = portrait((number or 0) + sum(map(ord, household.emblem)) + place, somebody.kind)
            families.set_photo(session, person.id, drawn, now)
        today = day_of(now, somebody.zone)
        for said in (
            hours_of(somebody.kind, today) if number is None else hours_of_neighbour(somebody.kind, number, today)
        ):
            schedule.add(session, person.id, said, by, now)
        ids[somebody.role].append(person.id)
    _consent(session, ids[CHILD], ids[PARENT], now)
    return Home(family.id, ids[PARENT], ids[CAREGIVER], ids[CHILD])


def remember(
    session: Session, terminal: Terminal, home: Home, starts_at: datetime, *, child: int = 0, is_missed: bool = False
) -> None:  # fmt: skip
    """Write a call that is over, so that ledgers and rosters have something to go by."""
    session.add(
        Call(
            id=new_id(session), village_id=terminal.village_id, terminal_id=terminal.id, family_id=home.family,
            parent_id=home.parents[0], child_id=home.children[child], starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=15), state=CallState.ENDED, proposed_by=Side.PARENT,
            made_at=starts_at - timedelta(days=1), live_at=None if is_missed else starts_at,
            talked_seconds=0 if is_missed else 754, outcome=Outcome.MISSED if is_missed else Outcome.HELD,
            reason="parent_absent" if is_missed else None, ended_at=starts_at + timedelta(minutes=13),
            link_rtt_ms=None if is_missed else 280, link_loss_permille=None if is_missed else 12,
        )
    )  # fmt: skip


def _remember_weeks(
    session: Session, village: Village, terminal: Terminal, home: Home, number: int, now: datetime
) -> None:
    """Each child has spoken once a week at the family's usual time until it was heard last; some calls were missed."""
    days_ago = LAST_HEARD_DAYS[number % len(LAST_HEARD_DAYS)]
    if days_ago is None:
        return
    today, minute = day_of(now, village.zone), 18 * 60 + 20 * (number // 2 % 8)
    for week in range(WEEKS_BACK):
        day = today - timedelta(days=days_ago + 7 * week)
        for child in range(len(home.children)):
            starts_at = moment_of_day(day, minute + 20 * child, village.zone)
            remember(session, terminal, home, starts_at, child=child, is_missed=(number + week) % 5 == 4)


def _consent(session: Session, children: Iterable[str], parents: Sequence[str], now: datetime) -> None:
    for child, parent, kind in product(children, parents, (ConsentKind.CALL, ConsentKind.MESSAGE, ConsentKind.PHOTO)):
        families.give_consent(
            session, child_id=child, contact_id=parent, kind=kind, given_by=parent, evidence="demo",
            from_at=now - timedelta(days=30), now=now,
        )  # fmt: skip
