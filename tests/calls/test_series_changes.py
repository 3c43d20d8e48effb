"""Series that are changed altogether, or from a day on: what stands afterwards, and what is told of it."""

from datetime import date, timedelta

import pytest

from app.calls import series
from app.calls.words import CallState, Outcome
from app.storage.database import Database
from tests.calls.series_stage import EIGHT, SEVEN, SUNDAY, SUNDAYS, WEEKS, Stage, days, evening, sunday
from tests.scene import set_scene


@pytest.fixture
def stage(sqlite_database: Database) -> Stage:
    """Making, single days and races run on both databases; what is decided here is the same on each."""
    return Stage(set_scene(sqlite_database))


class TestAll:
    def test_another_time_of_day_moves_what_is_made(self, stage: Stage) -> None:
        series_id = stage.book()
        roots = {day: call.id for day, call in stage.open(series_id).items()}
        assert stage.change(series_id, starts_minute=SEVEN) == series_id
        calls = stage.open(series_id)
        assert stage.starts(series_id) == [evening(day, 19) for day in days(WEEKS)]
        assert {day: call.root_id for day, call in calls.items()} == roots
        assert {call.moves for call in calls.values()} == {1}
        assert len(stage.events("SeriesChanged")) == 1
        assert not stage.events("CallMoved") + stage.events("CallCancelled")
        stage.check_claims()

    def test_another_length_too(self, stage: Stage) -> None:
        series_id = stage.book()
        stage.change(series_id, minutes=30)
        assert {call.ends_at - call.starts_at for call in stage.open(series_id).values()} == {timedelta(minutes=30)}
        stage.check_claims()

    def test_other_days_cancel_what_is_not_wanted_quietly_and_may_come_back(self, stage: Stage) -> None:
        series_id = stage.book()
        stage.change(series_id, rule="FREQ=WEEKLY;BYDAY=WE")
        gone = [call for call in stage.calls(series_id) if call.state is CallState.ENDED]
        assert [call.occurs_on for call in gone] == days(WEEKS)
        assert {(call.outcome, call.reason) for call in gone} == {(Outcome.CANCELLED, "series_changed")}
        assert not stage.events("CallCancelled")
        stage.change(series_id, rule=SUNDAYS)
        assert list(stage.open(series_id)) == days(WEEKS)
        stage.check_claims()

    def test_what_lies_behind_stands(self, stage: Stage) -> None:
        series_id = stage.book()
        first = stage.open(series_id)[SUNDAY]
        stage.scene.clock.at = first.ends_at
        stage.finish(first.id, Outcome.HELD)
        stage.change(series_id, rule="FREQ=WEEKLY;BYDAY=SU,MO", starts_minute=SEVEN)
        assert (stage.scene.call(first.id).outcome, stage.scene.call(first.id).starts_at) == (
            Outcome.HELD, evening(SUNDAY),
        )  # fmt: skip
        assert next(iter(stage.open(series_id))) == SUNDAY + timedelta(days=1)

    def test_a_call_that_could_only_be_moved_into_the_past_is_left(self, stage: Stage) -> None:
        series_id = stage.book()
        stage.scene.clock.at = evening(SUNDAY, 19, 30)
        stage.change(series_id, starts_minute=SEVEN)
        assert stage.open(series_id)[SUNDAY].starts_at == evening(SUNDAY)

    def test_nothing_to_change_changes_nothing(self, stage: Stage) -> None:
        series_id = stage.book()
        assert stage.change(series_id) == series_id == stage.change(series_id, from_on=sunday(3))
        assert not stage.events("SeriesChanged")

    def test_a_change_that_leaves_no_call_is_refused_whole(self, stage: Stage) -> None:
        series_id = stage.book()
        assert stage.refusal(lambda: stage.change(series_id, starts_minute=23 * 60)) == "outside_hours"
        assert stage.refusal(lambda: stage.change(series_id, rule=f"{SUNDAYS};UNTIL=20261101")) == "never_occurs"
        assert stage.starts(series_id) == [evening(day) for day in days(WEEKS)]
        assert stage.series(series_id).starts_minute == EIGHT


