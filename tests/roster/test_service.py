"""Rosters as rows: drafts and their versions, what the solver's answer replaces, what undo brings back, publishing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.jobs.models import DueRow
from app.jobs.words import Lane
from app.kernel.errors import HomethreadError
from app.roster import history, queries, service
from app.roster.history import MOST_ROWS, MOST_STEPS, Slot
from app.roster.models import Assignment, Roster
from app.roster.service import Draft, Line, Pick
from app.roster.words import Progress, RosterState
from app.storage.database import Database
from tests.jobs.stage import in_threads
from tests.notices.stage import due_rows
from tests.scene import NOW, Scene, at, set_scene

MONDAY = date(2026, 11, 30)
LEE, MO = "coordinator:lee", "coordinator:mo"


@dataclass
class Office:
    """Redstone's rosters, changed in a transaction each."""

    scene: Scene
    database: Database

    def draft(self, week: date = MONDAY, by: str = LEE) -> tuple[str, bool]:
        with self.database.begin() as session:
            roster, is_new = service.draft(
                session, village_id=self.scene.alice.village, week=week, minutes=15, by=by, now=NOW
            )
            return roster.id, is_new

    def line(self, hour: int | None = None, minutes: int = 15, **more: str) -> Line:
        alice = self.scene.alice
        slot = None if hour is None else Slot(alice.terminal, at(hour))
        return Line(alice.family, alice.child, alice.parent, minutes, slot, [{"code": "usual_time"}], **more)

    def settle(self, roster_id: str, *lines: Line, version: int = 1, kept: tuple[str, ...] = ()) -> bool:
        draft = Draft(lines, {self.scene.alice.child: 0}, kept, {"seconds": 1.5, "gap": 0.0, "is_optimal": True})
        with self.database.begin() as session:
            return service.settle(session, roster_id, version, draft, NOW)

    def held(self, session: Session, roster_id: str) -> Roster:
        return service.held(session, self.scene.alice.village, roster_id, self.roster(roster_id).version)

    def pick(self, roster_id: str, row: Assignment, hour: int | None, by: str = LEE) -> None:
        slot = None if hour is None else Slot(self.scene.alice.terminal, at(hour))
        with self.database.begin() as session:
            roster = self.held(session, roster_id)
            service.pick(session, roster, [Pick(row.id, slot, 20, True)], by, NOW + timedelta(minutes=1))

    def undo(self, roster_id: str) -> None:
        with self.database.begin() as session:
            service.undo(session, self.held(session, roster_id), LEE, NOW)

    def redraft(self, roster_id: str) -> None:
        with self.database.begin() as session:
            service.redraft(session, self.held(session, roster_id), LEE, NOW)

    def roster(self, roster_id: str) -> Roster:
        with self.database.read() as session:
            return session.get_one(Roster, roster_id)

    def rows(self, roster_id: str) -> list[Assignment]:
        with self.database.read() as session:
            return list(queries.assignments(session, roster_id))

    def hours(self, roster_id: str) -> list[int | None]:
        """The village's hours at which the rows begin."""
        return [(row.starts_at + timedelta(hours=8)).hour if row.starts_at else None for row in self.rows(roster_id)]


@pytest.fixture
def office(database: Database) -> Office:
    return Office(set_scene(database), database)


@pytest.fixture
def roster(office: Office) -> str:
    """Drafted with a call at 18, one at 19, and one that found no slot."""
    roster_id, _is_new = office.draft()
    assert office.settle(roster_id, office.line(18), office.line(19), office.line())
    return roster_id


def test_a_draft_asks_the_solver_once(office: Office) -> None:
    roster_id, is_new = office.draft()
    assert (is_new, office.draft(by=MO)) == (True, (roster_id, False))
    assert office.draft(MONDAY + timedelta(days=7))[1]
    (row,) = [row for row in due_rows(office.database, service.SOLVE) if row.payload["roster_id"] == roster_id]
    assert (row.lane, row.subject) == (Lane.ERRAND, f"roster:{roster_id}")
    assert row.payload == {"roster_id": roster_id, "version": 1, "village_id": office.scene.alice.village}


def test_many_ask_for_one_week_at_once(office: Office) -> None:
    found: list[tuple[str, bool]] = []
    in_threads([lambda: found.append(office.draft())] * 4)
    assert len({roster_id for roster_id, _is_new in found}) == 1
    assert sorted(is_new for _roster_id, is_new in found) == [False, False, False, True]


def test_the_answer_is_written(office: Office, roster: str) -> None:
    assert office.hours(roster) == [18, 19, None]
    assert [row.reasons for row in office.rows(roster)] == [{"why": [{"code": "usual_time"}]}] * 3
    found = office.roster(roster)
    assert (found.progress, found.version, found.figures["seconds"], found.changed_by) == (Progress.DONE, 2, 1.5, LEE)


@pytest.mark.parametrize("version", [1, 3])
def test_an_answer_to_another_version_is_not_written(office: Office, roster: str, version: int) -> None:
    office.redraft(roster)
    office.redraft(roster)
    assert not office.settle(roster, office.line(8), version=version)
    assert office.hours(roster) == [18, 19, None]
    assert office.settle(roster, office.line(8), version=4)
    assert not office.settle(roster, office.line(9), version=4), "twice"
    assert office.hours(roster) == [8]


