"""The worker that drafts a roster: dies, fails, comes too late, and stands in nobody's way."""

import pytest

from app.calls.words import CallState
from app.jobs.words import DueState, Lane
from app.roster.words import Progress, RosterState
from tests.desk.conftest import Desk
from tests.desk.weeks import Dying, Failing, Meanwhile, Weeks, evening
from tests.notices.stage import Killed, due_rows


@pytest.fixture
def weeks(desk: Desk) -> Weeks:
    return Weeks(desk)


class TestTheWorker:
    def test_that_dies_while_it_solves_leaves_the_draft_to_another(self, weeks: Weeks) -> None:
        roster_id = weeks.draft()
        with pytest.raises(Killed):
            weeks.worker(Dying()).run_due(Lane.ERRAND)
        assert weeks.shape(roster_id).progress is Progress.SOLVING
        weeks.work()  # the lease of the dead one still holds
        assert weeks.shape(roster_id).progress is Progress.SOLVING
        weeks.desk.scene.clock.step(seconds=31)
        weeks.work()
        assert (weeks.shape(roster_id).progress, len(weeks.placed(roster_id))) == (Progress.DONE, 4)

    def test_that_dies_after_it_wrote_has_it_written_once(self, weeks: Weeks) -> None:
        def crash(point: str) -> None:
            if point == "worked":
                raise Killed(point)

        roster_id = weeks.draft()
        with pytest.raises(Killed):
            weeks.worker(crash=crash).run_due(Lane.ERRAND)
        before = weeks.shape(roster_id)
        weeks.desk.scene.clock.step(seconds=31)
        weeks.work()
        assert weeks.shape(roster_id) == before
        assert [row.state for row in due_rows(weeks.desk.database, "roster.draft")] == [DueState.DONE]

    def test_whose_solver_fails_says_so_and_tries_again(self, weeks: Weeks) -> None:
        roster_id = weeks.draft()
        weeks.worker(Failing()).run_due(Lane.ERRAND)
        assert weeks.shape(roster_id).progress is Progress.FAILED
        weeks.desk.scene.clock.step(seconds=10)
        weeks.work()
        assert weeks.shape(roster_id).progress is Progress.DONE

    def test_writes_over_nothing_that_is_newer(self, weeks: Weeks) -> None:
        """While it solves, the draft is dropped, or asked for anew: an answer to the old one is of no use."""
        dropped = weeks.draft()
        weeks.worker(Meanwhile(lambda: weeks.drop(dropped))).run_due(Lane.ERRAND)
        assert (weeks.shape(dropped).state, weeks.shape(dropped).assignments) == (RosterState.DROPPED, [])
        again = weeks.draft()
        weeks.worker(Meanwhile(lambda: weeks.redraft(again))).run_due(Lane.ERRAND)
        assert (weeks.shape(again).progress, weeks.shape(again).assignments) == (Progress.QUEUED, [])
        weeks.work()
        assert (weeks.shape(again).progress, weeks.shape(again).version) == (Progress.DONE, 3)

    def test_holds_no_transaction_while_it_solves(self, weeks: Weeks) -> None:
        """Somebody books meanwhile, which on SQLite could not be while another writes."""
        roster_id, scene = weeks.draft(), weeks.desk.scene
        weeks.worker(Meanwhile(lambda: scene.book(scene.alice, evening(12)))).run_due(Lane.ERRAND)
        assert weeks.shape(roster_id).progress is Progress.DONE
        assert weeks.calls()[0].state is CallState.BOOKED