class TestFollowing:
    def test_the_series_is_split(self, stage: Stage) -> None:
        series_id = stage.book()
        kept = stage.open(series_id)
        following = stage.change(series_id, from_on=sunday(3), starts_minute=SEVEN)
        old, new = stage.series(series_id), stage.series(following)
        assert (old.rule, new.rule) == (f"{SUNDAYS};UNTIL=20261219", SUNDAYS)
        assert (new.follows_id, new.starts_on) == (series_id, sunday(3))
        assert {day: call.id for day, call in stage.open(series_id).items()} == {day: kept[day].id for day in days(3)}
        assert stage.starts(following) == [evening(day, 19) for day in days(WEEKS - 3, 3)]
        assert [event["series_id"] for event in stage.events("SeriesChanged")] == [following]
        stage.check_claims()

    def test_a_count_is_shared_out(self, stage: Stage) -> None:
        series_id = stage.book(f"{SUNDAYS};COUNT=6")
        following = stage.change(series_id, from_on=date(2026, 12, 10), minutes=30)
        assert stage.series(following).rule == f"{SUNDAYS};COUNT=4"
        assert list(stage.open(series_id)) + list(stage.open(following)) == days(6)

    def test_every_other_week_keeps_step(self, stage: Stage) -> None:
        series_id = stage.book("FREQ=WEEKLY;INTERVAL=2")
        following = stage.change(series_id, from_on=sunday(1), starts_minute=SEVEN)
        assert stage.series(following).starts_on == sunday(2)
        assert list(stage.open(following)) == [sunday(2), sunday(4), sunday(6)]

    def test_other_days_from_then_on_cancel_the_rest(self, stage: Stage) -> None:
        series_id = stage.book()
        following = stage.change(series_id, from_on=sunday(2), rule="FREQ=WEEKLY;BYDAY=SA", starts_minute=SEVEN)
        assert list(stage.open(series_id)) == days(2)
        assert next(iter(stage.open(following))) == sunday(2) + timedelta(days=6)
        assert not [call for call in stage.open(following).values() if call.starts_at.weekday() != 5]
        stage.check_claims()

    def test_from_its_first_day_on_is_all(self, stage: Stage) -> None:
        series_id = stage.book()
        assert stage.change(series_id, from_on=SUNDAY, starts_minute=SEVEN) == series_id

    def test_one_that_has_nothing_left_is_over(self, stage: Stage) -> None:
        series_id = stage.book()
        first = stage.open(series_id)[SUNDAY]
        stage.scene.clock.at = first.ends_at
        stage.finish(first.id, Outcome.HELD)
        following = stage.change(series_id, from_on=sunday(1), starts_minute=SEVEN)
        assert (stage.series(series_id).reason, stage.due(series_id)) == (series.FOLLOWED, None)
        assert stage.due(following) is not None
        assert stage.refusal(lambda: stage.change(series_id, starts_minute=SEVEN)) == "series_over"

    def test_not_from_a_day_that_has_passed(self, stage: Stage) -> None:
        series_id = stage.book()
        act = lambda: stage.change(series_id, from_on=date(2026, 11, 22), starts_minute=SEVEN)  # noqa: E731
        assert stage.refusal(act) == "in_the_past"

    def test_none_of_several_reaches_another(self, stage: Stage) -> None:
        """An endless rule for one that is followed ends where the next begins, also where that was split off later."""
        first = stage.book()
        last = stage.change(first, from_on=sunday(6), starts_minute=SEVEN)
        middle = stage.change(first, from_on=sunday(3), starts_minute=SEVEN)
        assert (stage.series(middle).follows_id, stage.series(last).follows_id) == (first, middle)
        stage.change(first, rule="FREQ=WEEKLY;BYDAY=SA,SU")
        stage.change(middle, rule="FREQ=DAILY")
        stage.change(last, from_on=sunday(2), rule=SUNDAYS, starts_minute=EIGHT)
        assert stage.series(first).rule == "FREQ=WEEKLY;BYDAY=SA,SU;UNTIL=20261219"
        assert stage.series(middle).rule == "FREQ=DAILY;UNTIL=20270109"
        assert list(stage.open(last)) == days(WEEKS - 6, 6)
        assert list(stage.open(middle)) == [sunday(3) + timedelta(days=number) for number in range(21)]
        assert max(stage.open(first)) < sunday(3)
        stage.check_claims()
