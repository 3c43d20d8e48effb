"""A scene for tests across rooms: Alice's family and Bob's in one village, Charlie's in the next, who must see nothing.

Redstone has one terminal and is open every day from 8 to 22; the clock stands at 2026-11-23 10:00 UTC, 18:00 there.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from app.calls import booking
from app.calls.booking import Actor, Wish
from app.calls.models import Call
from app.calls.words import Side
from app.families import service as families
from app.families.words import ConsentKind, MemberRole
from app.kernel.ids import random_id
from app.storage.database import Database
from app.storage.record import Record
from app.villages import service as villages
from app.villages.rules import OpeningFacts
from app.web.models import PrincipalKind
from app.web.principals import Principal
from app.web.sealing import Sealer

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ZONE = "Asia/Shanghai"
SEALER = Sealer(bytes(32))


@dataclass
class StepClock:
    """A clock that moves when a test says so."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def step(self, **amount: float) -> datetime:
        self.at += timedelta(**amount)
        return self.at


@dataclass(frozen=True)
class Household:
    """Ids of one family: a parent far away, a caregiver, a child, and the terminal of their village."""

    village: str
    terminal: str
    family: str
    parent: str
    caregiver: str
    child: str

    @property
    def as_parent(self) -> Principal:
        return Principal(PrincipalKind.PERSON, self.parent, None, f"d{self.parent}"[:16], "en")

    @property
    def as_terminal(self) -> Principal:
        return Principal(PrincipalKind.TERMINAL, self.terminal, self.village, f"d{self.terminal}"[:16], "en")

    @property
    def parent_acts(self) -> Actor:
        return Actor(f"person:{self.parent}", Side.PARENT)

    @property
    def terminal_acts(self) -> Actor:
        return Actor(f"terminal:{self.terminal}", Side.VILLAGE)

    @property
    def desk_acts(self) -> Actor:
        return Actor("coordinator:lee", None)

    def wish(self, starts_at: datetime, **more: bool | int) -> Wish:
        return Wish(self.family, self.child, self.parent, starts_at, **more)  # type: ignore[arg-type]


@dataclass
class Scene:
    database: Database
    alice: Household
    bob: Household
    charlie: Household
    clock: StepClock = field(default_factory=StepClock)

    def book(self, whom: Household, starts_at: datetime, by: Actor | None = None, **more: bool | int) -> str:
        """Book in a transaction of its own; the call's id."""
        with self.database.begin() as session:
            wish = whom.wish(starts_at, **more)
            return booking.book(session, wish, by or whom.parent_acts, self.clock.now()).id

    def move_in(self, name: str, emblem: str, number: int) -> Household:
        """One more family of Redstone; `number` makes its phones."""
        with self.database.begin() as session:
            village = self.alice.village, self.alice.terminal
            return _household(session, village, name, emblem, f"+861380000{number:03}1")

    def call(self, call_id: str) -> Call:
        with self.database.read() as session:
            return session.get_one(Call, call_id)


def at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    """An instant of November 2026 by the village's wall clock."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def set_scene(database: Database) -> Scene:
    """Made by the services once in a process; from then on the rows that they wrote are written: it takes a tenth."""
    if database.new_id is not random_id or database.after_commit:
        return _made(database)
    if not _WRITTEN:
        before = _rows(database)
        scene = _made(database)
        homes = (scene.alice, scene.bob, scene.charlie)
        rows = {table: [row for row in after if row not in before[table]] for table, after in _rows(database).items()}
        _WRITTEN.append((homes, {table: fresh for table, fresh in rows.items() if fresh}))
        return scene
    homes, rows = _WRITTEN[0]
    with database.engine.begin() as connection:
        for table, fresh in rows.items():
            connection.execute(table.insert(), fresh)
    return Scene(database, *homes)


Rows = dict[Table, list[dict[str, Any]]]
_WRITTEN: list[tuple[tuple[Household, Household, Household], Rows]] = []


def _rows(database: Database) -> Rows:
    """All there are, so that those on which others stand come first."""
    with database.engine.connect() as connection:
        return {
            table: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in Record.metadata.sorted_tables
        }


def _made(database: Database) -> Scene:
    with database.begin() as session:
        redstone, bridge = _village(session, "Redstone"), _village(session, "Bridge")
        return Scene(
            database,
            _household(session, redstone, "Alice", "fox", "+8613800000011"),
            _household(session, redstone, "Bob", "kite", "+8613800000021"),
            _household(session, bridge, "Charlie", "fox", "+8613800000031"),
        )


def _village(session: Session, name: str) -> tuple[str, str]:
    # A grid finer than a call with its change-over, so that slots overlap.
    village = villages.create_village(session, name=name, zone=ZONE, language="en", slot_minutes=15)
    villages.set_openings(session, village.id, [OpeningFacts(day, 8 * 60, 22 * 60) for day in range(7)], NOW)
    return village.id, villages.add_terminal(session, village.id, f"{name} office", NOW).id


def _household(session: Session, village: tuple[str, str], name: str, emblem: str, phone: str) -> Household:
    family = families.add_family(session, village_id=village[0], name=name, emblem=emblem, now=NOW)
    ids = {}
    for role, called, number in (
        (MemberRole.PARENT, name, phone),
        (MemberRole.CAREGIVER, f"Granny of {name}", f"{phone[:-1]}2"),
        (MemberRole.CHILD, f"Child of {name}", None),
    ):
        person = families.add_person(session, name=called, zone=ZONE, language="en", phone=number, confirmed_at=NOW)
        families.add_member(session, family_id=family.id, person_id=person.id, role=role, now=NOW)
        ids[role] = person.id
    families.give_consent(
        session, child_id=ids[MemberRole.CHILD], contact_id=ids[MemberRole.PARENT], kind=ConsentKind.CALL,
        given_by=ids[MemberRole.PARENT], evidence="paper", from_at=NOW - timedelta(days=1), now=NOW,
    )  # fmt: skip
    return Household(*village, family.id, ids[MemberRole.PARENT], ids[MemberRole.CAREGIVER], ids[MemberRole.CHILD])
