"""Seeds the village of `homethread demo`: three families with faces and hours, some history, one call in two minutes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.calls import booking
from app.calls.booking import Actor, Wish
from app.calls.models import Call
from app.calls.words import CallState, Outcome, Side
from app.demo.hours import hours_of
from app.demo.portraits import Kind, portrait
from app.desk import service as desk
from app.families import schedule
from app.families import service as families
from app.families.models import Person
from app.families.words import ConsentKind, MemberRole
from app.kernel.local_time import day_of, whole_minute
from app.storage.database import new_id
from app.villages import service as villages
from app.villages.models import Terminal, Village
from app.villages.rules import OpeningFacts
from app.web import sessions
from app.web.models import PrincipalKind

ZONE = "Asia/Shanghai"
CALL_IN = timedelta(minutes=2)


@dataclass(frozen=True)
class Somebody:
    name: str
    role: MemberRole
    kind: Kind
    phone: str | None = None
    zone: str = ZONE


@dataclass(frozen=True)
class Household:
    name: str
    emblem: str
    people: tuple[Somebody, ...]


@dataclass(frozen=True)
class Demo:
    """One-time secrets by face, and when the call is."""

    parent: str
    terminal: str
    desk: str
    call_at: datetime


PARENT, CAREGIVER, CHILD = MemberRole.PARENT, MemberRole.CAREGIVER, MemberRole.CHILD
HOUSEHOLDS = {
    "zh-CN": (
        Household("杨家", "fox", (
            Somebody("杨秀英", PARENT, "mother", "+8613800000001"), Somebody("杨奶奶", CAREGIVER, "grandmother", "+8613800000002"),
            Somebody("小龙", CHILD, "boy"),
        )),
        Household("吴家", "kite", (
            Somebody("吴建国", PARENT, "father", "+8613800000003"), Somebody("吴爷爷", CAREGIVER, "grandfather", "+8613800000004"),
            Somebody("小燕", CHILD, "girl"), Somebody("小军", CHILD, "boy"),
        )),
        Household("潘家", "fish", (
            Somebody("潘美兰", PARENT, "mother", "+8613800000005", "Asia/Dubai"),
            Somebody("潘外婆", CAREGIVER, "grandmother", "+8613800000006"), Somebody("小荷", CHILD, "girl"),
        )),
    ),
    "en": (
        Household("Yang family", "fox", (
            Somebody("Yang Xiuying", PARENT, "mother", "+8613800000001"),
            Somebody("Grandma Yang", CAREGIVER, "grandmother", "+8613800000002"), Somebody("Xiaolong", CHILD, "boy"),
        )),
        Household("Wu family", "kite", (
            Somebody("Wu Jianguo", PARENT, "father", "+8613800000003"),
            Somebody("Grandpa Wu", CAREGIVER, "grandfather", "+8613800000004"), Somebody("Xiaoyan", CHILD, "girl"),
            Somebody("Xiaojun", CHILD, "boy"),
        )),
        Household("Pan family", "fish", (
            Somebody("Pan Meilan", PARENT, "mother", "+8613800000005", "Asia/Dubai"),
            Somebody("Grandma Pan", CAREGIVER, "grandmother", "+8613800000006"), Somebody("Xiaohe", CHILD, "girl"),
        )),
    ),
}  # fmt: skip
PLACES = {"zh-CN": ("红石村", "村委会", "李老师"), "en": ("Redstone village", "Village office", "Teacher Li")}


def seed(session: Session, language: str, now: datetime) -> Demo:
    village_name, terminal_name, coordinator_name = PLACES[language]
    village = villages.create_village(session, name=village_name, zone=ZONE, language=language)
    terminal = villages.add_terminal(session, village.id, terminal_name, now)
    villages.set_openings(session, village.id, [OpeningFacts(day, 0, 1440) for day in range(7)], now)
    coordinator = desk.add_coordinator(session, village.id, coordinator_name, language, now)
    by = f"coordinator:{coordinator.id}"
    settled = [_settle(session, village, household, language, by, now) for household in HOUSEHOLDS[language]]
    for days_ago, (family_id, people) in zip((2, 9), settled, strict=False):
        _remember(session, terminal, family_id, people, now - timedelta(days=days_ago))
    family_id, people = settled[0]
    call_at = whole_minute(now + CALL_IN)
    wish = Wish(family_id, people[CHILD].id, people[PARENT].id, call_at)
    booking.book(session, wish, Actor(by, None), now)
    parent = people[PARENT].id
    return Demo(
        parent=sessions.issue_code(session, PrincipalKind.PERSON, parent, None, language, now),
        terminal=sessions.issue_code(session, PrincipalKind.TERMINAL, terminal.id, village.id, language, now),
        desk=sessions.issue_code(session, PrincipalKind.COORDINATOR, coordinator.id, village.id, language, now),
        call_at=call_at,
    )


def _settle(
    session: Session, village: Village, household: Household, language: str, by: str, now: datetime
) -> tuple[str, dict[MemberRole, Person]]:
    """Add a household with photos, hours and consents; the family's id and the first person of each role."""
    family = families.add_family(session, village_id=village.id, name=household.name, emblem=household.emblem, now=now)
    by_role: dict[MemberRole, list[Person]] = {role: [] for role in MemberRole}
    for place, somebody in enumerate(household.people):
        person = families.add_person(
            session,
            name=somebody.name,
            zone=somebody.zone,
            language=language,
            phone=somebody.phone,
            confirmed_at=now,
        )
        families.add_member(session, family_id=family.id, person_id=person.id, role=somebody.role, now=now)
        drawn = portrait(sum(map(ord, household.emblem)) + place, somebody.kind)
        families.set_photo(session, person.id, drawn, now)
        for said in hours_of(somebody.kind, day_of(now, somebody.zone)):
            schedule.add(session, person.id, said, by, now)
        by_role[somebody.role].append(person)
    for child in by_role[CHILD]:
        for parent in by_role[PARENT]:
            families.give_consent(
                session, child_id=child.id, contact_id=parent.id, kind=ConsentKind.CALL, given_by=parent.id,
                evidence="demo", from_at=now - timedelta(days=30), now=now,
            )  # fmt: skip
    return family.id, {role: people[0] for role, people in by_role.items()}


def _remember(
    session: Session, terminal: Terminal, family_id: str, people: dict[MemberRole, Person], at: datetime
) -> None:
    """Write a call that was held, so that the ledger has something to show."""
    starts_at = whole_minute(at)
    session.add(
        Call(
            id=new_id(session), village_id=terminal.village_id, terminal_id=terminal.id, family_id=family_id,
            parent_id=people[PARENT].id, child_id=people[CHILD].id, starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=15), state=CallState.ENDED, outcome=Outcome.HELD,
            proposed_by=Side.PARENT, made_at=starts_at - timedelta(days=1), live_at=starts_at, talked_seconds=754,
            ended_at=starts_at + timedelta(minutes=13),
        )
    )  # fmt: skip
