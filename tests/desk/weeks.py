"""A desk that drafts weeks: families to fill them, a worker that solves them, and what became of it all."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.calls.models import Call
from app.calls.words import CallState, Outcome
from app.desk import drafting, publishing, rostering
from app.desk.roster_picture import roster_shape
from app.desk.roster_shapes import AssignmentShape, RosterShape
from app.families import queries as known
from app.families import schedule
from app.families import service as families
from app.families.rules import EMBLEMS
from app.families.schedule import Said
from app.families.words import ConsentKind, MemberRole, Occupation, PatternKind
from app.jobs.words import Lane
from app.jobs.worker import Handlers, Worker
from app.roster import queries, service
from app.roster.greedy import LongestWaitingFirst
from app.roster.history import Slot
from app.roster.models import Roster
from app.roster.ports import Solver
from app.roster.problem import Problem, Solution
from app.villages import service as villages
from app.villages.rules import OpeningFacts
from app.web.principals import Principal
from tests.desk.conftest import Desk
from tests.notices.stage import Killed
from tests.scene import NOW, ZONE, Household

MONDAY = date(2026, 11, 30)
DAILY = list(range(7))


def evening(hour: int, minute: int = 0, day: int = 0) -> datetime:
    """An instant of the week from MONDAY by the wall clock of Redstone; day 0 is Monday."""
    return datetime(2026, 11, 30, hour, minute, tzinfo=NOW.tzinfo) + timedelta(days=day, hours=-8)


@dataclass
class Weeks:
    """Lee's desk. `solver` answers in the worker."""

    desk: Desk
    solver: Solver = field(default_factory=LongestWaitingFirst)

    @property
    def now(self) -> datetime:
        return self.desk.now

    def open_from(self, opens: int, closes: int, weekdays: list[int] | None = None) -> None:
        """Set Redstone's hours."""
        with self.desk.database.begin() as session:
            hours = [OpeningFacts(day, opens * 60, closes * 60) for day in (DAILY if weekdays is None else weekdays)]
            villages.set_openings(session, self.desk.scene.alice.village, hours, self.now)

    def family(self, name: str, *, children: int = 1, parents: int = 1) -> list[Household]:
        """Enrol a family in Redstone; a household for each child and parent, children first."""
        beside, found = self.desk.scene.alice, []
        with self.desk.database.begin() as session:
            taken = len(known.families_of_village(session, beside.village))
            family = families.add_family(
                session, village_id=beside.village, name=name, emblem=EMBLEMS[taken], now=self.now
            )
            ids: dict[MemberRole, list[str]] = {role: [] for role in MemberRole}
            for role, many in (
                (MemberRole.PARENT, parents), (MemberRole.CAREGIVER, 1), (MemberRole.CHILD, children),
            ):  # fmt: skip
                for number in range(many):
                    person = families.add_person(session, name=f"{role} {number} of {name}", zone=ZONE, language="en")
                    families.add_member(session, family_id=family.id, person_id=person.id, role=role, now=self.now)
                    ids[role].append(person.id)
            for child in ids[MemberRole.CHILD]:
                for parent in ids[MemberRole.PARENT]:
                    families.give_consent(
                        session, child_id=child, contact_id=parent, kind=ConsentKind.CALL, given_by=parent,
                        evidence="paper", from_at=self.now - timedelta(days=1), now=self.now,
                    )  # fmt: skip
                    caregiver = ids[MemberRole.CAREGIVER][0]
                    found.append(Household(beside.village, beside.terminal, family.id, parent, caregiver, child))
        return found

    def busy(
        self, person_id: str, from_hour: int, until_hour: int, weekdays: list[int] | None = None,
        occupation: Occupation = Occupation.SHIFT, *, is_free: bool = False,
    ) -> None:  # fmt: skip
        """Say weekly hours of somebody."""
        detail = {"weekdays": DAILY if weekdays is None else weekdays, "from_minute": 60 * from_hour,
                  "until_minute": 60 * until_hour}  # fmt: skip
        with self.desk.database.begin() as session:
            said = Said(PatternKind.WEEKLY, occupation, detail, is_free=is_free)
            schedule.add(session, person_id, said, "coordinator:lee", self.now)

    def heard(self, whom: Household, days_ago: int) -> None:
        """Write a call that was held."""
        self.desk.ended(whom, self.now - timedelta(days=days_ago), Outcome.HELD, 600)

    def draft(self, week: date = MONDAY, minutes: int | None = None, who: Principal | None = None) -> str:
        with self.desk.database.begin() as session:
            return rostering.draft(session, who or self.desk.lee, week, minutes, self.now).id

    def worker(self, solver: Solver | None = None, crash: Callable[[str], None] | None = None) -> Worker:
        """One that drafts rosters, and lets calls do what they must."""
        database, clock = self.desk.database, self.desk.scene.clock
        errands = {service.SOLVE: drafting.drafter(database, clock, lambda: solver or self.solver)}
        return Worker(database, clock, Handlers(steps={}, errands=errands), crash=crash)

    def work(self) -> None:
        while self.worker().run_due(Lane.ERRAND):
            pass

    def drafted(self, week: date = MONDAY, minutes: int | None = None) -> str:
        """The id of a roster that was asked for and solved."""
        roster_id = self.draft(week, minutes)
        self.work()
        return roster_id

    def arranged(self) -> str:
        """Drafted; Alice's first call is on Wednesday at 18:00, Bob's at 18:20, what else they had is taken out."""
        roster_id, scene = self.drafted(), self.desk.scene
        for whom, starts_at in ((scene.alice, evening(18, day=2)), (scene.bob, evening(18, 20, day=2))):
            self.assign(roster_id, self.row(roster_id, whom, 1), None)
            self.assign(roster_id, self.row(roster_id, whom), starts_at, is_pinned=False)
        return roster_id

    def shape(self, roster_id: str) -> RosterShape:
        with self.desk.database.read() as session:
            return roster_shape(session, session.get_one(Roster, roster_id), self.desk.lee)

    def row(self, roster_id: str, whom: Household, number: int = 0) -> AssignmentShape:
        """The rows of a child and a parent, in their order: those with a slot first."""
        rows = [a for a in self.shape(roster_id).assignments if (a.child.id, a.parent.id) == (whom.child, whom.parent)]
        return rows[number]

    def assign(
        self, roster_id: str, row: AssignmentShape, starts_at: datetime | None, *, terminal: str | None = None,
        version: int | None = None, who: Principal | None = None, **more: Any,
    ) -> None:  # fmt: skip
        slot = Slot(terminal or self.desk.scene.alice.terminal, starts_at) if starts_at else None
        named: dict[str, Any] = {"minutes": None, "is_pinned": True, "is_forced": False, **more}
        seen = version or self.shape(roster_id).version
        with self.desk.database.begin() as session:
            rostering.assign(session, who or self.desk.lee, roster_id, seen, row.id, slot, **named, now=self.now)

    def undo(self, roster_id: str) -> None:
        seen = self.shape(roster_id).version
        with self.desk.database.begin() as session:
            rostering.undo(session, self.desk.lee, roster_id, seen, self.now)

    def redraft(self, roster_id: str) -> str:
        seen = self.shape(roster_id).version
        with self.desk.database.begin() as session:
            return rostering.redraft(session, self.desk.lee, roster_id, seen, self.now).id

    def publish(self, roster_id: str, version: int | None = None, who: Principal | None = None) -> None:
        seen = version or self.shape(roster_id).version
        with self.desk.database.begin() as session:
            publishing.publish(session, who or self.desk.lee, roster_id, seen, self.now)

    def drop(self, roster_id: str) -> None:
        seen = self.shape(roster_id).version
        with self.desk.database.begin() as session:
            rostering.drop(session, self.desk.lee, roster_id, seen, self.now)

    def calls(self) -> list[Call]:
        """Those that have not ended."""
        with self.desk.database.read() as session:
            standing = select(Call).where(Call.state != CallState.ENDED).order_by(Call.starts_at, Call.terminal_id)
            return list(session.scalars(standing))

    def placed(self, roster_id: str) -> list[tuple[str, datetime]]:
        """(child, start) of the rows that have a slot, along the week."""
        rows = [(row.starts_at, row.child.id) for row in self.shape(roster_id).assignments if row.starts_at]
        return [(child, starts_at) for starts_at, child in sorted(rows)]

    def roster(self, roster_id: str) -> Roster:
        with self.desk.database.read() as session:
            return queries.of_village(session, self.desk.scene.alice.village, roster_id)


class Dying:
    """Ends its worker in the middle of the work."""

    def solve(self, problem: Problem, seconds: float) -> Solution:
        raise Killed


class Failing:
    def solve(self, problem: Problem, seconds: float) -> Solution:
        raise ArithmeticError


@dataclass
class Meanwhile:
    """Something happens while it solves."""

    act: Callable[[], object]

    def solve(self, problem: Problem, seconds: float) -> Solution:
        solution = LongestWaitingFirst().solve(problem, seconds)
        self.act()
        return solution
