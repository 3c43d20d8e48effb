"""Versions of a roster: undo, two who change one at once, and who may speak no more."""

import pytest

from app.desk.roster_shapes import AssignmentShape
from app.families import service as families
from app.kernel.errors import HomethreadError
from app.roster.words import Progress
from tests.desk.conftest import Desk
from tests.desk.weeks import Weeks, evening
from tests.jobs.stage import in_threads


@pytest.fixture
def weeks(desk: Desk) -> Weeks:
    return Weeks(desk)


@pytest.fixture
def roster(weeks: Weeks) -> str:
    return weeks.arranged()


def alices(weeks: Weeks, roster_id: str) -> AssignmentShape:
    return weeks.row(roster_id, weeks.desk.scene.alice)


class TestUndo:
    def test_goes_back_step_by_step(self, weeks: Weeks, roster: str) -> None:
        states = [weeks.shape(roster).assignments]
        weeks.assign(roster, alices(weeks, roster), evening(18, 20, day=2))
        states.append(weeks.shape(roster).assignments)
        weeks.redraft(roster)
        weeks.work()
        states.append(weeks.shape(roster).assignments)
        weeks.assign(roster, weeks.row(roster, weeks.desk.scene.bob), None)
        for before in reversed(states):
            version = weeks.shape(roster).version
            weeks.undo(roster)
            assert weeks.shape(roster).assignments == before
            assert weeks.shape(roster).version == version + 1

    def test_to_the_first_draft_and_no_further(self, weeks: Weeks) -> None:
        roster_id = weeks.drafted()
        drafted = weeks.shape(roster_id)
        weeks.assign(roster_id, alices(weeks, roster_id), None)
        weeks.undo(roster_id)
        again = weeks.shape(roster_id)
        assert (again.assignments, again.figures, again.can_undo) == (drafted.assignments, drafted.figures, False)
        with pytest.raises(HomethreadError, match="nothing_to_undo"):
            weeks.undo(roster_id)


def test_nothing_is_picked_while_the_solver_is_busy(weeks: Weeks, roster: str) -> None:
    weeks.redraft(roster)
    assert weeks.shape(roster).progress is Progress.QUEUED
    with pytest.raises(HomethreadError, match="still_drafting"):
        weeks.assign(roster, alices(weeks, roster), evening(20))
    with pytest.raises(HomethreadError, match="still_drafting"):
        weeks.undo(roster)
    with pytest.raises(HomethreadError, match="still_drafting"):
        weeks.publish(roster)


def test_two_coordinators_change_one_version_at_once(weeks: Weeks, roster: str) -> None:
    """By threads: one of them is told that it is stale, and what the other did stands alone."""
    seen, rows = (
        weeks.shape(roster).version,
        [weeks.row(roster, w) for w in (weeks.desk.scene.alice, weeks.desk.scene.bob)],
    )
    outcomes: list[str] = []

    def change(row: AssignmentShape, day: int) -> None:
        try:
            weeks.assign(roster, row, evening(12, day=day), version=seen)
            outcomes.append("changed")
        except HomethreadError as refused:
            outcomes.append(refused.code)

    in_threads([lambda: change(rows[0], 4), lambda: change(rows[1], 5)])
    assert sorted(outcomes) == ["changed", "stale_roster"]
    after = weeks.shape(roster)
    assert after.version == seen + 1
    moved = [row.starts_at for row in after.assignments if row.starts_at in (evening(12, day=4), evening(12, day=5))]
    assert len(moved) == 1


def test_a_row_whose_pair_may_not_speak_any_more_goes_with_the_next_draft(weeks: Weeks, roster: str) -> None:
    alice = weeks.desk.scene.alice
    weeks.assign(roster, alices(weeks, roster), evening(20, day=4))
    with weeks.desk.database.begin() as session:
        families.set_no_contact(
            session, child_id=alice.child, contact_id=alice.parent, reason="court", now=weeks.now
        )  # fmt: skip
    weeks.redraft(roster)
    weeks.work()
    assert {row.child.id for row in weeks.shape(roster).assignments} == {weeks.desk.scene.bob.child}