def test_an_answer_to_what_was_dropped_is_not_written(office: Office) -> None:
    roster_id, _is_new = office.draft()
    with office.database.begin() as session:
        service.drop(session, office.held(session, roster_id), LEE, NOW)
    assert not office.settle(roster_id, office.line(8))
    with office.database.begin() as session:
        assert service.begin_solving(session, roster_id, 1, NOW) is None
        assert service.begin_solving(session, "nowhere", 1, NOW) is None


def test_whoever_saw_another_version_is_told(office: Office, roster: str) -> None:
    bridge = office.scene.charlie.village
    for village, version, code in ((office.scene.alice.village, 1, "stale_roster"), (bridge, 2, "not_found")):
        with pytest.raises(HomethreadError, match=code), office.database.begin() as session:
            service.held(session, village, roster, version)


def test_a_pick_is_a_new_version(office: Office, roster: str) -> None:
    office.pick(roster, office.rows(roster)[0], 21, MO)
    row = office.rows(roster)[1]
    assert (row.starts_at, row.minutes, row.is_pinned, row.reasons) == (at(21), 20, True, {"why": []})
    found = office.roster(roster)
    assert (found.version, found.changed_by, found.changed_at) == (3, MO, NOW + timedelta(minutes=1))


def test_picked_rows_stay_and_others_are_replaced(office: Office, roster: str) -> None:
    picked = office.rows(roster)[1]
    office.pick(roster, picked, 20)
    office.redraft(roster)
    assert office.hours(roster) == [18, 20, None], "as long as the solver is busy"
    assert office.settle(roster, office.line(9), version=4, kept=(picked.id,))
    assert office.hours(roster) == [9, 20]
    assert office.rows(roster)[1].id == picked.id


class TestUndo:
    def test_brings_back_rows_that_a_draft_has_replaced(self, office: Office, roster: str) -> None:
        before = [history._written(row) for row in office.rows(roster)]
        office.redraft(roster)
        assert office.settle(roster, office.line(9), office.line(10), version=3)
        office.pick(roster, office.rows(roster)[0], 11)
        office.undo(roster)
        assert office.hours(roster) == [9, 10]
        office.undo(roster)
        assert [history._written(row) for row in office.rows(roster)] == before
        with pytest.raises(HomethreadError, match="nothing_to_undo"):
            office.undo(roster)

    def test_leaves_calls_that_stand(self, office: Office) -> None:
        call_id = office.scene.book(office.scene.alice, at(20))
        roster_id, _is_new = office.draft()
        assert office.settle(roster_id, office.line(18))
        office.redraft(roster_id)
        assert office.settle(roster_id, office.line(19), office.line(20, call_id=call_id), version=3)
        office.undo(roster_id)
        assert office.hours(roster_id) == [18, 20]
        assert [row.is_fixed for row in office.rows(roster_id)] == [False, True]

    def test_keeps_so_many_steps_and_rows(self, office: Office, roster: str) -> None:
        row = office.rows(roster)[0]
        for number in range(MOST_STEPS + 3):
            office.pick(roster, row, 8 + number % 12)
        assert len(office.roster(roster).history["steps"]) == MOST_STEPS
        rows = MOST_ROWS // 2 + 1
        for _ in range(3):
            office.redraft(roster)
            version = office.roster(roster).version
            assert office.settle(roster, *[office.line()] * rows, version=version)
        steps = office.roster(roster).history["steps"]
        assert [len(step["rows"]) for step in steps] == [rows], "the last step is kept, however large"


def test_published_rows_name_their_calls(office: Office, roster: str) -> None:
    call_id = office.scene.book(office.scene.alice, at(18))
    first, second, _none = office.rows(roster)
    with office.database.begin() as session:
        held = office.held(session, roster)
        service.publish(session, held, {first.id: call_id}, {second.id: [{"code": "slot_taken"}]}, LEE, NOW)
    rows = {row.id: row for row in office.rows(roster)}
    assert (rows[first.id].call_id, rows[first.id].starts_at) == (call_id, at(18))
    assert (rows[second.id].starts_at, rows[second.id].reasons) == (None, {"why": [{"code": "slot_taken"}]})
    found = office.roster(roster)
    assert (found.state, found.published_at, found.history) == (RosterState.PUBLISHED, NOW, {})
    with office.database.read() as session:
        (event,) = session.scalars(select(DueRow).where(DueRow.kind == "event:RosterPublished"))
    assert (event.payload["roster_id"], event.payload["by"]) == (roster, LEE)
    with pytest.raises(HomethreadError, match="roster_published"):
        service.check_open(found)


def test_which_roster_of_a_week_is_shown(office: Office) -> None:
    """The draft, or what was published last; never what was dropped."""
    publish: Callable[..., None] = partial(service.publish, calls={}, refused={})

    def newest() -> str | None:
        with office.database.read() as session:
            found = queries.newest_of(session, office.scene.alice.village, MONDAY)
            return found.id if found else None

    def over(end: Callable[..., None], minutes: int) -> str:
        roster_id, _is_new = office.draft()
        assert newest() == roster_id
        with office.database.begin() as session:
            end(session, office.held(session, roster_id), by=LEE, now=NOW + timedelta(minutes=minutes))
        return roster_id

    assert newest() is None
    first = over(publish, 1)
    assert newest() == first
    second = over(publish, 2)
    over(service.drop, 3)
    assert newest() == second
