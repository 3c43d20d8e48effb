"""The demo's village with many families: made the same each time, and a week of it is worth drafting."""

from datetime import date

import pytest
from sqlalchemy import func, select

from app.calls.models import Call
from app.calls.words import Outcome
from app.demo import households, neighbours, village
from app.desk import week, wishes
from app.families import service as families
from app.families.models import Family, Person
from app.families.words import MemberRole
from app.roster.greedy import LongestWaitingFirst
from app.roster.models import Roster
from app.roster.words import Progress, RosterState
from app.storage.database import Database
from app.villages.models import Terminal, Village
from app.web.models import OneTimeCode, PrincipalKind
from tests.scene import NOW

FAMILIES = 30


@pytest.fixture
def settled(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Without faces, which take a while to draw."""
    monkeypatch.setattr(neighbours, "portrait", lambda _seed, _kind: b"")
    monkeypatch.setattr(families, "set_photo", lambda *_: None)
    database = Database(sqlite_url)
    with database.begin() as session:
        village.seed(session, "zh-CN", NOW, FAMILIES)
    return database


def test_thirty_families_with_two_terminals(settled: Database) -> None:
    with settled.read() as session:
        emblems = session.scalars(select(Family.emblem)).all()
        phones = session.scalars(select(Person.phone).where(Person.phone.is_not(None))).all()
        assert len(emblems) == len(set(emblems)) == FAMILIES
        assert len(phones) == len(set(phones)) > FAMILIES
        assert session.scalar(select(func.count()).select_from(Terminal)) == 2
        outcomes = dict(session.execute(select(Call.outcome, func.count()).group_by(Call.outcome)).all())
    assert outcomes[Outcome.HELD] > 3 * outcomes[Outcome.MISSED] > 0
    assert outcomes[None] == 1, "the call in two minutes"


def test_the_call_in_two_minutes_is_at_the_terminal_that_is_opened(settled: Database) -> None:
    with settled.read() as session:
        opened = select(OneTimeCode.subject_id).where(OneTimeCode.kind == PrincipalKind.TERMINAL)
        rings = select(Call.terminal_id).where(Call.outcome.is_(None))
        assert session.scalars(opened).all() == session.scalars(rings).all()


def test_its_week_is_worth_drafting(settled: Database) -> None:
    """Nearly everybody can have a call, and most a second one; not all do at the time that they like best."""
    with settled.read() as session:
        place = session.scalars(select(Village)).one()
        roster = Roster(
            id="r", village_id=place.id, week=date(2026, 11, 30), state=RosterState.DRAFT, progress=Progress.QUEUED,
            version=1, minutes=15, figures={}, history={}, made_by="", made_at=NOW, changed_by="", changed_at=NOW,
        )  # fmt: skip
        facts = week.gathered(session, place, roster, NOW)
    problem = wishes.wished(facts, NOW).problem
    solution = LongestWaitingFirst().solve(problem, 10)
    requests = {request.id: request for request in problem.requests}
    served = {requests[placed.request_id].family_id for placed in solution.placed}
    assert len(problem.terminals) == 2
    assert len(served) >= FAMILIES - 2
    assert len(solution.placed) > 1.5 * FAMILIES
    assert any(request.usual for request in problem.requests)
    assert all(terminal.good_link for terminal in problem.terminals)


def test_households_are_the_same_each_time_and_differ() -> None:
    assert households.household_of(7, "en", "fox") == households.household_of(7, "en", "fox")
    many = [households.household_of(number, "en", "fox") for number in range(FAMILIES)]
    roles = [[somebody.role for somebody in household.people] for household in many]
    assert {each.count(MemberRole.PARENT) for each in roles} == {1, 2}
    assert {each.count(MemberRole.CHILD) for each in roles} == {1, 2}
    assert {each.count(MemberRole.CAREGIVER) for each in roles} == {1}
    assert {somebody.zone for household in many for somebody in household.people} == {"Asia/Shanghai", "Asia/Dubai"}
