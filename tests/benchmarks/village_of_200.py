"""A village of 200 families with six terminals: shifts, school, market days, eight full weeks behind and ahead."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from app.calls import rules
from app.calls.models import Call, Claim
from app.calls.words import CallState, Outcome
from app.families import service as families
from app.families.models import Family, Member, Pattern, Person
from app.families.words import ConsentKind, MemberRole, Occupation, PatternKind
from app.kernel.local_time import day_of, minute_of_day
from app.storage.database import Database, new_id
from app.villages import service as villages
from app.villages.models import Village
from app.villages.rules import OpeningFacts

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ZONE = "Asia/Shanghai"
FAMILIES, TERMINALS, WEEKS, CALLS_A_WEEK = 200, 6, 8, 2
WORKDAYS, EVERY_DAY = list(range(5)), list(range(7))
ROTATION = ["day"] * 4 + ["off"] * 2 + ["night"] * 4 + ["off"] * 2
SHIFTS = {"day": [480, 1200], "night": [1200, 480]}


@dataclass(frozen=True)
class Household:
    family: str
    parent: str
    child: str


@dataclass
class Place:
    """What is made so far: the village, its terminals, who lives there, and which slots are given away."""

    village: Village
    terminals: list[str]
    households: list[Household]
    never_free: Household
    calls: int = 0


def settle(database: Database) -> Place:
    """Found the village; the same one each time."""
    chance = Random(200)
    with database.begin() as session:
        village = villages.create_village(session, name="Longshan", zone=ZONE, language="zh-CN")
        villages.set_openings(session, village.id, [OpeningFacts(day, 480, 1320) for day in EVERY_DAY], NOW)
        terminals = [villages.add_terminal(session, village.id, f"Room {n}", NOW).id for n in range(TERMINALS)]
        households = [_household(session, village, n, chance) for n in range(FAMILIES)]
        place = Place(village, terminals, households[1:], households[0])
        always = {"weekdays": EVERY_DAY, "from_minute": 0, "until_minute": 0}
        session.add(_pattern(session, place.never_free.parent, PatternKind.WEEKLY, Occupation.SHIFT, always))
        session.flush()
        place.calls = sum(_call(session, place, *each) for each in _calendar(place, chance))
    return place


def _household(session: Session, village: Village, number: int, chance: Random) -> Household:
    family = Family(id=new_id(session), village_id=village.id, name=f"Family {number}", emblem=f"picture {number}")
    session.add(family)
    session.flush()
    ids: list[str] = []
    for role in (MemberRole.PARENT, MemberRole.CHILD, MemberRole.CAREGIVER, MemberRole.CAREGIVER):
        person = Person(id=new_id(session), name=f"{role} {number}", zone=ZONE, language="zh-CN")
        session.add(person)
        session.flush()
        session.add(Member(id=new_id(session), family_id=family.id, person_id=person.id, role=role))
        ids.append(person.id)
    session.flush()
    parent, child, *caregivers = ids
    session.add_all(_hours(session, parent, child, caregivers, chance))
    families.give_consent(
        session, child_id=child, contact_id=parent, kind=ConsentKind.CALL, given_by=parent, evidence="paper",
        from_at=NOW - timedelta(weeks=WEEKS), now=NOW,
    )  # fmt: skip
    return Household(family.id, parent, child)


def _hours(session: Session, parent: str, child: str, caregivers: list[str], chance: Random) -> Iterator[Pattern]:
    anchor = (NOW.date() - timedelta(days=chance.randrange(len(ROTATION)))).isoformat()
    rotation = {"anchor": anchor, "cycle": ROTATION, "hours": SHIFTS}
    school = {"weekdays": WORKDAYS, "from_minute": 480, "until_minute": 1020}
    bedtime = {"weekdays": EVERY_DAY, "from_minute": 1260, "until_minute": 390}
    yield _pattern(session, parent, PatternKind.ROTATION, Occupation.SHIFT, rotation)
    yield _pattern(session, child, PatternKind.WEEKLY, Occupation.SCHOOL, school)
    yield _pattern(session, child, PatternKind.WEEKLY, Occupation.BEDTIME, bedtime)
    for caregiver in caregivers:
        market = {"weekdays": [chance.randrange(7)], "from_minute": 360, "until_minute": 1080}
        yield _pattern(session, caregiver, PatternKind.WEEKLY, Occupation.MARKET, market)


def _pattern(
    session: Session, person_id: str, kind: PatternKind, occupation: Occupation, detail: dict[str, Any]
) -> Pattern:
    return Pattern(
        id=new_id(session), person_id=person_id, kind=kind, occupation=occupation, detail=detail, made_by="bench",
        made_at=NOW,
    )  # fmt: skip


def _calendar(place: Place, chance: Random) -> Iterator[tuple[Household, str, datetime]]:
    """Evenings first, then weekends, then what is left, until every family has its calls of each week."""
    monday = day_of(NOW, ZONE)
    for week in range(-WEEKS, WEEKS):
        free = [
            (_liking(day, minute), chance.random(), terminal, day, minute)
            for day in (monday + timedelta(days=7 * week + n) for n in EVERY_DAY)
            for minute in range(480, 1320 - 15, 30)
            for terminal in place.terminals
        ]
        waiting = place.households * CALLS_A_WEEK
        talking: set[tuple[str, datetime]] = set()
        for _liked, _chance, terminal, day, minute in sorted(free):
            starts_at = minute_of_day(day, minute, ZONE)
            assert starts_at is not None
            household = next((each for each in waiting if (each.family, starts_at) not in talking), None)
            if household is not None:
                waiting.remove(household)
                talking.add((household.family, starts_at))
                if not NOW - timedelta(hours=1) < starts_at <= NOW:
                    yield household, terminal, starts_at


def _liking(day: date, minute: int) -> int:
    is_evening, is_weekend = 1020 <= minute < 1260, day.weekday() >= 5
    return 0 if is_evening else 1 if is_weekend else 2


def _call(session: Session, place: Place, household: Household, terminal: str, starts_at: datetime) -> int:
    ends_at, is_over = starts_at + timedelta(minutes=rules.CALL_MINUTES), starts_at < NOW
    call = Call(
        id=new_id(session), village_id=place.village.id, terminal_id=terminal, family_id=household.family,
        parent_id=household.parent, child_id=household.child, starts_at=starts_at, ends_at=ends_at,
        state=CallState.ENDED if is_over else CallState.BOOKED, outcome=Outcome.HELD if is_over else None,
        made_at=NOW - timedelta(weeks=WEEKS), ended_at=ends_at if is_over else None,
        link_rtt_ms=250 if is_over else None, link_loss_permille=10 if is_over else None,
    )  # fmt: skip
    session.add(call)
    session.flush()
    if not is_over:
        held = rules.claims_of(
            terminal, (household.parent, household.child), starts_at, ends_at, place.village.buffer_minutes
        )
        session.add_all([Claim(resource=resource, cell_at=cell, call_id=call.id) for resource, cell in held])
    return 1
