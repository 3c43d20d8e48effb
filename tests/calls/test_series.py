"""Series on real databases: made ahead, extended, changed for one day, from a day on and altogether, ended."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import series
from app.calls.models import Call, Invitee, Series
from app.calls.series import SeriesWish
from app.calls.words import CallState, Origin, Outcome
from app.kernel import local_time
from tests.calls.series_stage import EIGHT, SEVEN, SUNDAY, SUNDAYS, WEEKS, Stage, days, evening, sunday
from tests.scene import NOW, Scene


@pytest.fixture
def stage(scene: Scene) -> Stage:
    return Stage(scene)


class TestMaking:
    def test_eight_weeks_are_made_ahead(self, stage: Stage) -> None:
        series_id = stage.book()
        assert stage.starts(series_id) == [evening(day) for day in days(WEEKS)]
        kept = stage.series(series_id)
        assert (kept.rule, kept.zone, kept.made_until) == (SUNDAYS, "Asia/Shanghai", date(2027, 1, 18))
        call = stage.open(series_id)[SUNDAY]
        assert (call.origin, call.state, call.confirm_by) == (Origin.SERIES, CallState.BOOKED, None)
        with stage.scene.database.read() as session:
            invited = session.scalars(select(Invitee.person_id).where(Invitee.call_id == call.id)).all()
        alice = stage.scene.alice
        assert set(invited) == {alice.parent, alice.caregiver, alice.child}
        stage.check_claims()
        assert stage.due(series_id) == NOW + timedelta(days=1)
        assert len(stage.events("SeriesBooked")) == 1

    def test_day_by_day_it_is_extended(self, stage: Stage) -> None:
        series_id = stage.book()
        for _day in range(14):
            stage.scene.clock.step(days=1)
            stage.extend(series_id)
            stage.extend(series_id)
        assert list(stage.open(series_id)) == days(WEEKS + 2)
        assert stage.due(series_id) == stage.now + timedelta(days=1)
        assert not stage.events("SeriesChanged")
        stage.check_claims()

    def test_a_count_is_made_and_then_the_series_is_over(self, stage: Stage) -> None:
        series_id = stage.book(f"{SUNDAYS};COUNT=3")
        assert list(stage.open(series_id)) == days(3)
        for number, call in enumerate(stage.open(series_id).values()):
            stage.scene.clock.at = call.ends_at
            assert stage.series(series_id).ended_at is None, number
            stage.finish(call.id, Outcome.HELD)
            stage.extend(series_id)
        assert (stage.series(series_id).ended_at, stage.series(series_id).reason) == (stage.now, series.OVER)
        assert stage.due(series_id) is None
        assert not stage.events("SeriesEnded")

    def test_what_comes_seldom_waits_for_its_time(self, stage: Stage) -> None:
        series_id = stage.book("FREQ=YEARLY", starts_on=date(2027, 2, 6))
        assert not stage.open(series_id)
        stage.scene.clock.step(days=30)
        stage.extend(series_id)
        assert list(stage.open(series_id)) == [date(2027, 2, 6)]

    def test_it_may_begin_today_if_the_hour_is_still_to_come(self, stage: Stage) -> None:
        today = date(2026, 11, 23)
        early = stage.book("FREQ=DAILY;COUNT=2", starts_on=today, starts_minute=17 * 60)
        assert list(stage.open(early)) == [date(2026, 11, 24)]
        assert stage.open(stage.book("FREQ=DAILY;COUNT=2", starts_on=today))[today].starts_at == evening(today)

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"rule": "FREQ=SECONDLY"}, "rule_too_often"),
            ({"rule": f"{SUNDAYS};COUNT=1000000"}, "count_too_large"),
            ({"rule": "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", "starts_on": date(2027, 2, 1)}, "never_occurs"),
            ({"rule": f"{SUNDAYS};UNTIL=20261128"}, "never_occurs"),
            ({"rule": "FREQ=DAILY;COUNT=1", "starts_on": date(2026, 11, 23), "starts_minute": 540}, "never_occurs"),
            ({"starts_on": date(2026, 11, 22)}, "in_the_past"),
            ({"starts_on": date(2028, 1, 1)}, "too_far_ahead"),
            ({"starts_minute": EIGHT + 7}, "not_a_slot"),
            ({"minutes": 4}, "bad_length"),
            ({"minutes": 61}, "bad_length"),
            ({"starts_minute": 23 * 60}, "outside_hours"),
        ],
    )
    def test_what_is_refused_leaves_nothing(self, stage: Stage, more: dict[str, object], code: str) -> None:
        given: dict[str, object] = {"rule": SUNDAYS} | more
        assert stage.refusal(lambda: stage.book(**given)) == code  # type: ignore[arg-type]
        with stage.scene.database.read() as session:
            assert session.scalar(select(Call.id)) is None

    def test_the_desk_may_leave_the_grid(self, stage: Stage) -> None:
        assert stage.book(by=stage.scene.alice.desk_acts, starts_minute=EIGHT + 7)

    def test_a_pair_that_is_none_is_not_found(self, stage: Stage) -> None:
        alice, bob = stage.scene.alice, stage.scene.bob
        wish = SeriesWish(alice.family, alice.child, bob.parent, SUNDAY, EIGHT, SUNDAYS)
        act = lambda s: series.book_series(s, wish, bob.parent_acts, NOW)  # noqa: E731
        assert stage.refusal(lambda: stage.run(act)) == "not_found"


class TestOneDay:
    def test_what_was_cancelled_never_comes_back(self, stage: Stage) -> None:
        series_id = stage.book()
        stage.cancel(stage.open(series_id)[sunday(2)].id)
        assert stage.series(series_id).exceptions == {sunday(2).isoformat(): "cancelled"}
        rest = [day for day in days(WEEKS) if day != sunday(2)]
        stage.extend(series_id)
        assert list(stage.open(series_id)) == rest
        stage.change(series_id, starts_minute=SEVEN)
        stage.change(series_id, rule="FREQ=WEEKLY;BYDAY=SA,SU")
        stage.change(series_id, rule="FREQ=WEEKLY;BYDAY=SA")
        stage.change(series_id, rule=SUNDAYS)
        assert list(stage.open(series_id)) == rest
        following = stage.change(series_id, from_on=sunday(1), starts_minute=EIGHT)
        assert stage.series(following).exceptions == {sunday(2).isoformat(): "cancelled"}
        assert stage.series(series_id).exceptions == {}
        stage.extend(following)
        assert list(stage.open(series_id)) == [SUNDAY]
        assert list(stage.open(following)) == rest[1:]
        stage.check_claims()

    def test_what_was_moved_stays_where_it_is(self, stage: Stage) -> None:
        series_id = stage.book()
        old = stage.open(series_id)[sunday(1)]
        elsewhere = evening(sunday(1) - timedelta(days=1), 18)
        moved_id = stage.move(old.id, elsewhere)
        moved = stage.scene.call(moved_id)
        assert (moved.series_id, moved.occurs_on, moved.origin) == (series_id, sunday(1), Origin.SERIES)
        assert (moved.root_id, moved.moves) == (old.id, 1)
        assert stage.series(series_id).exceptions == {sunday(1).isoformat(): "moved"}
        stage.change(series_id, starts_minute=SEVEN)
        stage.change(series_id, rule="FREQ=WEEKLY;BYDAY=SA")
        following = stage.change(series_id, from_on=sunday(0), rule=SUNDAYS, starts_minute=EIGHT)
        stage.extend(following)
        call = stage.open(following)[sunday(1)]
        assert (call.id, call.starts_at) == (moved_id, elsewhere)
        again = stage.scene.call(stage.move(moved_id, elsewhere + timedelta(hours=1)))
        assert (again.occurs_on, again.root_id, again.moves) == (sunday(1), old.id, 2)
        stage.cancel(again.id)
        assert stage.series(following).exceptions == {sunday(1).isoformat(): "cancelled"}
        stage.check_claims()

    def test_what_was_let_go_unconfirmed_is_not_made_again(self, stage: Stage) -> None:
        series_id = stage.book()
        stage.finish(stage.open(series_id)[SUNDAY].id, Outcome.CANCELLED, "unconfirmed")
        stage.extend(series_id)
        assert list(stage.open(series_id)) == days(WEEKS - 1, 1)


class TestEnding:
    def test_all_that_is_to_come_goes(self, stage: Stage) -> None:
        series_id = stage.book()
        stage.move(stage.open(series_id)[sunday(1)].id, evening(sunday(1), 18))
        stage.end(series_id)
        assert not stage.open(series_id)
        kept = stage.series(series_id)
        assert (kept.ended_at, kept.reason, stage.due(series_id)) == (NOW, "shift_changed", None)
        assert len(stage.events("SeriesEnded")) == 1
        assert not stage.events("CallCancelled")
        stage.check_claims()
        stage.extend(series_id)
        assert not stage.open(series_id)
        assert stage.refusal(lambda: stage.end(series_id)) == "series_over"

    def test_from_a_day_on(self, stage: Stage) -> None:
        series_id = stage.book()
        stage.end(series_id, sunday(2))
        assert list(stage.open(series_id)) == days(2)
        assert (stage.series(series_id).rule, stage.series(series_id).ended_at) == (f"{SUNDAYS};UNTIL=20261212", None)
        stage.scene.clock.at = evening(sunday(2))
        for call in stage.open(series_id).values():
            stage.finish(call.id, Outcome.HELD)
        stage.extend(series_id)
        assert (stage.series(series_id).ended_at, stage.series(series_id).reason) == (stage.now, "shift_changed")

    def test_from_a_day_after_its_own_last_it_grows_no_longer(self, stage: Stage) -> None:
        series_id = stage.book(f"{SUNDAYS};COUNT=3")
        stage.end(series_id, sunday(5))
        assert (stage.series(series_id).rule, list(stage.open(series_id))) == (f"{SUNDAYS};COUNT=3", days(3))
        assert stage.refusal(lambda: stage.end(series_id, date(2100, 1, 1))) == "too_far_ahead"

    def test_a_reason_must_be_one_of_the_list(self, stage: Stage) -> None:
        series_id = stage.book()
        assert stage.refusal(lambda: stage.end(series_id, reason="because")) == "unknown_reason"


def test_a_changed_zone_database_moves_what_is_made(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """China keeps its clocks an hour later from one release of the zones to the next."""
    series_id = stage.book()
    by_hand = stage.move(stage.open(series_id)[sunday(1)].id, evening(sunday(1), 18))
    monkeypatch.setattr(local_time, "zone", lambda _name: timezone(timedelta(hours=9)))
    stage.extend(series_id)
    others = [day for day in days(WEEKS) if day != sunday(1)]
    starts = {day: call.starts_at for day, call in stage.open(series_id).items()}
    assert starts.pop(sunday(1)) == stage.scene.call(by_hand).starts_at == evening(sunday(1), 18)
    assert starts == {day: evening(day, 19) for day in others}
    assert len(stage.events("SeriesChanged")) == 1
    stage.extend(series_id)
    assert len(stage.events("SeriesChanged")) == 1
    stage.check_claims()


def test_a_weekly_call_keeps_its_wall_time_when_clocks_change(stage: Stage) -> None:
    """The zone of a series is its village's; here is one that goes through the change of March 2027."""
    series_id = stage.book()

    def to_new_york(session: Session) -> None:
        kept = session.get_one(Series, series_id)
        kept.zone, kept.starts_minute = "America/New_York", 8 * 60

    stage.run(to_new_york)
    stage.scene.clock.at = datetime(2027, 2, 21, tzinfo=UTC)
    stage.extend(series_id)
    hours = {day: call.starts_at.hour for day, call in stage.open(series_id).items() if day >= date(2027, 2, 21)}
    assert hours == {day: 12 if day >= date(2027, 3, 14) else 13 for day in hours}
    assert len(hours) == WEEKS
