"""Days on which a series finds no slot: why, what is told, and how a gap closes again."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.calls import agreement, rules
from app.calls.words import Outcome
from app.families import queries as known
from app.families import schedule
from app.families import service as families
from app.families.schedule import Said
from app.families.words import ConsentKind, Occupation, PatternKind
from app.storage.database import Database
from app.villages import service as villages
from tests.calls.series_stage import EIGHT, SUNDAY, SUNDAYS, WEEKS, Stage, days, evening, sunday
from tests.scene import NOW, set_scene


@pytest.fixture
def stage(sqlite_database: Database) -> Stage:
    """Making, single days and races run on both databases; what is decided here is the same on each."""
    return Stage(set_scene(sqlite_database))


def close(stage: Stage, day: date) -> None:
    closed: dict[str, Any] = {
        "terminal_id": None,
        "starts_at": evening(day, 8),
        "ends_at": evening(day, 22),
        "reason": "flood",
    }
    stage.run(lambda s: villages.add_closure(s, stage.scene.alice.village, **closed, now=stage.now))


def works(stage: Stage, day: date) -> None:
    """The parent is away on this day."""
    said = Said(PatternKind.AWAY, Occupation.SHIFT, {}, from_day=day, until_day=day)
    stage.run(lambda s: schedule.add(s, stage.scene.alice.parent, said, "person:x", stage.now))


def speaks_elsewhere(stage: Stage, day: date) -> None:
    """The parent speaks at this time already, at another terminal."""
    stage.run(lambda s: villages.add_terminal(s, stage.scene.alice.village, "School", stage.now))
    stage.scene.book(stage.scene.alice, evening(day))


def consent_until(stage: Stage, until_at: datetime) -> None:
    """The consent that holds for ever is withdrawn for one that ends."""
    alice, now = stage.scene.alice, stage.scene.clock.step(seconds=1)
    given = {"child_id": alice.child, "contact_id": alice.parent, "given_by": alice.parent, "evidence": "paper"}

    def act(session: Session) -> None:
        for consent in known.consents_of_child(session, alice.child):
            consent.revoked_at = now
        families.give_consent(session, **given, kind=ConsentKind.CALL, from_at=now, until_at=until_at, now=now)

    stage.run(act)


GAPS = {
    "slot_taken": lambda stage, day: stage.scene.book(stage.scene.bob, evening(day)),
    "outside_hours": close,
    "person_busy": works,
}


@pytest.mark.parametrize("reason", GAPS)
def test_a_day_without_a_slot_is_a_gap(stage: Stage, reason: str) -> None:
    GAPS[reason](stage, sunday(1))
    series_id = stage.book()
    assert stage.series(series_id).gaps == {sunday(1).isoformat(): reason}
    assert list(stage.open(series_id)) == [day for day in days(WEEKS) if day != sunday(1)]
    stage.extend(series_id)
    assert [event["occurs_on"] for event in stage.events("SeriesGap")] == [sunday(1).isoformat()]
    stage.check_claims()


def test_another_call_of_one_of_the_two_is_not_a_taken_slot(stage: Stage) -> None:
    speaks_elsewhere(stage, sunday(1))
    assert stage.series(stage.book()).gaps == {sunday(1).isoformat(): "person_busy"}


def test_a_gap_closes_when_there_is_room(stage: Stage) -> None:
    theirs = stage.scene.book(stage.scene.bob, evening(sunday(1)))
    series_id = stage.book()
    stage.cancel(theirs)
    stage.extend(series_id)
    assert stage.series(series_id).gaps == {}
    assert list(stage.open(series_id)) == days(WEEKS)
    assert len(stage.events("SeriesChanged")) == 1, "they were told of the gap"


def test_a_gap_that_they_made_up_for_is_settled(stage: Stage) -> None:
    theirs = stage.scene.book(stage.scene.bob, evening(sunday(1)))
    series_id = stage.book()
    stage.scene.book(stage.scene.alice, evening(sunday(1), 18))
    stage.cancel(theirs)
    stage.extend(series_id)
    stage.change(series_id, minutes=30)
    assert (stage.series(series_id).gaps, sunday(1) in stage.open(series_id)) == ({}, False)


def test_a_gap_that_has_passed_is_forgotten(stage: Stage) -> None:
    stage.scene.book(stage.scene.bob, evening(sunday(0)))
    series_id = stage.book()
    stage.scene.clock.at = evening(sunday(0), 23)
    stage.extend(series_id)
    assert stage.series(series_id).gaps == {}


def test_a_consent_that_will_end_makes_gaps_after_it(stage: Stage) -> None:
    consent_until(stage, evening(sunday(2), 12))
    series_id = stage.book()
    assert list(stage.open(series_id)) == days(2)
    assert stage.series(series_id).gaps == {day.isoformat(): "no_consent" for day in days(WEEKS - 2, 2)}


def test_without_a_consent_there_is_no_series(stage: Stage) -> None:
    consent_until(stage, stage.now + timedelta(minutes=30))
    stage.scene.clock.step(hours=1)
    assert stage.refusal(stage.book) == "consent_ended"


def test_where_no_day_has_a_slot_it_is_refused_with_others(stage: Stage) -> None:
    for day in days(WEEKS):
        stage.scene.book(stage.scene.bob, evening(day))
    with pytest.raises(Exception, match="slot_taken") as refused:
        stage.book()
    assert refused.value.detail == {  # type: ignore[attr-defined]
        "occurs_on": SUNDAY.isoformat(),
        "nearest": [evening(SUNDAY, 20, minute).isoformat() for minute in (30, 45)] + [evening(SUNDAY, 21).isoformat()],
    }
    assert not stage.events("SeriesBooked")


class TestRetired:
    def retire(self, stage: Stage) -> None:
        alice = stage.scene.alice
        stage.run(lambda s: villages.retire_terminal(s, alice.village, alice.terminal, stage.now))

    def test_its_calls_go_to_another_terminal(self, stage: Stage) -> None:
        series_id = stage.book()
        added = stage.run(lambda s: villages.add_terminal(s, stage.scene.alice.village, "School", NOW).id)
        self.retire(stage)
        stage.extend(series_id)
        calls = stage.open(series_id)
        assert [call.starts_at for call in calls.values()] == [evening(day) for day in days(WEEKS)]
        assert {call.terminal_id for call in calls.values()} == {added}
        assert len(stage.events("SeriesChanged")) == 1
        stage.check_claims()

    def test_without_another_they_are_gaps_until_there_is_one(self, stage: Stage) -> None:
        series_id = stage.book()
        self.retire(stage)
        stage.extend(series_id)
        assert not stage.open(series_id)
        assert stage.series(series_id).gaps == {day.isoformat(): "terminal_retired" for day in days(WEEKS)}
        assert stage.refusal(lambda: stage.change(series_id, minutes=30)) == "terminal_retired"
        stage.check_claims()
        stage.run(lambda s: villages.add_terminal(s, stage.scene.alice.village, "School", NOW))
        stage.extend(series_id)
        assert list(stage.open(series_id)) == days(WEEKS)


class TestMissed:
    """Trusted until missed."""

    def ask(self, stage: Stage, call_id: str) -> None:
        stage.run(lambda s: agreement.to_be_confirmed(s, call_id, stage.now))

    @pytest.mark.parametrize(
        ("outcome", "reason"), [(Outcome.MISSED, "nobody_came"), (Outcome.CANCELLED, "unconfirmed")]
    )
    def test_the_next_call_has_to_be_confirmed(self, stage: Stage, outcome: Outcome, reason: str) -> None:
        series_id = stage.book()
        first = stage.open(series_id)[SUNDAY]
        following = stage.change(series_id, from_on=sunday(1), starts_minute=EIGHT - 60)
        stage.scene.clock.at = first.ends_at
        stage.finish(first.id, outcome, reason)
        self.ask(stage, first.id)
        asked = {day: call.confirm_by for day, call in stage.open(following).items() if call.confirm_by}
        assert asked == {sunday(1): rules.confirm_by(evening(sunday(1), 19))}
        stage.change(following, starts_minute=EIGHT)
        asked = {day: call.confirm_by for day, call in stage.open(following).items() if call.confirm_by}
        assert asked == {sunday(1): rules.confirm_by(evening(sunday(1)))}

    def test_one_that_is_made_only_now_too_unless_somebody_came_since(self, stage: Stage) -> None:
        series_id = stage.book("FREQ=MONTHLY;BYDAY=-1SU;INTERVAL=3")
        first, confirm_by = stage.open(series_id)[SUNDAY], rules.confirm_by(evening(date(2027, 2, 28)))
        stage.scene.clock.at = first.ends_at
        stage.finish(first.id, Outcome.MISSED, "nobody_came")
        self.ask(stage, first.id)
        stage.scene.clock.at = evening(date(2027, 1, 20))
        stage.extend(series_id)
        second = stage.open(series_id)[date(2027, 2, 28)]
        assert second.confirm_by == confirm_by
        stage.scene.clock.at = second.ends_at
        stage.finish(second.id, Outcome.HELD)
        stage.scene.clock.at = evening(date(2027, 4, 20))
        stage.extend(series_id)
        assert {day: call.confirm_by for day, call in stage.open(series_id).items()} == {date(2027, 5, 30): None}


def test_a_rule_without_a_day_in_eight_weeks_stands_and_is_looked_at(stage: Stage) -> None:
    series_id = stage.book("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=29", starts_on=date(2027, 2, 1))
    stage.extend(series_id)
    assert (stage.open(series_id), stage.series(series_id).ended_at) == ({}, None)
    assert stage.due(series_id) == stage.now + timedelta(days=1)
    assert stage.series(series_id).rule != SUNDAYS
